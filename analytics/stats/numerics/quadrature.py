"""Quadrature in panels, and a root finder for the smooth functions that such integrals define."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_Vector = npt.NDArray[np.float64]


def panels(edges: _Vector, rule: tuple[_Vector, _Vector]) -> tuple[_Vector, _Vector]:
    """Nodes and weights of a quadrature over all panels between neighbouring edges, each by one rule on (-1, 1).

    >>> x, weights = panels(np.array([0.0, 1.0, 3.0]), np.polynomial.legendre.leggauss(4))
    >>> round(float(weights @ x**3), 9)
    20.25
    """
    half = np.diff(edges)[:, None] / 2.0
    nodes, weights = rule
    return (edges[:-1, None] + half * (1.0 + nodes)).ravel(), (half * weights).ravel()


def solve_decreasing(
    excess: Callable[[float], float], *, start: float, slope: float, low: float, high: float, tolerance: float
) -> float:
    """Find the root of a decreasing function between `low` and `high`, or an end if there is none inside.

    Secant steps from `start`, where the function has about `slope`; a step that leaves the bracket becomes a bisection.
    A nearly linear function takes four or five evaluations. The function is zero there to within `tolerance`.

    >>> round(solve_decreasing(lambda x: 2 - x**3, start=1.0, slope=-1.0, low=0.0, high=9.0, tolerance=1e-12), 9)
    1.25992105
    """
    first, last = low, high
    x, before = start, (math.nan, math.nan)
    for _ in range(100):
        if x <= first and excess(first) <= 0.0:
            return first
        if x >= last and excess(last) >= 0.0:
            return last
        if not low < x < high:
            x = low + (high - low) / 2.0
        value = excess(x)
        if abs(value) <= tolerance or x in (low, high):
            break
        if value > 0.0:
            low = x
        else:
            high = x
        if x != before[0] and not math.isnan(before[0]):
            slope = (value - before[1]) / (x - before[0])
        before = (x, value)
        x = x - value / slope if slope < 0.0 else math.nan
    return x
