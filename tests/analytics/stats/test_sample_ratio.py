"""Did the split match the weights?"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb, log, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import chisquare

from analytics.stats import sample_ratio
from analytics.stats.sample_ratio import SampleRatio
from analytics.stats.values import NotEstimable


def answer(found: SampleRatio | NotEstimable) -> SampleRatio:
    assert isinstance(found, SampleRatio), found
    return found


def test_mendels_peas_fit_his_ratios() -> None:
    # Mendel 1866: 315, 108, 101, 32 against 9:3:3:1. scipy 1.17: chisquare(x, 556 * w) gives 0.470, p 0.925.
    found = answer(sample_ratio.goodness_of_fit([315, 108, 101, 32], [9, 3, 3, 1]))
    assert (found.df, found.status) == (3, "ok")
    assert found.statistic == pytest.approx(0.4700, abs=5e-5)
    assert found.p_value == pytest.approx(0.9254, abs=5e-5)


def test_it_agrees_with_scipy() -> None:
    # scipy 1.17: chisquare([821, 705, 474], [800, 700, 500]), called here.
    expected = chisquare([821, 705, 474], [800, 700, 500])
    found = answer(sample_ratio.goodness_of_fit([821, 705, 474], [0.4, 0.35, 0.25]))
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_an_arm_of_weight_zero_takes_its_degree_of_freedom_with_it() -> None:
    # 500 against 560 at equal weights: 60^2/1060 = 3.396 on 1 degree of freedom, p 0.0653 (with 2 it would be 0.183).
    found = answer(sample_ratio.goodness_of_fit([500, 560, 0], [1, 1, 0]))
    assert found.df == 1
    assert found.p_value == pytest.approx(0.06535, abs=5e-6)


def test_one_unit_in_an_arm_of_weight_zero_is_an_alarm() -> None:
    for observed, weights in [([500, 500, 1], [1, 1, 0]), ([1000, 1], [1, 0]), ([0, 0, 1], [1, 1, 0])]:
        found = answer(sample_ratio.goodness_of_fit(observed, weights))
        assert (found.p_value, found.status) == (0.0, "alarm")


def test_weights_need_not_sum_to_one() -> None:
    assert sample_ratio.goodness_of_fit([510, 490], [0.5, 0.5]) == sample_ratio.goodness_of_fit([510, 490], [7, 7])


@pytest.mark.parametrize(
    ("observed", "status"),
    # By hand: chi-square (a - b)^2/(a + b) on 1 df crosses 6.635 (p 0.01) and 12.116 (p 0.0005).
    [([5125, 4875], "ok"), ([5130, 4870], "caution"), ([5173, 4827], "caution"), ([5175, 4825], "alarm")],
)
def test_the_status_follows_the_two_thresholds(observed: list[int], status: str) -> None:
    assert answer(sample_ratio.goodness_of_fit(observed, [1, 1])).status == status


def test_a_split_of_billions_is_tested_without_trouble() -> None:
    found = answer(sample_ratio.goodness_of_fit([10**9, 10**9 + 1000], [1, 1]))
    assert found.p_value == pytest.approx(0.98216, abs=1e-4)


def test_nothing_to_test_is_said() -> None:
    assert sample_ratio.goodness_of_fit([0, 0], [1, 1]) == NotEstimable("No units have been assigned yet.")
    assert sample_ratio.goodness_of_fit([9, 0], [1, 0]) == NotEstimable(
        "Only one arm has weight, so there is no split to test."
    )


@pytest.mark.parametrize(
    ("observed", "weights"),
    [([1], [1, 1]), ([-1, 2], [1, 1]), ([1, 2], [-1, 1]), ([1, 2], [0, 0]), ([1, 2], [1, float("nan")])],
)
def test_input_that_makes_no_sense_is_an_error(observed: list[int], weights: list[float]) -> None:
    with pytest.raises(ValueError):
        sample_ratio.goodness_of_fit(observed, weights)


def test_few_expected_units_get_an_exact_p() -> None:
    # 3 of 5 in an arm of share 1/10: by hand P(3 or more) = 10 x 0.1^3 x 0.9^2 + 5 x 0.1^4 x 0.9 + 0.1^5 = 0.00856,
    # where chi-square 13.9 would raise an alarm at p 0.0002.
    found = answer(sample_ratio.goodness_of_fit([2, 3], [9, 1]))
    assert (found.method, found.status) == ("exact", "caution")
    assert found.p_value == pytest.approx(0.00856, rel=1e-9)


def test_an_exact_p_adds_up_all_splits_as_far_from_plan() -> None:
    # In exact fractions over every split of 6 units on shares 1/2, 1/3, 1/6.
    shares, seen, n = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], (1, 1, 4), 6

    def distance(split: tuple[int, ...]) -> Fraction:
        return sum(((x - n * s) ** 2 / (n * s) for x, s in zip(split, shares, strict=True)), Fraction(0))

    splits = [split for split in product(range(n + 1), repeat=3) if sum(split) == n]
    expected = sum(
        comb(n, a) * comb(n - a, b) * prod(s**x for s, x in zip(shares, (a, b, c), strict=True))
        for a, b, c in splits
        if distance((a, b, c)) >= distance(seen)
    )
    assert answer(sample_ratio.goodness_of_fit(list(seen), [3, 2, 1])).p_value == pytest.approx(
        float(expected), rel=1e-12
    )


# Always valid


def log_bayes_factor(observed: list[int], shares: list[float], concentration: float) -> float:
    # As the authors' program (Optimizely's ssrm, log_posterior_predictive minus multinomiallogpmf) computes it.
    x, alpha = np.array(observed), concentration * np.array(shares)
    marginal = gammaln(alpha.sum()) - gammaln(alpha).sum() + gammaln(alpha + x).sum() - gammaln((alpha + x).sum())
    return float(marginal - (x * np.log(shares)).sum())


@given(st.lists(st.integers(0, 3000), min_size=3, max_size=3), st.sampled_from([0.5, 2.0, 100.0, 10_000.0]))
def test_the_bayes_factor_is_that_of_the_authors_program(observed: list[int], concentration: float) -> None:
    if sum(observed) == 0:
        return
    shares = [0.4, 0.4, 0.2]
    found = answer(sample_ratio.always_valid(observed, shares, concentration=concentration))
    expected = log_bayes_factor(observed, shares, concentration)
    assert found.statistic == pytest.approx(expected, rel=1e-6, abs=1e-8)
    assert found.p_value == pytest.approx(min(1.0, np.exp(-expected)), rel=1e-6)


def test_ten_units_in_one_of_two_equal_arms_by_hand() -> None:
    # Uniform prior: the marginal probability of a given sequence is 1/11, under the plan 2^-10.
    found = answer(sample_ratio.always_valid([10, 0], [1, 1], concentration=2))
    assert found.p_value == pytest.approx(11 / 1024, rel=1e-12)


def test_the_bayes_factor_of_billions_keeps_its_digits() -> None:
    # By hand: under a uniform prior a balanced sequence has probability 1 / ((n + 1) C(n, n/2)), under the plan 2^-n,
    # and by Stirling's formula C(n, n/2) / 2^n = sqrt(2 / (pi n)) (1 - 1/(4n)) to the order 1/n^2.
    n = 2 * 10**9
    found = answer(sample_ratio.always_valid([10**9, 10**9], [1, 1], concentration=2))
    expected = -log((n + 1) * np.sqrt(2 / (np.pi * n)) * (1 - 1 / (4 * n)))
    assert found.statistic == pytest.approx(expected, rel=1e-12)
    assert found.status == "ok"


def test_the_smallest_p_so_far_is_kept() -> None:
    found = answer(sample_ratio.always_valid([500, 500], [1, 1], p_before=0.0004))
    assert (found.p_value, found.status) == (0.0004, "alarm")


def test_a_unit_where_none_may_be_is_an_alarm_at_any_time() -> None:
    found = answer(sample_ratio.always_valid([5, 5, 1], [1, 1, 0]))
    assert (found.p_value, found.status) == (0.0, "alarm")


def test_always_valid_says_when_there_is_nothing_to_test() -> None:
    assert isinstance(sample_ratio.always_valid([0, 0], [1, 1]), NotEstimable)
    assert isinstance(sample_ratio.always_valid([7, 0], [1, 0]), NotEstimable)


@pytest.mark.parametrize("wrong", [{"concentration": 0.0}, {"concentration": float("inf")}, {"p_before": 1.5}])
def test_settings_that_make_no_sense_are_an_error(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        sample_ratio.always_valid([5, 5], [1, 1], **wrong)


@pytest.mark.slow
def test_checking_every_day_raises_few_false_alarms_where_the_fixed_test_raises_many() -> None:
    # 400 sound trials of 28 days with 200 units a day on shares 1/2, 1/4, 1/4; caution (p < 0.01) on any day.
    days = np.random.default_rng(11).multinomial(200, [0.5, 0.25, 0.25], size=(400, 28)).cumsum(axis=1)
    looks = [[[int(count) for count in day] for day in trial] for trial in days]
    sequential = sum(
        any(answer(sample_ratio.always_valid(day, [2, 1, 1], concentration=1000)).p_value < 0.01 for day in trial)
        for trial in looks
    )
    fixed = sum(
        any(answer(sample_ratio.goodness_of_fit(day, [2, 1, 1])).p_value < 0.01 for day in trial) for trial in looks
    )
    assert sequential <= 4 + 4  # 1% of 400, and two standard errors
    assert fixed > 20


def test_a_broken_split_is_found_within_days() -> None:
    days = np.random.default_rng(12).multinomial(1000, [0.54, 0.46], size=14).cumsum(axis=0)
    ps = [answer(sample_ratio.always_valid([int(a), int(b)], [1, 1])).status for a, b in days]
    assert ps[-1] == "alarm"
