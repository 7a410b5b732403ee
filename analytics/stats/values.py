"""Values that go into and come out of every estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from operator import index


@dataclass(frozen=True, slots=True)
class Counts:
    """A yes/no outcome in one arm: `events` of `n` units. Counts of separate units add with `+`."""

    n: int
    events: int

    def __post_init__(self) -> None:
        # A table of 250,000 strata makes half a million of these, which takes three times as long without this line.
        if type(self.n) is int and type(self.events) is int and 0 <= self.events <= self.n:
            return
        for name in ("n", "events"):
            # Frozen dataclass: a converted field needs object.__setattr__.
            object.__setattr__(self, name, whole_number(getattr(self, name), name))
        if self.events > self.n:
            raise ValueError(f"events ({self.events}) cannot exceed n ({self.n})")

    def __add__(self, other: Counts) -> Counts:
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.n + other.n, self.events + other.events)

    @property
    def proportion(self) -> float:
        """events / n; raises ZeroDivisionError for an empty arm, so check `n` first."""
        return self.events / self.n


@dataclass(frozen=True, slots=True)
class Levels:
    """An ordered outcome in one arm: the number of units at each level, from the lowest to the highest."""

    counts: tuple[int, ...]

    def __init__(self, counts: Sequence[int]) -> None:
        values = tuple(whole_number(value, "a count") for value in counts)
        if len(values) < 2:
            raise ValueError("an ordered outcome has at least two levels")
        object.__setattr__(self, "counts", values)

    def __add__(self, other: Levels) -> Levels:
        if not isinstance(other, Levels):
            return NotImplemented
        if len(self.counts) != len(other.counts):
            raise ValueError(f"cannot add {len(self.counts)} levels to {len(other.counts)}")
        return Levels([a + b for a, b in zip(self.counts, other.counts, strict=True)])

    @property
    def n(self) -> int:
        """How many units answered."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, covering the truth in `level` of repetitions. An open side is plus or minus infinity."""

    low: float
    high: float
    level: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"an interval runs from low to high, not from {self.low} to {self.high}")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.level)

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number with its uncertainty: effect and interval first, the p-value of the same method after them.

    `p_value` is None where the method defines no test (a rate, a Bayesian interval).
    `statistic` and `df` are the test statistic and its degrees of freedom where the method has them.
    `standard_error` is that of the effect (of its logarithm, for a ratio) where the method has one.
    """

    effect: float
    interval: Interval
    p_value: float | None
    method: str
    statistic: float | None = None
    df: float | None = None
    standard_error: float | None = None

    def __post_init__(self) -> None:
        if not isfinite(self.effect):
            raise ValueError("an effect is a finite number; use NotEstimable(reason)")


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why the data cannot answer a question, in one short sentence that is shown to users."""

    reason: str


@dataclass(frozen=True, slots=True)
class OpenEstimate(NotEstimable):
    """No finite effect, and yet an interval and its p-value: a ratio to a rate of zero lies above `interval.low`."""

    interval: Interval
    p_value: float
    method: str


def whole_number(value: object, name: str) -> int:
    """Return a count as an int, also one of numpy, without importing numpy. A truth value or a fraction is no count."""
    try:
        number = None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]  # what it is to find out
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if number < 0:
        raise ValueError(f"{name} must not be negative, not {number}")
    return number


def empty_arm(treated: Counts, control: Counts) -> NotEstimable | None:
    """The reason why two arms cannot be compared if one of them has no units."""
    if treated.n and control.n:
        return None
    return NotEstimable(f"The {'control' if treated.n else 'treated'} arm is empty.")


def check_level(level: float) -> float:
    """Return a confidence level, or raise ValueError unless it lies strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie strictly between 0 and 1, not {level!r}")
    return float(level)
