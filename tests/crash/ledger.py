"""PURE  What the server promised, kept by who was promised it; compared at the end with what the server counted.

Of each view and outcome the server says yes, or no, or the connection dies before it says anything. What was never
answered may be counted or not: then the count has a least and a most. If everything was answered both are the same,
and a single event too few or too many is seen.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from campaign.assignment.receipts import ReceiptSigner
from campaign.outcomes import OUTCOMES, RECORDED_OUTCOMES, tally_increments

Cell = tuple[int, int, int, str, str, int]  # day since 1970, arm, placement, locale, outcome, value


class ReportedOutcome(NamedTuple):
    """One thing to tell of a view."""

    outcome: str
    value: int | None = None


@dataclass(slots=True)
class TrackedView:
    """One shown message, and what was said of it."""

    receipt: str
    day: int
    arm: int
    placement: int
    locale: str
    closes: int
    accepted: list[ReportedOutcome] = field(default_factory=list)
    unanswered: list[ReportedOutcome] = field(default_factory=list)
    open: int = 0  # things that are still to be told, or told again

    @classmethod
    def of(cls, receipt: str, signer: ReceiptSigner) -> TrackedView:
        """What the holder of the key can read in a receipt."""
        content = signer.verify(receipt, hour=0)
        return cls(receipt, content.hour // 24, content.arm, content.placement, content.locale, content.closes)

    def cells(self, told: Iterable[ReportedOutcome]) -> Counter[Cell]:
        """What the view adds to the tallies if exactly this was recorded."""
        bits, rating, dwell = 0, None, None
        for outcome, value in told:
            bit = OUTCOMES[outcome].bit
            bits |= 0 if bit is None else 1 << bit
            rating = value if outcome == "rating" else rating
            dwell = value if outcome == "dwell" else dwell
        where = (self.day, self.arm, self.placement, self.locale)
        return Counter((*where, *counted) for counted in tally_increments(bits=bits, rating=rating, dwell=dwell))


@dataclass(frozen=True, slots=True)
class LedgerComparison:
    """What is missing and what is there too often, in what the audience reported and in what follows from it."""

    lost: int
    double: int
    derived_off: int

    @property
    def clean(self) -> bool:
        return (self.lost, self.double, self.derived_off) == (0, 0, 0)


class Ledger:
    """All views of one run. Threads share it; each view belongs to one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.least: Counter[Cell] = Counter()
        self.most: Counter[Cell] = Counter()
        self.acknowledged = self.refused = self.unknown = self.again = 0

    def record_accepted(self, view: TrackedView, told: ReportedOutcome) -> None:
        """The server said yes."""
        view.accepted.append(told)
        if told in view.unanswered:
            view.unanswered.remove(told)
        with self._lock:
            self.acknowledged += 1
        self._one_less(view)

    def record_refused(self, view: TrackedView, told: ReportedOutcome) -> None:
        """The server said no, for good: nothing of it may count, unless an earlier try was never answered."""
        with self._lock:
            if told in view.unanswered:
                self.unknown += 1
            else:
                self.refused += 1
        self._one_less(view)

    def record_unanswered(self, view: TrackedView, told: ReportedOutcome) -> None:
        """It may be on the server's disk or not; it has to be told again."""
        if told not in view.unanswered:
            view.unanswered.append(told)
            with self._lock:
                self.again += 1

    def _one_less(self, view: TrackedView) -> None:
        view.open -= 1
        if view.open == 0:
            least, most = bounds(view)
            with self._lock:
                self.least.update(least)
                self.most.update(most)

    def compare(self, counted: Mapping[Cell, int]) -> LedgerComparison:
        """The server's tallies beside what it promised."""
        lost = double = derived = 0
        for cell in {*counted, *self.most}:
            found = counted.get(cell, 0)
            too_few, too_many = max(self.least[cell] - found, 0), max(found - self.most[cell], 0)
            if cell[4] in RECORDED_OUTCOMES:
                lost, double = lost + too_few, double + too_many
            else:
                derived += too_few + too_many
        return LedgerComparison(lost, double, derived)


def bounds(view: TrackedView) -> tuple[Counter[Cell], Counter[Cell]]:
    """The least and the most that one view may add, over all that may have become of what is in doubt."""
    worlds = []
    for size in range(len(view.unanswered) + 1):
        for more in combinations(view.unanswered, size):
            told = [*view.accepted, *more]
            worlds.append(view.cells(told) if told else Counter())
    cells = {cell for world in worlds for cell in world}
    least = Counter({cell: min(world[cell] for world in worlds) for cell in cells})
    most = Counter({cell: max(world[cell] for world in worlds) for cell in cells})
    return +least, +most
