"""PURE  The lowest and the highest value of sums of unknown counts, by linear programs over all that is known of them.

The sums of one attack are bounded together: a solution that is found for one shows how far others reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, kron

from analytics.suppression.joint_table import Matrix

SLACK = 1e-6  # of the solver
_RANDOM_DIRECTIONS = 12  # solved first, because they show most ranges to be wide enough
_ROWS_AT_ONCE = 16  # bounded by one program, whose solutions then show more ranges to be wide enough
Row = tuple[Any, Any]  # indices of variables and their coefficients


@dataclass(frozen=True, slots=True)
class Constraints:
    """Bounds of each variable, rows that equal their sums, and rows that are at most their limits."""

    bounds: Matrix
    equal: csr_array
    sums: Matrix
    at_most: csr_array
    limits: Matrix

    @classmethod
    def of(
        cls, bounds: Matrix, equal: Sequence[tuple[Row, float]] = (), at_most: Sequence[tuple[Row, float]] = ()
    ) -> Self:
        """Build the matrices."""
        size = len(bounds)
        rows, limited = ([row for row, _ in rows] for rows in (equal, at_most))
        sums, limits = (np.array([value for _, value in rows], dtype=np.float64) for rows in (equal, at_most))
        return cls(bounds, _matrix(rows, size), sums, _matrix(limited, size), limits)


def bound_rows(rows: Sequence[Row], rule: Constraints, *, least: int) -> tuple[Any, Any]:
    """Find the lowest and the highest value of each row, or any two values that are at least `least` apart."""
    size = len(rule.bounds)
    matrix = _matrix(rows, size)
    low, high = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)

    def look_at(costs: Matrix) -> bool:
        found = _solutions(costs, rule)
        if found is None:
            return False
        values = matrix @ found.T
        np.minimum(low, values.min(axis=1), out=low)
        np.maximum(high, values.max(axis=1), out=high)
        return True

    possible = look_at(np.random.default_rng(0).standard_normal((_RANDOM_DIRECTIONS, size)))
    asked = np.zeros(len(rows), dtype=bool)
    while possible:
        open_ = np.flatnonzero(~asked & (high - low < least))[:_ROWS_AT_ONCE]
        if not len(open_):
            return low, high
        asked[open_] = True
        directions = matrix[open_, :].toarray()
        possible = look_at(np.vstack([directions, -directions]))
    return np.zeros(len(rows)), np.ones(len(rows))  # nothing fits, as after restoring an old backup


def _solutions(costs: Matrix, rule: Constraints) -> Matrix | None:
    """For each row of costs a cheapest solution, or None if none is possible.

    All are found by one program, because most of the time of a small program goes to setting it up.
    """
    copies = eye_array(len(costs))
    equal: Any = kron(copies, rule.equal, format="csr")  # scipy's stubs know neither sparse arrays
    at_most: Any = kron(copies, rule.at_most, format="csr")
    bounds: Any = np.tile(rule.bounds, (len(costs), 1))  # nor bounds as one array
    solution = linprog(
        costs.ravel(),
        A_eq=equal,
        b_eq=np.tile(rule.sums, len(costs)),
        A_ub=at_most,
        b_ub=np.tile(rule.limits, len(costs)),
        bounds=bounds,
        method="highs",
    )
    return np.asarray(solution.x, dtype=np.float64).reshape(costs.shape) if solution.status == 0 else None


def _matrix(rows: Sequence[Row], size: int) -> csr_array:
    ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([[], *(columns for columns, _ in rows)])
    values = np.concatenate([[], *(values for _, values in rows)])
    return csr_array((values, columns, ends), shape=(len(rows), size), dtype=np.float64)
