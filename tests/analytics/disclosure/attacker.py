"""An attacker who infers small counts from everything ever shown of a campaign.

Independent of analytics.suppression.inference_attack: cells have names, from which the sums follow, and linear programs
bound each cell whose range is not wide at first sight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag

_GLANCES = 12
EVERY = "*"  # in the place of a part or a column: all of them together


class Cell(NamedTuple):
    """A named count. `part` is an answer, "1" or "no"; `column` is a placement and a locale."""

    look: int
    arm: str
    outcome: str  # EVERY, with part EVERY: who saw it
    part: str
    column: str


@dataclass(frozen=True)
class Recovered:
    """How many small counts there were, and how many are inferred exactly or more closely than `protection`."""

    small: int
    exact: int
    narrow: int

    def __add__(self, other: Recovered) -> Recovered:
        return Recovered(self.small + other.small, self.exact + other.exact, self.narrow + other.narrow)


def attacked(
    published: Mapping[Cell, int | None], truth: Mapping[Cell, int], *, protection: int = 10, whole: bool = False
) -> Recovered:
    """Attack all looks of one campaign at once. A small count is one of 1 to `protection` - 1, suppressed or not.

    `truth` holds the inner cells, those of one part in one column, at each look of which anything was published. With
    `whole` the attacker uses an integer program, which takes longer.
    """
    found = Recovered(0, 0, 0)
    for arm in sorted({cell.arm for cell in truth}):
        shown = {cell: count for cell, count in published.items() if cell.arm == arm}
        found += _arm(shown, {cell: count for cell, count in truth.items() if cell.arm == arm}, protection, whole)
    return found


def _arm(published: Mapping[Cell, int | None], truth: Mapping[Cell, int], protection: int, whole: bool) -> Recovered:
    inner = sorted(truth)
    place = {cell: at for at, cell in enumerate(inner)}
    outcomes = sorted({cell.outcome for cell in inner})
    equal, at_most = [], []
    added = sums(truth)
    for cell, count in published.items():
        if count is not None:
            equal.append((_row(added[cell], place), float(count)))
    # Each outcome divides the same people.
    for look in {cell.look for cell in inner}:
        for column in {cell.column for cell in inner if cell.look == look}:
            groups = [
                [c for c in inner if (c.look, c.column, c.outcome) == (look, column, outcome)] for outcome in outcomes
            ]
            groups = [group for group in groups if group]
            equal += [(_row(other, place) - _row(groups[0], place), 0.0) for other in groups[1:]]
    # A count never falls.
    for cell in inner:
        later = [c for c in inner if c[1:] == cell[1:] and c.look > cell.look]
        if later:
            at_most.append(_row([cell], place) - _row([min(later)], place))
    wanted = {cell: sum(truth[each] for each in cells) for cell, cells in added.items()}
    targets = [(_row(added[cell], place), count) for cell, count in wanted.items() if 0 < count < protection]
    targets += [
        (_row(added[cell], place) - _row(added[before], place), wanted[cell] - wanted[before])
        for cell in wanted
        for before in wanted
        if before.look < cell.look and before[1:] == cell[1:]
        if 0 < wanted[cell] - wanted[before] < protection
    ]
    people = np.array([truth[cell] for cell in inner], dtype=np.float64)
    held = all(row @ people == right for row, right in equal) and all(row @ people <= 0 for row in at_most)
    assert held, "the attack must hold the truth possible"
    glances = _glances(len(inner), equal, at_most, whole)
    exact = narrow = 0
    for row, _ in targets:
        if np.ptp(glances @ row) >= protection:
            continue  # two tables are possible that are so far apart
        low, high = _range(row, equal, at_most, whole)
        exact += high - low < 1 - 1e-4
        narrow += high - low < protection - 1e-4
    return Recovered(len(targets), exact, narrow)


def sums(truth: Mapping[Cell, int]) -> dict[Cell, list[Cell]]:
    """Every cell that could be released, with the inner cells that it sums."""
    inner = sorted(truth)
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    for cell in inner:
        outcomes[cell.arm] = sorted({*outcomes[cell.arm], cell.outcome})
    return {name: _sum(name, inner, outcomes[name.arm]) for name in _names(inner)}


def _names(inner: Sequence[Cell]) -> Iterator[Cell]:
    """Every inner cell, and every sum over parts, over columns, over both."""
    yield from dict.fromkeys(
        [
            *inner,
            *(cell._replace(column=EVERY) for cell in inner),
            *(cell._replace(outcome=EVERY, part=EVERY) for cell in inner),
            *(cell._replace(outcome=EVERY, part=EVERY, column=EVERY) for cell in inner),
        ]
    )


def _sum(cell: Cell, inner: Sequence[Cell], outcomes: Sequence[str]) -> list[Cell]:
    for outcome in [cell.outcome] if cell.outcome != EVERY else outcomes:
        cells = [
            each
            for each in inner
            if (each.look, each.arm) == (cell.look, cell.arm)
            and each.outcome == outcome
            and cell.part in (EVERY, each.part)
            and cell.column in (EVERY, each.column)
        ]
        if cells:
            return cells
    return []


def _row(cells: Sequence[Cell], place: Mapping[Cell, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    row = np.zeros(len(place))
    for cell in cells:
        row[place[cell]] += 1.0
    return row


def _glances(size: int, equal: Sequence[tuple[Any, float]], at_most: Sequence[Any], whole: bool) -> Any:
    """A few tables that fit all releases, in random directions."""
    costs = np.random.default_rng(1).standard_normal((_GLANCES, size))
    bound = 10 * max([100.0, *(right for _, right in equal)])
    if whole:
        found = [_solved(row, equal, at_most, whole, bound) for row in costs]
        return np.array([each.x for each in found if each.status == 0]).reshape(-1, size)
    together = _solved(costs.ravel(), equal, at_most, whole, bound, tables=_GLANCES)  # one program, so that it is quick
    return together.x.reshape(-1, size) if together.status == 0 else np.empty((0, size))


def _range(row: Any, equal: Sequence[tuple[Any, float]], at_most: Sequence[Any], whole: bool) -> tuple[float, float]:
    ends = []
    for sign in (1.0, -1.0):
        found = _solved(sign * row, equal, at_most, whole, None)
        assert found.status in ((0, 3, 4) if whole else (0, 3)), found.message  # 3, in whole numbers also 4: no end
        ends.append(sign * (-np.inf if found.fun is None else float(found.fun)))
    return ends[0], ends[1]


def _solved(
    costs: Any,
    equal: Sequence[tuple[Any, float]],
    at_most: Sequence[Any],
    whole: bool,
    bound: float | None,
    tables: int = 1,
) -> Any:
    told: dict[str, Any] = {"bounds": (0, bound), "method": "highs"}
    if equal:
        told |= {
            "A_eq": _repeat_on_the_diagonal([left for left, _ in equal], tables),
            "b_eq": [right for _, right in equal] * tables,
        }
    if at_most:
        told |= {"A_ub": _repeat_on_the_diagonal(at_most, tables), "b_ub": np.zeros(len(at_most) * tables)}
    if whole:
        told["integrality"] = np.ones(len(costs), dtype=np.uint8)
    return linprog(costs, **told)


def _repeat_on_the_diagonal(rows: Sequence[Any], tables: int) -> Any:
    return block_diag([np.array(rows)] * tables, format="csr") if tables > 1 else np.array(rows)


def from_api(
    looks: Sequence[Mapping[str, Any]], tables: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[Cell, int | None]:
    """Cells from the staff API: each look as in `analyses/N/`, and all rows of `tallies/` after it."""
    published: dict[Cell, int | None] = {}
    last: dict[str, tuple[int, Any]] = {}  # an outcome that tells nothing new is still of the look that told it first
    for told in looks:
        for block in told["estimates"]:
            numbers = [(arm["arm"], arm["n"], arm["events"]) for arm in block["arms"]]
            if last.get(block["outcome"], (0, None))[1] != numbers:
                last[block["outcome"]] = (told["shown_look"], numbers)
            look = last[block["outcome"]][0]
            for arm in block["arms"]:
                published.setdefault(Cell(look, arm["arm"], EVERY, EVERY, EVERY), arm["n"])
                if block["arms"] and block["outcome"] != "rating":
                    published.setdefault(Cell(look, arm["arm"], block["outcome"], "0", EVERY), arm["events"])
    for rows in tables:
        for row in rows:
            column = f"{row['placement']} {row['locale']}"
            outcome, part = (EVERY, EVERY) if row["outcome"] == "exposed" else (row["outcome"], str(row["value"]))
            published[Cell(row["look"], row["arm"], outcome, part, column)] = row["count"]
    return published
