"""Compares arms by their counts: rates, differences, omnibus test, sample ratio, one verdict per comparison.

A function of values: `evaluate` feeds it a campaign's tallies under its frozen plan, `analyse` feeds it any table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import NormalDist

from analytics.stats import (
    Counts,
    Estimate,
    NotEstimable,
    equivalence,
    multiplicity,
    omnibus,
    proportions,
    sample_ratio,
)

WITHHELD = "withheld"
CANNOT_TELL = "cannot-tell-yet"


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """One arm: its key, its weight in the split, and how many of its units had the outcome."""

    key: str
    counts: Counts
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Treated minus control, with the verdict that the plan allows."""

    treated: str
    control: str
    estimate: Estimate | NotEstimable
    p_adjusted: float | None
    verdict: str
    more_per_arm: int | None


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


def compare(
    arms: Sequence[ArmCounts],
    pairs: Sequence[tuple[str, str]],
    *,
    level: float,
    smallest_difference: float | None = None,
    lower_is_better: bool = False,
) -> Comparison:
    """Wilson rates, Miettinen-Nurminen differences with Holm over `pairs`, and the verdicts they allow."""
    counts = {arm.key: arm.counts for arm in arms}
    estimates = [
        proportions.difference(treated=counts[treated], control=counts[control], level=level)
        for treated, control in pairs
    ]
    adjusted = _holm(estimates)
    ratio = sample_ratio.test([arm.counts.n for arm in arms], [arm.weight for arm in arms])
    withheld = isinstance(ratio, sample_ratio.SampleRatio) and ratio.status == "alarm"
    compared = []
    for (treated, control), estimate, p_adjusted in zip(pairs, estimates, adjusted, strict=True):
        if withheld:
            verdict = WITHHELD
        elif isinstance(estimate, NotEstimable):
            verdict = CANNOT_TELL
        else:
            verdict = str(
                equivalence.verdict(
                    estimate, smallest_difference, p_adjusted=p_adjusted, lower_is_better=lower_is_better
                )
            )
        more = None
        if verdict == CANNOT_TELL and isinstance(estimate, Estimate):
            n = min(counts[treated].n, counts[control].n)
            more = still_needed(estimate, n=n, smallest_difference=smallest_difference, comparisons=len(pairs))
        compared.append(Compared(treated, control, estimate, p_adjusted, verdict, more))
    return Comparison(
        arms=tuple(arms),
        rates=tuple(proportions.rate(arm.counts, level=level) for arm in arms),
        omnibus=omnibus.chi_square([arm.counts for arm in arms]),
        sample_ratio=ratio,
        comparisons=tuple(compared),
    )


def _holm(estimates: Sequence[Estimate | NotEstimable]) -> list[float | None]:
    """Adjusted p-values in order; a comparison that cannot be estimated still counts as planned, with p 1."""
    raw = [e.p_value if isinstance(e, Estimate) and e.p_value is not None else 1.0 for e in estimates]
    return [p if isinstance(e, Estimate) else None for e, p in zip(estimates, multiplicity.holm(raw), strict=True)]


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
    settled = min(targets, default=float("inf"))
    if n == 0 or settled > 1e12:
        return None
    return max(ceil(settled) - n, 1)
