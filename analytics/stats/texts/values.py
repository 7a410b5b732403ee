"""The mean outcome of each text with its sampling variance: what every estimator of texts starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite

from analytics.stats.values import Counts, Levels, NotEstimable, whole_number

UNSEEN = NotEstimable("A text has not been seen by anyone.")
NO_SHARED_STRATUM = NotEstimable("No stratum has people who saw each text.")
ALONE = NotEstimable("Each text was seen by one person, so the variation between people is unknown.")


@dataclass(frozen=True, slots=True)
class Ratings:
    """Scores that people gave one text: how many, their sum, and the sum of their squares. They add with `+`."""

    n: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        # Frozen dataclass: a converted field needs object.__setattr__.
        object.__setattr__(self, "n", whole_number(self.n, "n"))
        if not (isfinite(self.total) and isfinite(self.squares)):
            raise ValueError("sums of scores are finite numbers")
        if self.squares * self.n < self.total**2 * (1.0 - 1e-9) or (self.n == 0 and self.squares != 0.0):
            raise ValueError(f"{self.n} scores cannot have the sum {self.total} and the sum of squares {self.squares}")

    @classmethod
    def of(cls, levels: Levels) -> Ratings:
        """Return the sums of an ordered outcome whose levels count 1, 2, 3 and so on.

        >>> Ratings.of(Levels([1, 0, 2]))
        Ratings(n=3, total=7, squares=19)
        """
        scored = list(enumerate(levels.counts, start=1))
        return cls(levels.n, sum(s * count for s, count in scored), sum(s * s * count for s, count in scored))

    def __add__(self, other: Ratings) -> Ratings:
        if not isinstance(other, Ratings):
            return NotImplemented
        return Ratings(self.n + other.n, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class Measured:
    """What people showed of one text (its mean outcome) or of one set (a difference), and its sampling variance."""

    value: float
    variance: float = 0.0


Outcome = Counts | Ratings
TextMeans = tuple[tuple[Measured, ...], ...]


def text_means(arms: Sequence[Sequence[Outcome]]) -> TextMeans | NotEstimable:
    """Return the mean outcome of each text of each arm: a rate, or a mean score.

    The sampling variance is s^2/n, with s^2 the variance between people within the texts of an arm, pooled over them: a
    text that nobody acted on is not taken for one whose rate is known.

    >>> text_means([[Counts(100, 40), Counts(100, 30)], [Counts(50, 10), Counts(50, 20)]])[0][1].value
    0.3
    """
    return text_means_in_strata([arms])


def text_means_in_strata(strata: Sequence[Sequence[Sequence[Outcome]]]) -> TextMeans | NotEstimable:
    """Return the mean outcome of each text, standardised to one mix of strata. Ordered by stratum, arm and text.

    Each stratum weighs as many people as it has in all texts together. One in which a text has nobody is left out.
    """
    if any(outcome.n == 0 for outcome in _sum_over(strata)):
        return UNSEEN
    shared = [stratum for stratum in strata if all(outcome.n for arm in stratum for outcome in arm)]
    if not shared:
        return NO_SHARED_STRATUM
    sizes = [sum(outcome.n for arm in stratum for outcome in arm) for stratum in shared]
    weights = [size / sum(sizes) for size in sizes]
    means = []
    for arm in range(len(shared[0])):
        spreads = [_spread_between_people(stratum[arm]) for stratum in shared]
        if None in spreads:
            return ALONE
        means.append(
            tuple(
                Measured(
                    fsum(w * _mean(s[arm][text]) for w, s in zip(weights, shared, strict=True)),
                    fsum(
                        w**2 * (spread or 0.0) / s[arm][text].n
                        for w, s, spread in zip(weights, shared, spreads, strict=True)
                    ),
                )
                for text in range(len(shared[0][arm]))
            )
        )
    return tuple(means)


def within_sets(arms: Sequence[Sequence[Measured]], weights: Sequence[float]) -> list[Measured]:
    """Return a weighted sum over the arms in each matched set, whose texts stand at one place in each arm.

    >>> within_sets([[Measured(0.5, 0.01)], [Measured(0.4, 0.02)]], (1.0, -1.0))[0].variance
    0.03
    """
    if len(arms) != len(weights):
        raise ValueError(f"{len(arms)} arms need as many weights, not {len(weights)}")
    return [
        Measured(
            fsum(w * text.value for w, text in zip(weights, texts, strict=True)),
            fsum(w**2 * text.variance for w, text in zip(weights, texts, strict=True)),
        )
        for texts in zip(*arms, strict=True)
    ]


def _sum_over(strata: Sequence[Sequence[Sequence[Outcome]]]) -> list[Outcome]:
    """Add up the people of each text over the strata, all arms in one list."""
    shapes = {tuple(len(arm) for arm in stratum) for stratum in strata}
    if len(shapes) != 1:
        raise ValueError("every stratum lists the same texts of the same arms")
    flat = [[outcome for arm in stratum for outcome in arm] for stratum in strata]
    totals = flat[0]
    for stratum in flat[1:]:
        totals = [a + b for a, b in zip(totals, stratum, strict=True)]  # type: ignore[operator]  # of one kind
    return totals


def _mean(outcome: Outcome) -> float:
    return outcome.proportion if isinstance(outcome, Counts) else outcome.total / outcome.n


def _squared_distances(outcome: Outcome) -> float:
    """The sum of squared distances from the mean."""
    if isinstance(outcome, Counts):
        return outcome.events * (outcome.n - outcome.events) / outcome.n
    return max(outcome.squares - outcome.total**2 / outcome.n, 0.0)


def _spread_between_people(texts: Sequence[Outcome]) -> float | None:
    """The variance between people within texts, pooled; None where each text has one person."""
    df = sum(outcome.n - 1 for outcome in texts)
    return fsum(_squared_distances(outcome) for outcome in texts) / df if df else None
