"""PURE  Read a table of arms from CSV: arm, n and events, and optionally stratum, cluster and day. Rows add up."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from analytics.stats import Counts

_NEEDED = ("arm", "n", "events")
_OPTIONAL = ("stratum", "cluster", "day")


class TableError(ValueError):
    """Raised when the table cannot be read. The message names line and column."""


@dataclass(frozen=True, slots=True)
class CellKey:
    """An arm, stratum, cluster and day; empty text for a column that the table lacks."""

    arm: str
    stratum: str
    cluster: str
    day: str


@dataclass(frozen=True, slots=True)
class ArmTable:
    """Counts per arm, stratum, cluster and day, with the arms in file order and the optional columns present."""

    cells: Mapping[CellKey, Counts]
    arms: tuple[str, ...]
    columns: frozenset[str]

    def total(self, arm: str) -> Counts:
        """Sum one arm."""
        cells = [counts for row, counts in self.cells.items() if row.arm == arm]
        return Counts(sum(cell.n for cell in cells), sum(cell.events for cell in cells))

    def strata(self, arm: str) -> dict[str, Counts]:
        """Sum one arm by stratum."""
        return self._sums(arm, lambda row: row.stratum)

    def clusters(self, arm: str) -> dict[str, Counts]:
        """Sum one arm by cluster, over days: a household of another day is no new household."""
        return self._sums(arm, lambda row: row.cluster)

    def _sums(self, arm: str, group: Callable[[CellKey], str]) -> dict[str, Counts]:
        sums: dict[str, Counts] = {}
        for row, counts in self.cells.items():
            if row.arm == arm:
                sums[group(row)] = sums.get(group(row), Counts(0, 0)) + counts
        return sums

    def days(self) -> list[str]:
        """List the days in order; both numbers and ISO dates sort correctly."""
        days = {row.day for row in self.cells}
        return sorted(days, key=lambda day: (float(day), day) if _is_number(day) else (float("inf"), day))

    def restrict_to_days(self, days: set[str]) -> "ArmTable":
        """The table of these days alone."""
        cells = {row: counts for row, counts in self.cells.items() if row.day in days}
        return ArmTable(cells, self.arms, self.columns)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_table(lines: Iterable[str]) -> ArmTable:
    """Read a table from the lines of a CSV file, ignoring other columns."""
    rows = csv.reader(_without_byte_order_mark(lines))
    header = [name.strip() for name in next(rows, [])]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise TableError(f"line 1: the column {missing[0]} is missing; the columns are {', '.join(header) or 'none'}")
    positions = {name: header.index(name) for name in (*_NEEDED, *_OPTIONAL) if name in header}
    columns = frozenset(name for name in _OPTIONAL if name in positions)
    sums: dict[CellKey, tuple[int, int]] = {}
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        line = rows.line_num
        if len(cells) < len(header):
            raise TableError(f"line {line}: {len(cells)} columns where the header has {len(header)}")
        arm = cells[positions["arm"]].strip()
        if not arm:
            raise TableError(f"line {line}, column arm: the arm has no name")
        row = CellKey(arm, *(cells[positions[name]].strip() if name in positions else "" for name in _OPTIONAL))
        if not columns and row in sums:
            raise TableError(f"line {line}, column arm: “{arm}” stands twice")
        n, events = (_parse_count(cells[positions[column]], line, column) for column in ("n", "events"))
        if events > n:
            raise TableError(f"line {line}, column events: {events} is more than n, {n}")
        before = sums.get(row, (0, 0))
        sums[row] = (before[0] + n, before[1] + events)
    arms = tuple(dict.fromkeys(row.arm for row in sums))
    if len(arms) < 2:
        raise TableError("there are fewer than two arms to compare")
    return ArmTable({row: Counts(n, events) for row, (n, events) in sums.items()}, arms, columns)


def _without_byte_order_mark(lines: Iterable[str]) -> Iterable[str]:
    """Strip the byte order mark that spreadsheets write."""
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _parse_count(text: str, line: int, column: str) -> int:
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit()) or len(cleaned) > 15:
        raise TableError(f"line {line}, column {column}: “{cleaned}” is not a whole number of zero or more")
    return int(cleaned)


def parse_positive_numbers(text: str, option: str, *, count: int | None = None) -> Sequence[float]:
    """Parse positive numbers such as "3,2,2,2"; exactly `count` of them if that is given."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise TableError(f"{option}: “{text}” is not a list of numbers such as 3,2,2,2") from None
    if count is not None and len(values) != count:
        raise TableError(f"{option}: {len(values)} numbers for {count} arms")
    if not all(0 < value < 1e9 for value in values):
        raise TableError(f"{option}: every number must be above zero")
    return values
