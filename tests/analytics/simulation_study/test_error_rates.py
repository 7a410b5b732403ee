"""The short, seeded version of `make simulate`."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from analytics import stats
from analytics.comparison.inputs import Rules
from analytics.simulation_study import coverage, error_rates
from analytics.stats import proportions
from tests.tiers import proofs_but_each

pytestmark = pytest.mark.slow
_OTHER_RATES = [pytest.param(*case, marks=pytest.mark.proof) for case in ((0.5, 200), (0.005, 5_000), (0.0002, 50_000))]


@pytest.mark.parametrize(("rate", "per_day"), [(0.05, 1_000), *_OTHER_RATES])
def test_looking_every_day_makes_few_false_calls(rate: float, per_day: int) -> None:
    data = error_rates.simulate_trials(rate, per_arm_a_day=per_day, count=150, seed=1)
    found = error_rates.false_claim_rate(data, per_arm_a_day=per_day, rule=error_rates.always_valid_rule)
    # At most 5%: Binomial(150, 0.05) is above 14 with a chance of about 1%.
    assert found.share * 150 <= 14


def test_the_rules_of_other_tools_make_many_on_the_same_data() -> None:
    data = error_rates.simulate_trials(0.05, per_arm_a_day=1_000, count=150, seed=1)
    for rule in (error_rates.uncorrected_chi_square_rule, error_rates.chance_to_win_rule):
        assert error_rates.false_claim_rate(data, per_arm_a_day=1_000, rule=rule).share > 0.4


def test_a_sound_split_is_rarely_warned_about_when_looked_at_daily() -> None:
    _, daily = error_rates.split_alarm_rates(Rules(watched_split=True), arms=4, a_day=1_000, count=200, seed=7)
    _, once = error_rates.split_alarm_rates(Rules(), arms=4, a_day=1_000, count=200, seed=7)
    # At most 1% cautions: Binomial(200, 0.01) is above 6 with a chance of under 1%. An outside audit found 8% by
    # chi-square.
    assert daily.share * 200 <= 6
    assert once.share > 0.03


def test_chi_square_at_daily_looks_breaks_its_promise_of_one_look() -> None:
    """An outside audit: 0.46 to 0.60% false alarms in 28 days, where 0.05% is promised, and 8% cautions."""
    days = np.random.default_rng(8).multinomial(1_000, [0.25] * 4, size=(12_000, 28)).cumsum(axis=1)
    expected = days.sum(axis=2, keepdims=True) / 4
    least_p = chi2.sf(((days - expected) ** 2 / expected).sum(axis=2), 3).min(axis=1)
    # Standard errors 0.0007 and 0.0025.
    assert 0.0046 - 0.0014 < (least_p < 0.0005).mean() < 0.0060 + 0.0014
    assert (least_p < 0.01).mean() == pytest.approx(0.08, abs=0.008)


@pytest.mark.proof
def test_named_looks_make_few_false_calls() -> None:
    data = error_rates.simulate_trials(0.05, per_arm_a_day=1_000, count=60, seed=2)
    found = error_rates.false_claim_rate(data, per_arm_a_day=1_000, rule=error_rates.group_sequential_rule)
    # Binomial(60, 0.05) is above 8 with a chance of under 1%.
    assert found.share * 60 <= 8


@pytest.mark.parametrize(("rate", "n"), [(0.4, 100), (0.05, 500), (0.0002, 50_000)])
@pytest.mark.parametrize("method", ["miettinen-nurminen", "newcombe"])
def test_score_intervals_hold_the_truth(rate: float, n: int, method: str) -> None:
    found = error_rates.interval_coverage(
        rate=rate,
        other=rate,
        n=n,
        truth=0.0,
        method=lambda a, b: proportions.difference(treated=a, control=b, method=method),  # type: ignore[arg-type]
        count=4_000,
        seed=3,
    )
    # Standard error 0.0034 at 95%: four of them below; above, discreteness makes them conservative.
    assert found.share > 0.95 - 0.014


def test_a_confidence_sequence_holds_the_truth_at_every_look() -> None:
    assert error_rates.sequence_coverage(rate=0.4, per_day=100, count=150, seed=4).share >= 0.93


def test_freedom_to_look_costs_power() -> None:
    plan = {"control": 0.40, "treated": 0.45, "per_arm": 2_100, "count": 300, "seed": 5}
    fixed = error_rates.simulated_power(**plan, rules=Rules())  # type: ignore[arg-type]
    free = error_rates.simulated_power(**plan, rules=Rules(monitoring="always-valid", planned_per_arm=2_100))  # type: ignore[arg-type]
    # By sample_size: 2,100 per arm gives 0.91 for 40% against 45%; standard error 0.017.
    assert fixed.share == pytest.approx(0.91, abs=0.06)
    assert free.share < fixed.share - 0.1


def test_the_factorial_and_the_strata_are_the_sharper_estimators() -> None:
    main, pair = error_rates.factorial_standard_errors(per_arm=1_000)
    assert main / pair == pytest.approx(0.5**0.5)
    inside, plain = error_rates.stratified_standard_errors(per_cell=1_000)
    assert inside < 0.9 * plain


def test_clusters_taken_for_strangers_claim_too_much() -> None:
    robust, naive = error_rates.clustered_coverage(spread=0.05, count=200, seed=6)
    # Binomial(200, 0.95) is below 182 with a chance of about 1%.
    assert robust.share * 200 >= 182
    assert naive.share < robust.share - 0.05


_CASES = proofs_but_each(12, coverage.coverage_cases())


@pytest.mark.parametrize("entry", _CASES, ids=lambda entry: f"{entry.interval}; {entry.setting}")
def test_every_interval_holds_the_truth_about_as_often_as_it_says(entry: coverage.CoverageCase) -> None:
    trials = 300
    found = coverage.simulate_case(entry, count=round(trials / entry.trials_fraction), seed=7)
    # Binomial(300, 0.95): standard deviation 3.8; five of them below 285. What is known to fall short has its floor.
    floor = {"clusters.difference, cr1": 0.85, "meta.random_effects, prediction": 0.70}.get(entry.interval, 266 / 300)
    assert found.share >= floor


def test_no_interval_of_the_library_is_left_out_of_the_simulation() -> None:
    page = Path("docs/simulation.md").read_text(encoding="utf-8")
    named = {re.split("[ ,]", entry.interval)[0] for entry in coverage.coverage_cases()}
    elsewhere = {
        "proportions.rate",
        "sequential.always_valid",
        "strata.mantel_haenszel_test",
        "robustness.leave_one_out",
    }
    for module in pkgutil.walk_packages(stats.__path__, "analytics.stats."):
        if ".numerics" in module.name:
            continue
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            promised = str(inspect.signature(function).return_annotation)
            if function.__module__ != loaded.__name__ or name.startswith("_") or "Estimate |" not in promised:
                continue
            full = f"{module.name.removeprefix('analytics.stats.')}.{name}"
            if full not in elsewhere:
                assert full in named, full
                assert full in page, full


def test_every_interval_that_may_stray_has_its_reason() -> None:
    assert all(coverage.miscoverage_reason(entry) for entry in coverage.coverage_cases())


def test_strata_and_factorial_find_more_than_a_plain_pair_and_nothing_where_nothing_is() -> None:
    ours, plain = coverage.factorial_power(per_arm=1_000, gain=0.05, count=300, seed=8)
    assert ours.share > plain.share + 0.1
    ours, plain = coverage.stratified_power(per_cell=1_000, gain=0.03, count=300, seed=8)
    assert ours.share > plain.share + 0.05
    # Binomial(300, 0.05): 15 with standard deviation 3.8; four of them above.
    assert coverage.factorial_power(per_arm=500, gain=0.0, count=300, seed=9)[0].share * 300 <= 30
    assert coverage.stratified_power(per_cell=500, gain=0.0, count=300, seed=9)[0].share * 300 <= 30
