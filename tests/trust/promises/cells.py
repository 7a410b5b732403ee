"""Small cells stay hidden: release generated campaigns look by look, and attack what was released.

The attacker writes everything shown of an arm as equations: columns and parts add up, and no count falls from one look
to the next. A linear program then bounds each hidden cell. This attack shares no code with the one that the project
runs before each release.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from analytics.disclosure.released_cells import joint_tables
from analytics.suppression import suppress
from analytics.suppression.cells import ExactCells
from tests.trust.bench import Bench
from tests.trust.result import Result

LEAST = 10
_GLANCES = 6
Cell = tuple[str, int]  # column and part
Counts = Mapping[Cell, int]
_OUTCOMES = {"turned_back": 2, "rating": 6}


@dataclass(frozen=True, slots=True)
class DisclosedCells:
    """What one look shows of one outcome of one arm: cells and totals of parts and columns; None is hidden."""

    cells: Mapping[Cell, int | None]
    parts: Mapping[int, int | None]
    columns: Mapping[str, int | None]
    total: int


SuppressionRule = Callable[
    [Sequence[Mapping[str, Mapping[str, Counts]]]], Iterator[dict[str, dict[str, DisclosedCells]]]
]


@dataclass
class AttackResult:
    """The number of hidden cells, and those recovered exactly."""

    looks: int = 0
    shown: int = 0
    hidden: int = 0
    recovered: list[str] = field(default_factory=list)


def check(bench: Bench) -> Result:
    """Release campaigns and attack them."""
    hide = primary_only if bench.fault else _product()
    chance, found = random.Random(1), AttackResult()
    campaigns = bench.scaled(50, 3)
    for _ in range(campaigns):
        exact = list(_campaign(chance))
        history: dict[tuple[str, str], list[tuple[DisclosedCells, Counts]]] = {}
        for look, shown in zip(exact, hide(exact), strict=True):
            for arm, outcomes in shown.items():
                for outcome, table in outcomes.items():
                    history.setdefault((arm, outcome), []).append((table, look[arm][outcome]))
        for looks in history.values():
            _attack(looks, found)
    broken = [f"recovered {len(found.recovered)} of {found.hidden} hidden cells: {', '.join(found.recovered[:3])}"]
    return Result(
        n=f"{campaigns} campaigns, {found.looks:,} tables shown, {found.shown:,} cells shown, {found.hidden:,} hidden",
        figure=f"recovered {len(found.recovered)}",
        broken=tuple(broken) if found.recovered else () if found.hidden and found.shown else ("nothing was hidden",),
    )


def _campaign(chance: random.Random) -> Iterator[dict[str, dict[str, Counts]]]:
    """Generate up to five cumulative looks: counts by arm, outcome, placement and locale."""
    columns = [f"page-{number} en" for number in range(chance.randint(2, 4))]
    size = {column: chance.choice([4, 15, 60, 300]) for column in columns}
    weights = {outcome: [chance.choice([0.02, 0.1, 0.5, 1.0]) for _ in range(n)] for outcome, n in _OUTCOMES.items()}
    sums: dict[tuple[str, str, str, int], int] = {}
    for _ in range(chance.randint(1, 5)):
        for arm in ("neutral", "victim"):
            for column in columns:
                people = round(size[column] * chance.uniform(0.5, 1.5))
                for outcome, weight in weights.items():
                    for part in chance.choices(range(len(weight)), weight, k=people):
                        sums[arm, outcome, column, part] = sums.get((arm, outcome, column, part), 0) + 1
        yield {
            arm: {
                outcome: {(c, part): sums.get((arm, outcome, c, part), 0) for c in columns for part in range(width)}
                for outcome, width in _OUTCOMES.items()
            }
            for arm in ("neutral", "victim")
        }


def primary_only(looks: Sequence[Mapping[str, Mapping[str, Counts]]]) -> Iterator[dict[str, dict[str, DisclosedCells]]]:
    """The fault: what is small is hidden, and nothing that it can be computed from."""

    def veiled(value: int) -> int | None:
        return None if 0 < value < LEAST else value

    for look in looks:
        yield {
            arm: {
                outcome: DisclosedCells(
                    {cell: veiled(value) for cell, value in counts.items()},
                    {part: veiled(value) for part, value in _sums(counts, 1).items()},
                    {column: veiled(value) for column, value in _sums(counts, 0).items()},
                    sum(counts.values()),
                )
                for outcome, counts in outcomes.items()
            }
            for arm, outcomes in look.items()
        }


def _sums(counts: Counts, axis: int) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for cell, value in counts.items():
        found[cell[axis]] = found.get(cell[axis], 0) + value
    return found


def _product() -> SuppressionRule:
    """The project's own rule: `analytics.suppression.suppress.suppress_cells`."""

    related = joint_tables(tuple(_OUTCOMES))

    def hide(looks: Sequence[Mapping[str, Mapping[str, Counts]]]) -> Iterator[dict[str, dict[str, DisclosedCells]]]:
        before: list[Any] = []
        for number, look in enumerate(looks, start=1):
            rule = suppress.SuppressionPolicy("turned_back", related, LEAST, is_final_look=number == len(looks))
            exact = {arm: _as_cells(outcomes) for arm, outcomes in look.items()}
            decided = suppress.suppress_cells(exact, before, rule)
            before += [decided] if decided else []
            yield {
                arm: {name: _disclosed_cells(shown, name, look[arm][name]) for name in shown.totals}
                for arm, shown in (decided or {}).items()
            }

    return hide


def _as_cells(outcomes: Mapping[str, Counts]) -> ExactCells:
    columns = _sums(next(iter(outcomes.values())), 0)
    parts = {
        outcome: {column: tuple(counts[column, part] for part in range(_OUTCOMES[outcome])) for column in columns}
        for outcome, counts in outcomes.items()
    }
    return ExactCells(columns, parts)


def _disclosed_cells(shown: Any, outcome: str, exact: Counts) -> DisclosedCells:
    """Convert the table of the project to ours."""
    total = shown.totals[outcome]
    table = shown.parts.get(outcome, {})
    return DisclosedCells(
        {(column, part): None if table.get(column) is None else table[column][part] for column, part in exact},
        {part: None if total is None else total[part] for part in range(_OUTCOMES[outcome])},
        {column: shown.seen.get(column) for column, _ in exact},
        shown.n,
    )


def _attack(looks: Sequence[tuple[DisclosedCells, Counts]], found: AttackResult) -> None:
    """Find cells and totals that all tables together determine."""
    cells = list(looks[0][1])
    at = {
        (number, cell): number * len(cells) + place for number in range(len(looks)) for place, cell in enumerate(cells)
    }
    equal: list[tuple[list[int], int]] = []
    targets: list[list[int]] = []
    for number, (shown, exact) in enumerate(looks):
        found.looks += 1
        groups: list[tuple[list[Cell], int | None]] = [([cell], shown.cells[cell]) for cell in cells]
        groups += [([cell for cell in cells if cell[1] == part], value) for part, value in shown.parts.items()]
        groups += [([cell for cell in cells if cell[0] == column], value) for column, value in shown.columns.items()]
        equal.append(([at[number, cell] for cell in cells], shown.total))
        for group, value in groups:
            places = [at[number, cell] for cell in group]
            small = 0 < sum(exact[cell] for cell in group) < LEAST
            if value is not None:
                found.shown += 1
                equal.append((places, value))
                found.recovered += [f"{value} is shown"] if small else []
            elif small:
                targets.append(places)
    found.hidden += len(targets)
    if not targets:
        return
    size = len(looks) * len(cells)
    rows = np.zeros((len(equal), size))
    for row, (places, _) in enumerate(equal):
        rows[row, places] = 1.0
    falls = np.zeros(((len(looks) - 1) * len(cells), size))
    for row in range(len(falls)):
        falls[row, row], falls[row, row + len(cells)] = 1.0, -1.0
    told: dict[str, Any] = {"A_eq": csr_array(rows), "b_eq": [value for _, value in equal], "method": "highs"}
    told |= {"A_ub": csr_array(falls), "b_ub": np.zeros(len(falls))} if len(falls) else {}
    aims = np.zeros((len(targets), size))
    for aim, places in zip(aims, targets, strict=True):
        aim[places] = 1.0
    chance = np.random.default_rng(1)
    glances = np.array([aims @ linprog(chance.standard_normal(size), **told).x for _ in range(_GLANCES)])
    # If two possible tables differ by a person, the cell is unknown. The other cells are bounded one by one.
    for aim in aims[np.ptp(glances, axis=0) < 1.0]:
        low, high = (sign * linprog(sign * aim, **told).fun for sign in (1.0, -1.0))
        if high - low < 1.0:
            found.recovered.append(f"{low:.0f}")
