"""Solve an equation for the point where an increasing function reaches a target. Standard library only."""

from collections.abc import Callable
from math import exp, inf, log, sqrt


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
