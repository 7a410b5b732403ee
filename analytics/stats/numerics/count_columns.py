"""Counts of many names, held as columns of numbers.

Hundreds of thousands of strata take a few megabytes and no time, where as many objects would take seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from analytics.stats.values import Counts

Column = npt.NDArray[np.int64]


class CountList(Sequence[Counts]):
    """Counts without names, held as columns."""

    def __init__(self, n: Column, events: Column) -> None:
        self.n, self.events = n, events

    @overload
    def __getitem__(self, place: int) -> Counts: ...
    @overload
    def __getitem__(self, place: slice) -> "CountList": ...
    def __getitem__(self, place: int | slice) -> "Counts | CountList":
        if isinstance(place, slice):
            return CountList(self.n[place], self.events[place])
        return Counts(int(self.n[place]), int(self.events[place]))

    def __len__(self) -> int:
        return int(self.n.size)


def as_count_list(counts: Sequence[Counts]) -> CountList:
    """The same counts, held as columns."""
    if isinstance(counts, CountList):
        return counts
    pairs = np.array([(each.n, each.events) for each in counts], dtype=np.int64).reshape(-1, 2)
    return CountList(pairs[:, 0], pairs[:, 1])


class CountColumns(Mapping[str, Counts]):
    """Counts by name, in the order of `names`; of 0 units for a name that others have and these lack."""

    def __init__(self, names: Sequence[str], n: Column, events: Column) -> None:
        self.names, self.n, self.events = names, n, events
        self._places: dict[str, int] = {}

    def __getitem__(self, name: str) -> Counts:
        if not self._places:
            self._places = {each: place for place, each in enumerate(self.names)}
        place = self._places[name]
        return Counts(int(self.n[place]), int(self.events[place]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def select(self, wanted: npt.NDArray[np.bool_]) -> "CountColumns":
        """Those of the names that are wanted, one truth value each."""
        names = tuple(name for name, is_wanted in zip(self.names, wanted.tolist(), strict=True) if is_wanted)
        return CountColumns(names, self.n[wanted], self.events[wanted])

    def without_names(self) -> CountList:
        """The counts in the order of the names."""
        return CountList(self.n, self.events)
