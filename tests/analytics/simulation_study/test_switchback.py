from dataclasses import replace

import numpy as np

from analytics.simulation_study import switchback_hours
from analytics.simulation_study.switchback import PeriodCampaign, call_rates, draw_sets
from analytics.simulation_study.switchback_hours import HourCampaign
from analytics.stats import Counts


def test_days_that_vary_mislead_the_analysis_by_people_and_not_the_permutation_test() -> None:
    people, _, permutation = call_rates(PeriodCampaign(2, spread=0.03, kept=0.8), count=150, seed=1)
    # 5% and four Monte Carlo errors are 12.1%.
    assert permutation.share < 0.121
    assert people.share > 0.121


def test_a_true_gain_is_found() -> None:
    *_, permutation = call_rates(PeriodCampaign(2, gain=0.1), count=20, seed=2)
    assert permutation.share > 0.9


def test_each_weekday_of_two_weeks_is_a_set_of_both_arms() -> None:
    treated, control = draw_sets(np.random.default_rng(1), PeriodCampaign(4))
    assert len(treated) == len(control) == 14
    assert all(isinstance(day, Counts) and day.n > 0 for day in (*treated, *control))


UNLIKE = {"night": 0.05, "swing": 0.05, "days": 0.03, "spread": 0.03, "kept": 0.8}


def test_blocks_of_hours_are_as_many_sets_as_days_and_hold_each_hour_once_for_either_arm() -> None:
    source = np.random.default_rng(5)
    for hours, sets in ((1, 14), (12, 14), (24, 14), (168, 2)):
        treated, control = switchback_hours.draw_sets(source, HourCampaign(hours, per_day=2_400, washout=0))
        assert len(treated) == len(control) == sets
    treated, control = switchback_hours.draw_sets(source, HourCampaign(1, per_day=240_000, washout=0, kept=0.8))
    assert all(0.8 < one.n / other.n < 1.25 for one, other in zip(treated, control, strict=True))


def test_hours_tell_more_than_days_where_days_differ_and_call_no_more_without_a_difference() -> None:
    rates = {
        (hours, gain): switchback_hours.call_rates(
            HourCampaign(hours, weeks=2, per_day=3_000, gain=gain, **UNLIKE),  # type: ignore[arg-type]  # spreads
            count=60,
            seed=9,
        )[2].share
        for hours in (2, 24)
        for gain in (0.0, 0.03)
    }
    assert rates[2, 0.03] > 0.85 > 0.5 > rates[24, 0.03]
    assert max(rates[2, 0.0], rates[24, 0.0]) < 0.15


def test_what_lasts_makes_a_difference_of_hours_smaller_and_does_not_turn_it_around() -> None:
    lasting = HourCampaign(1, per_day=30_000, gain=0.05, carried=0.5)
    assert 0.02 < switchback_hours.mean_effect(lasting, count=20, seed=3) < 0.03
    assert 0.045 < switchback_hours.mean_effect(replace(lasting, hours=6), count=20, seed=3) < 0.05
