import numpy as np

from analytics.simulation_study.switchback import PeriodCampaign, call_rates, draw_sets
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
