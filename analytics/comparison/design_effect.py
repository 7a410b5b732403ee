"""PURE  How much the counts of arms tell that came in periods, where everybody of a period shares its luck.

Where a page shows everybody the same message for a day, a bad day falls on one arm alone. So an arm's counts are worth
fewer people than were counted: n / (1 + m v o), with m the people that a person shares a period with on average (the
sum of squares of the periods over n), v the squared variation of rates between periods, as a share of the rate, and o
the odds of the outcome. That is Kish's design effect (1965, *Survey Sampling*) for rates whose standard deviation is
proportional to them.

v follows from all periods so far. As few periods show little of it, as much is taken for granted as four periods would
show that vary by half of their rate. It is rounded up, to tenths of the rate, so that what follows tells nothing of
single days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

from analytics.stats import Counts

ASSUMED_VARIATION, ASSUMED_PERIODS = 0.5, 4
_STEPS = 10  # the variation is rounded up to this part of a rate
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """How much rates vary between periods, as a share of the rate, and with how many people each arm's share theirs."""

    variation: float
    people_a_period: Mapping[str, float]

    def effective(self, arm: str, counts: Counts) -> Counts:
        """As many people as would tell as much, had each come alone."""
        if not 0 < counts.events < counts.n:
            return counts
        rate = counts.proportion
        people = max(floor(counts.n / (1 + self.people_a_period[arm] * self.variation**2 * rate / (1 - rate))), 1)
        return Counts(people, round(people * rate))


def design_effect(arms: Mapping[str, Sequence[Counts]]) -> DesignEffect:
    """Learn from the periods of each arm how much they vary.

    >>> alike = {"a": [Counts(100, 30)] * 9, "b": [Counts(100, 30)] * 9}
    >>> design_effect(alike).variation, design_effect({"a": [], "b": []}).variation
    (0.3, 0.5)
    """
    beyond = expected = 0.0
    more_periods = 0
    for periods in arms.values():
        seen = [each for each in periods if each.n]
        whole = sum(seen, Counts(0, 0))
        if len(seen) < 2 or not whole.events:
            continue
        rate, unbiased = whole.proportion, len(seen) / (len(seen) - 1)
        beyond += sum(unbiased * (each.events - each.n * rate) ** 2 - each.n * rate * (1 - rate) for each in seen)
        expected += sum((each.n * rate) ** 2 for each in seen)
        more_periods += len(seen) - 1
    found = max(beyond / expected, 0.0) if expected else 0.0
    squared = (ASSUMED_PERIODS * ASSUMED_VARIATION**2 + more_periods * found) / (ASSUMED_PERIODS + more_periods)
    return DesignEffect(
        variation=ceil(_STEPS * sqrt(squared) - _ROUNDING) / _STEPS,
        people_a_period={key: _people_a_period(periods) for key, periods in arms.items()},
    )


def _people_a_period(periods: Sequence[Counts]) -> float:
    people = sum(each.n for each in periods)
    return sum(each.n**2 for each in periods) / people if people else 0.0
