"""A clock that runs fast, the same in all processes of one run: hours close within seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from campaign.assignment.receipts import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class FastClock:
    """`speed` seconds pass in each; it showed `base` when the machine's monotonic clock showed `start`."""

    base: float
    start: float
    speed: float

    @classmethod
    def starting_now(cls, *, speed: float) -> FastClock:
        return cls(base=time.time(), start=time.monotonic(), speed=speed)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> FastClock:
        """The clock of this run, as the environment tells it."""
        base, start, speed = (float(word) for word in environment["CRASH_CLOCK"].split())
        return cls(base, start, speed)

    def variables(self) -> dict[str, str]:
        """What the environment of a process must hold."""
        return {"CRASH_CLOCK": f"{self.base!r} {self.start!r} {self.speed!r}"}

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.base + (time.monotonic() - self.start) * self.speed

    def now(self) -> datetime:
        """The same as a date and time."""
        return datetime.fromtimestamp(self(), UTC)

    @property
    def hour(self) -> int:
        """Whole hours since 1970."""
        return int(self()) // SECONDS_PER_HOUR

    def seconds_until(self, hour: int) -> float:
        """How long to wait, by an ordinary clock, until `hour` begins; negative once it has."""
        return (hour * SECONDS_PER_HOUR - self()) / self.speed
