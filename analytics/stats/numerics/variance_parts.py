"""A reference for a variance that is a sum of estimates of its own degrees of freedom each, such as one for each arm.

With the shares s of the variance, sum(s) = 1, the squared statistic is compared with the mean of squared t, sum of s
t(df)^2. The chi-square of a normal square has a concave distribution, so its chance at this mean is at least the mean
of the chances, each of which is the level: the test never exceeds its level, whatever the true variances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit


@dataclass(frozen=True, slots=True)
class VariancePart:
    """The share of a variance that one arm has, from 0 to 1, and the degrees of freedom of its estimate."""

    share: float
    df: float


def critical(alpha: float, parts: Sequence[VariancePart]) -> float:
    """Return the half-width of an interval in standard errors.

    Half of the variance with 1 degree of freedom, half with 4: sqrt((12.7062^2 + 2.7764^2) / 2):

    >>> round(critical(0.05, [VariancePart(0.5, 1), VariancePart(0.5, 4)]), 4)
    9.1966
    """
    return sqrt(sum(part.share * float(stdtrit(part.df, alpha / 2.0)) ** 2 for part in parts))


def two_sided_p(statistic: float, parts: Sequence[VariancePart]) -> float:
    """Return the alpha at which the statistic is critical.

    >>> parts = [VariancePart(0.5, 1), VariancePart(0.5, 4)]
    >>> round(two_sided_p(critical(0.05, parts), parts), 6)
    0.05
    """
    shown, size = [part for part in parts if part.share], abs(statistic)
    # It lies between those of the most and of the fewest degrees of freedom alone.
    low, high = (2.0 * float(stdtr(pick(part.df for part in shown), -size)) for pick in (max, min))
    if not 0.0 < low < high or critical(high, shown) >= size:
        return high
    if critical(low, shown) <= size:
        return low
    return exp(float(brentq(lambda x: critical(exp(x), shown) - size, log(low), log(high), xtol=1e-14, rtol=1e-14)))
