"""A normal random walk that stops when it leaves a corridor, by quadrature from look to look."""

import math

import numpy as np
import numpy.typing as npt

from analytics.stats.numerics.quadrature import panels

_Vector = npt.NDArray[np.float64]
_RULE = np.polynomial.legendre.leggauss(16)


def surviving_paths(
    nodes: _Vector, mass: _Vector, sd: float, bound: float, fraction: float, following: float, sides: int
) -> tuple[_Vector, _Vector]:
    """Nodes and mass of the paths that have not crossed `bound` at this look either, fit for the step to the next.

    `mass` is the density of the score at the nodes of a quadrature, times the weights. `sd` is that of the step to this
    look at `fraction` of the information; the next look is at `following`.

    >>> nodes, mass = surviving_paths(np.zeros(1), np.ones(1), 1.0, 1.959964, 1.0, 2.0, 2)
    >>> round(float(mass.sum()), 6)
    0.95
    """
    low = -bound if sides == 2 else -9.0 * math.sqrt(fraction)
    scale = min(sd, math.sqrt(following - fraction))
    count = max(1, math.ceil((bound - low) / (4.0 * scale)))
    grid, weights = panels(np.linspace(low, bound, count + 1), _RULE)
    kernel = np.exp(-0.5 * ((grid[:, None] - nodes[None, :]) / sd) ** 2)
    return grid, weights * (kernel @ mass) / (sd * math.sqrt(2.0 * math.pi))
