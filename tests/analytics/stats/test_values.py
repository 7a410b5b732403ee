"""Counts as other programs hand them over."""

import subprocess
import sys

import numpy as np
import pytest

from analytics.stats import Counts, Levels, sample_ratio
from analytics.stats.proportions import difference


def test_counts_of_numpy_are_counts() -> None:
    # A column of pandas gives numpy's whole numbers, and unsigned ones where it was told so.
    found = Counts(np.int64(70), np.uint8(56))  # type: ignore[arg-type]
    assert (found, type(found.n), type(found.events)) == (Counts(70, 56), int, int)
    assert Levels(np.array([3, 1, 4])) == Levels([3, 1, 4])  # type: ignore[arg-type]
    control = Counts(80, 48)
    assert difference(treated=found, control=control) == difference(treated=Counts(70, 56), control=control)


def test_large_counts_of_numpy_do_not_overflow() -> None:
    billion = np.int32(10**9)
    total = Counts(billion, 0) + Counts(billion, 0) + Counts(billion, 0)  # type: ignore[arg-type]
    assert total.n == 3 * 10**9


def test_the_split_takes_counts_of_numpy() -> None:
    # Mendel's peas: 0.470, df 3, p 0.925 (any textbook).
    found = sample_ratio.goodness_of_fit(np.array([315, 108, 101, 32]), [9, 3, 3, 1])  # type: ignore[arg-type]
    assert found == sample_ratio.goodness_of_fit([315, 108, 101, 32], [9, 3, 3, 1])


@pytest.mark.parametrize("value", [True, np.True_, 1.0, np.float64(1.0), "1", None])
def test_what_is_no_whole_number_is_no_count(value: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        Counts(10, value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="whole number"):
        Levels([1, value])  # type: ignore[list-item]


@pytest.mark.process
def test_counts_are_made_without_numpy() -> None:
    check = "import sys; from analytics.stats import Counts; Counts(2, 1); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
