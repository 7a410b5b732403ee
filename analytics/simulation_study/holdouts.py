"""PURE  Simulate messages in use: how often they are said to work, or to work less than at first, over many months."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from analytics.comparison.months import LookCounts, MonthEffect, monthly_effects
from analytics.simulation_study.error_rates import SimulatedShare
from analytics.stats import Counts

_BEGUN = date(2026, 1, 1)
_CONTROL_RATE = 0.3


@dataclass(frozen=True, slots=True)
class UseCalls:
    """In what share of uses any month was said to do better, to do worse, or less than the first."""

    works: SimulatedShare
    worse: SimulatedShare
    fades: SimulatedShare


def use_calls(
    *, a_month: int, holdout: float, effect: Callable[[int], float], months: int, count: int, seed: int
) -> UseCalls:
    """Simulate uses with one look at the end of each month. `effect` gives a month's difference, from month 0 on."""
    source = np.random.default_rng(seed)
    kept = round(a_month * holdout)
    rates = [_CONTROL_RATE + effect(month) for month in range(months)]
    treated = source.binomial(a_month - kept, rates, (count, months)).cumsum(axis=1)
    control = source.binomial(kept, _CONTROL_RATE, (count, months)).cumsum(axis=1)
    days = [_BEGUN + timedelta(days=30.5 * (month + 1) - 2) for month in range(months)]

    def judge(use: int) -> list[MonthEffect]:
        looks = [
            LookCounts(
                day,
                Counts((a_month - kept) * (month + 1), int(treated[use, month])),
                Counts(kept * (month + 1), int(control[use, month])),
            )
            for month, day in enumerate(days)
        ]
        return monthly_effects(
            looks,
            first_day=_BEGUN,
            level=0.95,
            people_planned=a_month,
            higher_is_better=True,
            views_per_network=lambda first, last: 0,  # nobody is hostile here
        )

    judged = [judge(use) for use in range(count)]

    def share(holds: Callable[[MonthEffect], bool]) -> SimulatedShare:
        return SimulatedShare(sum(any(map(holds, use)) for use in judged) / count, count)

    return UseCalls(
        works=share(lambda month: month.low is not None and month.low > 0),
        worse=share(lambda month: month.high is not None and month.high < 0),
        fades=share(lambda month: bool(month.fades)),
    )
