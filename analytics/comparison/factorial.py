"""PURE  Contrasts of a victim x user factorial, made of the four arms that form one."""

from dataclasses import dataclass
from typing import Literal

from analytics.comparison.compare import (
    CANNOT_TELL,
    ArmCounts,
    Rules,
    adjust_p_values,
    apply_monitoring,
    decide_verdict,
    networks_to_turn,
    planned_units,
    too_few_events_reason,
)
from analytics.comparison.network_influence import largest_move
from analytics.stats import Estimate, NotEstimable, factorial

ContrastName = Literal["victim", "user", "interaction", "both-minus-victim"]


@dataclass(frozen=True, slots=True)
class FactorialContrast:
    """One contrast of a victim x user factorial, with its verdict."""

    name: ContrastName
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str


def factorial_contrasts(
    *, neutral: ArmCounts, victim: ArmCounts, user: ArmCounts, both: ArmCounts, rules: Rules, withheld: bool
) -> tuple[FactorialContrast, ...]:
    """Estimate what each harm adds on average, and whether both together do more than their sum.

    The correction covers these contrasts; monitoring is the plan's. Strata and clusters are not used.
    """
    cells = (neutral.counts, victim.counts, user.counts, both.counts)
    effects = factorial.two_by_two(
        neither=neutral.counts, first=victim.counts, second=user.counts, both=both.counts, level=rules.level
    )
    names: tuple[ContrastName, ...] = ("victim", "user", "interaction", "both-minus-victim")
    arms, pair = (neutral, victim, user, both), (victim, both)
    # Three contrasts use all four arms, the last one a pair.
    units = {"n": sum(arm.counts.n for arm in arms), "n_planned": planned_units(arms, arms, rules)}
    estimates = [
        apply_monitoring(effects.first, **units, rules=rules),
        apply_monitoring(effects.second, **units, rules=rules),
        apply_monitoring(effects.interaction, **units, rules=rules, bound=2.0),
        apply_monitoring(
            effects.both_minus_first,
            n=sum(arm.counts.n for arm in pair),
            n_planned=planned_units(pair, arms, rules),
            rules=rules,
        ),
    ]
    hold_reason = too_few_events_reason(cells, rules)
    # A main effect moves by half of this; a verdict on it is held sooner than it need be.
    rates = [each.proportion if each.n else 0.0 for each in cells]
    move = largest_move([each.n for each in cells], rates, views=rules.views_per_network)
    contrasts = []
    for name, estimate, p in zip(names, estimates, adjust_p_values(estimates, rules.correction), strict=True):
        verdict = decide_verdict(estimate, p, rules, hold_reason=hold_reason, withheld=withheld)
        if isinstance(estimate, Estimate) and networks_to_turn(estimate, p, verdict, rules, move=move) == 1:
            verdict = CANNOT_TELL
        contrasts.append(FactorialContrast(name, estimate, p, verdict))
    return tuple(contrasts)
