"""How many units a plan needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats.power import (
    comparisons_among,
    days_needed,
    detectable_difference,
    equivalence_sample_size,
    harm_sample_size,
    needed_for_verdict,
    power,
    sample_size,
)
from analytics.stats.values import NotEstimable

rates = st.floats(0.001, 0.999)


@pytest.mark.parametrize(
    ("control", "treated", "one", "six"),
    # statsmodels 0.15: samplesize_proportions_2indep_onetail(treated - control, control, 0.8, alpha=a) with a = 0.05
    # and 0.05/6 gives 69.07, 106.92; 283.42, 437.63; 1564.67, 2414.39; 4337.94, 6693.10; 7749.59, 11956.72.
    [
        (0.27, 0.50, 70, 107),
        (0.27, 0.38, 284, 438),
        (0.45, 0.50, 1565, 2415),
        (0.45, 0.48, 4338, 6694),
        (0.010, 0.015, 7750, 11957),
    ],
)
def test_sample_sizes_are_those_of_the_textbook_formula(control: float, treated: float, one: int, six: int) -> None:
    assert sample_size(control=control, treated=treated) == one
    assert sample_size(control=control, treated=treated, comparisons=6) == six


def test_the_direction_of_the_difference_does_not_matter() -> None:
    assert sample_size(control=0.38, treated=0.27) == sample_size(control=0.27, treated=0.38)


def test_equal_rates_are_an_error() -> None:
    with pytest.raises(ValueError, match="equal rates"):
        sample_size(control=0.3, treated=0.3)


def test_certain_events_need_few_units() -> None:
    assert sample_size(control=0.0, treated=1.0) == 2


def test_needed_for_verdict_takes_the_harder_direction() -> None:
    assert needed_for_verdict(control_rate=0.45, smallest_difference=0.05) == 1565
    assert needed_for_verdict(control_rate=0.55, smallest_difference=0.05) == sample_size(control=0.55, treated=0.5)


def test_needed_for_verdict_leaves_out_a_direction_that_no_rate_can_take() -> None:
    assert needed_for_verdict(control_rate=0.01, smallest_difference=0.02) == sample_size(control=0.01, treated=0.03)
    with pytest.raises(ValueError, match="no rate"):
        needed_for_verdict(control_rate=0.5, smallest_difference=0.6)


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"power": 1.0}, {"comparisons": 0}, {"control": 1.2}])
def test_input_that_makes_no_sense_is_an_error(wrong: dict[str, float]) -> None:
    arguments: dict[str, float] = {"control": 0.2, "treated": 0.3} | wrong
    with pytest.raises(ValueError):
        sample_size(**arguments)  # type: ignore[arg-type]  # a table of mistakes


@pytest.mark.process
def test_power_imports_neither_numpy_nor_scipy() -> None:
    code = "import sys, analytics.stats.power; sys.exit(any(name in sys.modules for name in ('numpy', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_power_of_equal_rates_is_alpha() -> None:
    assert power(control=0.3, treated=0.3, n_per_arm=500) == pytest.approx(0.05, rel=1e-12)
    assert power(control=0.3, treated=0.3, n_per_arm=500, comparisons=5) == pytest.approx(0.01, rel=1e-12)


@pytest.mark.parametrize(("control", "treated", "n"), [(0.5, 0.75, 50), (0.27, 0.38, 284), (0.01, 0.015, 4000)])
def test_power_agrees_with_statsmodels(control: float, treated: float, n: int) -> None:
    from statsmodels.stats.proportion import power_proportions_2indep

    # statsmodels 0.15: power_proportions_2indep(treated - control, control, n, return_results=False), called here.
    expected = power_proportions_2indep(treated - control, control, n, return_results=False)
    assert power(control=control, treated=treated, n_per_arm=n) == pytest.approx(expected, rel=1e-6)


@given(rates, rates, st.sampled_from([0.5, 0.8, 0.95]), st.integers(1, 10))
def test_sample_size_is_the_least_with_that_power(control: float, treated: float, wanted: float, k: int) -> None:
    if abs(control - treated) < 1e-3:
        return
    n = sample_size(control=control, treated=treated, power=wanted, comparisons=k)
    assert power(control=control, treated=treated, n_per_arm=n, comparisons=k) >= wanted - 1e-12
    if n > 20:
        assert power(control=control, treated=treated, n_per_arm=n - 1, comparisons=k) < wanted + 1e-4


def test_rates_that_cannot_vary_have_power_zero_when_equal_and_one_when_not() -> None:
    assert power(control=0.0, treated=0.0, n_per_arm=100) == 0.0
    assert power(control=0.0, treated=1.0, n_per_arm=100) == 1.0


def test_the_detectable_difference_has_the_wanted_power_in_both_directions() -> None:
    for direction, sign in (("up", 1), ("down", -1)):
        gap = detectable_difference(control=0.2, n_per_arm=500, direction=direction)  # type: ignore[arg-type]  # a loop
        assert isinstance(gap, float)
        assert power(control=0.2, treated=0.2 + sign * gap, n_per_arm=500) == pytest.approx(0.8, abs=1e-9)


def test_the_detectable_difference_of_the_r_help_page() -> None:
    # R, help page of power.prop.test: power.prop.test(p1 = .5, n = 50, power = .90) "=> p2 = 0.8026", solved to 1e-4.
    assert detectable_difference(control=0.5, n_per_arm=50, power=0.9) == pytest.approx(0.8026 - 0.5, abs=1e-4)


def test_a_difference_that_no_rate_can_show_is_not_estimable() -> None:
    assert isinstance(detectable_difference(control=0.01, n_per_arm=50, direction="down"), NotEstimable)
    assert isinstance(detectable_difference(control=0.5, n_per_arm=2), NotEstimable)


def test_equivalence_needs_more_units_for_half_the_margin() -> None:
    # By hand: (1.644854 + 1.281552)^2 x 0.5 / 0.05^2 = 1712.8, and four times that, 6851.1.
    assert equivalence_sample_size(rate=0.5, margin=0.05) == 1713
    assert equivalence_sample_size(rate=0.5, margin=0.025) == 6852


def test_a_harm_margin_needs_the_textbook_number_of_units() -> None:
    # Chow, Shao and Wang, section 4.2: (1.645 + 0.842)^2 (0.65 x 0.35 + 0.85 x 0.15) / (0.85 - 0.65 + 0.10)^2 = 24.4.
    assert harm_sample_size(control=0.35, treated=0.15, margin=0.10) == 25
    # By hand: (1.644854 + 0.841621)^2 x 2 x 0.02 x 0.98 / 0.01^2 = 2423.6.
    assert harm_sample_size(control=0.02, margin=0.01) == 2424


def test_a_harm_at_the_margin_cannot_be_excluded() -> None:
    with pytest.raises(ValueError, match="at or beyond the margin"):
        harm_sample_size(control=0.02, treated=0.05, margin=0.03)


def test_days_follow_the_arm_with_the_smallest_weight() -> None:
    assert days_needed(n_per_arm=100, units_per_day=100, weights=[3, 1]) == 4
    assert days_needed(n_per_arm=101, units_per_day=100, weights=[3, 1]) == 5
    assert days_needed(n_per_arm=100, units_per_day=100, weights=[0.5, 0.5, 0]) == 2
    assert days_needed(n_per_arm=1, units_per_day=1e9, weights=[0.1] * 10) == 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_days_without_usable_weights_are_an_error(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        days_needed(n_per_arm=10, units_per_day=10, weights=weights)


def test_pairs_are_counted_against_control_or_all() -> None:
    assert [comparisons_among(arms) for arms in (2, 3, 4)] == [1, 2, 3]
    assert [comparisons_among(arms, "all") for arms in (2, 3, 4)] == [1, 3, 6]
