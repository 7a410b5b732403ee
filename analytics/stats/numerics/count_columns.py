"""Counts of many names, held as columns of numbers.

Hundreds of thousands of strata take a few megabytes and no time, where as many objects would take seconds.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from analytics.stats.values import Counts


class CountColumns(Mapping[str, Counts]):
    """Counts by name, in the order of `names`; of 0 units for a name that others have and these lack."""

    def __init__(self, names: Sequence[str], n: npt.NDArray[np.int64], events: npt.NDArray[np.int64]) -> None:
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
