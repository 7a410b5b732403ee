"""Critical values, tails, and intervals that agree with their p-value. Standard library only: pages import it."""

from math import erfc, inf, nextafter, sqrt
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
