"""PURE  Tables of a look to take away, each column with its type and what it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from analytics.report_rows import DeviationRow

FieldType = Literal["string", "integer", "number", "boolean"]  # in the words of Table Schema
Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """One column."""

    name: str
    type: FieldType
    description: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells in the order of `fields`; None is a cell that is hidden, or has no value."""

    name: str
    description: str
    fields: tuple[Field, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> Iterator[dict[str, Cell]]:
        """Yield each row by column name."""
        names = [field.name for field in self.fields]
        for row in self.rows:
            yield dict(zip(names, row, strict=True))


@dataclass(frozen=True, slots=True)
class LookTables:
    """The tables of one look, with what a reader has to know of them."""

    campaign: str
    name: str
    look: int
    made_at: datetime
    from_day: date | None
    to_day: date | None
    plan_fingerprint: str
    frozen_at: datetime | None
    status: str
    sentence: str
    interval_sentence: str
    note: str
    small_cell: int
    deviations: tuple[DeviationRow, ...]
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)
