"""PURE  Contrasts of a victim x user factorial, made of the four arms that form one."""

from dataclasses import dataclass, replace
from typing import Literal

from analytics.comparison.compare import apply_monitoring, planned_units
from analytics.comparison.correction import correct
from analytics.comparison.grouped import match_groups
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.network_influence import ONE_NETWORK, largest_move
from analytics.comparison.verdict import (
    CANNOT_TELL,
    decide_verdict,
    mixed_texts_reason,
    networks_to_turn,
    too_few_events_reason,
)
from analytics.stats import Estimate, NotEstimable, clusters, exact_sequence, factorial

ContrastName = Literal["victim", "user", "interaction", "both-minus-victim"]
NAMES: tuple[ContrastName, ...] = ("victim", "user", "interaction", "both-minus-victim")
WEIGHTS = (factorial.FIRST, factorial.SECOND, factorial.INTERACTION, factorial.BOTH_MINUS_FIRST)
FourArms = tuple[ArmCounts, ArmCounts, ArmCounts, ArmCounts]


@dataclass(frozen=True, slots=True)
class FactorialContrast:
    """One contrast of a victim x user factorial, with its verdict. `hold_reason` says why it is held, if it is."""

    name: ContrastName
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str
    hold_reason: str = ""


def factorial_contrasts(
    *, neutral: ArmCounts, victim: ArmCounts, user: ArmCounts, both: ArmCounts, rules: Rules, withheld: bool
) -> tuple[FactorialContrast, ...]:
    """Estimate what each harm adds on average, and whether both together do more than their sum.

    The correction covers these contrasts; monitoring is the plan's. There is none where arms are compared in strata.
    """
    if rules.stratified:
        return ()
    cells = (neutral.counts, victim.counts, user.counts, both.counts)
    arms = (neutral, victim, user, both)
    estimates = estimate_contrasts(arms, rules)
    # With few events the interval is exact, and nothing waits; but there is no exact one for clusters.
    hold_reason = mixed_texts_reason(arms)
    if not hold_reason and rules.clusters:
        hold_reason = too_few_events_reason(cells, rules)
    # A main effect moves by half of this; a verdict on it is held sooner than it need be.
    rates = [each.proportion if each.n else 0.0 for each in cells]
    move = largest_move([each.n for each in cells], rates, views=rules.views_per_network)
    contrasts = []
    corrected = correct(
        estimates,
        rules.correction,
        level=rules.level,
        smallest_difference=rules.smallest_difference,
        at_level=lambda i, level: estimate_contrasts(arms, replace(rules, level=level))[i],
    )
    for name, estimate, claim in zip(NAMES, estimates, corrected, strict=True):
        reason = hold_reason
        verdict = decide_verdict(estimate, claim, rules, hold_reason=reason, withheld=withheld)
        if isinstance(estimate, Estimate) and networks_to_turn(estimate, claim, verdict, rules, move=move) == 1:
            verdict, reason = CANNOT_TELL, ONE_NETWORK.reason
        contrasts.append(FactorialContrast(name, estimate, claim.p_adjusted, verdict, reason))
    return tuple(contrasts)


def estimate_contrasts(arms: FourArms, rules: Rules) -> list[Estimate | NotEstimable]:
    """Estimate the contrasts in the order of their names."""
    cells = [arm.counts for arm in arms]
    if rules.clusters is None and too_few_events_reason(cells, rules):
        return [exact_sequence.contrast(cells, weights, level=rules.level) for weights in WEIGHTS]
    effects = _effects(arms, rules)
    # Three contrasts use all four arms, the last one a pair.
    _, victim, _, both = arms
    units = {"n": sum(arm.counts.n for arm in arms), "n_planned": planned_units(arms, arms, rules)}
    pair = {"n": victim.counts.n + both.counts.n, "n_planned": planned_units((victim, both), arms, rules)}
    return [
        apply_monitoring(effects.first, **units, rules=rules),
        apply_monitoring(effects.second, **units, rules=rules),
        apply_monitoring(effects.interaction, **units, rules=rules, bound=2.0),
        apply_monitoring(effects.both_minus_first, **pair, rules=rules),
    ]


def _effects(arms: FourArms, rules: Rules) -> factorial.TwoByTwo:
    if rules.clusters is None:
        neither, first, second, both = (arm.counts for arm in arms)
        return factorial.two_by_two(neither=neither, first=first, second=second, both=both, level=rules.level)
    cells = match_groups([arm.clusters for arm in arms])
    victim, user, interaction, added = (clusters.contrast(cells, weights, level=rules.level) for weights in WEIGHTS)
    return factorial.TwoByTwo(victim, user, interaction, added, scale="difference")
