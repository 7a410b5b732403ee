"""PURE  Cross-checks of one look: other methods, and how little would turn the conclusion. They decide nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.not_worse import not_worse_p
from analytics.comparison.relative_effects import (
    Homogeneity,
    Range,
    difference_by_clusters,
    homogeneity_of,
    odds_within_days,
    odds_within_weekdays,
    ratio_of,
    size_after_stopping,
)
from analytics.stats import Counts, Estimate, NotEstimable, bayes, proportions, robustness, strata

# Fisher's exact test enumerates every table with the same margins; beyond this the large-sample test is as good.
MAX_EXACT_EVENTS = 100_000
# With more strata than this, no single one can matter much.
MAX_STRATA = 200


@dataclass(frozen=True, slots=True)
class LeaveOneOutDifference:
    """A difference without one stratum."""

    stratum: str
    effect: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairCheck:
    """Cross-checks of one planned comparison, each as for a single look.

    `tips_at` is how many units of the treated arm would have to change their outcome to turn a significant result into
    a non-significant one, or the reverse if not `was_significant`; None if no number would. `lowest` and `highest` are
    the extremes of the differences without one stratum. `lift` is the ratio less 1. `after_stopping` is the size of the
    difference if the trial ended at this look. The next two are odds ratios within strata and days. `not_worse_p` is
    that of non-inferiority by the smallest difference of interest; None if there is none. `by_clusters` is the
    difference with periods as clusters, beside the permutation test.
    """

    treated: str
    control: str
    exact_p: float | None
    was_significant: bool | None
    tips_at: int | None
    lowest: LeaveOneOutDifference | None
    highest: LeaveOneOutDifference | None
    ratio: Range | None
    lift: Range | None
    homogeneity: Homogeneity | None
    after_stopping: Range | None
    odds_within_days: Range | None
    odds_within_weekdays: Range | None
    not_worse_p: float | None
    by_clusters: Range | None


@dataclass(frozen=True, slots=True)
class ArmCheck:
    """The posterior probability that an arm is best, and the expected loss from choosing it, as a share."""

    arm: str
    best: float
    loss: float


@dataclass(frozen=True, slots=True)
class CrossChecks:
    """All cross-checks of one yes/no outcome."""

    pairs: tuple[PairCheck, ...]
    arms: tuple[ArmCheck, ...]


def run_cross_checks(arms: Sequence[ArmCounts], pairs: Sequence[tuple[str, str]], rules: Rules) -> CrossChecks:
    """Compute exact tests, tipping points, leave-one-out differences and posterior probabilities with flat priors.

    Where units come in strata or clusters, those that take them for plain counts are left out.
    """
    by_key = {arm.key: arm for arm in arms}
    checks = tuple(_check_pair(by_key[treated], by_key[control], rules) for treated, control in pairs)
    return CrossChecks(pairs=checks, arms=() if rules.is_grouped else _posteriors(arms, rules))


def _posteriors(arms: Sequence[ArmCounts], rules: Rules) -> tuple[ArmCheck, ...]:
    if rules.better == "none":
        return ()
    oriented = [arm.counts for arm in arms]
    if rules.better == "lower":  # the methods take a higher rate for the better one
        oriented = [Counts(counts.n, counts.n - counts.events) for counts in oriented]
    chances, losses = bayes.probability_best(oriented), bayes.expected_loss(oriented)
    if isinstance(chances, NotEstimable) or isinstance(losses, NotEstimable):
        return ()
    return tuple(ArmCheck(arm.key, best, loss) for arm, best, loss in zip(arms, chances, losses, strict=True))


def _check_pair(treated: ArmCounts, control: ArmCounts, rules: Rules) -> PairCheck:
    ratio = ratio_of(treated, control, rules)
    lowest, highest = (None, None) if rules.clusters else _extreme_differences(treated, control, rules)
    exact, significant, tips = (
        (None, None, None) if rules.is_grouped else _check_plain(treated.counts, control.counts, rules)
    )
    return PairCheck(
        treated=treated.key,
        control=control.key,
        exact_p=exact,
        was_significant=significant,
        tips_at=tips,
        lowest=lowest,
        highest=highest,
        ratio=ratio,
        lift=None if ratio is None else ratio.shifted(-1.0),
        homogeneity=homogeneity_of(treated, control, rules),
        after_stopping=size_after_stopping(treated, control, rules),
        odds_within_days=odds_within_days(treated, control, rules),
        odds_within_weekdays=odds_within_weekdays(treated, control, rules),
        not_worse_p=not_worse_p(treated, control, rules, margin=rules.smallest_difference),
        by_clusters=difference_by_clusters(treated, control, rules),
    )


def _check_plain(treated: Counts, control: Counts, rules: Rules) -> tuple[float | None, bool | None, int | None]:
    """Fisher's exact p, whether the plain difference is significant, and how many outcomes would turn that."""
    pooled = treated + control
    exact = None
    if min(pooled.events, pooled.n - pooled.events) <= MAX_EXACT_EVENTS:
        test = proportions.exact_test(treated=treated, control=control)
        exact = None if isinstance(test, NotEstimable) else test.p_value
    tips = robustness.tipping_point(treated=treated, control=control, level=rules.level)
    plain = proportions.difference(treated=treated, control=control, level=rules.level)
    significant = None
    if isinstance(plain, Estimate) and plain.p_value is not None:
        significant = plain.p_value < 1 - rules.level
    return exact, significant, None if isinstance(tips, NotEstimable) else tips.units


def _extreme_differences(
    treated: ArmCounts, control: ArmCounts, rules: Rules
) -> tuple[LeaveOneOutDifference | None, LeaveOneOutDifference | None]:
    empty = Counts(0, 0)
    shared = (name for name, counts in treated.strata.items() if counts.n and control.strata.get(name, empty).n)
    names = list(islice(shared, MAX_STRATA + 1))
    if not 2 <= len(names) <= MAX_STRATA:
        return None, None
    tables = {
        name: strata.Stratum(treated=treated.strata[name], control=control.strata[name]) for name in sorted(names)
    }
    # Mantel-Haenszel weights and differences: leaving out a stratum takes one term off both sums.
    weights = {name: t.treated.n * t.control.n / (t.treated.n + t.control.n) for name, t in tables.items()}
    parts = {name: weights[name] * (t.treated.proportion - t.control.proportion) for name, t in tables.items()}
    weight, part = sum(weights.values()), sum(parts.values())
    ranked = sorted(tables, key=lambda name: (part - parts[name]) / (weight - weights[name]))
    lowest, highest = (_difference_without(tables, name, rules) for name in (ranked[0], ranked[-1]))
    return lowest, highest


def _difference_without(tables: Mapping[str, strata.Stratum], name: str, rules: Rules) -> LeaveOneOutDifference | None:
    rest = [table for other, table in tables.items() if other != name]
    rest_difference = strata.difference(rest, level=rules.level)
    if isinstance(rest_difference, NotEstimable):
        return None
    interval = rest_difference.interval
    return LeaveOneOutDifference(name, rest_difference.effect, interval.low, interval.high)
