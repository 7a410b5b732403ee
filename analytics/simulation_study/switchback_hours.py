"""PURE  Simulate a page that shows one arm for some hours: nights differ from days, hours resemble their neighbours."""

from dataclasses import dataclass
from statistics import fmean

import numpy as np
import numpy.typing as npt

from analytics.simulation_study.error_rates import RandomGenerator, SimulatedShare, is_covered
from analytics.simulation_study.switchback import RATE, WEEKDAYS, day_chain, three_estimates
from analytics.stats.values import Counts, NotEstimable
from campaign.assignment.periods import DAY_HOURS, WEEK_HOURS, Periods, schedule

_MINUTES = 60
# Eight hours of night bring a third of what the others bring.
_NIGHT = np.arange(DAY_HOURS) < 8
_TRAFFIC = np.where(_NIGHT, 0.4, 1.3)
_OVERNIGHT = np.where(_NIGHT, 1.0, -0.5)


@dataclass(frozen=True, slots=True)
class HourCampaign:
    """Two arms on one page for some weeks, `hours` each, of which the first `washout` minutes are not counted.

    Rates rise over night by `night` and at weekends by `swing`; they vary from day to day by `days` and from hour to
    hour by `spread` (standard deviations), of which the next one keeps the part `kept`. Traffic varies by a third with
    the hours. `gain` is what the second arm truly adds, and in the first hour of a period the part `carried` of it is
    that of the arm shown before.
    """

    hours: int
    weeks: int = 4
    per_day: int = 300
    washout: int = 10
    night: float = 0.0
    swing: float = 0.0
    days: float = 0.0
    spread: float = 0.0
    kept: float = 0.0
    gain: float = 0.0
    carried: float = 0.0


def draw_sets(source: RandomGenerator, campaign: HourCampaign) -> tuple[list[Counts], list[Counts]]:
    """Draw the sets of the treated and of the control arm: blocks of two days, or days of one weekday in two weeks."""
    total = WEEK_HOURS * campaign.weeks
    periods = Periods(0, campaign.hours, campaign.washout, total // campaign.hours)
    order = np.array(schedule(periods, salt=str(source.integers(1 << 62)), placement="page", arms=2))
    hour = np.arange(total)
    day, of_day = hour // DAY_HOURS, hour % DAY_HOURS
    period = hour // campaign.hours
    arm, is_first = order[period], hour % campaign.hours == 0
    before = np.where(is_first & (period > 0), order[np.maximum(period - 1, 0)], arm)
    hourly = day_chain(source, total, campaign.kept)
    rate = RATE + campaign.night * _OVERNIGHT[of_day] + campaign.swing * WEEKDAYS[day % 7]
    rate += campaign.days * day_chain(source, total // DAY_HOURS, campaign.kept)[day] + campaign.spread * hourly
    rate += campaign.gain * ((1 - campaign.carried) * arm + campaign.carried * before)
    counted = np.where(is_first, 1 - campaign.washout / _MINUTES, 1.0)
    expected = campaign.per_day / DAY_HOURS * _TRAFFIC[of_day] * counted
    people = source.poisson(expected * np.exp(0.3 * day_chain(source, total, campaign.kept)))
    events = source.binomial(people, np.clip(rate, 0.0, 1.0))
    sets = {each: number for number, each in enumerate(sorted({periods.set_of(n, 2) for n in range(periods.count)}))}
    place = np.array([sets[periods.set_of(n, 2)] for n in range(periods.count)])[period]
    control, treated = (
        _sums(place[arm == side], people[arm == side], events[arm == side], len(sets)) for side in (0, 1)
    )
    return treated, control


def _sums(
    place: npt.NDArray[np.int64], n: npt.NDArray[np.int64], events: npt.NDArray[np.int64], sets: int
) -> list[Counts]:
    seen, done = (np.bincount(place, weights=each, minlength=sets) for each in (n, events))
    return [Counts(int(a), int(b)) for a, b in zip(seen, done, strict=True)]


def call_rates(campaign: HourCampaign, *, count: int, seed: int) -> tuple[SimulatedShare, ...]:
    """The shares of trials that call a difference: by people, by clusters of one arm in a set, and by permutation."""
    source = np.random.default_rng(seed)
    called = [0, 0, 0]
    for _ in range(count):
        for place, estimate in enumerate(three_estimates(*draw_sets(source, campaign))):
            called[place] += not is_covered(estimate, 0.0)
    return tuple(SimulatedShare(number / count, count) for number in called)


def mean_effect(campaign: HourCampaign, *, count: int, seed: int) -> float:
    """The mean of the estimated difference over trials."""
    source = np.random.default_rng(seed)
    found = [three_estimates(*draw_sets(source, campaign))[2] for _ in range(count)]
    return fmean(each.effect for each in found if not isinstance(each, NotEstimable))
