"""How much evidence would have to change to change the conclusion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from analytics.stats import proportions
from analytics.stats.numerics.score import difference_of
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

StratumT = TypeVar("StratumT")
ArmName = Literal["treated", "control"]
TippingMode = Literal["changed", "added"]
TippingDirection = Literal["events", "non-events"]
Method = proportions.DifferenceMethod | Literal["fisher"]

DIRECTIONS: tuple[TippingDirection, TippingDirection] = ("events", "non-events")
MAX_ADDED_UNITS = 10**9


def leave_one_out(
    strata: Sequence[StratumT], *, estimate: Callable[[Sequence[StratumT]], Estimate | NotEstimable]
) -> list[Estimate | NotEstimable]:
    """Does the result depend on one stratum? The estimate without each stratum in turn, in the order of the strata.

    Formula: estimate(all strata but the i-th), for each i.

    Source: Viechtbauer and Cheung 2010, Research Synthesis Methods 1:112, there for studies in a meta-analysis.

    Not for: dropping an inconvenient stratum: the result is that of all strata, and this shows how robust it is.
    Two strata that disturb alike can hide each other; look at each stratum by itself too.

    `estimate` is any function of the remaining strata, such as strata.difference, or one of placements, days or
    clusters. With fewer than two strata nothing would remain, and each answer is NotEstimable.

    Two strata, so that each answer is that of the other alone (Newcombe 1998, examples (a) and (b)):

    >>> from analytics.stats.proportions import difference
    >>> strata = [(Counts(70, 56), Counts(80, 48)), (Counts(10, 9), Counts(10, 3))]
    >>> without = leave_one_out(strata, estimate=lambda rest: difference(treated=rest[0][0], control=rest[0][1]))
    >>> [round(found.effect, 4) for found in without]
    [0.6, 0.2]
    """
    if len(strata) < 2:
        return [NotEstimable("There is only one stratum, so it cannot be left out.") for _ in strata]
    return [estimate([*strata[:index], *strata[index + 1 :]]) for index in range(len(strata))]


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """The smallest change that overturns a conclusion: `units` outcomes of one arm, and both arms after it.

    `was_significant` gives the direction: from significant to not, or from not to significant.
    `toward` says whether the outcomes became, or were added as, events or non-events. A significant result also tips
    when it changes sign. `p_after` is None where the method has no answer after the change.
    """

    units: int
    was_significant: bool
    toward: TippingDirection
    treated: Counts
    control: Counts
    p_before: float
    p_after: float | None


def tipping_point(
    *,
    treated: Counts,
    control: Counts,
    level: float = 0.95,
    arm: ArmName = "treated",
    mode: TippingMode = "changed",
    method: Method = "miettinen-nurminen",
) -> TippingPoint | NotEstimable:
    """How many outcomes of one arm, changed or added, would overturn whether p < 1 - level?

    Formula: The smallest u >= 1 for which events - u or events + u of the same n ("changed"), or u more units that all
    had or all lacked the event ("added"), bring p to the other side of 1 - level or turn the sign of a significant
    difference; the smaller u of both directions, at a tie that towards events. p is that of `method`. Up to 64 every u
    is tried, beyond that by doubling and halving.

    Source: Walsh and others 2014, Journal of Clinical Epidemiology 67:622, the fragility index, who used Fisher's test
    and the arm with fewer events; for a result that is not significant, the reverse fragility index.

    Not for: the strength of evidence: it mostly restates the p-value and grows with the trial (Carter, McKie and
    Storlie 2017, European Heart Journal 38:346); read the interval. Compare it with how many outcomes were never seen.

    "added" asks how bad the unobserved outcomes would have to be. NotEstimable: an empty arm, or a conclusion
    that no such change (up to 10^9 added units) overturns.

    2 of 100 against 12 of 100: scipy's fisher_exact gives 0.0101, for 3 of 100 still 0.0287, and for 4 of 100 0.0652.

    >>> found = tipping_point(treated=Counts(100, 2), control=Counts(100, 12), method="fisher")
    >>> found.units, found.toward, round(found.p_before, 4), round(found.p_after, 4)
    (2, 'events', 0.0101, 0.0652)
    """
    check_level(level)
    if mode not in ("changed", "added") or arm not in ("treated", "control"):
        raise ValueError(f"unknown mode {mode!r} or arm {arm!r}")
    start = treated if arm == "treated" else control

    def arms_after(units: int, toward: TippingDirection) -> tuple[Counts, Counts]:
        moved = _change_outcomes(start, units, toward, mode)
        return (moved, control) if arm == "treated" else (treated, moved)

    before = _p_value(treated, control, level, method)
    if isinstance(before, NotEstimable):
        return before
    significant = before < 1.0 - level
    sign = difference_of(treated, control)
    candidates: list[tuple[int, TippingDirection]] = []
    for toward in DIRECTIONS:
        rising = (toward == "events") == (arm == "treated")
        if significant and rising == (sign > 0.0):
            continue  # that only makes it more so

        def is_tipped(units: int, toward: TippingDirection = toward, rising: bool = rising) -> bool:
            first, second = arms_after(units, toward)
            after, now = _p_value(first, second, level, method), difference_of(first, second)
            claimed = not isinstance(after, NotEstimable) and after < 1.0 - level
            if significant:
                return not claimed or (now > 0.0) != (sign > 0.0)
            return claimed and (now > 0.0) == rising

        room = MAX_ADDED_UNITS if mode == "added" else start.n - start.events if toward == "events" else start.events
        units = _smallest_from_which(is_tipped, room)
        if units is not None:
            candidates.append((units, toward))
    if not candidates:
        return NotEstimable("No such change would overturn the conclusion.")
    units, toward = min(candidates, key=lambda each: each[0])
    first, second = arms_after(units, toward)
    after = _p_value(first, second, level, method)
    p_after = None if isinstance(after, NotEstimable) else after
    return TippingPoint(units, significant, toward, first, second, before, p_after)


def _change_outcomes(start: Counts, units: int, toward: TippingDirection, mode: TippingMode) -> Counts:
    step = units if toward == "events" else 0 if mode == "added" else -units
    return Counts(start.n + (units if mode == "added" else 0), start.events + step)


def _p_value(treated: Counts, control: Counts, level: float, method: Method) -> float | NotEstimable:
    result: proportions.ExactTest | Estimate | NotEstimable
    if method == "fisher":
        result = proportions.exact_test(treated=treated, control=control)
    else:
        result = proportions.difference(treated=treated, control=control, level=level, method=method)
    if isinstance(result, NotEstimable):
        return result
    assert result.p_value is not None  # every difference has one
    return result.p_value


def _smallest_from_which(holds: Callable[[int], bool], most: int) -> int | None:
    """The smallest number up to `most` from which the condition holds: one by one to 64, then by halving."""
    for units in range(1, min(most, 64) + 1):
        if holds(units):
            return units
    low, high = 64, min(128, most)
    while high > low and not holds(high):
        low, high = high, min(2 * high, most)
    if high <= low:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
