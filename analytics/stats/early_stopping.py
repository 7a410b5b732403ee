"""The size of an effect in a trial that may have stopped early, where the plain estimate is too large on average."""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.numerics.stopped_walk import surviving_paths
from analytics.stats.sequential import Boundaries
from analytics.stats.values import Estimate, NotEstimable, check_level

_TINY = 1e-300


def median_unbiased(
    *, effect: float, standard_error: float, boundaries: Boundaries, look: int, level: float = 0.95
) -> Estimate | NotEstimable:
    """How large is the effect, if the trial ended at look number `look` because a boundary was crossed, or at its end?

    Formula: With P(D) the chance, under a true effect D, to cross the upper boundary at an earlier look or to reach
    this look with a z of at least effect / standard_error: the estimate solves P(D) = 1/2, the interval runs between
    the solutions of P(D) = (1 - level)/2 and (1 + level)/2, and p = 2 min(P(0), 1 - P(0)). With t the share of the
    information, z has the mean D t / (standard_error sqrt(t)) and cor(Z_j, Z_k) = sqrt(t_j/t_k).

    Source: Tsiatis, Rosner and Mehta 1984, Biometrics 40:797, for the stage-wise order; Kim 1989, Biometrics 45:247;
    Jennison and Turnbull 2000, Group Sequential Methods with Applications to Clinical Trials, sections 8.2 to 8.5.

    Not for: a verdict: use `sequential.repeated_interval`, which holds at all looks; this interval holds once, where
    the trial ended. Nor for a trial that went on after a boundary was crossed, or that is to go on.

    It is above the truth in half of all trials, wherever they end. Boundaries have two sides, else ValueError. A
    standard error of zero is NotEstimable.

    A trial of one look keeps the plain answer, and so does the first look; the last of three equal ones, by Pocock's
    spending, moves it towards zero, because it could have ended with more before:

    >>> from analytics.stats.sequential import boundaries
    >>> planned = boundaries([1 / 3, 2 / 3, 1.0], spending="pocock")
    >>> found = median_unbiased(effect=0.03, standard_error=0.0125, boundaries=planned, look=3)
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.0279, 0.0005, 0.0533)
    """
    check_level(level)
    if boundaries.sides != 2:
        raise ValueError("boundaries must have two sides")
    if not 1 <= look <= len(boundaries.z):
        raise ValueError(f"look must be from 1 to {len(boundaries.z)}, not {look!r}")
    if not (standard_error > 0.0 and math.isfinite(standard_error)):
        return NotEstimable("The effect has no standard error.")
    z = effect / standard_error
    paths = _paths(boundaries, look)
    information = boundaries.fractions[look - 1]

    def chance_above(drift: float) -> float:
        """P at the drift of the score over the whole trial; never falling."""
        total = 0.0
        for before, fraction, bound, nodes, mass in paths:
            crossed = z * math.sqrt(fraction) if fraction == information else bound
            step = fraction - before
            # Paths under a drift weigh more than without by their likelihood ratio.
            tilted = mass * np.exp(drift * nodes - 0.5 * drift * drift * before)
            total += float(tilted @ ndtr((nodes + drift * step - crossed) / math.sqrt(step)))
        return min(max(total, _TINY), 1.0 - 1e-16)

    def solve(chance: float) -> float:
        plain, reach = z / math.sqrt(information), 12.0 / math.sqrt(information)
        return float(brentq(lambda drift: ndtri(chance_above(drift)) - ndtri(chance), plain - reach, plain + reach))

    unit = standard_error * math.sqrt(information)
    p_value = 2.0 * min(chance_above(0.0), 1.0 - chance_above(0.0))
    middle, low, high = (unit * solve(chance) for chance in (0.5, (1.0 - level) / 2.0, (1.0 + level) / 2.0))
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=middle > 0.0)
    return Estimate(middle, interval, p_value, "median-unbiased, stage-wise", z, None, standard_error)


def _paths(planned: Boundaries, look: int) -> list[tuple[float, float, float, np.ndarray, np.ndarray]]:
    """For each look up to this one: the share before it and at it, its boundary, and the paths that reach it."""
    nodes, mass, before = np.zeros(1), np.ones(1), 0.0
    paths = []
    for index in range(look):
        fraction = planned.fractions[index]
        bound = planned.z[index] * math.sqrt(fraction)
        paths.append((before, fraction, bound, nodes, mass))
        if index + 1 < look:
            sd = math.sqrt(fraction - before)
            nodes, mass = surviving_paths(nodes, mass, sd, bound, fraction, planned.fractions[index + 1], 2)
        before = fraction
    return paths
