"""PURE  Simulate the harm stop: how often it stops messages that do what is allowed, and how soon those that harm.

Every simulation is seeded, and judges by the rule of the worker (analytics.comparison.harm). A campaign has four arms,
of which three are compared with the control and share the error.
"""

from dataclasses import dataclass
from math import log
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, xlogy

from analytics.comparison.harm import find_harmful_arms
from analytics.simulation_study.error_rates import DAYS, SimulatedShare
from analytics.stats import Counts

_ARMS_COMPARED = 3
LEVEL = 1 - 0.05 / _ARMS_COMPARED
_CAMPAIGNS_AT_ONCE = 250
_LEAST_Z = 3.0  # below this the sequence for large samples is never crossed: at its narrowest it asks for 3.3
_TINY = 1e-12
Events = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DaysToStop:
    """The day on which half of the campaigns, and nine in ten, have stopped a harmful arm; None beyond the last day."""

    half: int | None
    nine_tenths: int | None


def false_stop_rate(*, control: float, margin: float, per_hour: int, count: int, seed: int) -> SimulatedShare:
    """The share of campaigns that ever stop an arm, of three whose harm is exactly the margin, in hourly looks.

    `per_hour` people see each arm. Nothing is taken off for hostile networks or small cells, which makes stops rarer.
    """
    source = np.random.default_rng(seed)
    looks = 24 * DAYS
    n = per_hour * np.arange(1, looks + 1)
    stopped = 0
    for start in range(0, count, _CAMPAIGNS_AT_ONCE):
        size = min(_CAMPAIGNS_AT_ONCE, count - start)
        events = np.cumsum(source.binomial(per_hour, control, size=(size, looks)), axis=1)
        is_stopped = np.zeros(size, dtype=bool)
        for _ in range(_ARMS_COMPARED):
            harmed = np.cumsum(source.binomial(per_hour, control + margin, size=(size, looks)), axis=1)
            for campaign, look in zip(*np.nonzero(may_cross(harmed, n, events, n, margin, level=LEVEL)), strict=True):
                if not is_stopped[campaign]:
                    worse = Counts(int(n[look]), int(harmed[campaign, look]))
                    better = Counts(int(n[look]), int(events[campaign, look]))
                    is_stopped[campaign] = _is_stopped(worse, better, margin=margin, n_planned=2 * int(n[-1]))
        stopped += int(is_stopped.sum())
    return SimulatedShare(stopped / count, count)


def days_to_stop(
    *,
    control: float,
    treated: float,
    margin: float,
    per_day: int,
    views_a_day: int,
    smallest_cell: int,
    count: int,
    seed: int,
) -> DaysToStop:
    """On which day a harmful arm is stopped, in daily looks, if one network may count for `views_a_day` a day."""
    source = np.random.default_rng(seed)
    days = source.binomial(per_day, [treated, control], size=(count, DAYS, 2)).cumsum(axis=1)

    def stopped_on(campaign: Events) -> int:
        for day, (harmed, events) in enumerate(campaign, 1):
            worse, better = Counts(per_day * day, int(harmed)), Counts(per_day * day, int(events))
            if _is_stopped(
                worse,
                better,
                margin=margin,
                n_planned=2 * per_day * DAYS,
                views=views_a_day * day,
                smallest_cell=smallest_cell,
            ):
                return day
        return DAYS + 1

    stops = sorted(stopped_on(campaign) for campaign in days)
    half, most = int(median(stops)), stops[round(0.9 * (count - 1))]
    return DaysToStop(*(day if day <= DAYS else None for day in (half, most)))


def _is_stopped(
    worse: Counts, better: Counts, *, margin: float, n_planned: int, views: int = 0, smallest_cell: int = 0
) -> bool:
    return bool(
        find_harmful_arms(
            {"control": better, "treated": worse},
            control="control",
            margin=margin,
            level=LEVEL,
            n_planned=n_planned,
            lower_is_better=True,
            views_per_network=views,
            smallest_cell=smallest_cell,
        )
    )


def may_cross(
    harmed: Events, n_harmed: Events, events: Events, n: Events, margin: float, *, level: float
) -> npt.NDArray[np.bool_]:
    """Where either sequence may be crossed; elsewhere it surely is not, which spares nearly all of the work.

    The exact one compares with the likeliest rates that differ by the margin. Any other such rates are less likely, so
    where they are too likely for a stop, the likeliest are.
    """
    low = np.clip((harmed + events - margin * n_harmed) / (n_harmed + n), _TINY, 1.0 - margin - _TINY)
    ratio = np.zeros(harmed.shape)
    for count, people, rate in ((harmed, n_harmed, low + margin), (events, n, low)):
        ratio += xlogy(count, count / (people * rate)) + xlogy(people - count, (people - count) / (people * (1 - rate)))
    needed = log(2 / (1 - level)) + _learning_cost(harmed, n_harmed) + _learning_cost(events, n)
    variance = harmed * (n_harmed - harmed) / n_harmed**3 + events * (n - events) / n**3
    excess = harmed / n_harmed - events / n - margin
    return np.asarray((excess > 0) & ((ratio >= needed) | (excess > _LEAST_Z * np.sqrt(variance))))


def _learning_cost(events: Events, n: Events) -> npt.NDArray[np.float64]:
    likeliest = xlogy(events, events / n) + xlogy(n - events, (n - events) / n)
    return np.asarray(likeliest - betaln(events + 0.5, n - events + 0.5) + betaln(0.5, 0.5), dtype=np.float64)
