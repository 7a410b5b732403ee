"""PURE  Compare arms by their counts under a plan's rules: rates, differences, sample ratio and verdicts."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from math import inf
from statistics import NormalDist

from analytics.comparison import grouped, network_influence
from analytics.comparison.correction import correct
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.split_check import check_split, check_texts, worse_of
from analytics.comparison.verdict import (
    CANNOT_TELL,
    decide_verdict,
    influence_of_one_network,
    mixed_texts_reason,
    too_few_events_reason,
    too_few_reason,
)
from analytics.stats import exact_sequence, multiplicity, omnibus, ordinal, proportions, sample_ratio, sequential
from analytics.stats.values import Estimate, Interval, NotEstimable

SUPPRESSED = NotEstimable("A small count is hidden.")
NO_ORDERED_OMNIBUS = NotEstimable("An ordered outcome is compared pair by pair.")


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Treated minus control with the plan's verdict. `hold_reason` says why the verdict is held, if it is.

    `network_move` is how far one hostile network could have moved the difference, and `networks` how many it would take
    to turn the verdict; None without a verdict, or if no number would.
    """

    treated: str
    control: str
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str
    hold_reason: str = ""
    network_move: float = 0.0
    networks: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of one look at one outcome."""

    arms: tuple[ArmCounts, ...]
    rates: tuple[Estimate | NotEstimable, ...]
    omnibus: omnibus.Omnibus | NotEstimable
    sample_ratio: sample_ratio.SampleRatio | NotEstimable
    comparisons: tuple[PairComparison, ...]

    @property
    def withheld(self) -> bool:
        """Whether a broken split forbids every verdict."""
        return isinstance(self.sample_ratio, sample_ratio.SampleRatio) and self.sample_ratio.status == "alarm"


def all_pairs(keys: Sequence[str], control: str) -> list[tuple[str, str]]:
    """List every pair once as (treated, control): arms against the control first, then the rest in order."""
    others = [key for key in keys if key != control]
    return [(key, control) for key in others] + [
        (later, earlier) for i, earlier in enumerate(others) for later in others[i + 1 :]
    ]


def compare(arms: Sequence[ArmCounts], pairs: Sequence[tuple[str, str]], rules: Rules) -> Comparison:
    """Compute rates with Wilson intervals, differences by the rules, and a verdict for each pair."""
    by_key = {arm.key: arm for arm in arms}
    ratio = check_sample_ratio(arms, rules)
    withheld = isinstance(ratio, sample_ratio.SampleRatio) and ratio.status == "alarm"
    estimates = (
        _dunnett_differences(by_key, pairs, rules)
        if rules.correction == "dunnett"
        else [difference(by_key[treated], by_key[control], rules, among=arms) for treated, control in pairs]
    )
    return Comparison(
        arms=tuple(arms),
        rates=tuple(_rate(arm, rules) for arm in arms),
        omnibus=_omnibus(arms, rules),
        sample_ratio=ratio,
        comparisons=_judge_all(pairs, estimates, by_key, rules, withheld=withheld),
    )


def rejudge_without_arms(comparison: Comparison, hidden: Set[str], rules: Rules) -> Comparison:
    """Judge a comparison anew as if nothing could be estimated with the `hidden` arms."""
    rows = comparison.comparisons
    pairs = [(row.treated, row.control) for row in rows]
    estimates = [SUPPRESSED if hidden & {row.treated, row.control} else row.estimate for row in rows]
    by_key = {arm.key: arm for arm in comparison.arms}
    return replace(comparison, comparisons=_judge_all(pairs, estimates, by_key, rules, withheld=comparison.withheld))


def check_sample_ratio(arms: Sequence[ArmCounts], rules: Rules) -> sample_ratio.SampleRatio | NotEstimable:
    """Test the shares of the arms that were never paused, by a test that allows for as many looks as there are.

    Where the texts of an arm are further off what they should be than the arms are, the answer is that of the texts.
    """
    unpaused = [arm for arm in arms if not arm.was_paused]
    once = rules.monitoring == "fixed" and not rules.watched_split
    split = check_split(
        [_count_assigned(arm, rules) for arm in unpaused],
        [arm.weight for arm in unpaused],
        once=once,
        views_per_network=rules.views_per_network,
    )
    texts = check_texts([arm.texts for arm in arms], once=once, views_per_network=rules.views_per_network)
    return worse_of(split, texts)


def _count_assigned(arm: ArmCounts, rules: Rules) -> int:
    """How many were assigned to an arm: clusters where those were assigned whole, else units."""
    return grouped.count_clusters([arm.clusters]) if rules.clusters in ("nested", "periods") else arm.counts.n


def _omnibus(arms: Sequence[ArmCounts], rules: Rules) -> omnibus.Omnibus | NotEstimable:
    if rules.ordered:
        return NO_ORDERED_OMNIBUS
    return grouped.NO_OMNIBUS if rules.is_grouped else omnibus.chi_square([arm.counts for arm in arms])


def _rate(arm: ArmCounts, rules: Rules) -> Estimate | NotEstimable:
    if rules.ordered:
        return ordinal.mean(arm.answers, level=rules.level)
    if rules.clusters:
        return grouped.clustered_rate(arm.clusters, level=rules.level)
    return proportions.rate(arm.counts, level=rules.level)


def _dunnett_differences(
    by_key: Mapping[str, ArmCounts], pairs: Sequence[tuple[str, str]], rules: Rules
) -> list[Estimate | NotEstimable]:
    """Dunnett's intervals and p-values against the one control."""
    controls = {control for _, control in pairs}
    if len(controls) != 1:
        raise ValueError("Dunnett's correction compares every arm with one control")
    treated = [by_key[key].counts for key, _ in pairs]
    return multiplicity.dunnett(treated, control=by_key[controls.pop()].counts, level=rules.level)


def difference(
    treated: ArmCounts, control: ArmCounts, rules: Rules, *, among: Sequence[ArmCounts] = ()
) -> Estimate | NotEstimable:
    """Estimate treated minus control by the plan's estimator, valid under the plan's monitoring.

    The two have their shares of the units planned for all arms, which `among` lists if there are more.
    """
    n_planned = planned_units((treated, control), among or (treated, control), rules)
    if rules.ordered:
        first, second = treated.answers, control.answers
        superiority = ordinal.superiority(treated=first, control=second, level=rules.level)
        n = first.n + second.n
        return apply_monitoring(_minus_half(superiority), n=n, n_planned=n_planned, rules=rules, bound=0.5)
    if not rules.clusters and too_few_events_reason([treated.counts, control.counts], rules):
        if rules.stratified:
            return grouped.exact_stratified_difference(treated.strata, control.strata, level=rules.level)
        return exact_sequence.difference(treated=treated.counts, control=control.counts, level=rules.level)
    estimate = single_look_difference(treated, control, rules)
    n = treated.counts.n + control.counts.n
    return apply_monitoring(estimate, n=n, n_planned=n_planned, rules=rules)


def apply_monitoring(
    estimate: Estimate | NotEstimable, *, n: int, n_planned: int, rules: Rules, bound: float = 1.0
) -> Estimate | NotEstimable:
    """Make an estimate from `n` units valid for the plan's looks. It lies within +-`bound`."""
    if isinstance(estimate, NotEstimable) or rules.monitoring == "fixed":
        return estimate
    error = _normal_error(estimate)
    if error is None:
        return NotEstimable("This estimate has no standard error, so it cannot be monitored.")
    if rules.monitoring == "always-valid":
        return sequential.always_valid(
            effect=estimate.effect,
            standard_error=error,
            n=n,
            n_planned=n_planned,
            level=rules.level,
            within=(-bound, bound),
        )
    planned = sequential.boundaries(rules.looks, alpha=1 - rules.level, spending=rules.spending)
    return sequential.repeated_interval(
        effect=estimate.effect, standard_error=error, boundaries=planned, look=len(rules.looks)
    )


def _minus_half(estimate: Estimate | NotEstimable) -> Estimate | NotEstimable:
    """Shift a probability of answering higher by one half, so that zero means no effect."""
    if isinstance(estimate, NotEstimable):
        return estimate
    interval = estimate.interval
    return replace(
        estimate,
        effect=estimate.effect - 0.5,
        interval=Interval(interval.low - 0.5, interval.high - 0.5, interval.level),
    )


def _normal_error(estimate: Estimate) -> float | None:
    """The standard error that gives the estimate's p-value on the normal; larger where its reference is a t.

    Boundaries and confidence sequences assume the normal, which would claim too much with few clusters.
    """
    if estimate.df is None or not estimate.p_value or estimate.effect == 0.0:
        return estimate.standard_error
    z = NormalDist().inv_cdf(1 - estimate.p_value / 2) if estimate.p_value > 1e-15 else inf
    return estimate.standard_error if z in (0.0, inf) else abs(estimate.effect) / z


def single_look_difference(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Estimate | NotEstimable:
    """Estimate treated minus control by the plan's estimator, as if there were one look."""
    if rules.clusters:
        return grouped.clustered_difference(treated.clusters, control.clusters, rules.clusters, level=rules.level)
    if rules.stratified:
        return grouped.stratified_difference(treated.strata, control.strata, level=rules.level)
    method: proportions.DifferenceMethod = "miettinen-nurminen" if rules.monitoring == "fixed" else "wald"
    return proportions.difference(treated=treated.counts, control=control.counts, level=rules.level, method=method)


def planned_units(some: Sequence[ArmCounts], arms: Sequence[ArmCounts], rules: Rules) -> int:
    """The planned units of some of the arms, by the shares of all; at least 1."""
    if rules.monitoring == "always-valid" and not rules.planned_per_arm:
        raise ValueError(f"{rules.monitoring} monitoring needs planned_per_arm")
    shown = [arm.weight for arm in arms if arm.weight > 0]
    share = sum(arm.weight for arm in some) / sum(shown) if shown else 0.0
    return max(round((rules.planned_per_arm or 0) * len(shown) * share), 1)


def _judge_all(
    pairs: Sequence[tuple[str, str]],
    estimates: Sequence[Estimate | NotEstimable],
    by_key: Mapping[str, ArmCounts],
    rules: Rules,
    *,
    withheld: bool,
) -> tuple[PairComparison, ...]:
    rows = []
    corrected = correct(
        estimates,
        rules.correction,
        level=rules.level,
        smallest_difference=rules.smallest_difference,
        at_level=lambda i, level: difference(
            by_key[pairs[i][0]], by_key[pairs[i][1]], replace(rules, level=level), among=list(by_key.values())
        ),
    )
    for (treated, control), estimate, claim in zip(pairs, estimates, corrected, strict=True):
        arms = (by_key[treated], by_key[control])
        # With few events the interval is exact, and nothing waits; but there is no exact one for clusters.
        hold_reason = mixed_texts_reason(arms)
        if not hold_reason and (rules.ordered or rules.clusters):
            hold_reason = too_few_reason(arms, rules)
        verdict = decide_verdict(estimate, claim, rules, hold_reason=hold_reason, withheld=withheld)
        move, networks = influence_of_one_network(arms, estimate, claim, verdict, rules)
        if networks == 1:
            verdict, hold_reason = CANNOT_TELL, network_influence.ONE_NETWORK.reason
        p_adjusted = claim.p_adjusted
        rows.append(PairComparison(treated, control, estimate, p_adjusted, verdict, hold_reason, move, networks))
    return tuple(rows)
