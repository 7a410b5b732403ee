"""Randomised trials that others published: context beside our results, read from a file and never pooled."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("published_trials.toml")


@dataclass(frozen=True, slots=True)
class PublishedArm:
    """One arm. `events` are reconstructed; None where the publication does not let us."""

    name: str
    n: int | None = None
    events: int | None = None
    percent: int | None = None
    odds_ratio: float | None = None

    @property
    def of_hundred(self) -> int | None:
        """People of 100, as published or from reconstructed counts."""
        if self.percent is not None:
            return self.percent
        return None if self.n is None or self.events is None else round(100 * self.events / self.n)


@dataclass(frozen=True, slots=True)
class PublishedTrial:
    """One trial with its source. `counted` says what its numbers count."""

    key: str
    about: str
    authors: str
    year: int
    source: str
    link: str
    counted: str
    note: str
    arms: tuple[PublishedArm, ...]

    @property
    def is_reconstructed(self) -> bool:
        return any(arm.events is not None for arm in self.arms)


@cache
def published_trials() -> tuple[PublishedTrial, ...]:
    """Return the trials of the file, in its order."""
    trials = tomllib.loads(_FILE.read_text("utf-8"))["trial"]
    return tuple(
        PublishedTrial(**{**each, "arms": tuple(PublishedArm(**arm) for arm in each["arms"])}) for each in trials
    )
