"""PURE  A table of arms, held as columns of numbers so that a million rows take some tens of megabytes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analytics.stats import Counts
from analytics.stats.logit import MAX_LEVELS
from analytics.stats.numerics.count_columns import CountColumns

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NameColumn:
    """A column of names: each name once, and for each row the place of its name among them."""

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class ArmTable:
    """Counts per arm, and per stratum, cluster, day, text and set as far as there are such columns.

    Arms stand in file order, and the names of days in the order of days. `notes` say how it was read, for
    whoever reads the results.
    """

    arms: tuple[str, ...]
    arm: NameColumn
    keys: Mapping[str, NameColumn]
    n: Numbers
    events: Numbers
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """Which of stratum, cluster, day, text and set the table has."""
        return frozenset(self.keys)

    def total(self, arm: str) -> Counts:
        """Sum one arm."""
        rows = self._rows_of(arm)
        return Counts(int(self.n[rows].sum()), int(self.events[rows].sum()))

    def strata(self, arm: str) -> CountColumns:
        """Sum one arm by stratum: the same strata in the same order for each arm."""
        return self._sums(arm, self.keys["stratum"])

    def clusters(self, arm: str) -> CountColumns:
        """Sum one arm by cluster, over days: a household of another day is no new household. All arms list the same."""
        return self._sums(arm, self.keys["cluster"])

    def by_text(self, arm: str, column: str) -> dict[str, dict[str, Counts]]:
        """Sum one arm by stratum and text, or set; a table without strata has one, without a name."""
        strata, text = self.keys.get("stratum", NameColumn(("",), np.zeros_like(self.arm.codes))), self.keys[column]
        rows = self._rows_of(arm)
        # Wider than a code: strata times texts may be many.
        codes = strata.codes[rows].astype(np.int64) * len(text.names) + text.codes[rows]
        places, at = np.unique(codes, return_inverse=True)
        n, events = (
            sum_by(at.astype(np.int32), values[rows]).astype(np.int64).tolist() for values in (self.n, self.events)
        )
        sums: dict[str, dict[str, Counts]] = {}
        for place, units, had in zip(places.tolist(), n, events, strict=True):
            stratum, name = divmod(place, len(text.names))
            sums.setdefault(strata.names[stratum], {})[text.names[name]] = Counts(units, had)
        return sums

    def cells(self, arm: str) -> dict[tuple[str, str], Counts]:
        """Sum one arm by stratum and day; a table without strata has one, without a name. Empty if they are many."""
        strata, day = self.keys.get("stratum", NameColumn(("",), np.zeros_like(self.arm.codes))), self.keys["day"]
        if len(strata.names) + len(day.names) > MAX_LEVELS:
            return {}
        rows = self._rows_of(arm)
        codes = strata.codes[rows] * len(day.names) + day.codes[rows]
        present = np.flatnonzero(np.bincount(codes))
        n, events = (sum_by(codes, values[rows])[present].astype(np.int64).tolist() for values in (self.n, self.events))
        places = (divmod(code, len(day.names)) for code in present.tolist())
        names = ((strata.names[stratum], day.names[moment]) for stratum, moment in places)
        return dict(zip(names, map(Counts, n, events), strict=True))

    def days(self) -> list[str]:
        """List the days in order."""
        column = self.keys["day"]
        return [column.names[code] for code in np.unique(column.codes).tolist()]

    def restrict_to_days(self, days: set[str]) -> "ArmTable":
        """The table of these days alone."""
        column = self.keys["day"]
        return self._select(np.isin(column.codes, _codes_of(column, days)))

    def without_arms(self, arms: Collection[str]) -> "ArmTable":
        """The table without these arms."""
        rest = tuple(arm for arm in self.arms if arm not in arms)
        table = self._select(~np.isin(self.arm.codes, _codes_of(self.arm, arms)))
        return replace(table, arms=rest)

    def _rows_of(self, arm: str) -> npt.NDArray[np.bool_]:
        rows: npt.NDArray[np.bool_] = self.arm.codes == self.arm.names.index(arm)
        return rows

    def _sums(self, arm: str, column: NameColumn) -> CountColumns:
        rows = self._rows_of(arm)
        n, events = (
            sum_by(column.codes[rows], values[rows], len(column.names)).astype(np.int64)
            for values in (self.n, self.events)
        )
        return CountColumns(column.names, n, events)

    def _select(self, rows: npt.NDArray[np.bool_]) -> "ArmTable":
        return replace(
            self,
            arm=NameColumn(self.arm.names, self.arm.codes[rows]),
            keys={name: NameColumn(column.names, column.codes[rows]) for name, column in self.keys.items()},
            n=self.n[rows],
            events=self.events[rows],
        )


def _codes_of(column: NameColumn, names: Collection[str]) -> list[int]:
    return [code for code, name in enumerate(column.names) if name in names]


def sum_by(codes: Codes, values: Numbers, size: int = 0) -> npt.NDArray[np.float64]:
    """The sum of the values of each code: exact, because a table adds up to less than 2^53."""
    size = size or int(codes.max()) + 1
    sums = np.zeros(size)
    step = max(size, 1 << 16)  # in pieces, since bincount takes copies
    for start in range(0, codes.size, step):
        piece = slice(start, start + step)
        sums += np.bincount(codes[piece], values[piece], size)
    return sums
