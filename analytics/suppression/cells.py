"""PURE  The counts of one arm at one look, exact and as they are shown: the table that small cells are hidden in.

The people of an arm stand in columns, one for each placement and locale. Each outcome divides the people of a column
into parts: those who had it and those who had not, or one part for each answer and one for no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Parts = tuple[int, ...]
WHOLE_ARM = ""  # the one column of a look without a table


def is_small(count: int, least: int) -> bool:
    """Whether a count may not be shown. Nobody is no one's secret: zero may be."""
    return 0 < abs(count) < least


@dataclass(frozen=True, slots=True)
class ExactCells:
    """One arm as it was counted: who saw it by column, and how each outcome divides them."""

    seen: Mapping[str, int]
    parts: Mapping[str, Mapping[str, Parts]]

    @property
    def n(self) -> int:
        return sum(self.seen.values())

    def total(self, outcome: str) -> Parts:
        """How an outcome divides the whole arm."""
        return tuple(sum(part) for part in zip(*self.parts[outcome].values(), strict=True))


@dataclass(frozen=True, slots=True)
class ReleasedCells:
    """One arm as a look shows it; what is hidden is None.

    `totals` are of the whole arm, for each outcome that this look shows. `seen` and `parts` are the table by column,
    empty where a look shows none. A column's parts are shown together or hidden together.
    """

    n: int
    totals: Mapping[str, Parts | None]
    seen: Mapping[str, int | None] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Parts | None]] = field(default_factory=dict)

    def has_hidden_cells(self) -> bool:
        """Whether anything is hidden."""
        return (
            None in self.seen.values()
            or None in self.totals.values()
            or any(None in columns.values() for columns in self.parts.values())
        )
