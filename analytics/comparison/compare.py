"""PURE  Compare arms by their counts under a plan's rules: rates, differences, sample ratio and verdicts."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf
from statistics import NormalDist
from typing import Literal

from analytics.comparison import grouped, network_influence
from analytics.comparison.correction import Corrected, Correction, correct
from analytics.comparison.split_check import check_split, check_texts, worse_of
from analytics.comparison.text_mixes import MIXED_TEXTS
from analytics.stats import (
    equivalence,
    exact_sequence,
    multiplicity,
    omnibus,
    ordinal,
    proportions,
    sample_ratio,
    sequential,
)
from analytics.stats.values import Counts, Estimate, Interval, Levels, NotEstimable

WITHHELD = "withheld"
CANNOT_TELL = "cannot-tell-yet"

Monitoring = Literal["fixed", "group-sequential", "always-valid"]

# Asymptotic intervals for repeated looks are not valid with fewer events or non-events than this in an arm. Until then
# plain counts have an exact interval, and any other verdict is held. `make simulate` shows the false claims.
MIN_EVENTS = 10
# The same for the answers to an ordered outcome.
MIN_ANSWERS = 50
SUPPRESSED = NotEstimable("A small count is hidden.")
TOO_FEW_EVENTS = NotEstimable(
    "Each message needs at least 10 people who did it and 10 who did not before there can be a "
    "verdict that holds at every look."
)
TOO_FEW_ANSWERS = NotEstimable(
    "Each message needs at least 50 answers before there can be a verdict that holds at every look."
)
NO_ORDERED_OMNIBUS = NotEstimable("An ordered outcome is compared pair by pair.")


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """The counts of one arm, with its key and its weight in the split.

    `strata`, `clusters` and `cells` (stratum and day) divide the same units; each may be empty if unused. `levels` are
    the answers to an ordered outcome; `counts` are then the units exposed and those that answered. An arm that was ever
    paused is compared, but left out of the sample ratio, because it did not always get its share. `texts` are the units
    that saw each of several texts, of those that were never stopped; `stopped_texts` are the places of the others in
    the arm, each with the day of its stop.
    """

    key: str
    counts: Counts
    weight: float = 1.0
    strata: Mapping[str, Counts] = field(default_factory=dict)
    clusters: Mapping[str, Counts] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    levels: Levels | None = None
    was_paused: bool = False
    texts: Sequence[int] = ()
    stopped_texts: Set[tuple[int, date]] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """A plan's rules of comparison.

    `monitoring` allows one look at the end ("fixed"), planned looks ("group-sequential") or any look ("always-valid").
    `looks` are the shares of the planned units at the group-sequential looks so far, this one last; 1 is the last
    planned look, and `planned_looks` are those that the plan names. All but "fixed" need `planned_per_arm`: the planned
    units in all, divided by the number of arms with a weight. "dunnett" corrects intervals too; it takes one look,
    plain counts and pairs against the one control. `clusters` were assigned whole ("nested"), saw all arms ("crossed"),
    or are sets of `periods`, of which each arm had one. An `ordered` outcome is compared by the probability that a
    treated unit answers higher, minus one half; it uses neither strata nor clusters. A verdict that `views_per_network`
    views, as many as one network may have counted, could turn is held. With `watched_split` this is one of many looks
    at the split, though the outcomes have one.
    """

    level: float = 0.95
    smallest_difference: float | None = None
    better: equivalence.Direction = "higher"
    correction: Correction = "holm"
    monitoring: Monitoring = "fixed"
    planned_per_arm: int | None = None
    looks: tuple[float, ...] = ()
    planned_looks: tuple[float, ...] = ()
    spending: sequential.Spending = "obrien-fleming"
    stratified: bool = False
    clusters: grouped.ClusterDesign | None = None
    ordered: bool = False
    views_per_network: int = 0
    watched_split: bool = False

    def __post_init__(self) -> None:
        if self.correction == "dunnett" and (self.monitoring != "fixed" or self.is_grouped or self.ordered):
            raise ValueError("Dunnett's correction is for one look at plain yes/no counts")

    @property
    def is_grouped(self) -> bool:
        """Whether units come in strata or clusters, so that methods for plain counts do not apply."""
        return self.stratified or self.clusters is not None


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
        return ordinal.mean(_levels(arm), level=rules.level)
    if rules.clusters:
        return grouped.clustered_rate(arm.clusters, level=rules.level)
    return proportions.rate(arm.counts, level=rules.level)


def _levels(arm: ArmCounts) -> Levels:
    if arm.levels is None:
        raise ValueError(f"the arm {arm.key!r} has no levels, which an ordered outcome needs")
    return arm.levels


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
        first, second = _levels(treated), _levels(control)
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
        move, networks = _network_influence(arms, estimate, claim, verdict, rules)
        if networks == 1:
            verdict, hold_reason = CANNOT_TELL, network_influence.ONE_NETWORK.reason
        p_adjusted = claim.p_adjusted
        rows.append(PairComparison(treated, control, estimate, p_adjusted, verdict, hold_reason, move, networks))
    return tuple(rows)


def _network_influence(
    arms: Sequence[ArmCounts], estimate: Estimate | NotEstimable, corrected: Corrected, verdict: str, rules: Rules
) -> tuple[float, int | None]:
    """How far one network could have moved the estimate, and how many it would take to turn the verdict."""
    if isinstance(estimate, NotEstimable):
        return 0.0, None
    if rules.ordered:
        sizes = [_levels(arm).n for arm in arms]
        rates = [0.5 + abs(estimate.effect)] * len(arms)
    else:
        sizes, rates = [arm.counts.n for arm in arms], [arm.counts.proportion for arm in arms]
    move = network_influence.largest_move(sizes, rates, views=rules.views_per_network)
    if rules.clusters == "periods" and move and verdict not in (WITHHELD, CANNOT_TELL):
        return move, _networks_to_turn_periods(arms, estimate, corrected, verdict, rules)
    return move, networks_to_turn(estimate, corrected, verdict, rules, move=move)


def _networks_to_turn_periods(
    arms: Sequence[ArmCounts], estimate: Estimate, corrected: Corrected, verdict: str, rules: Rules
) -> int:
    """The same where periods were drawn: orders that are nearly as extreme must not be what a verdict rests on."""
    if verdict == equivalence.Verdict.NO_MEANINGFUL_DIFFERENCE:
        level = (corrected.equivalence_interval or estimate.interval).level
        ruled_out = [rules.smallest_difference or 0.0, -(rules.smallest_difference or 0.0)]
    else:
        correction = (corrected.p_adjusted or 1.0) / (estimate.p_value or 1.0)
        level, ruled_out = 1 - (1 - estimate.interval.level) / max(correction, 1.0), [0.0]
    treated, control = (arm.clusters for arm in arms)
    return grouped.forgeries_to_turn(treated, control, ruled_out, level=level, views=rules.views_per_network)


def networks_to_turn(estimate: Estimate, corrected: Corrected, verdict: str, rules: Rules, move: float) -> int | None:
    """How many networks that each move an estimate so far it takes to turn its verdict; None without a verdict."""
    if verdict in (WITHHELD, CANNOT_TELL):
        return None
    if verdict == equivalence.Verdict.NO_MEANINGFUL_DIFFERENCE:
        interval = corrected.equivalence_interval or estimate.interval
        margin = (rules.smallest_difference or 0.0) - max(abs(interval.low), abs(interval.high))
    else:
        margin = network_influence.margin_from_zero(estimate, corrected.p_adjusted)
    return network_influence.networks_to_turn(margin, move)


def decide_verdict(
    estimate: Estimate | NotEstimable, corrected: Corrected, rules: Rules, *, hold_reason: str, withheld: bool
) -> str:
    """The verdict on one estimate: withheld, cannot tell yet, or that of `equivalence.verdict`."""
    if withheld:
        return WITHHELD
    if hold_reason:
        return CANNOT_TELL
    verdict = equivalence.verdict(
        estimate,
        rules.smallest_difference,
        p_adjusted=corrected.p_adjusted,
        better=rules.better,
        equivalence_interval=corrected.equivalence_interval,
    )
    return str(verdict)


def mixed_texts_reason(arms: Sequence[ArmCounts]) -> str:
    """Why people alone cannot compare arms of several texts: one lost a text that another kept, or earlier."""
    return MIXED_TEXTS.reason if len({arm.stopped_texts for arm in arms}) > 1 else ""


def too_few_reason(arms: Sequence[ArmCounts], rules: Rules, *, factor: float = 1.0) -> str:
    """Why a verdict waits for more units, now or with `factor` times as many; empty if it does not."""
    if rules.ordered:
        return too_few_answers_reason(
            [Levels([round(count * factor) for count in _levels(arm).counts]) for arm in arms], rules
        )
    return too_few_events_reason(
        [Counts(round(arm.counts.n * factor), round(arm.counts.events * factor)) for arm in arms], rules
    )


def too_few_events_reason(cells: Sequence[Counts], rules: Rules) -> str:
    """Why an asymptotic interval for repeated looks is not valid yet; empty if it is."""
    if rules.monitoring == "fixed" or min(min(c.events, c.n - c.events) for c in cells) >= MIN_EVENTS:
        return ""
    return TOO_FEW_EVENTS.reason


def too_few_answers_reason(arms: Sequence[Levels], rules: Rules) -> str:
    """Why an interval for repeated looks at an ordered outcome is not valid yet; empty if it is."""
    if rules.monitoring == "fixed" or min(levels.n for levels in arms) >= MIN_ANSWERS:
        return ""
    return TOO_FEW_ANSWERS.reason
