"""PURE  Simulate arms that come in clusters: whole ones, and cells of a placement and a day that saw every arm."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.simulation_study.error_rates import (
    RandomGenerator,
    SimulatedShare,
    draw_counts,
    is_covered,
    simulate_share,
)
from analytics.stats import clusters
from analytics.stats.clusters import Variance
from analytics.stats.values import Counts

Rates = npt.NDArray[np.float64]

# Units an arm in each cell: equal cells; and three placements of very different traffic, for three days.
EQUAL, UNEQUAL = (136,) * 28, (200, 40, 10) * 3


def draw_rates(source: RandomGenerator, rate: float, spread: float, count: int) -> Rates:
    """Draw rates that differ between cells: a beta distribution with this mean, wider with the spread."""
    return source.beta(rate / spread, (1 - rate) / spread, size=count)


def draw_cells(source: RandomGenerator, sizes: Sequence[int], rates: Rates, gain: float) -> list[list[Counts]]:
    """Draw a treated and a control arm of equal size in each cell."""
    return [
        [draw_counts(source, n, float(min(p + more, 1.0))) for n, p in zip(sizes, rates, strict=True)]
        for more in (gain, 0.0)
    ]


def covers_difference(source: RandomGenerator, variance: Variance, sizes: Sequence[int]) -> bool:
    """Whether the interval of crossed cells covers no difference in one trial."""
    treated, control = draw_cells(source, sizes, draw_rates(source, 0.3, 0.05, len(sizes)), 0.0)
    found = clusters.difference(treated=treated, control=control, crossed=True, variance=variance)
    return is_covered(found, 0.0)


def covers_ratio(source: RandomGenerator, crossed: bool, sizes: Sequence[int]) -> bool:
    """Whether the interval covers a ratio of 1 in one trial, of crossed cells or of whole clusters."""
    rates = [draw_rates(source, 0.3, 0.05, len(sizes)) for _ in range(2)]
    treated, control = (
        [draw_counts(source, n, float(p)) for n, p in zip(sizes, rates[0 if crossed else side], strict=True)]
        for side in range(2)
    )
    return is_covered(clusters.ratio(treated=treated, control=control, crossed=crossed), 1.0)


def covers_interaction(source: RandomGenerator, sizes: Sequence[int]) -> bool:
    """Whether the interval covers no interaction of four arms in one trial of crossed cells."""
    rates = draw_rates(source, 0.3, 0.05, len(sizes))
    arms = [[draw_counts(source, n, float(p)) for n, p in zip(sizes, rates, strict=True)] for _ in range(4)]
    return is_covered(clusters.contrast(arms, (1, -1, -1, 1)), 0.0)


def covers_rate(source: RandomGenerator, sizes: Sequence[int], rate: float) -> bool:
    """Whether the interval covers the rate of one arm that comes in clusters in one trial."""
    rates = draw_rates(source, rate, 0.05, len(sizes))
    return is_covered(
        clusters.rate([draw_counts(source, n, float(p)) for n, p in zip(sizes, rates, strict=True)]), rate
    )


def power_by_design(
    sizes: Sequence[int], rates: Sequence[float] | None, *, gain: float, count: int, seed: int
) -> tuple[SimulatedShare, SimulatedShare]:
    """Power over cells that saw both arms, taken for what they are and for clusters of one arm each.

    The rates of the cells are those given, or drawn anew about 50%.
    """
    source, called = np.random.default_rng(seed), [0, 0]
    for _ in range(count):
        drawn = draw_rates(source, 0.5, 0.05, len(sizes)) if rates is None else np.array(rates)
        treated, control = draw_cells(source, sizes, drawn, gain)
        for place, crossed in enumerate((True, False)):
            called[place] += not is_covered(clusters.difference(treated=treated, control=control, crossed=crossed), 0.0)
    return SimulatedShare(called[0] / count, count), SimulatedShare(called[1] / count, count)


def false_claims_of_daily_looks(*, sizes: Sequence[int], days: int, count: int, seed: int) -> SimulatedShare:
    """The share of trials in which a daily look at equal arms ever calls a difference, by placement-days."""
    rules = Rules(clusters="crossed", monitoring="always-valid", planned_per_arm=sum(sizes) * days)

    def run_trial(source: RandomGenerator) -> bool:
        arms: list[dict[str, Counts]] = [{}, {}]
        for day in range(days):
            cells = draw_cells(source, sizes, draw_rates(source, 0.3, 0.05, len(sizes)), 0.0)
            for groups, drawn in zip(arms, cells, strict=True):
                groups |= {f"{place} {day}": counts for place, counts in enumerate(drawn)}
            compared = [
                ArmCounts(key, sum(groups.values(), Counts(0, 0)), clusters=groups)
                for key, groups in zip("ab", arms, strict=True)
            ]
            if compare(compared, [("b", "a")], rules).comparisons[0].verdict in ("better", "worse"):
                return True
        return False

    return simulate_share(run_trial, count=count, seed=seed)
