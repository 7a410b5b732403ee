"""The test that several arms differ at all."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb, prod

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from analytics.stats.omnibus import Omnibus, chi_square
from analytics.stats.values import Counts, NotEstimable


def answer(found: Omnibus | NotEstimable) -> Omnibus:
    assert isinstance(found, Omnibus), found
    return found


KARLAN_LIST = [Counts(16687, 298), Counts(11133, 231), Counts(11134, 252), Counts(11129, 253)]


def test_karlan_and_lists_four_arms_differ() -> None:
    # Karlan and List 2007, counts from the authors' replication file; scipy 1.17: chi2_contingency(table,
    # correction=False) gives statistic 10.993 with df 3 and p 0.0118.
    found = answer(chi_square(KARLAN_LIST))
    assert found.statistic == pytest.approx(10.993, abs=5e-4)
    assert found.p_value == pytest.approx(0.0118, abs=5e-5)
    assert found.df == 3


def test_it_agrees_with_scipy() -> None:
    # scipy 1.17: chi2_contingency(table, correction=False), called here.
    expected = chi2_contingency(
        [[a.events for a in KARLAN_LIST], [a.n - a.events for a in KARLAN_LIST]], correction=False
    )
    found = answer(chi_square(KARLAN_LIST))
    assert (found.statistic, found.df, found.p_value) == pytest.approx(
        (expected.statistic, expected.dof, expected.pvalue), rel=1e-9
    )


def test_arms_with_the_same_rate_give_exactly_zero() -> None:
    found = answer(chi_square([Counts(300, 100), Counts(30, 10), Counts(3 * 10**9, 10**9)]))
    assert (found.statistic, found.p_value) == (0.0, 1.0)


def test_an_empty_arm_is_left_out() -> None:
    assert chi_square([*KARLAN_LIST, Counts(0, 0)]) == chi_square(KARLAN_LIST)


def test_fewer_than_two_arms_cannot_be_tested() -> None:
    assert chi_square([Counts(10, 3), Counts(0, 0)]) == NotEstimable("Fewer than two arms have units.")


@pytest.mark.parametrize("events", [0, 10])
def test_an_outcome_that_does_not_vary_cannot_be_tested(events: int) -> None:
    assert chi_square([Counts(10, events), Counts(10, events)]) == NotEstimable("The outcome does not vary.")


def test_the_order_of_the_arms_does_not_matter() -> None:
    assert answer(chi_square(KARLAN_LIST[::-1])).p_value == pytest.approx(answer(chi_square(KARLAN_LIST)).p_value)


def freeman_halton(sizes: list[int], seen: list[int]) -> Fraction:
    total = sum(seen)
    ways = [
        prod(comb(n, x) for n, x in zip(sizes, table, strict=True))
        for table in product(*(range(n + 1) for n in sizes))
        if sum(table) == total
    ]
    limit = prod(comb(n, x) for n, x in zip(sizes, seen, strict=True))
    return Fraction(sum(way for way in ways if way <= limit), sum(ways))


@pytest.mark.parametrize(
    ("sizes", "seen"), [([7, 9, 8], [0, 5, 2]), ([6, 6, 6, 6], [6, 3, 5, 6]), ([4, 4], [3, 1]), ([1, 1, 1], [1, 0, 0])]
)
def test_few_expected_events_get_an_exact_p(sizes: list[int], seen: list[int]) -> None:
    # Freeman and Halton's sum in exact fractions over all tables, above.
    found = answer(chi_square([Counts(n, x) for n, x in zip(sizes, seen, strict=True)]))
    assert found.method == "fisher-freeman-halton"
    assert found.p_value == pytest.approx(float(freeman_halton(sizes, seen)), rel=1e-12)


def test_rare_events_in_billions_get_an_exact_p() -> None:
    # By hand: six events, all in the first of two equal arms: 2 x 2^-6.
    found = answer(chi_square([Counts(10**9, 6), Counts(10**9, 0)]))
    assert found.method == "fisher-freeman-halton"
    assert found.p_value == pytest.approx(2**-5, rel=1e-7)


# Eight arms, one of them small, have too many tables to list.
MANY = [*[Counts(400, 40 + 3 * i) for i in range(7)], Counts(20, 5)]


def test_too_many_tables_are_simulated_near_the_asymptotic_p() -> None:
    found = answer(chi_square(MANY, generator=np.random.default_rng(5)))
    assert found.method == "fisher-freeman-halton-simulated"
    # Pearson's p is 0.2667 (scipy 1.17: chdtrc(7, 8.808)); only one arm of eight is small.
    assert found.p_value == pytest.approx(0.2667, abs=0.03)


def test_a_simulated_p_repeats_with_the_same_generator_and_by_default() -> None:
    one, two = (answer(chi_square(MANY, generator=np.random.default_rng(7))).p_value for _ in range(2))
    assert one == two
    assert chi_square(MANY) == chi_square(MANY)


def test_simulation_agrees_with_the_list() -> None:
    from analytics.stats.omnibus import _simulated_p

    sizes, seen = [20, 30, 10], [2, 9, 4]
    tables = np.random.default_rng(3).multivariate_hypergeometric(sizes, 15, size=40_000, method="marginals")
    # Monte Carlo error of 40,000 draws near p = 0.1: 0.0015.
    assert _simulated_p(tables, sizes, seen) == pytest.approx(float(freeman_halton(sizes, seen)), abs=0.006)


def test_a_tiny_arm_beside_a_huge_one_takes_no_memory() -> None:
    # By hand: one unit, with the event, beside 10^12 of which half had it: its two outcomes are as likely, so p is 1.
    assert answer(chi_square([Counts(1, 1), Counts(10**12, 5 * 10**11)])).p_value == pytest.approx(1.0, abs=1e-9)


def test_a_table_beyond_all_draws_has_the_smallest_simulated_p() -> None:
    arms = [Counts(10**8, 10**7), Counts(10**8, 2 * 10**7), *[Counts(30, 5)] * 9]
    assert answer(chi_square(arms, resamples=999)).p_value == 0.001


def test_a_population_too_large_to_draw_from_gets_pearsons_p() -> None:
    arms = [Counts(10**9, 10**6), *[Counts(500, 3)] * 7]
    assert answer(chi_square(arms)).method == "pearson"
