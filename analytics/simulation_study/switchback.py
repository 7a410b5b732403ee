"""PURE  Simulate a page that shows one arm a day: days resemble their neighbours, and weekdays differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analytics.simulation_study.error_rates import RandomGenerator, SimulatedShare, is_covered
from analytics.stats import clusters, proportions, switchback
from analytics.stats.values import Counts, Estimate, NotEstimable
from campaign.assignment.periods import Periods, schedule

RATE, PER_DAY = 0.4, 300
# What Saturday and Sunday add to the rate, as a multiple of the swing, and their traffic beside a working day's.
WEEKDAYS = np.array([-0.4, -0.4, -0.4, -0.4, -0.4, 1.0, 1.0])
_TRAFFIC = np.array([1.2, 1.2, 1.2, 1.2, 1.0, 0.6, 0.6])


@dataclass(frozen=True, slots=True)
class PeriodCampaign:
    """Two arms on one page for some weeks, a day each.

    Rates swing over the week by `swing` and vary from day to day by `spread` (a standard deviation), of which the next
    day keeps the part `kept`; so does traffic, by a third. `gain` is what the second arm truly adds.
    """

    weeks: int
    swing: float = 0.0
    spread: float = 0.0
    kept: float = 0.0
    gain: float = 0.0


def draw_sets(source: RandomGenerator, campaign: PeriodCampaign) -> tuple[list[Counts], list[Counts]]:
    """Draw the days of the treated and of the control arm, those of one weekday in two weeks beside each other."""
    days = Periods(first=0, hours=24, washout=1, count=7 * campaign.weeks)
    salt = str(source.integers(1 << 62))
    order = schedule(days, salt=salt, placement="page", arms=2)
    weekdays = np.arange(days.count) % 7
    rates = RATE + campaign.swing * WEEKDAYS[weekdays] + campaign.spread * day_chain(source, days.count, campaign.kept)
    people = source.poisson(PER_DAY * _TRAFFIC[weekdays] * np.exp(0.3 * day_chain(source, days.count, campaign.kept)))
    sides: list[dict[tuple[int, int], Counts]] = [{}, {}]
    for day, arm in enumerate(order):
        rate = float(np.clip(rates[day] + arm * campaign.gain, 0.0, 1.0))
        n = int(people[day])
        sides[arm][days.set_of(day, 2)] = Counts(n, int(source.binomial(n, rate)))
    control, treated = ([side[each] for each in sorted(side)] for side in sides)
    return treated, control


def day_chain(source: RandomGenerator, days: int, kept: float) -> npt.NDArray[np.float64]:
    """A chain of standard normal numbers, each of which keeps a part of the one before."""
    fresh = source.normal(size=days)
    chain = [fresh[0]]
    for number in fresh[1:]:
        chain.append(kept * chain[-1] + (1 - kept**2) ** 0.5 * number)
    return np.array(chain)


def call_rates(campaign: PeriodCampaign, *, count: int, seed: int) -> tuple[SimulatedShare, ...]:
    """The shares of trials that call a difference: by people, by clusters of one day, and by the permutation test."""
    source = np.random.default_rng(seed)
    called = [0, 0, 0]
    for _ in range(count):
        for place, estimate in enumerate(three_estimates(*draw_sets(source, campaign))):
            called[place] += not is_covered(estimate, 0.0)
    return tuple(SimulatedShare(number / count, count) for number in called)


def three_estimates(treated: Sequence[Counts], control: Sequence[Counts]) -> tuple[Estimate | NotEstimable, ...]:
    """The difference by people, by clusters of one arm in one set, and by the permutation test over the sets."""
    return (
        proportions.difference(treated=_total(treated), control=_total(control)),
        clusters.difference(treated=treated, control=control),
        switchback.difference(treated=treated, control=control),
    )


def covers_gain(source: RandomGenerator, campaign: PeriodCampaign) -> bool:
    """Whether the interval of the permutation test holds the true gain in one trial."""
    treated, control = draw_sets(source, campaign)
    return is_covered(switchback.difference(treated=treated, control=control), campaign.gain)


def _total(arm: Sequence[Counts]) -> Counts:
    return sum(arm, Counts(0, 0))
