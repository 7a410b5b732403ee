"""Sample sizes against power.py, R and simulated trials."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from analytics.comparison.inputs import Rules
from analytics.simulation_study.cluster_designs import power_by_design
from analytics.simulation_study.planned_power import planned_power
from analytics.stats import Counts, Estimate, power, sequential
from campaign.wizard import sample_size
from campaign.wizard.sample_size import (
    DetectableDifference,
    NoSampleSize,
    SampleSize,
    SampleSizeInputs,
    compute_sample_size,
    needed_people,
)

PLAIN = SampleSizeInputs(expected_rate=0.45, smallest_difference=0.05, weights=(1, 1), per_day=500, seen_share=0.8)


def sized(question: SampleSizeInputs) -> SampleSize:
    found = compute_sample_size(question)
    assert isinstance(found, SampleSize)
    return found


class TestHowMany:
    def test_one_comparison_takes_what_power_says(self) -> None:
        per_arm = power.needed_for_verdict(control_rate=0.45, smallest_difference=0.05)
        assert sized(PLAIN).needed == 2 * per_arm == 3130

    def test_half_against_three_quarters_is_as_in_r(self) -> None:
        # R, help page of power.prop.test: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7.
        question = replace(PLAIN, expected_rate=0.5, smallest_difference=0.25, power=0.9)
        assert sized(question).needed == 2 * 77

    def test_several_comparisons_share_alpha(self) -> None:
        expected = power.needed_for_verdict(control_rate=0.45, smallest_difference=0.05, comparisons=5)
        assert sized(replace(PLAIN, comparisons=5)).needed == 2 * expected > 3130

    def test_more_certainty_a_smaller_difference_and_more_power_each_take_more(self) -> None:
        surer, finer, stronger = (
            replace(PLAIN, level=0.99),
            replace(PLAIN, smallest_difference=0.04),
            replace(PLAIN, power=0.9),
        )
        assert min(sized(question).needed for question in (surer, finer, stronger)) > 3130

    def test_up_and_down_are_both_reckoned_with(self) -> None:
        """From 5 in 100, a fall by 5 leads to 0 and a rise to 10: the rise needs more people."""
        question = replace(PLAIN, expected_rate=0.05, smallest_difference=0.05)
        assert sized(question).needed == 2 * power.sample_size(control=0.05, treated=0.10)


class TestLooking:
    @pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
    def test_watched_at_any_time_it_is_held_to_the_interval_of_its_last_look(self, level: float) -> None:
        found = sequential.confidence_sequence(
            treated=Counts(1000, 120), control=Counts(1000, 80), n_planned=2000, level=level
        )
        assert isinstance(found, Estimate)
        assert found.standard_error
        factor = (found.interval.high - found.effect) / found.standard_error
        assert -sample_size._NORMAL.inv_cdf(sample_size.always_valid_alpha(1 - level) / 2) == pytest.approx(
            factor, abs=2e-3
        )

    def test_watched_at_any_time_it_takes_nearly_twice_as_many(self) -> None:
        fixed, watched = sized(PLAIN).needed, sized(replace(PLAIN, monitoring="always-valid")).needed
        assert 1.85 < watched / fixed < 2.0

    def test_the_last_look_alone_finds_the_difference_as_often_as_asked(self) -> None:
        """Simulate 45 against 50 in 100 at the computed sample size. Earlier looks could only add to the power."""
        question = replace(PLAIN, monitoring="always-valid")
        n, random = sized(question).needed // 2, np.random.default_rng(7)
        found = [
            sequential.confidence_sequence(
                treated=Counts(n, int(treated)), control=Counts(n, int(control)), n_planned=2 * n
            )
            for treated, control in zip(random.binomial(n, 0.5, 2000), random.binomial(n, 0.45, 2000), strict=True)
        ]
        share = sum(isinstance(one, Estimate) and one.interval.low > 0 for one in found) / len(found)
        assert 0.775 < share < 0.85

    @pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
    @pytest.mark.parametrize("looks", [2, 4, 10])
    def test_the_allowance_for_named_looks_keeps_the_power(self, spending: sequential.Spending, looks: int) -> None:
        """Simulate a random walk whose drift a single look would detect with 80% power."""
        fractions = [(at + 1) / looks for at in range(looks)]
        planned = sequential.boundaries(fractions, spending=spending)
        drift = (1.959964 + 0.841621) * sqrt(sample_size.INFLATION_FACTORS[spending])
        random = np.random.default_rng(11)
        steps = random.normal(drift / looks, sqrt(1 / looks), (100_000, looks))
        z = steps.cumsum(axis=1) / np.sqrt(fractions)
        assert (z > planned.z).any(axis=1).mean() > 0.797

    def test_named_looks_take_a_little_more_and_pocock_more_than_that(self) -> None:
        named = sized(replace(PLAIN, monitoring="group-sequential")).needed
        pocock = sized(replace(PLAIN, monitoring="group-sequential", spending="pocock")).needed
        # A repeated look uses the arms' own rates: (1.96 + 0.84)^2 (0.2475 + 0.25) / 0.05^2 = 1562 for each.
        assert (named, pocock) == (2 * ceil(1562 * 1.04), 2 * ceil(1561.9 * 1.3))


UNEQUAL = [((1, 1), ((1, 1),)), ((1, 3), ((3, 1),)), ((3, 2, 2, 2), ((2, 3), (2, 3), (2, 3)))]


class TestUnequalShares:
    """The people in all are split by the shares, and each planned comparison has the power."""

    def test_one_to_three_takes_a_third_more_than_equal_shares(self) -> None:
        found = sized(replace(PLAIN, weights=(1, 3), pairs=((3, 1),)))
        # By hand, 45% in a quarter against 50% in three: s0^2 = 0.24984 (4 + 4/3), s1^2 = 0.25/0.75 + 0.2475/0.25.
        # (1.959964 x 1.15434 + 0.841621 x 1.15036)^2 / 0.05^2 = 4,174.8, made even for two arms.
        assert found.needed == 4176

    def test_the_comparison_of_the_smallest_shares_decides(self) -> None:
        both = replace(PLAIN, weights=(3, 2, 2, 2), pairs=((2, 3), (2, 2)), comparisons=2)
        one = replace(both, pairs=((2, 3),))
        assert sized(both).needed > sized(one).needed

    def test_an_arm_that_nobody_sees_changes_nothing(self) -> None:
        with_it = replace(PLAIN, weights=(1, 3, 0), pairs=((3, 1), (0, 1)))
        assert sized(with_it).needed == sized(replace(PLAIN, weights=(1, 3), pairs=((3, 1),))).needed

    @pytest.mark.parametrize(("weights", "pairs"), UNEQUAL)
    @pytest.mark.parametrize("monitoring", ["fixed", "always-valid"])
    def test_the_number_has_the_power_that_was_asked_for(
        self, weights: tuple[int, ...], pairs: tuple[tuple[int, int], ...], monitoring: Any
    ) -> None:
        question = replace(PLAIN, weights=weights, pairs=pairs, comparisons=len(pairs), monitoring=monitoring)
        people, arms = sized(question).needed, len(weights)
        rules = Rules(monitoring=monitoring, planned_per_arm=people // arms, looks=(1.0,))
        rates = [0.45, 0.5, *[0.45] * (arms - 2)]
        last, _ = planned_power(people=people, weights=weights, rates=rates, rules=rules, count=400, seed=11)
        # Standard error 0.02. With 1:3 it was 0.675 when the number was taken for that of equal arms.
        assert 0.74 < last.share < 0.88


def exact_power(treated_n: int, control_n: int, *, treated: float, control: float) -> float:
    """The chance that the score test of `proportions.difference` finds a rise, added up over every possible table."""
    n = treated_n + control_n
    x1, x0 = np.arange(treated_n + 1)[:, None], np.arange(control_n + 1)
    chances = binom.pmf(x1, treated_n, treated) * binom.pmf(x0, control_n, control)
    pooled = (x1 + x0) / n
    with np.errstate(invalid="ignore"):
        variance = pooled * (1 - pooled) * (1 / treated_n + 1 / control_n) * n / (n - 1)
        z = (x1 / treated_n - x0 / control_n) / np.sqrt(variance)
    return float(chances[z > 1.959964].sum())


@pytest.mark.slow
def test_one_to_three_has_the_power_that_equal_shares_of_as_many_did_not_have() -> None:
    """39% against 35%: an outside audit planned 2,286 for each, looked at 1,143 and 3,429, and found a power of .675.

    Exactly, it is .677; and .800 with the 6,122 people in all that are named now.
    """
    assert power.needed_for_verdict(control_rate=0.35, smallest_difference=0.04) == 2286
    as_before = exact_power(3429, 1143, treated=0.39, control=0.35)
    people = sized(replace(PLAIN, expected_rate=0.35, smallest_difference=0.04, weights=(1, 3), pairs=((3, 1),))).needed
    now = exact_power(3 * people // 4, people // 4, treated=0.39, control=0.35)
    assert (round(as_before, 3), round(now, 3), people) == (0.677, 0.8, 6122)


class TestDesignEffect:
    def test_what_places_have_in_common_changes_the_people_by_its_factor(self) -> None:
        everybody, by_day = (
            needed_people(replace(PLAIN, within="placement-day", design_effect=factor)) for factor in (1.0, 0.655)
        )
        assert by_day == pytest.approx(0.655 * everybody, abs=1)

    def test_the_number_has_the_power_for_two_very_different_placements(self) -> None:
        factor = power.design_effect(icc=0.345, crossed=True)
        question = replace(PLAIN, expected_rate=0.325, within="placement-day", design_effect=factor, placements=2)
        people = needed_people(replace(question, per_day=180))
        assert ceil(people / (180 * 0.8)) == 14
        size = ceil(people / 4 / 14)
        crossed, _ = power_by_design([size] * 28, [0.05, 0.6] * 14, gain=0.05, count=300, seed=5)
        assert 0.73 < crossed.share < 0.87  # standard error 0.023


class TestHowLong:
    def test_days_are_those_of_the_people_who_see_it(self) -> None:
        assert sized(PLAIN).days == 8  # 2 x 1565 people, 400 of 500 a day see it: 7.8

    def test_all_who_see_a_message_count(self) -> None:
        found = sized(replace(PLAIN, weights=(9, 1)))
        assert found.days == ceil(found.needed / 400) == 22  # 8,700 people, 2.8 times as many as with equal shares

    def test_an_arm_that_nobody_sees_is_left_out(self) -> None:
        assert sized(replace(PLAIN, weights=(1, 1, 0))).days == 8

    def test_without_traffic_there_are_no_days_and_that_is_said(self) -> None:
        found = sized(replace(PLAIN, per_day=0))
        assert (found.days, found.duration_rating, found.detectable_by_weeks) == (None, "no traffic", ())

    @pytest.mark.parametrize(
        ("per_day", "verdict"), [(500, "fine"), (20, "long"), (5, "too small"), (1, "too small"), (0, "no traffic")]
    )
    def test_too_little_traffic_is_said(self, per_day: int, verdict: str) -> None:
        assert sized(replace(PLAIN, per_day=per_day)).duration_rating == verdict

    def test_nobody_counts_beyond_a_century(self) -> None:
        question = replace(PLAIN, per_day=1, smallest_difference=0.001, comparisons=28, weights=(1_000_000, 1))
        assert sized(question).days == sample_size.MAX_DAYS

    def test_each_time_shows_what_it_could_see(self) -> None:
        found = sized(PLAIN)
        assert [row.weeks for row in found.detectable_by_weeks] == [2, 4, 8, 16]
        two_weeks = found.detectable_by_weeks[0]
        assert two_weeks.people == 5600  # 400 a day, 14 days
        expected = power.detectable_difference(control=0.45, n_per_arm=2800)
        assert two_weeks.difference == pytest.approx(expected, abs=1e-4)

    def test_more_weeks_show_smaller_differences(self) -> None:
        shown = [row.difference or 1.0 for row in sized(PLAIN).detectable_by_weeks]
        assert shown == sorted(shown, reverse=True)

    def test_hardly_anybody_in_a_fortnight_shows_nothing(self) -> None:
        question = replace(PLAIN, per_day=1, weights=(100, 1))
        assert sized(question).detectable_by_weeks[0] == DetectableDifference(weeks=2, people=11, difference=None)


class TestANumberOfOnesOwn:
    def test_fewer_than_needed_show_a_larger_difference(self) -> None:
        found = sized(replace(PLAIN, planned_people=1000))
        assert (found.planned, found.is_enough, found.days) == (1000, False, 3)
        assert found.detectable_difference
        assert found.detectable_difference > 0.05

    def test_the_needed_number_shows_the_difference_that_was_asked_for(self) -> None:
        for monitoring in ("fixed", "group-sequential", "always-valid"):
            found = sized(replace(PLAIN, monitoring=monitoring))
            assert found.detectable_difference == pytest.approx(0.05, abs=1e-4)


class TestNoNumber:
    def test_one_arm_is_nothing_to_compare(self) -> None:
        assert compute_sample_size(replace(PLAIN, weights=(1,))) == NoSampleSize("few arms")

    def test_one_arm_with_a_share_is_none_either(self) -> None:
        assert compute_sample_size(replace(PLAIN, weights=(1, 0))) == NoSampleSize("no share")

    def test_a_difference_that_no_rate_allows(self) -> None:
        assert compute_sample_size(replace(PLAIN, expected_rate=0.5, smallest_difference=0.6)) == NoSampleSize(
            "no rate that far"
        )

    def test_without_a_correction_each_question_stands_alone(self) -> None:
        assert sample_size.comparison_count([1, 2, 3], "holm") == 3
        assert sample_size.comparison_count([1, 2, 3], "none") == 1
        assert sample_size.comparison_count([], "holm") == 1
