"""PURE  Simulate the harm stop where a page shows one arm a day and days differ: by people, and by what days are worth.

As in `switchback`, days resemble their neighbours and weekends differ; rates vary by a part of themselves.
"""

from dataclasses import dataclass

import numpy as np

from analytics.comparison.design_effect import design_effect
from analytics.comparison.harm import find_harmful_arms
from analytics.simulation_study.error_rates import RandomGenerator, SimulatedShare
from analytics.simulation_study.harm_stops import DaysToStop
from analytics.simulation_study.switchback import WEEKDAYS, day_chain
from analytics.stats import Counts
from campaign.assignment.periods import Periods, schedule

_LEAST_RATE = 0.02  # of the usual rate, on the best day


@dataclass(frozen=True, slots=True)
class HarmByDay:
    """A page that shows one of some arms a day, for weeks. Each arm but the control adds `harm` to its rate.

    Days vary by `spread` of the rate, of which the next day keeps the part `kept`, and weekends by `swing` of it.
    """

    arms: int
    weeks: int
    control: float
    harm: float
    margin: float
    per_day: int
    spread: float
    kept: float = 0.5
    swing: float = 0.3
    by_hours: bool = False  # every arm has its part of each day, counted by blocks of as many days as there are arms


def stops(case: HarmByDay, *, by_people: bool, count: int, seed: int) -> tuple[SimulatedShare, DaysToStop]:
    """The share of campaigns that ever stop an arm, in daily looks, and on which day."""
    source = np.random.default_rng(seed)
    days = sorted(_first_stop(source, case, by_people=by_people) or 7 * case.weeks + 1 for _ in range(count))
    stopped = sum(day <= 7 * case.weeks for day in days)
    half, most = (days[round(part * (count - 1))] for part in (0.5, 0.9))
    return SimulatedShare(stopped / count, count), DaysToStop(
        *(day if day <= 7 * case.weeks else None for day in (half, most))
    )


def _first_stop(source: RandomGenerator, case: HarmByDay, *, by_people: bool) -> int | None:
    planned = Periods(first=0, hours=24, washout=1, count=7 * case.weeks)
    order = schedule(planned, salt=str(source.integers(1 << 62)), placement="page", arms=case.arms)
    luck = 1 + case.spread * day_chain(source, planned.count, case.kept)
    luck = np.maximum(luck + case.swing * WEEKDAYS[np.arange(planned.count) % 7], _LEAST_RATE)
    people = source.poisson(case.per_day, size=planned.count)
    shown: dict[str, list[Counts]] = {str(arm): [] for arm in range(case.arms)}
    for day, shown_arm in enumerate(order):
        for arm in range(case.arms) if case.by_hours else (shown_arm,):
            rate = min(float(case.control * luck[day]) + (case.harm if arm else 0.0), 1.0)
            seen = int(people[day]) // (case.arms if case.by_hours else 1)
            counted = Counts(seen, int(source.binomial(seen, rate)))
            if case.by_hours and day % case.arms:
                counted += shown[str(arm)].pop()
            shown[str(arm)].append(counted)
        if all(shown.values()) and find_harmful_arms(
            {key: sum(each, Counts(0, 0)) for key, each in shown.items()},
            control="0",
            margin=case.margin,
            level=1 - 0.05 / (case.arms - 1),
            n_planned=2 * case.per_day * planned.count // case.arms,
            lower_is_better=True,
            luck=None if by_people else design_effect(shown),
        ):
            return day + 1
    return None
