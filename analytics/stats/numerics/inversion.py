"""Critical values, tails, a root finder and intervals that agree with their p-value. Pages may import it."""

from collections.abc import Callable
from math import erfc, exp, inf, log, nextafter, sqrt
from statistics import NormalDist

from analytics.stats.values import Interval, check_level

_NORMAL = NormalDist()


def critical_z(level: float) -> float:
    """The z beyond which two-sided p is below 1 - level: 1.96 for 0.95. Accurate up to the last float below 1."""
    return abs(_NORMAL.inv_cdf((1.0 - check_level(level)) / 2.0))


def two_sided_p(z: float) -> float:
    """The probability that a standard normal lies at least as far from zero as z."""
    return erfc(abs(z) / sqrt(2.0))


def upper_tail_p(z: float) -> float:
    """The probability that a standard normal exceeds z."""
    return 0.5 * erfc(z / sqrt(2.0))


def consistent_interval(
    low: float, high: float, *, p_value: float, level: float, above: bool, null: float = 0.0
) -> Interval:
    """Build an interval that excludes `null` exactly when p < 1 - level, moving its ends by rounding error at most.

    Interval ends and p-value come from the same statistic by different arithmetic, and in the last digit they can
    disagree about a result on the boundary. The p-value decides; `above` says on which side of null the statistic lies.
    """
    if p_value < 1.0 - level:
        if above:
            low = max(low, nextafter(null, inf))
            high = max(high, low)
        else:
            high = min(high, nextafter(null, -inf))
            low = min(low, high)
    else:
        low, high = min(low, null), max(high, null)
    return Interval(low, high, level)


def solve_increasing(function: Callable[[float], float], target: float, start: float) -> float:
    """Find the x > 0 at which a non-decreasing function that starts at zero reaches `target`, to the last few digits.

    Secant steps on logarithms, where the statistics are nearly linear; a step that leaves the bracket, or
    does not settle in 30 steps, becomes a bisection. `target` must be positive and reached for some finite x.
    """
    low, high = 0.0, inf
    x, before = start, (0.0, 0.0)
    for step in range(400):
        value = function(x)
        if abs(value - target) <= 4e-16 * target:
            return x
        if value < target:
            low = x
        else:
            high = x
        proposal = -1.0
        if 0.0 < value < inf and step < 30:
            gap = log(target / value)
            last_x, last_value = before
            slope = log(value / last_value) / log(x / last_x) if last_value > 0.0 and last_x != x else 2.0
            if slope > 0.0 and abs(gap / slope) < 20.0:
                proposal = x * exp(gap / slope)
            before = (x, value)
        if not low < proposal < high:
            if low == 0.0:
                proposal = high / 16.0
            elif high == inf:
                proposal = low * 16.0
            else:
                proposal = sqrt(low) * sqrt(high)
        if proposal in (low, high) or abs(proposal - x) <= 2e-16 * x:
            return proposal
        x = proposal
    raise ArithmeticError("the statistic does not reach its target")  # pragma: no cover
