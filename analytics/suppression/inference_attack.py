"""PURE  What a reader of every release can work out about what is hidden, by linear programs.

For each hidden cell, and for what was added to it between two looks: the lowest and the highest count that all shown
numbers of all looks together allow. They are bound by sums (a column's parts add to who saw it there, columns to the
arm's totals) and by time (a count never falls). Parts are taken as real numbers of zero or more; nothing else is
assumed, such as that a hidden cell is small. Fischetti and Salazar (2001), Management Science 47:1008, call this the
attacker's subproblem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from analytics.suppression.cells import WHOLE_ARM, Parts, ReleasedCells

EXPOSURES = ""  # in the place of an outcome: who saw it
_SLACK = 1e-6
_GLANCES = 12  # tables in chance directions, looked at first: most cells turn out wide by them


@dataclass(frozen=True, slots=True)
class HiddenCell:
    """A hidden cell: at which look, of which outcome (SEEN: who saw it), in which column (WHOLE: the arm's total).

    With `since` it is what was added to the cell after that look.
    """

    look: int
    outcome: str
    column: str
    part: int = 0
    since: int | None = None


@dataclass(frozen=True, slots=True)
class FeasibleRange:
    """What the shown numbers allow a hidden cell to be."""

    cell: HiddenCell
    low: float
    high: float


def find_inferable_cells(
    looks: Sequence[ReleasedCells], widths: Mapping[str, int], *, least: int
) -> list[FeasibleRange]:
    """The hidden cells of one arm that could be known more closely than to `least` people, unless known to be none.

    `looks` in their order; `widths` says how many parts each outcome has.
    """
    if not any(shown.has_hidden_cells() for shown in looks):
        return []
    system = _System(looks, widths)
    return [
        found for found in system.ranges(wide=least) if found.high - found.low < least - _SLACK and found.high > 0.5
    ]


class _System:
    """The shown numbers of one arm as linear constraints on its counts."""

    def __init__(self, looks: Sequence[ReleasedCells], widths: Mapping[str, int]) -> None:
        self._index: dict[tuple[int, str, str, int], int] = {}
        self._bounds: list[tuple[float, float | None]] = []
        self._equal: list[tuple[dict[int, float], float]] = []
        self._at_most: list[dict[int, float]] = []
        self._targets: list[tuple[HiddenCell, dict[int, float]]] = []
        veiled = any(None in shown.seen.values() for shown in looks)
        before: dict[str, tuple[int, tuple[str, ...]]] = {}
        for number, shown in enumerate(looks):
            columns = tuple(shown.seen) or (WHOLE_ARM,)
            self._seen(number, shown)
            before[EXPOSURES] = self._grows(EXPOSURES, 1, before.get(EXPOSURES), (number, columns))
            for outcome in shown.parts or shown.totals:
                if veiled or _hides(looks, outcome):
                    self._parts(number, shown, outcome, widths[outcome])
                    before[outcome] = self._grows(outcome, widths[outcome], before.get(outcome), (number, columns))

        self._add_growth(len(looks))

    def _add_growth(self, looks: int) -> None:
        """What was added between two looks to a cell that both of them hide."""
        for (look, outcome, column, part), now in list(self._index.items()):
            for since in range(look):
                then = self._index.get((since, outcome, column, part))
                if then is not None and self._bounds[now][1] is self._bounds[then][1] is None:
                    self._targets.append((HiddenCell(look, outcome, column, part, since), {now: 1.0, then: -1.0}))

    def _variable(self, key: tuple[int, str, str, int], value: int | None) -> int:
        self._index[key] = len(self._bounds)
        self._bounds.append((0.0, None) if value is None else (float(value), float(value)))
        return self._index[key]

    def _seen(self, number: int, shown: ReleasedCells) -> None:
        seen = shown.seen or {WHOLE_ARM: shown.n}
        for column, value in seen.items():
            variable = self._variable((number, EXPOSURES, column, 0), value)
            if value is None:
                self._targets.append((HiddenCell(number, EXPOSURES, column), {variable: 1.0}))
        if None in seen.values():
            self._equal.append(({self._index[number, EXPOSURES, column, 0]: 1.0 for column in seen}, float(shown.n)))

    def _parts(self, number: int, shown: ReleasedCells, outcome: str, width: int) -> None:
        total = shown.totals[outcome]
        columns: Mapping[str, Parts | None] = shown.parts[outcome] if shown.parts else {WHOLE_ARM: total}
        for column, values in columns.items():
            cell = [
                self._variable((number, outcome, column, part), None if values is None else values[part])
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

    def _grows(
        self, outcome: str, width: int, then: tuple[int, tuple[str, ...]] | None, now: tuple[int, tuple[str, ...]]
    ) -> tuple[int, tuple[str, ...]]:
        """A count never falls: column by column, or in the whole where one of the two looks shows no table."""
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
        """The range of each hidden cell; at least `wide` is wide enough to look no further.

        Every solution is a table that all readers must hold possible, so it widens what is known of all cells at once.
        """
        sums = _matrix([row for _, row in self._targets], len(self._bounds))
        constraints = self._constraints()
        low, high = np.full(len(self._targets), np.inf), np.full(len(self._targets), -np.inf)
        for costs in np.random.default_rng(0).standard_normal((_GLANCES, len(self._bounds))):
            glance = linprog(costs, **constraints)
            if glance.status == 0:
                values = sums @ np.asarray(glance.x, dtype=np.float64)
                low, high = np.minimum(low, values), np.maximum(high, values)
        for at in range(len(self._targets)):
            for sign in (1.0, -1.0):
                if high[at] - low[at] >= wide:
                    break
                found = linprog(sign * sums[[at], :].toarray().ravel(), **constraints)
                if found.status != 0:  # a table that cannot be, as after an old backup: nothing of it is safe to say
                    low[at], high[at] = 0.0, 1.0
                    break
                values = sums @ np.asarray(found.x, dtype=np.float64)
                low, high = np.minimum(low, values), np.maximum(high, values)
        return [
            FeasibleRange(target, float(a), float(b))
            for (target, _), a, b in zip(self._targets, low, high, strict=True)
        ]

    def _constraints(self) -> dict[str, Any]:
        size = len(self._bounds)
        most = max([bound[1] or 0.0 for bound in self._bounds] + [abs(value) for _, value in self._equal])
        bounds = [(low, most if high is None else high) for low, high in self._bounds]
        told: dict[str, Any] = {"bounds": bounds, "method": "highs"}
        if self._equal:
            told["A_eq"] = _matrix([row for row, _ in self._equal], size)
            told["b_eq"] = np.array([value for _, value in self._equal])
        if self._at_most:
            told["A_ub"], told["b_ub"] = _matrix(self._at_most, size), np.zeros(len(self._at_most))
        return told


def _hides(looks: Iterable[ReleasedCells], outcome: str) -> bool:
    return any(
        (outcome in shown.totals and shown.totals[outcome] is None) or None in shown.parts.get(outcome, {}).values()
        for shown in looks
    )


def _matrix(rows: Sequence[Mapping[int, float]], size: int) -> csr_array:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = [column for row in rows for column in row]
    values = [value for row in rows for value in row.values()]
    return csr_array((values, columns, ends), shape=(len(rows), size), dtype=np.float64)
