"""PURE  Attack suppressed cells: bound them by linear programs over everything ever released.

The program finds the lowest and the highest count that the released numbers of all looks allow for each hidden cell,
and for its growth between two looks. The constraints are sums (a column's parts add up to its exposures, columns to the
arm's totals) and time (a count never falls). Parts are non-negative real numbers; nothing else is assumed, not even
that a hidden cell is small. See Fischetti and Salazar (2001), Management Science 47:1008.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array

from analytics.suppression.cells import WHOLE_ARM, Parts, ReleasedCells

EXPOSURES = ""  # stands for the exposures where an outcome is expected
_SLACK = 1e-6
_RANDOM_DIRECTIONS = 12  # solved first, because they show most ranges to be wide enough


@dataclass(frozen=True, slots=True)
class HiddenCell:
    """A hidden cell of a look: outcome (or EXPOSURES), column (or WHOLE_ARM), and its growth after look `since`."""

    look: int
    outcome: str
    column: str
    part: int = 0
    since: int | None = None


@dataclass(frozen=True, slots=True)
class FeasibleRange:
    """The values that the released numbers allow for a hidden cell."""

    cell: HiddenCell
    low: float
    high: float


def find_inferable_cells(
    looks: Sequence[ReleasedCells], widths: Mapping[str, int], *, least: int
) -> list[FeasibleRange]:
    """Find hidden cells that `looks`, in order, tell to within fewer than `least` people, unless surely 0."""
    if not any(shown.has_hidden_cells() for shown in looks):
        return []
    system = _LinearSystem(looks, widths)
    return [
        range_
        for range_ in system.ranges(wide=least)
        if range_.high - range_.low < least - _SLACK and range_.high > 0.5
    ]


class _LinearSystem:
    """The released numbers of one arm as linear constraints on its counts."""

    def __init__(self, looks: Sequence[ReleasedCells], widths: Mapping[str, int]) -> None:
        self._index: dict[tuple[int, str, str, int], int] = {}
        self._bounds: list[tuple[float, float | None]] = []
        self._equal: list[tuple[dict[int, float], float]] = []
        self._at_most: list[dict[int, float]] = []
        self._targets: list[tuple[HiddenCell, dict[int, float]]] = []
        hides_exposures = any(None in shown.seen.values() for shown in looks)
        before: dict[str, tuple[int, tuple[str, ...]]] = {}
        for number, shown in enumerate(looks):
            columns = tuple(shown.seen) or (WHOLE_ARM,)
            self._add_exposures(number, shown)
            before[EXPOSURES] = self._add_monotonicity(EXPOSURES, 1, before.get(EXPOSURES), (number, columns))
            for outcome in shown.parts or shown.totals:
                if hides_exposures or _is_hidden_at_some_look(looks, outcome):
                    self._add_outcome(number, shown, outcome, widths[outcome])
                    before[outcome] = self._add_monotonicity(
                        outcome, widths[outcome], before.get(outcome), (number, columns)
                    )
        self._add_growth_targets(len(looks))

    def _add_growth_targets(self, looks: int) -> None:
        """Attack the growth between two looks of each cell that both hide."""
        for (look, outcome, column, part), now in list(self._index.items()):
            for since in range(look):
                then = self._index.get((since, outcome, column, part))
                if then is not None and self._bounds[now][1] is self._bounds[then][1] is None:
                    self._targets.append((HiddenCell(look, outcome, column, part, since), {now: 1.0, then: -1.0}))

    def _add_variable(self, key: tuple[int, str, str, int], value: int | None) -> int:
        self._index[key] = len(self._bounds)
        self._bounds.append((0.0, None) if value is None else (float(value), float(value)))
        return self._index[key]

    def _add_exposures(self, number: int, shown: ReleasedCells) -> None:
        seen = shown.seen or {WHOLE_ARM: shown.n}
        for column, value in seen.items():
            variable = self._add_variable((number, EXPOSURES, column, 0), value)
            if value is None:
                self._targets.append((HiddenCell(number, EXPOSURES, column), {variable: 1.0}))
        if None in seen.values():
            self._equal.append(({self._index[number, EXPOSURES, column, 0]: 1.0 for column in seen}, float(shown.n)))

    def _add_outcome(self, number: int, shown: ReleasedCells, outcome: str, width: int) -> None:
        total = shown.totals[outcome]
        columns: Mapping[str, Parts | None] = shown.parts[outcome] if shown.parts else {WHOLE_ARM: total}
        for column, values in columns.items():
            cell = [
                self._add_variable((number, outcome, column, part), None if values is None else values[part])
                for part in range(width)
            ]
            if values is None:
                self._targets += [
                    (HiddenCell(number, outcome, column, part), {cell[part]: 1.0}) for part in range(width)
                ]
            self._equal.append((dict.fromkeys(cell, 1.0) | {self._index[number, EXPOSURES, column, 0]: -1.0}, 0.0))
        for part in range(width):
            row = [self._index[number, outcome, column, part] for column in columns]
            if total is not None:
                self._equal.append((dict.fromkeys(row, 1.0), float(total[part])))
            elif shown.parts:
                self._targets.append((HiddenCell(number, outcome, WHOLE_ARM, part), dict.fromkeys(row, 1.0)))

    def _add_monotonicity(
        self, outcome: str, width: int, then: tuple[int, tuple[str, ...]] | None, now: tuple[int, tuple[str, ...]]
    ) -> tuple[int, tuple[str, ...]]:
        """Require that no count falls: by column, or in total if one of the two looks shows no table."""
        if then is not None:
            (earlier, old), (later, new) = then, now
            together = WHOLE_ARM in (*old, *new)
            groups = [(old, new)] if together else [((column,), (column,)) for column in old if column in new]
            for part in range(width):
                for olds, news in groups:
                    row = {self._index[earlier, outcome, column, part]: 1.0 for column in olds}
                    row |= {self._index[later, outcome, column, part]: -1.0 for column in news}
                    self._at_most.append(row)
        return now

    def ranges(self, *, wide: int) -> list[FeasibleRange]:
        """Bound all hidden cells by possible tables, each cell until its range is at least `wide`."""
        sums = _matrix([row for _, row in self._targets], len(self._bounds))
        low, high = np.full(len(self._targets), np.inf), np.full(len(self._targets), -np.inf)
        # All directions in one program, a table for each: most of the time of a small program goes to setting it up.
        costs = np.random.default_rng(0).standard_normal((_RANDOM_DIRECTIONS, len(self._bounds)))
        solution = linprog(costs.ravel(), **self._constraints(tables=_RANDOM_DIRECTIONS))
        if solution.status == 0:
            values = sums @ np.asarray(solution.x, dtype=np.float64).reshape(costs.shape).T
            low, high = np.min(values, axis=1), np.max(values, axis=1)
        constraints = self._constraints()
        for target in range(len(self._targets)):
            for sign in (1.0, -1.0):
                if high[target] - low[target] >= wide:
                    break
                solution = linprog(sign * sums[[target], :].toarray().ravel(), **constraints)
                if solution.status != 0:  # no table fits, as after restoring an old backup: the cell is inferable
                    low[target], high[target] = 0.0, 1.0
                    break
                values = sums @ np.asarray(solution.x, dtype=np.float64)
                low, high = np.minimum(low, values), np.maximum(high, values)
        return [
            FeasibleRange(cell, float(lowest), float(highest))
            for (cell, _), lowest, highest in zip(self._targets, low, high, strict=True)
        ]

    def _constraints(self, tables: int = 1) -> dict[str, Any]:
        """The arguments of a program that finds this many tables, each by costs of its own."""
        size = len(self._bounds)
        most = max([bound[1] or 0.0 for bound in self._bounds] + [abs(value) for _, value in self._equal])
        bounds = [(low, most if high is None else high) for low, high in self._bounds]
        arguments: dict[str, Any] = {"bounds": bounds * tables, "method": "highs"}
        if self._equal:
            arguments["A_eq"] = block_diag([_matrix([row for row, _ in self._equal], size)] * tables, format="csr")
            arguments["b_eq"] = np.array([value for _, value in self._equal] * tables)
        if self._at_most:
            arguments["A_ub"] = block_diag([_matrix(self._at_most, size)] * tables, format="csr")
            arguments["b_ub"] = np.zeros(len(self._at_most) * tables)
        return arguments


def _is_hidden_at_some_look(looks: Iterable[ReleasedCells], outcome: str) -> bool:
    return any(
        (outcome in shown.totals and shown.totals[outcome] is None) or None in shown.parts.get(outcome, {}).values()
        for shown in looks
    )


def _matrix(rows: Sequence[Mapping[int, float]], size: int) -> csr_array:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = [column for row in rows for column in row]
    values = [value for row in rows for value in row.values()]
    return csr_array((values, columns, ends), shape=(len(rows), size), dtype=np.float64)
