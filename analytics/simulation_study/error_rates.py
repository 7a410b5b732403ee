"""PURE  Simulate error rates, coverage and power of the product's rules, beside the rules of other tools.

Every simulation is seeded. Trials have four arms of equal truth and daily looks, so any "better" or "worse" is false.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr

from analytics.comparison.compare import all_pairs, check_sample_ratio, compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Counts, Estimate, NotEstimable, clusters, factorial, proportions, sequential, strata
from analytics.stats.equivalence import Verdict
from analytics.stats.sample_ratio import SampleRatio

ARMS = ("a", "b", "c", "d")
DAYS = 28
RandomGenerator = np.random.Generator
CumulativeEvents = npt.NDArray[np.int64]  # cumulative events, shape (day, arm)


@dataclass(frozen=True, slots=True)
class SimulatedShare:
    """A share of simulated trials, with its Monte Carlo standard error."""

    share: float
    trials: int

    @property
    def standard_error(self) -> float:
        return sqrt(self.share * (1 - self.share) / self.trials)

    def in_percent(self, digits: int = 1) -> str:
        """Format the share and its standard error as percentages."""
        return f"{self.share:.{digits}%} ± {self.standard_error:.{digits}%}"


def simulate_trials(rate: float, *, per_arm_a_day: int, count: int, seed: int) -> list[CumulativeEvents]:
    """Simulate `count` trials of four arms with the same true rate: cumulative events by day and arm."""
    source = np.random.default_rng(seed)
    daily = source.binomial(per_arm_a_day, rate, size=(count, DAYS, len(ARMS)))
    return list(np.cumsum(daily, axis=1, dtype=np.int64))


def false_claim_rate(
    data: Sequence[CumulativeEvents], *, per_arm_a_day: int, rule: Callable[[CumulativeEvents, int], bool]
) -> SimulatedShare:
    """The share of trials in which `rule` (cumulative events, units per arm a day) claims a difference at any look."""
    return SimulatedShare(sum(rule(days, per_arm_a_day) for days in data) / len(data), len(data))


def simulate_share(run_trial: Callable[[RandomGenerator], bool], *, count: int, seed: int) -> SimulatedShare:
    """The share of `count` trials that succeed."""
    source = np.random.default_rng(seed)
    return SimulatedShare(sum(run_trial(source) for _ in range(count)) / count, count)


def draw_counts(source: RandomGenerator, n: int, rate: float) -> Counts:
    """Draw the events of `n` units."""
    return Counts(n, int(source.binomial(n, rate)))


def is_covered(estimate: object, truth: float) -> bool:
    """Whether an interval covers the truth. What is not estimable claims nothing, and counts as covering."""
    return not isinstance(estimate, Estimate) or truth in estimate.interval


def always_valid_rule(days: CumulativeEvents, per_day: int) -> bool:
    """The product's default: daily looks, all six pairs, Holm, verdicts valid at every look."""
    rules = Rules(monitoring="always-valid", planned_per_arm=per_day * DAYS)
    return any(_claims_difference(days[day], per_day * (day + 1), rules) for day in range(DAYS))


def group_sequential_rule(days: CumulativeEvents, per_day: int) -> bool:
    """Five planned looks with O'Brien-Fleming spending, all six pairs, Holm."""
    looks = _looks(Rules(monitoring="group-sequential", planned_per_arm=per_day * DAYS))
    return any(_claims_difference(days[day], per_day * (day + 1), rules) for day, rules in looks)


def _looks(rules: Rules) -> Iterator[tuple[int, Rules]]:
    """Yield the day of each look that a plan's monitoring allows, with the rules at that look."""
    if rules.monitoring == "fixed":
        yield DAYS - 1, rules
    elif rules.monitoring == "always-valid":
        yield from ((day, rules) for day in range(DAYS))
    else:
        shares: tuple[float, ...] = ()
        for share in (0.2, 0.4, 0.6, 0.8, 1.0):
            day = round(share * DAYS) - 1
            shares = (*shares, (day + 1) / DAYS)
            yield day, replace(rules, looks=shares)


def fixed_rule(days: CumulativeEvents, per_day: int) -> bool:
    """One look at the end, all six pairs, Holm."""
    return _claims_difference(days[-1], per_day * DAYS, Rules())


def _claims_difference(events: npt.NDArray[np.int64], n: int, rules: Rules) -> bool:
    if int(events.max()) == int(events.min()):
        return False
    arms = [ArmCounts(arm, Counts(n, int(x))) for arm, x in zip(ARMS, events, strict=True)]
    return any(row.verdict in ("better", "worse") for row in compare(arms, all_pairs(ARMS, "a"), rules).comparisons)


def uncorrected_chi_square_rule(days: CumulativeEvents, per_day: int) -> bool:
    """Many tools: daily uncorrected chi-square of each arm against the control, stopping at p below 0.05."""
    n = per_day * np.arange(1, DAYS + 1)
    for arm in range(1, len(ARMS)):
        pooled = (days[:, arm] + days[:, 0]) / (2 * n)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (days[:, arm] - days[:, 0]) / n / np.sqrt(pooled * (1 - pooled) * 2 / n)
        if np.any(chdtrc(1, np.nan_to_num(z) ** 2) < 0.05):
            return True
    return False


def chance_to_win_rule(days: CumulativeEvents, per_day: int) -> bool:
    """Other tools: daily looks, stopping when the posterior chance to beat the control leaves 5 to 95%."""
    n = per_day * np.arange(1, DAYS + 1)
    mean = (days + 1) / (n[:, None] + 2)
    variance = mean * (1 - mean) / (n[:, None] + 3)
    z = (mean[:, 1:] - mean[:, :1]) / np.sqrt(variance[:, 1:] + variance[:, :1])
    chance = ndtr(z)
    return bool(np.any((chance > 0.95) | (chance < 0.05)))


def split_alarm_rates(
    rules: Rules, *, arms: int, a_day: int, count: int, seed: int
) -> tuple[SimulatedShare, SimulatedShare]:
    """The shares of sound campaigns of equal arms whose split is ever at alarm, or at caution or alarm, in daily looks.

    `a_day` are the units of all arms together.
    """
    source = np.random.default_rng(seed)
    alarms = warnings = 0
    for _ in range(count):
        units = np.cumsum(source.multinomial(a_day, [1 / arms] * arms, size=DAYS), axis=0)
        looks = [
            check_sample_ratio([ArmCounts(str(i), Counts(int(n), 0)) for i, n in enumerate(day)], rules)
            for day in units
        ]
        statuses = {look.status for look in looks if isinstance(look, SampleRatio)}
        alarms += "alarm" in statuses
        warnings += bool(statuses - {"ok"})
    return SimulatedShare(alarms / count, count), SimulatedShare(warnings / count, count)


def false_equivalence_rate(rules: Rules, *, control: float, per_day: int, count: int, seed: int) -> SimulatedShare:
    """The share of trials in which three messages that differ from the control by exactly the smallest difference
    that matters are ever called "no meaningful difference", any of them, at the looks that the monitoring allows."""
    assert rules.smallest_difference is not None
    source = np.random.default_rng(seed)
    rates = [control, *[control + rules.smallest_difference] * (len(ARMS) - 1)]
    pairs = [(arm, ARMS[0]) for arm in ARMS[1:]]

    def is_claimed(days: CumulativeEvents) -> bool:
        for day, rules_now in _looks(rules):
            n = per_day * (day + 1)
            arms = [ArmCounts(arm, Counts(n, int(events))) for arm, events in zip(ARMS, days[day], strict=True)]
            compared = compare(arms, pairs, rules_now).comparisons
            if any(row.verdict == Verdict.NO_MEANINGFUL_DIFFERENCE for row in compared):
                return True
        return False

    trials = source.binomial(per_day, rates, size=(count, DAYS, len(ARMS))).cumsum(axis=1)
    return SimulatedShare(sum(is_claimed(days) for days in trials) / count, count)


def simulated_power(
    *, control: float, treated: float, per_arm: int, rules: Rules, count: int, seed: int
) -> SimulatedShare:
    """The share of trials in which one comparison at the planned end is "better"."""

    def run_trial(source: RandomGenerator) -> bool:
        a, b = (Counts(per_arm, int(events)) for events in source.binomial(per_arm, [control, treated]))
        comparison = compare([ArmCounts("a", a), ArmCounts("b", b)], [("b", "a")], rules)
        return comparison.comparisons[0].verdict == "better"

    return simulate_share(run_trial, count=count, seed=seed)


PairwiseMethod = Callable[[Counts, Counts], Estimate | NotEstimable]


def interval_coverage(
    *, rate: float, other: float, n: int, truth: float, method: PairwiseMethod, count: int, seed: int
) -> SimulatedShare:
    """The share of trials in which the interval that `method` computes from two arms covers the truth."""
    source = np.random.default_rng(seed)
    pairs, times = np.unique(source.binomial(n, [rate, other], size=(count, 2)), axis=0, return_counts=True)
    covered = 0
    for (x, y), repeats in zip(pairs, times, strict=True):
        covered += int(repeats) * is_covered(method(Counts(n, int(x)), Counts(n, int(y))), truth)
    return SimulatedShare(covered / count, count)


def clustered_coverage(*, spread: float, count: int, seed: int) -> tuple[SimulatedShare, SimulatedShare]:
    """Coverage of no difference between correlated clusters, by CR2's interval and by the plain one."""
    source = np.random.default_rng(seed)
    a, b = 0.3 / spread, 0.7 / spread
    covered = plain = 0
    for _ in range(count):
        sides = [[draw_counts(source, 30, p) for p in source.beta(a, b, size=size)] for size in (12, 15)]
        covered += is_covered(clusters.difference(treated=sides[0], control=sides[1]), 0.0)
        totals = [Counts(sum(c.n for c in side), sum(c.events for c in side)) for side in sides]
        plain += is_covered(proportions.difference(treated=totals[0], control=totals[1]), 0.0)
    return SimulatedShare(covered / count, count), SimulatedShare(plain / count, count)


def stratified_coverage(*, count: int, seed: int) -> SimulatedShare:
    """Coverage of the Mantel-Haenszel interval over three strata of different rates and splits."""

    def run_trial(source: RandomGenerator) -> bool:
        rows = [
            strata.Stratum(treated=draw_counts(source, 120, base + 0.05), control=draw_counts(source, 80, base))
            for base in (0.1, 0.3, 0.6)
        ]
        return is_covered(strata.difference(rows), 0.05)

    return simulate_share(run_trial, count=count, seed=seed)


def sequence_coverage(*, rate: float, per_day: int, count: int, seed: int) -> SimulatedShare:
    """Coverage of no difference by a confidence sequence, at all daily looks at once."""
    data = simulate_trials(rate, per_arm_a_day=per_day, count=count, seed=seed)
    covered = 0
    for days in data:
        estimates = (
            sequential.confidence_sequence(
                treated=Counts(n, int(days[day, 0])), control=Counts(n, int(days[day, 1])), n_planned=2 * per_day * DAYS
            )
            for day, n in ((day, per_day * (day + 1)) for day in range(DAYS))
        )
        covered += all(is_covered(estimate, 0.0) for estimate in estimates)
    return SimulatedShare(covered / count, count)


def factorial_standard_errors(*, per_arm: int) -> tuple[float, float]:
    """Standard errors of a factorial main effect and of a plain pair at 40%: the factorial uses all four arms."""
    arm = Counts(per_arm, round(0.4 * per_arm))
    effect = factorial.two_by_two(neither=arm, first=arm, second=arm, both=arm).first
    plain = proportions.difference(treated=arm, control=arm, method="wald")
    return _standard_error(effect), _standard_error(plain)


def stratified_standard_errors(*, per_cell: int) -> tuple[float, float]:
    """Stratified and plain standard errors where two placements differ greatly (5% and 60%)."""
    cells = [Counts(per_cell, round(0.05 * per_cell)), Counts(per_cell, round(0.60 * per_cell))]
    inside = strata.difference([strata.Stratum(treated=cell, control=cell) for cell in cells])
    total = cells[0] + cells[1]
    plain = proportions.difference(treated=total, control=total, method="wald")
    return _standard_error(inside), _standard_error(plain)


def _standard_error(estimate: Estimate | NotEstimable) -> float:
    assert isinstance(estimate, Estimate)
    assert estimate.standard_error is not None
    return estimate.standard_error
