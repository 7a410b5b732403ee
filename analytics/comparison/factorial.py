"""PURE  Four arms that form victim x user, told as the factorial they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analytics.comparison.compare import (
    ArmCounts,
    Rules,
    adjust_p_values,
    apply_monitoring,
    decide_verdict,
    too_few_events_reason,
)
from analytics.stats import Estimate, NotEstimable, factorial


@dataclass(frozen=True, slots=True)
class FactorialContrast:
    """One contrast of a victim x user factorial, with its verdict."""

    name: Literal["victim", "user", "interaction", "both-minus-victim"]
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str


def factorial_contrasts(
    *, neutral: ArmCounts, victim: ArmCounts, user: ArmCounts, both: ArmCounts, rules: Rules, withheld: bool
) -> tuple[FactorialContrast, ...]:
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
        apply_monitoring(found.first, n=total // 2, rules=rules),
        apply_monitoring(found.second, n=total // 2, rules=rules),
        apply_monitoring(found.interaction, n=total // 2, rules=rules, bound=2.0),
        apply_monitoring(found.both_minus_first, n=pair, rules=rules),
    ]
    held = too_few_events_reason(cells, rules)
    terms = []
    for name, estimate, p in zip(names, estimates, adjust_p_values(estimates, rules.correction), strict=True):
        verdict = decide_verdict(estimate, p, rules, hold_reason=held, withheld=withheld)
        terms.append(FactorialContrast(name, estimate, p, verdict))
    return tuple(terms)
