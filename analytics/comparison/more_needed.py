"""PURE  How many times the present units would settle a comparison under the plan's method, if it stays as it is.

A later look is foreseen with the effect of now: its standard error shrinks with the square root of the units, and its
interval is that of the sequence which the plan follows, at the looks that the plan still has. Whether that settles the
comparison, the plan's own verdict says.

An effect does not stay as it is. The range holds the middle half of what may come, if nothing else is known of the true
effect (a flat prior): the effect at `factor` times the units then varies about that of now with the variance
SE^2 (1 - 1/factor).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf, sqrt
from statistics import NormalDist

from analytics.stats import sequential
from analytics.stats.values import Estimate, Interval, NotEstimable

MAX_FACTOR = 2.0**20
_MOST_LOOKS = 20  # that are foreseen for a plan that does not name them
_HALVINGS = 20
_NORMAL = NormalDist()
_QUARTILE = _NORMAL.inv_cdf(0.75)

# Whether an estimate and its corrected p-value, at a factor, settle the comparison.
Settles = Callable[[Estimate, float, float], bool]


@dataclass(frozen=True, slots=True)
class MoreUnits:
    """How many more units it takes: the likely number, and the middle half; `high` is None if it may never be told."""

    likely: int
    low: int
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterLooks:
    """How a plan goes on. `n` of `n_planned` units were counted (0: none are planned), `comparisons` share alpha.

    `looks` and `planned_looks` are the group-sequential shares so far and those of the plan. If the plan's are not
    known, they are taken to follow in steps like the last one.
    """

    monitoring: str
    level: float
    n: int
    n_planned: int
    comparisons: float
    looks: tuple[float, ...] = ()
    planned_looks: tuple[float, ...] = ()
    spending: sequential.Spending = "obrien-fleming"

    def more_units(self, estimate: Estimate, settles: Settles, *, units_per_arm: float) -> MoreUnits | None:
        """How many more units per arm settle the comparison, at a look of the plan; None if no number would."""
        likely, *others = (self._first_factor(estimate, settles, drift) for drift in (0.0, -_QUARTILE, _QUARTILE))
        if likely == inf:
            return None
        low, high = (factor(likely, *others) for factor in (min, max))

        def more(factor: float) -> int:
            return max(ceil((factor - 1) * units_per_arm - 1e-6), 1)

        return MoreUnits(more(likely), more(low), None if high == inf else more(high))

    def _first_factor(self, estimate: Estimate, settles: Settles, drift: float) -> float:
        """The first factor that settles it if the effect moves by `drift` of its possible standard error, or inf."""

        def is_settled(factor: float, looks: tuple[float, ...] = ()) -> bool:
            later = self._later_estimate(estimate, factor, drift, looks)
            return later is not None and settles(*later, factor)

        if self.monitoring == "group-sequential":
            return next((factor for factor, looks in self._planned_factors() if is_settled(factor, looks)), inf)
        factor = max(self.n_planned / self.n, 1.0) if self.monitoring == "fixed" else 1.0
        if is_settled(factor):
            return factor
        while not is_settled(factor * 2):
            factor *= 2
            if factor > MAX_FACTOR:
                return inf
        low, high = factor, factor * 2
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if is_settled(middle) else (middle, high)
        return high

    def _planned_factors(self) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Yield each look to come: the factor to which the units will have grown, and all looks up to it."""
        now = self.n / self.n_planned if self.n_planned else self.looks[-1]
        looks = self.looks
        for share in self.planned_looks or _steps_like_the_last(looks):
            if share > max(now, looks[-1]) + sequential.MIN_LOOK_SPACING:
                looks = (*looks, share)
                yield share / now, looks

    def _later_estimate(
        self, estimate: Estimate, factor: float, drift: float, looks: tuple[float, ...]
    ) -> tuple[Estimate, float] | None:
        """The estimate and the corrected p-value at a later look."""
        now = _standard_error(estimate) if self.monitoring == "fixed" else estimate.standard_error
        if not now:
            return None
        effect = estimate.effect + drift * now * sqrt(1 - 1 / factor)
        error = now / sqrt(factor)
        alpha = 1 - self.level
        if self.monitoring == "always-valid":
            later = sequential.always_valid(
                effect=effect,
                standard_error=error,
                n=round(self.n * factor),
                n_planned=self.n_planned,
                level=self.level,
            )
            if isinstance(later, NotEstimable):
                return None
            return later, min(1.0, (later.p_value or 0.0) * self.comparisons)
        if self.monitoring == "group-sequential":
            here, corrected = (_boundary(looks, a, self.spending) for a in (alpha, alpha / self.comparisons))
            half = (here * error, here * error)
        else:
            here = _NORMAL.inv_cdf(1 - alpha / 2)
            corrected = _NORMAL.inv_cdf(1 - alpha / self.comparisons / 2)
            interval = estimate.interval
            half = ((estimate.effect - interval.low) / sqrt(factor), (interval.high - estimate.effect) / sqrt(factor))
        # The p-value of a normal estimate that lies as far beyond its critical value as this one beyond the corrected.
        p_adjusted = 2 * _NORMAL.cdf(-_NORMAL.inv_cdf(1 - alpha / 2) * abs(effect / error) / corrected)
        later_interval = Interval(effect - half[0], effect + half[1], self.level)
        return Estimate(effect, later_interval, None, estimate.method, effect / error, None, error), p_adjusted


@lru_cache(maxsize=256)
def _boundary(looks: tuple[float, ...], alpha: float, spending: sequential.Spending) -> float:
    return sequential.boundaries(looks, alpha=alpha, spending=spending).z[-1]


def _steps_like_the_last(looks: tuple[float, ...]) -> tuple[float, ...]:
    last = looks[-1]
    step = max(last - (looks[-2] if len(looks) > 1 else 0.0), (1 - last) / _MOST_LOOKS)
    count = int((1 - last) / step - 1e-9) if step > 0 else 0
    return (*(last + step * number for number in range(1, count + 1)), 1.0)


def _standard_error(estimate: Estimate) -> float:
    """The normal standard error of an estimate: for one look that of its p-value, or else of its interval."""
    level = estimate.interval.level
    if estimate.p_value is not None and 1e-15 < estimate.p_value < 1 and estimate.effect:
        return abs(estimate.effect) / -_NORMAL.inv_cdf(estimate.p_value / 2)
    return estimate.interval.width / 2 / _NORMAL.inv_cdf((1 + level) / 2)
