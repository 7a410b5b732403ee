"""PURE  Counts of one arm at one look, exact and as released: the table in which small cells are suppressed.

Columns are placements by locale, or the texts of an arm: two tables of the same people. Each outcome divides the people
of a column into parts: those with and without it, or one part for each answer and one for no answer. Related outcomes
divide them together: see RelatedOutcomes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Parts = tuple[int, ...]
WHOLE_ARM = ""  # the one column of a look without a table
EXPOSURES = ""  # stands for the exposures where an outcome is expected


def is_small(count: int, least: int) -> bool:
    """Whether a count may not be shown. Zero may, because it describes nobody."""
    return 0 < abs(count) < least


def end_of_band(count: int, least: int) -> int:
    """The highest count that is shown as this one is, whenever somebody looks.

    Bands of twice `least` counts stand still while a count grows. So whoever looks again and again, and sees it enter
    the next band, knows neither the count nor its growth since any earlier look to fewer than `least` people.
    """
    width = 2 * least
    return (count // width + 1) * width - 1


def start_of_band(count: int, least: int) -> int:
    """The lowest count of the band of `end_of_band`."""
    return end_of_band(count, least) - 2 * least + 1


@dataclass(frozen=True, slots=True)
class RelatedOutcomes:
    """Outcomes that are functions of one another, and each combination of their parts in which a view can be.

    The people of a column are divided among these patterns. An outcome that no other follows from is alone.
    """

    outcomes: tuple[str, ...]
    patterns: tuple[Parts, ...]


@dataclass(frozen=True, slots=True)
class ExactCells:
    """One arm as counted: exposures by column, and how each outcome divides them."""

    seen: Mapping[str, int]
    parts: Mapping[str, Mapping[str, Parts]]

    @property
    def n(self) -> int:
        return sum(self.seen.values())

    def total(self, outcome: str) -> Parts:
        """Sum the parts of an outcome over the columns."""
        return tuple(sum(part) for part in zip(*self.parts[outcome].values(), strict=True))


@dataclass(frozen=True, slots=True)
class ReleasedCells:
    """One arm as a look shows it; a suppressed count is None.

    `totals` divide the whole arm, for each outcome that the look shows. `seen` and `parts` are the table by column,
    empty if the look shows none. A column's parts are shown or suppressed together. A look that also has a table
    `by_text` is followed by it, as one more look at the same people.
    """

    n: int
    totals: Mapping[str, Parts | None]
    seen: Mapping[str, int | None] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Parts | None]] = field(default_factory=dict)
    by_text: bool = False

    def has_hidden_cells(self) -> bool:
        """Whether any cell is suppressed."""
        return (
            None in self.seen.values()
            or None in self.totals.values()
            or any(None in columns.values() for columns in self.parts.values())
        )
