"""PURE  Correct the verdicts on several comparisons: their p-values, and the intervals that show no difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from analytics.stats import multiplicity
from analytics.stats.values import Estimate, Interval, NotEstimable

Correction = Literal["holm", "bonferroni", "benjamini-hochberg", "dunnett", "none"]
EstimateAtLevel = Callable[[int, float], Estimate | NotEstimable]


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a verdict on one of several comparisons rests on; None where it cannot be estimated.

    Better or worse needs a small `p_adjusted`. "No meaningful difference" needs `equivalence_interval`, the interval at
    the corrected level, to lie inside the smallest difference.
    """

    p_adjusted: float | None
    equivalence_interval: Interval | None


def correct(
    estimates: Sequence[Estimate | NotEstimable],
    correction: Correction,
    *,
    level: float,
    smallest_difference: float | None,
    at_level: EstimateAtLevel,
) -> list[Corrected]:
    """Correct for the number of comparisons. `at_level(i, level)` makes estimate i anew at another level."""
    intervals = _equivalence_intervals(estimates, correction, level, smallest_difference or 0.0, at_level)
    p_values = _adjust_p_values(estimates, correction)
    return [Corrected(p, interval) for p, interval in zip(p_values, intervals, strict=True)]


def _adjust_p_values(estimates: Sequence[Estimate | NotEstimable], correction: Correction) -> list[float | None]:
    """Correct p-values for their number. A comparison that is not estimable counts as planned, with p = 1."""
    raw = [e.p_value if isinstance(e, Estimate) and e.p_value is not None else 1.0 for e in estimates]
    corrections: dict[str, Callable[[list[float]], Sequence[float]]] = {
        "holm": multiplicity.holm,
        "benjamini-hochberg": multiplicity.benjamini_hochberg,
        "bonferroni": lambda ps: [min(1.0, p * len(ps)) for p in ps],
        "dunnett": lambda ps: ps,  # corrected already, together with the intervals
        "none": lambda ps: ps,
    }
    adjusted = corrections[correction](raw)
    return [p if isinstance(e, Estimate) else None for e, p in zip(estimates, adjusted, strict=True)]


def _equivalence_intervals(
    estimates: Sequence[Estimate | NotEstimable],
    correction: Correction,
    level: float,
    margin: float,
    at_level: EstimateAtLevel,
) -> list[Interval | None]:
    """The intervals that have to lie inside the margin, at the levels that the correction asks of p-values."""
    intervals = [e.interval if isinstance(e, Estimate) else None for e in estimates]
    count = len(estimates)

    def lies_inside(index: int) -> bool:
        interval = intervals[index]
        return interval is not None and -margin < interval.low and interval.high < margin

    def widen(indices: list[int], share: float) -> list[int]:
        """Make these intervals with this share of alpha, and return those that still lie inside."""
        for index in indices:
            wider = 1 - (1 - level) * share
            estimate = at_level(index, wider)
            intervals[index] = estimate.interval if isinstance(estimate, Estimate) else Interval(-inf, inf, wider)
        return [index for index in indices if lies_inside(index)]

    open_pairs = [index for index in range(count) if lies_inside(index)]
    if count < 2 or correction in ("dunnett", "none"):
        return intervals
    if correction == "bonferroni":
        widen(open_pairs, 1 / count)
    elif correction == "holm":
        shown = 0
        while open_pairs and (inside := widen(open_pairs, 1 / (count - shown))):
            shown += len(inside)
            open_pairs = [index for index in open_pairs if index not in inside]
    else:
        for rank in range(len(open_pairs), 0, -1):  # the largest number that is at most as many as are shown
            if len(widen(open_pairs, rank / count)) >= rank:
                break
    return intervals
