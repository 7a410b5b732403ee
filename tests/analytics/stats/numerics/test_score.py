"""The score statistics against a direct maximisation of the likelihood."""

from __future__ import annotations

from math import inf, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from analytics.stats.numerics import score
from analytics.stats.values import Counts

counts = st.integers(1, 300).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))
zs = st.sampled_from([0.1, 1.0, 1.959963984540054, 3.5])


def by_maximisation(treated: Counts, control: Counts, delta: float) -> float:
    # The z of Miettinen and Nurminen 1985 at a difference of delta, the common rate p found by scipy 1.17's brentq as
    # the zero of the derivative of the likelihood in p (control p, treated p + delta).
    m, x, n, y = treated.n, treated.events, control.n, control.events

    def slope(p: float) -> float:
        return x / (p + delta) - (m - x) / (1 - p - delta) + y / p - (n - y) / (1 - p)

    low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
    edge = 1e-13 * (high - low)
    if slope(low + edge) <= 0:
        p = low
    elif slope(high - edge) >= 0:
        p = high
    else:
        p = float(brentq(slope, low + edge, high - edge, xtol=1e-16, rtol=1e-14))
    variance = ((p + delta) * (1 - p - delta) / m + p * (1 - p) / n) * (m + n) / (m + n - 1)
    return (x / m - y / n - delta) / sqrt(variance)


@given(counts, counts, zs)
def test_the_end_of_a_difference_has_the_wanted_z_by_maximisation(a: Counts, b: Counts, z: float) -> None:
    end = score.difference_upper(a, b, z)
    assume(abs(end) < 0.98)  # nearer to 1 the maximisation, not the end, loses its digits
    assert by_maximisation(a, b, end) == pytest.approx(-z, rel=1e-6)
    assert score.difference_z(a, b, end) == pytest.approx(-z, rel=1e-9)


@given(counts, counts, st.sampled_from([-0.9, -0.05, 0.001, 0.4]))
def test_the_z_of_a_difference_agrees_with_maximisation(a: Counts, b: Counts, delta: float) -> None:
    assert score.difference_z(a, b, delta) == pytest.approx(by_maximisation(a, b, delta), rel=1e-6, abs=1e-7)


def test_a_difference_of_one_is_infinitely_far_from_anything_less() -> None:
    assert score.difference_z(Counts(5, 4), Counts(5, 0), 1.0) == -inf
    assert score.difference_z(Counts(5, 0), Counts(5, 4), -1.0) == inf
    assert score.difference_z(Counts(5, 5), Counts(5, 0), 1.0) == 0.0


def test_small_rates_in_huge_arms_keep_their_digits() -> None:
    # By hand: no events in n = 10^9 against none: the end is z^2 r / (n + z^2 r) with r = 2n / (2n - 1).
    n, z = 10**9, 1.959963984540054
    goal = z * z * 2 * n / (2 * n - 1)
    assert score.difference_upper(Counts(n, 0), Counts(n, 0), z) == pytest.approx(goal / (n + goal), rel=1e-12)
