"""Interval and p-value from an estimate, its standard error and a normal or t reference."""

from collections.abc import Sequence
from math import exp, inf

from scipy.special import stdtr, stdtrit

from analytics.stats.numerics import variance_parts
from analytics.stats.numerics.critical_values import consistent_interval, critical_z, two_sided_p
from analytics.stats.numerics.variance_parts import VariancePart
from analytics.stats.values import Estimate, Interval, check_level


def estimate(
    effect: float,
    standard_error: float,
    *,
    level: float,
    method: str,
    df: float | None = None,
    parts: Sequence[VariancePart] = (),
    ratio: bool = False,
    within: tuple[float, float] = (-inf, inf),
) -> Estimate:
    """Effect plus or minus the critical value times its standard error, and the p-value against no effect.

    The reference is the normal, Student's t with `df` degrees of freedom, or for `parts` that of `variance_parts`. With
    `ratio` the effect comes in as a logarithm and the answer is on the ratio scale, where no effect is 1. Ends are cut
    at `within`.

    >>> found = estimate(0.10, 0.04, level=0.95, method="z")
    >>> round(found.interval.low, 4), round(found.interval.high, 4), round(found.p_value, 4)
    (0.0216, 0.1784, 0.0124)
    """
    statistic = effect / standard_error
    if parts:
        p_value = variance_parts.two_sided_p(statistic, parts)
        half = variance_parts.critical(1.0 - check_level(level), parts) * standard_error
    else:
        p_value = two_sided_p(statistic) if df is None else 2.0 * float(stdtr(df, -abs(statistic)))
        half = critical(level, df) * standard_error
    low, high, null = effect - half, effect + half, 0.0
    if ratio:
        effect, low, high, null = exp(effect), exponential(low), exponential(high), 1.0
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=statistic > 0, null=null)
    interval = Interval(max(interval.low, within[0]), min(interval.high, within[1]), level)
    return Estimate(effect, interval, p_value, method, statistic, df, standard_error)


def exponential(end: float) -> float:
    """Exponentiate the end of an interval; infinite if it is too large for a float.

    >>> exponential(0.0), exponential(1000.0)
    (1.0, inf)
    """
    try:
        return exp(end)
    except OverflowError:
        return inf


def critical(level: float, df: float | None = None) -> float:
    """The half-width of an interval in standard errors: 1.96 for 0.95 and the normal.

    >>> round(critical(0.95), 4), round(critical(0.95, df=5), 4)
    (1.96, 2.5706)
    """
    return critical_z(level) if df is None else abs(float(stdtrit(df, (1.0 - check_level(level)) / 2.0)))
