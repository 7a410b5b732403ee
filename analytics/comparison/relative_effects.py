"""PURE  Beside a difference: ratio and lift, whether strata agree, size after an early stop, odds within days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import isfinite

from analytics.comparison.compare import difference
from analytics.comparison.grouped import clustered_difference, clustered_ratio, match_strata
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import early_stopping, logit, proportions, sequential, strata
from analytics.stats.values import Counts, Estimate, NotEstimable, OpenEstimate

# With more strata than this their chi-square is rough.
MAX_STRATA = 200


@dataclass(frozen=True, slots=True)
class Range:
    """An effect and its interval as they can be stored: None for an effect or an end that is not finite."""

    effect: float | None
    low: float
    high: float | None

    def shifted(self, by: float) -> "Range":
        effect = None if self.effect is None else self.effect + by
        return Range(effect, self.low + by, None if self.high is None else self.high + by)


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Breslow and Day's test, with Tarone's correction, that all strata have one odds ratio."""

    statistic: float
    df: int
    p_value: float


def ratio_of(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Range | None:
    """How many times the control rate is the treated rate, by the counterpart of the plan's estimator at one look."""
    level = rules.level
    found: Estimate | NotEstimable
    if rules.clusters:
        found = clustered_ratio(treated.clusters, control.clusters, rules.clusters, level=level)
    elif rules.stratified:
        found = strata.ratio(match_strata(treated.strata, control.strata), level=level)
    else:
        found = proportions.ratio(treated=treated.counts, control=control.counts, level=level)
    if isinstance(found, OpenEstimate):
        return Range(None, found.interval.low, None)
    return as_range(found)


def as_range(estimate: Estimate | NotEstimable) -> Range | None:
    """An estimate as it can be stored; None if there is none."""
    if isinstance(estimate, NotEstimable):
        return None
    high = estimate.interval.high
    return Range(estimate.effect, estimate.interval.low, high if isfinite(high) else None)


def difference_by_clusters(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Range | None:
    """The difference with each period as a cluster, beside that of the permutation test; None without periods."""
    if rules.clusters != "periods":
        return None
    return as_range(clustered_difference(treated.clusters, control.clusters, "nested", level=rules.level))


def homogeneity_of(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Homogeneity | None:
    """Test whether the strata have one odds ratio; None without strata, or where clusters forbid it."""
    tables = match_strata(treated.strata, control.strata)
    if rules.clusters or not 2 <= len(tables) <= MAX_STRATA:
        return None
    found = strata.homogeneity(tables)
    if isinstance(found, NotEstimable):
        return None
    return Homogeneity(found.statistic, found.df, found.p_value)


def size_after_stopping(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Range | None:
    """The median-unbiased difference as if the trial ended at this group-sequential look; None at other looks."""
    if rules.monitoring != "group-sequential":
        return None
    seen = difference(treated, control, rules)
    if isinstance(seen, NotEstimable) or seen.standard_error is None:
        return None
    planned = sequential.boundaries(rules.looks, alpha=1 - rules.level, spending=rules.spending)
    return as_range(
        early_stopping.median_unbiased(
            effect=seen.effect,
            standard_error=seen.standard_error,
            boundaries=planned,
            look=len(rules.looks),
            level=rules.level,
        )
    )


def odds_within_days(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Range | None:
    """The odds ratio by an additive logit of stratum and day; None without several days, and with clusters."""
    return _odds_within(treated, control, rules, lambda day: day)


def odds_within_weekdays(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Range | None:
    """The odds ratio by an additive logit of stratum and weekday; None if days are no dates."""
    try:
        return _odds_within(treated, control, rules, lambda day: str(date.fromisoformat(day).weekday()))
    except ValueError:
        return None


def _odds_within(treated: ArmCounts, control: ArmCounts, rules: Rules, time: Callable[[str], str]) -> Range | None:
    cells: dict[tuple[str, str], list[Counts]] = {}
    for side, arm in enumerate((treated, control)):
        for (stratum, day), counts in arm.cells.items():
            pair = cells.setdefault((stratum, time(day)), [Counts(0, 0), Counts(0, 0)])
            pair[side] += counts
    if rules.clusters or len({moment for _, moment in cells}) < 2:
        return None
    found = logit.adjusted_odds_ratio(
        [logit.LogitCell(first, second, levels) for levels, (first, second) in cells.items()], level=rules.level
    )
    return as_range(found)
