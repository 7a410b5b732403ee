"""Exact tests of two proportions: ties, the largest probability over the common rate, and large arms."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from analytics.stats import proportions
from analytics.stats.numerics import exact
from analytics.stats.numerics.exact import ExactTest, compositions, exact_test
from analytics.stats.values import Counts, NotEstimable

METHODS = ("fisher", "barnard", "boschloo")


def p_of(treated: tuple[int, int], control: tuple[int, int], method: Any = "fisher") -> float:
    found = exact_test(treated=Counts(*treated), control=Counts(*control), method=method)
    assert isinstance(found, ExactTest), found
    return found.p_value


def arms(limit: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(1, limit).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def fisher_in_fractions(treated: tuple[int, int], control: tuple[int, int]) -> Fraction:
    (m, x), (n, y) = treated, control
    ways = {k: comb(m, k) * comb(n, x + y - k) for k in range(max(0, x + y - n), min(m, x + y) + 1)}
    return Fraction(sum(way for way in ways.values() if way <= ways[x]), sum(ways.values()))


def z_squared(m: int, x: int, n: int, y: int) -> Fraction:
    if x + y in (0, m + n):
        return Fraction(0)
    return Fraction((x * n - y * m) ** 2, (x + y) * (m + n - x - y))


def largest_on_a_grid(treated: tuple[int, int], control: tuple[int, int], tables: list[tuple[int, int]]) -> float:
    m, n = treated[0], control[0]
    return max(
        float(sum(comb(m, x) * comb(n, y) * p ** (x + y) * (1 - p) ** (m + n - x - y) for x, y in tables))
        for p in (step / 400 for step in range(1, 400))
    )


def test_barnard_keeps_the_tie_that_scipy_loses() -> None:
    # 9/10 against 3/10. By whole numbers and exact fractions the unconditional p is 0.00796; scipy 1.17's barnard_exact
    # prints 0.0069, because one of two tables with equal z is lost to rounding.
    assert p_of((10, 9), (10, 3), "barnard") == pytest.approx(0.0080, abs=5e-5)


def test_barnard_is_the_suissa_shuster_test_of_another_program() -> None:
    # contingencytables (R): Exact_unconditional_test_2x2(rbind(c(3,1), c(1,3))) prints P = 0.28916, to which it has
    # added its gamma of 0.0001. By hand: at a common rate of 1/2 the tables as far apart have probability 74/256.
    assert p_of((4, 3), (4, 1), "barnard") == pytest.approx(0.28916 - 0.0001, abs=6e-6)
    assert p_of((4, 3), (4, 1), "barnard") == pytest.approx(74 / 256, rel=1e-9)


def test_fisher_agrees_with_another_program() -> None:
    # contingencytables (R): Fisher_exact_test_2x2(rbind(c(0,16), c(15,57))) prints P = 0.06287.
    assert p_of((16, 0), (72, 15)) == pytest.approx(0.06287, abs=5e-6)


@given(arms(25), arms(25))
def test_fisher_is_right_in_exact_fractions(treated: tuple[int, int], control: tuple[int, int]) -> None:
    assert p_of(treated, control) == pytest.approx(float(fisher_in_fractions(treated, control)), rel=1e-11)


def test_fisher_agrees_with_scipy_in_larger_tables() -> None:
    # scipy 1.17: fisher_exact([[5000, 95000], [5200, 94800]]).pvalue, called here.
    expected = fisher_exact(np.array([[5000, 95000], [5200, 94800]])).pvalue
    assert p_of((100_000, 5000), (100_000, 5200)) == pytest.approx(expected, rel=1e-6)


def test_fisher_takes_arms_of_a_billion() -> None:
    # By hand: all five events in one of two equal arms, 2 x 2^-5, up to 1e-8 for drawing without replacement.
    assert p_of((10**9, 5), (10**9, 0)) == pytest.approx(0.0625, rel=1e-7)
    # Half of a billion against 50,000 more: z = 2.2360680, and p 0.0253473 but for the discreteness of 2e-5.
    assert p_of((10**9, 5 * 10**8), (10**9, 5 * 10**8 + 50_000)) == pytest.approx(0.0253473, rel=2e-4)
    assert p_of((10**9, 0), (10**9, 10**9)) == 0.0


@settings(max_examples=25, deadline=None)
@given(arms(9), arms(9))
def test_barnard_is_the_largest_probability_over_the_common_rate(t: tuple[int, int], c: tuple[int, int]) -> None:
    (m, x), (n, y) = t, c
    seen = z_squared(m, x, n, y)
    tables = [(a, b) for a in range(m + 1) for b in range(n + 1) if z_squared(m, a, n, b) >= seen]
    found = p_of(t, c, "barnard")
    assert found == pytest.approx(largest_on_a_grid(t, c, tables), abs=2e-4)
    assert found >= largest_on_a_grid(t, c, tables) - 1e-12


@settings(max_examples=25, deadline=None)
@given(arms(9), arms(9))
def test_boschloo_is_the_largest_probability_of_a_fisher_p_as_small(t: tuple[int, int], c: tuple[int, int]) -> None:
    (m, _), (n, _) = t, c
    seen = fisher_in_fractions(t, c)
    tables = [(a, b) for a in range(m + 1) for b in range(n + 1) if fisher_in_fractions((m, a), (n, b)) <= seen]
    assert p_of(t, c, "boschloo") == pytest.approx(largest_on_a_grid(t, c, tables), abs=2e-4)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(arms(30), arms(30), st.sampled_from(METHODS))
def test_exact_tests_do_not_care_which_arm_comes_first_or_what_counts_as_an_event(
    t: tuple[int, int], c: tuple[int, int], method: str
) -> None:
    p = p_of(t, c, method)
    assert 0.0 < p <= 1.0
    assert p_of(c, t, method) == pytest.approx(p, rel=1e-9)
    assert p_of((t[0], t[0] - t[1]), (c[0], c[0] - c[1]), method) == pytest.approx(p, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(arms(30), arms(30))
def test_boschloo_is_never_above_fisher(t: tuple[int, int], c: tuple[int, int]) -> None:
    assert p_of(t, c, "boschloo") <= p_of(t, c) * (1 + 1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_an_outcome_that_does_not_vary_has_p_one(method: Any) -> None:
    assert p_of((10, 0), (20, 0), method) == p_of((10, 10), (1, 1), method) == 1.0


def test_an_empty_arm_cannot_be_tested() -> None:
    assert exact_test(treated=Counts(0, 0), control=Counts(3, 1)) == NotEstimable("The treated arm is empty.")


@pytest.mark.parametrize("method", METHODS[1:])
def test_unconditional_tests_of_many_units_are_refused(method: Any) -> None:
    assert isinstance(exact_test(treated=Counts(1500, 3), control=Counts(1500, 1), method=method), NotEstimable)


def test_an_unknown_method_is_an_error() -> None:
    wrong: Any = "guess"
    with pytest.raises(ValueError, match="unknown method"):
        exact_test(treated=Counts(3, 1), control=Counts(3, 1), method=wrong)


def test_the_proportions_module_offers_the_same_test() -> None:
    assert proportions.exact_test is exact.exact_test


def test_compositions_lists_every_split_once() -> None:
    found = compositions(4, [2, 3, 1])
    assert found is not None
    listed = [tuple(int(part) for part in row) for row in found]
    expected = [(a, b, 4 - a - b) for a in range(3) for b in range(4) if 0 <= 4 - a - b <= 1]
    assert sorted(listed) == sorted(expected)


def test_compositions_that_are_too_many_are_not_listed() -> None:
    assert compositions(1000, [1000] * 4) is None
