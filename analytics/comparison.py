"""PURE  Compares arms by their counts under the rules of a plan: rates, differences, sample ratio, verdicts.

A function of values: `evaluate` feeds it a campaign's tallies under its frozen plan, `analyse` feeds it any table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from statistics import NormalDist
from typing import Literal

from analytics.stats import (
    Counts,
    Estimate,
    NotEstimable,
    clusters,
    equivalence,
    factorial,
    multiplicity,
    omnibus,
    proportions,
    sample_ratio,
    sequential,
    strata,
)

WITHHELD = "withheld"
CANNOT_TELL = "cannot-tell-yet"

Monitoring = Literal["fixed", "group-sequential", "always-valid"]
Correction = Literal["holm", "bonferroni", "benjamini-hochberg", "none"]

# An asymptotic interval that must hold at every look is not yet valid on fewer events (and non-events) than this in
# each arm: until then its verdict is held. `make simulate` shows the false calls with and without it.
LEAST_EVENTS = 10


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """One arm: its key, its weight in the split, its units with and without the outcome, and how those divide.

    `strata` gives the same units by stratum, `clusters` one Counts per cluster; each may be empty if unused.
    A `paused` arm is compared, but no longer gets its share, so it stands outside the sample ratio.
    """

    key: str
    counts: Counts
    weight: float = 1.0
    strata: Mapping[str, Counts] = field(default_factory=dict)
    clusters: tuple[Counts, ...] = ()
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """How a plan wants its arms compared.

    `monitoring` says when one may look: once at the end ("fixed"), at named looks ("group-sequential", `looks` being
    the shares of the planned units at each look so far, this one last, and 1 for the last planned), or whenever one
    likes ("always-valid"). `planned_per_arm` is needed for all but "fixed".
    """

    level: float = 0.95
    smallest_difference: float | None = None
    lower_is_better: bool = False
    correction: Correction = "holm"
    monitoring: Monitoring = "fixed"
    planned_per_arm: int | None = None
    looks: tuple[float, ...] = ()
    spending: sequential.Spending = "obrien-fleming"
    stratified: bool = False
    clustered: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """Treated minus control, with the verdict that the plan allows. `held` says why a verdict has to wait."""

    treated: str
    control: str
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str
    more_per_arm: int | None
    held: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that one look at one outcome says."""

    arms: tuple[ArmCounts, ...]
    rates: tuple[Estimate | NotEstimable, ...]
    omnibus: omnibus.Omnibus | NotEstimable
    sample_ratio: sample_ratio.SampleRatio | NotEstimable
    comparisons: tuple[Compared, ...]

    @property
    def withheld(self) -> bool:
        """A broken split forbids every verdict."""
        return isinstance(self.sample_ratio, sample_ratio.SampleRatio) and self.sample_ratio.status == "alarm"


def all_pairs(keys: Sequence[str], control: str) -> list[tuple[str, str]]:
    """Every pair once, as (treated, control): first each arm against the control, then the rest in order."""
    others = [key for key in keys if key != control]
    return [(key, control) for key in others] + [
        (later, earlier) for i, earlier in enumerate(others) for later in others[i + 1 :]
    ]


def compare(arms: Sequence[ArmCounts], pairs: Sequence[tuple[str, str]], rules: Rules) -> Comparison:
    """Rates with Wilson intervals, differences as the rules ask, and the verdict that each pair allows."""
    by_key = {arm.key: arm for arm in arms}
    ratio = split(arms, rules)
    withheld = isinstance(ratio, sample_ratio.SampleRatio) and ratio.status == "alarm"
    estimates = [difference(by_key[treated], by_key[control], rules) for treated, control in pairs]
    compared = [
        _judged(treated, control, estimate, p_adjusted, by_key, rules, len(pairs), withheld=withheld)
        for (treated, control), estimate, p_adjusted in zip(
            pairs, estimates, adjusted(estimates, rules.correction), strict=True
        )
    ]
    return Comparison(
        arms=tuple(arms),
        rates=tuple(proportions.rate(arm.counts, level=rules.level) for arm in arms),
        omnibus=omnibus.chi_square([arm.counts for arm in arms]),
        sample_ratio=ratio,
        comparisons=tuple(compared),
    )


def split(arms: Sequence[ArmCounts], rules: Rules) -> sample_ratio.SampleRatio | NotEstimable:
    """Do the arms that are shown match their weights? Looked at repeatedly, by a test that allows it."""
    shown = [arm for arm in arms if not arm.paused]
    observed, weights = [arm.counts.n for arm in shown], [arm.weight for arm in shown]
    if rules.monitoring == "fixed":
        return sample_ratio.test(observed, weights)
    return sample_ratio.always_valid(observed, weights)


def difference(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Estimate | NotEstimable:
    """Treated minus control by the plan's estimator, its interval and p-value valid under the plan's monitoring."""
    if rules.monitoring == "always-valid" and not (rules.clustered or rules.stratified):
        return sequential.confidence_sequence(
            treated=treated.counts, control=control.counts, level=rules.level, n_planned=_planned(rules)
        )
    estimate = _at_one_look(treated, control, rules)
    n = treated.counts.n + control.counts.n
    return monitored(estimate, n=n, rules=rules)


def monitored(
    estimate: Estimate | NotEstimable, *, n: int, rules: Rules, bound: float = 1.0
) -> Estimate | NotEstimable:
    """An estimate made valid for the plan's looks; `n` units stand behind it, and it lies within +-`bound`."""
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
            n_planned=_planned(rules),
            level=rules.level,
            within=(-bound, bound),
        )
    planned = sequential.boundaries(rules.looks, alpha=1 - rules.level, spending=rules.spending)
    return sequential.repeated_interval(
        effect=estimate.effect,
        standard_error=error,
        boundaries=planned,
        look=len(rules.looks),
    )


def _normal_error(estimate: Estimate) -> float | None:
    """The standard error that gives the estimate's own p-value on the normal: larger where its reference is a t.

    Boundaries and confidence sequences are made for the normal; with few clusters that would claim too much.
    """
    if estimate.df is None or not estimate.p_value or estimate.effect == 0.0:
        return estimate.standard_error
    z = NormalDist().inv_cdf(1 - estimate.p_value / 2) if estimate.p_value > 1e-15 else inf
    return estimate.standard_error if z in (0.0, inf) else abs(estimate.effect) / z


def _at_one_look(treated: ArmCounts, control: ArmCounts, rules: Rules) -> Estimate | NotEstimable:
    if rules.clustered:
        return clusters.difference(treated=treated.clusters, control=control.clusters, level=rules.level)
    if rules.stratified:
        names = sorted(treated.strata.keys() | control.strata.keys())
        nothing = Counts(0, 0)
        tables = [
            strata.Stratum(treated=treated.strata.get(name, nothing), control=control.strata.get(name, nothing))
            for name in names
        ]
        return strata.difference(tables, level=rules.level)
    method: proportions.DifferenceMethod = "miettinen-nurminen" if rules.monitoring == "fixed" else "wald"
    return proportions.difference(treated=treated.counts, control=control.counts, level=rules.level, method=method)


def _planned(rules: Rules) -> int:
    if not rules.planned_per_arm:
        raise ValueError(f"{rules.monitoring} monitoring needs planned_per_arm")
    return 2 * rules.planned_per_arm


def adjusted(estimates: Sequence[Estimate | NotEstimable], correction: Correction) -> list[float | None]:
    """p-values corrected for their number; a comparison that cannot be estimated still counts as planned, with p 1."""
    raw = [e.p_value if isinstance(e, Estimate) and e.p_value is not None else 1.0 for e in estimates]
    corrections: dict[str, Callable[[list[float]], Sequence[float]]] = {
        "holm": multiplicity.holm,
        "benjamini-hochberg": multiplicity.benjamini_hochberg,
        "bonferroni": lambda ps: [min(1.0, p * len(ps)) for p in ps],
        "none": lambda ps: ps,
    }
    return [
        p if isinstance(e, Estimate) else None for e, p in zip(estimates, corrections[correction](raw), strict=True)
    ]


def _judged(
    treated: str,
    control: str,
    estimate: Estimate | NotEstimable,
    p_adjusted: float | None,
    by_key: Mapping[str, ArmCounts],
    rules: Rules,
    comparisons: int,
    *,
    withheld: bool,
) -> Compared:
    pair = (by_key[treated].counts, by_key[control].counts)
    held = held_back(pair, rules)
    verdict = _verdict(estimate, p_adjusted, rules, held=held, withheld=withheld)
    more = None
    if verdict == CANNOT_TELL and isinstance(estimate, Estimate):
        n = min(counts.n for counts in pair)
        more = still_needed(estimate, n=n, smallest_difference=rules.smallest_difference, comparisons=comparisons)
    return Compared(treated, control, estimate, p_adjusted, verdict, more, held)


def _verdict(
    estimate: Estimate | NotEstimable, p_adjusted: float | None, rules: Rules, *, held: str, withheld: bool
) -> str:
    """What may be said of one estimate: withheld, not yet, or what the rule of equivalence.verdict allows."""
    if withheld:
        return WITHHELD
    if held:
        return CANNOT_TELL
    return str(
        equivalence.verdict(
            estimate, rules.smallest_difference, p_adjusted=p_adjusted, lower_is_better=rules.lower_is_better
        )
    )


def held_back(cells: Sequence[Counts], rules: Rules) -> str:
    """Why an interval that must hold at every look is not to be trusted yet; empty if it is."""
    if rules.monitoring == "fixed":
        return ""
    fewest = min(min(counts.events, counts.n - counts.events) for counts in cells)
    if fewest >= LEAST_EVENTS:
        return ""
    return f"A verdict that holds at every look needs {LEAST_EVENTS} people with and without the outcome in each arm."


def still_needed(estimate: Estimate, *, n: int, smallest_difference: float | None, comparisons: int) -> int | None:
    """People per arm still needed to tell, if the difference stays as it is seen now; None if none would do.

    An interval's half-width shrinks as 1/sqrt(n). The comparison is settled when it excludes zero (after the
    correction, taken as Bonferroni's) or lies inside the smallest difference of interest, whichever is sooner.
    """
    half = estimate.interval.width / 2
    size = abs(estimate.effect)
    level = estimate.interval.level
    normal = NormalDist()
    stretch = normal.inv_cdf(1 - (1 - level) / (2 * max(comparisons, 1))) / normal.inv_cdf(1 - (1 - level) / 2)
    targets = []
    if size > 0:
        targets.append(n * (half * stretch / size) ** 2)
    if smallest_difference is not None and smallest_difference > size:
        targets.append(n * (half / (smallest_difference - size)) ** 2)
    settled = min(targets, default=inf)
    if n == 0 or settled > 1e12:
        return None
    return max(ceil(settled) - n, 1)


@dataclass(frozen=True, slots=True)
class Term:
    """One contrast of a victim x user factorial, with its verdict."""

    name: Literal["victim", "user", "interaction", "both-minus-victim"]
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str


def factorial_terms(
    *, neutral: ArmCounts, victim: ArmCounts, user: ArmCounts, both: ArmCounts, rules: Rules, withheld: bool
) -> tuple[Term, ...]:
    """What each harm adds on average over the other, and whether the two together do more than their sum.

    The correction runs over these contrasts; monitoring is the plan's. Strata and clusters are not used here.
    """
    cells = (neutral.counts, victim.counts, user.counts, both.counts)
    found = factorial.two_by_two(
        neither=neutral.counts, first=victim.counts, second=user.counts, both=both.counts, level=rules.level
    )
    names: tuple[Literal["victim", "user", "interaction", "both-minus-victim"], ...] = (
        "victim",
        "user",
        "interaction",
        "both-minus-victim",
    )
    total = sum(counts.n for counts in cells)
    pair = victim.counts.n + both.counts.n
    # Main effects rest on all four arms: measured in pairs of arms, they are twice as far along as one pair is.
    estimates = [
        monitored(found.first, n=total // 2, rules=rules),
        monitored(found.second, n=total // 2, rules=rules),
        monitored(found.interaction, n=total // 2, rules=rules, bound=2.0),
        monitored(found.both_minus_first, n=pair, rules=rules),
    ]
    held = held_back(cells, rules)
    terms = []
    for name, estimate, p in zip(names, estimates, adjusted(estimates, rules.correction), strict=True):
        verdict = _verdict(estimate, p, rules, held=held, withheld=withheld)
        terms.append(Term(name, estimate, p, verdict))
    return tuple(terms)
