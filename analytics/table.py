"""PURE  Reads a table of arms from CSV text: columns arm, n, events; every mistake is named by its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from analytics.stats import Counts

_NEEDED = ("arm", "n", "events")


class TableWrong(ValueError):
    """The table cannot be read; the message names the line and the column."""


def read(text: str) -> list[tuple[str, Counts]]:
    """The arms in file order; other columns are ignored."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    header = [name.strip() for name in next(rows, [])]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise TableWrong(f"line 1: the column {missing[0]} is missing; the columns are {', '.join(header) or 'none'}")
    places = {name: header.index(name) for name in _NEEDED}
    arms: list[tuple[str, Counts]] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line = rows.line_num
        if len(row) < len(header):
            raise TableWrong(f"line {line}: {len(row)} columns where the header has {len(header)}")
        name = row[places["arm"]].strip()
        if not name:
            raise TableWrong(f"line {line}, column arm: the arm has no name")
        if name in dict(arms):
            raise TableWrong(f"line {line}, column arm: “{name}” stands twice")
        n, events = (_whole(row[places[column]], line, column) for column in ("n", "events"))
        if events > n:
            raise TableWrong(f"line {line}, column events: {events} is more than n, {n}")
        arms.append((name, Counts(n=n, events=events)))
    if len(arms) < 2:
        raise TableWrong("there are fewer than two arms to compare")
    return arms


def _whole(text: str, line: int, column: str) -> int:
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit()) or len(cleaned) > 15:
        raise TableWrong(f"line {line}, column {column}: “{cleaned}” is not a whole number of zero or more")
    return int(cleaned)


def weights(text: str, arms: int) -> Sequence[float]:
    """The split from "3,2,2,2"; one positive number per arm."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise TableWrong(f"--weights: “{text}” is not a list of numbers such as 3,2,2,2") from None
    if len(values) != arms:
        raise TableWrong(f"--weights: {len(values)} numbers for {arms} arms")
    if not all(0 < value < 1e9 for value in values):
        raise TableWrong("--weights: every weight must be above zero")
    return values
