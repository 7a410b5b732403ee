"""The units named as still needed, against simulated trials that go on."""

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.more_needed import more_needed
from analytics.simulation_study.more_needed import shares_with_verdict
from analytics.stats import Counts


def test_half_of_the_trials_are_told_between_the_ends_of_the_range() -> None:
    now, rules = [Counts(1_000, 350), Counts(1_000, 390)], Rules(monitoring="always-valid", planned_per_arm=4_000)
    arms = [ArmCounts(key, counts) for key, counts in zip("ab", now, strict=True)]
    more = more_needed(compare(arms, [("b", "a")], rules), rules)["b", "a"]
    assert more.high is not None
    sizes = range(1_200, 6_200, 200)
    bounds = (more.low, more.likely, more.high)
    low, likely, high = shares_with_verdict(now=now, later_sizes=sizes, bounds=bounds, rules=rules, count=200, seed=3)
    # Standard error at most 0.035; the first of many looks that tells comes a little sooner than one look alone.
    assert 0.15 < low.share < 0.42
    assert 0.42 < likely.share < 0.72
    assert 0.35 < high.share - low.share < 0.65
