"""Student's t, central and shifted, for df of at least 1. Standard library only, so that pages may import it."""

from functools import lru_cache
from math import cos, exp, lgamma, log, pi, sqrt, tan
from statistics import NormalDist

_NORMAL = NormalDist()
_STEPS = 120


@lru_cache(maxsize=4096)
def critical_t(alpha: float, df: float) -> float:
    """The t that Student's t exceeds in absolute value with the chance alpha.

    >>> round(critical_t(0.05, 3.0), 4), round(critical_t(0.05, 1.0), 4)
    (3.1824, 12.7062)
    """
    # In t = sqrt(df) tan(a) the density is cos(a)^(df - 1), smooth up to a = pi/2.
    low, high = 0.0, pi / 2.0
    for _ in range(50):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _upper_tails(middle, df) > alpha else (low, middle)
    return sqrt(df) * tan(low)


def two_sided_power(critical: float, *, df: float, shift: float) -> float:
    """The chance that t with a shifted numerator, (Z + shift) / sqrt(W/df), exceeds `critical` in absolute value.

    >>> round(two_sided_power(critical_t(0.05, 3.0), df=3.0, shift=0.0), 6)
    0.05
    """
    total = mass = 0.0
    # s = sqrt(W/df) has the density s^(df - 1) exp(-df s^2 / 2), all but nothing of it within this reach.
    top = 1.0 + 9.0 / sqrt(2.0 * df)
    for step in range(_STEPS):
        # s = top u^2 makes s^(df - 1) smooth at zero for any df of at least 1.
        u = (step + 0.5) / _STEPS
        s = top * u * u
        weight = u * exp((df - 1.0) * log(s) - df * s * s / 2.0 + df / 2.0)
        mass += weight
        total += weight * (_NORMAL.cdf(shift - critical * s) + _NORMAL.cdf(-shift - critical * s))
    return total / mass


def _upper_tails(angle: float, df: float) -> float:
    """Twice the integral of cos^(df - 1) from the angle to pi/2 over all of it, by Simpson's rule in a squared step."""
    whole = exp(lgamma(df / 2.0) + lgamma(0.5) - lgamma((df + 1.0) / 2.0)) / 2.0
    width = pi / 2.0 - angle
    total = 0.0
    for step in range(_STEPS + 1):
        # x = width u^2 from pi/2 downwards makes cos^(df - 1) = sin^(df - 1) smooth for any df of at least 1.
        u = step / _STEPS
        x = width * u * u
        value = cos(pi / 2.0 - x) ** (df - 1.0) * 2.0 * width * u if x else 0.0
        total += value * (1.0 if step in (0, _STEPS) else 4.0 if step % 2 else 2.0)
    return total / (3.0 * _STEPS) / whole
