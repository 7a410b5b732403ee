"""PURE  Contrasts of a victim x user factorial, made of the four arms that form one."""

from dataclasses import dataclass, replace
from typing import Literal

from analytics.comparison.compare import (
    CANNOT_TELL,
    ArmCounts,
    Rules,
    apply_monitoring,
    decide_verdict,
    networks_to_turn,
    too_few_events_reason,
)
from analytics.comparison.correction import correct
from analytics.comparison.network_influence import largest_move
from analytics.stats import Counts, Estimate, NotEstimable, factorial

ContrastName = Literal["victim", "user", "interaction", "both-minus-victim"]
_NAMES: tuple[ContrastName, ...] = ("victim", "user", "interaction", "both-minus-victim")


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
    estimates = _contrasts(cells, rules)
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
        at_level=lambda i, level: _contrasts(cells, replace(rules, level=level))[i],
    )
    for name, estimate, claim in zip(_NAMES, estimates, corrected, strict=True):
        verdict = decide_verdict(estimate, claim, rules, hold_reason=hold_reason, withheld=withheld)
        if isinstance(estimate, Estimate) and networks_to_turn(estimate, claim, verdict, rules, move=move) == 1:
            verdict = CANNOT_TELL
        contrasts.append(FactorialContrast(name, estimate, claim.p_adjusted, verdict))
    return tuple(contrasts)


def _contrasts(cells: tuple[Counts, Counts, Counts, Counts], rules: Rules) -> list[Estimate | NotEstimable]:
    """Estimate the contrasts in the order of their names."""
    neither, first, second, both = cells
    effects = factorial.two_by_two(neither=neither, first=first, second=second, both=both, level=rules.level)
    # Main effects use all four arms, so they have twice the units of one pair.
    half = sum(counts.n for counts in cells) // 2
    return [
        apply_monitoring(effects.first, n=half, rules=rules),
        apply_monitoring(effects.second, n=half, rules=rules),
        apply_monitoring(effects.interaction, n=half, rules=rules, bound=2.0),
        apply_monitoring(effects.both_minus_first, n=first.n + both.n, rules=rules),
    ]
