"""PURE  How many times the present units would settle a comparison under the plan's method, if it stays as it is.

A later look is foreseen with the effect of now: its standard error shrinks with the square root of the units, and its
interval is that of the sequence which the plan follows, at the looks that the plan still has. Whether that settles the
comparison, the plan's own verdict says.

An effect does not stay as it is. The range holds the middle half of what may come, if nothing else is known of the true
effect (a flat prior): the effect at `factor` times the units then varies about that of now with the variance
SE^2 (1 - 1/factor).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, inf, sqrt
from statistics import NormalDist

from analytics.comparison.compare import Comparison, PairComparison, planned_units
from analytics.comparison.correction import Corrected
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.verdict import (
    CANNOT_TELL,
    decide_verdict,
    mixed_texts_reason,
    networks_to_turn,
    too_few_reason,
)
from analytics.stats import sequential
from analytics.stats.values import Estimate, Interval, NotEstimable

MAX_FACTOR = 2.0**20
_MOST_LOOKS = 20  # that are foreseen for a plan that does not name them
_HALVINGS = 20
_NORMAL = NormalDist()
_QUARTILE = _NORMAL.inv_cdf(0.75)

# Whether an estimate, as corrected, settles the comparison at a factor.
_Settles = Callable[[Estimate, Corrected, float], bool]


@dataclass(frozen=True, slots=True)
class MoreUnits:
    """How many more units per arm: the likely number, and the middle half; `high` is None if it may never be told.

    Per arm is the mean over the arms with a weight, so that times their number it is units in all.
    """

    likely: int
    low: int
    high: int | None


def more_needed(comparison: Comparison, rules: Rules) -> dict[tuple[str, str], MoreUnits]:
    """How many more units reach a verdict on each comparison without one; those that no number would are left out."""
    found = {}
    if not comparison.withheld:
        for row in comparison.comparisons:
            more = _more_units(comparison, row, rules) if row.verdict == CANNOT_TELL else None
            if more is not None:
                found[row.treated, row.control] = more
    return found


def _more_units(comparison: Comparison, row: PairComparison, rules: Rules) -> MoreUnits | None:
    """Foresee later looks at one comparison.

    One network may have the same share of the later units, so that its move stays as it is.
    """
    shown = [arm.weight for arm in comparison.arms if arm.weight > 0]
    arms = [arm for arm in comparison.arms if arm.key in (row.treated, row.control)]
    units, weight = sum(_units(arm, rules) for arm in arms), sum(arm.weight for arm in arms)
    if isinstance(row.estimate, NotEstimable) or not units or not weight or mixed_texts_reason(arms):
        return None

    def settles(later: Estimate, corrected: Corrected, factor: float) -> bool:
        hold_reason = too_few_reason(arms, rules, factor=factor)
        verdict = decide_verdict(later, corrected, rules, hold_reason=hold_reason, withheld=False)
        return verdict != CANNOT_TELL and networks_to_turn(later, corrected, verdict, rules, move=row.network_move) != 1

    later = _LookSimulation(
        rules=rules,
        n=units,
        n_planned=planned_units(arms, comparison.arms, rules) if rules.planned_per_arm else 0,
        p_factor=_p_factor(comparison, row, rules),
        family=1 if rules.correction in ("none", "dunnett") else len(comparison.comparisons),
    )
    estimate = row.estimate
    if estimate.standard_error is None and rules.monitoring != "fixed":  # exact, for few events: foreseen as with many
        plain = sum(arm.counts.proportion * (1 - arm.counts.proportion) / arm.counts.n for arm in arms if arm.counts.n)
        estimate = replace(estimate, standard_error=sqrt(plain))
    return later.more_units(estimate, settles, units_per_arm=units * sum(shown) / len(shown) / weight)


def _units(arm: ArmCounts, rules: Rules) -> int:
    return arm.levels.n if rules.ordered and arm.levels else arm.counts.n


def _p_factor(comparison: Comparison, row: PairComparison, rules: Rules) -> float:
    """By how much the correction multiplies a p-value, if the order of all stays as it is."""
    family = len(comparison.comparisons)
    smaller = sum(_p_value(other) < _p_value(row) for other in comparison.comparisons)
    factors = {
        "holm": family - smaller,
        "benjamini-hochberg": family / (smaller + 1),
        "bonferroni": family,
        "dunnett": 1,  # corrected already
        "none": 1,
    }
    return factors[rules.correction]


def _p_value(row: PairComparison) -> float:
    p_value = None if isinstance(row.estimate, NotEstimable) else row.estimate.p_value
    return 1.0 if p_value is None else p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookSimulation:
    """How a plan goes on after `n` of `n_planned` units (0: none are planned)."""

    rules: Rules
    n: int
    n_planned: int
    p_factor: float
    family: int

    def more_units(self, estimate: Estimate, settles: _Settles, *, units_per_arm: float) -> MoreUnits | None:
        """How many more units per arm settle the comparison, at a look of the plan; None if no number would."""
        likely, *others = (self._first_factor(estimate, settles, drift) for drift in (0.0, -_QUARTILE, _QUARTILE))
        if likely == inf:
            return None
        low, high = (choose(likely, *others) for choose in (min, max))

        def more(factor: float) -> int:
            return max(ceil((factor - 1) * units_per_arm - 1e-6), 1)

        return MoreUnits(more(likely), more(low), None if high == inf else more(high))

    def _first_factor(self, estimate: Estimate, settles: _Settles, drift: float) -> float:
        """The first factor that settles it if the effect moves by `drift` of its possible standard error, or inf."""

        def is_settled(factor: float, looks: tuple[float, ...] = ()) -> bool:
            later = self._simulate_look(estimate, factor, drift, looks)
            return later is not None and settles(*later, factor)

        if self.rules.monitoring == "group-sequential":
            return next((factor for factor, looks in self._planned_factors() if is_settled(factor, looks)), inf)
        factor = max(self.n_planned / self.n, 1.0) if self.rules.monitoring == "fixed" else 1.0
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
        looks = self.rules.looks
        now = self.n / self.n_planned if self.n_planned and not self.rules.ordered else looks[-1]
        for share in self.rules.planned_looks or _steps_like_the_last(looks):
            if share > max(now, looks[-1]) + sequential.MIN_LOOK_SPACING:
                looks = (*looks, share)
                yield share / now, looks

    def _simulate_look(
        self, estimate: Estimate, factor: float, drift: float, looks: tuple[float, ...]
    ) -> tuple[Estimate, Corrected] | None:
        """The estimate at a later look, and as it is corrected there."""
        now = _standard_error(estimate) if self.rules.monitoring == "fixed" else estimate.standard_error
        if not now:
            return None
        effect = estimate.effect + drift * now * sqrt(1 - 1 / factor)
        error = now / sqrt(factor)
        alpha = 1 - self.rules.level
        if self.rules.monitoring == "always-valid":
            later = self._always_valid(effect, error, factor, alpha)
            wider = self._always_valid(effect, error, factor, alpha / self.family)
            if isinstance(later, NotEstimable) or isinstance(wider, NotEstimable):
                return None
            return later, Corrected(min(1.0, (later.p_value or 0.0) * self.p_factor), wider.interval)
        critical = self._critical_value(alpha, looks)
        # The p-value of a normal estimate that lies as far beyond its critical value as this beyond the corrected one.
        beyond = abs(effect / error) / self._critical_value(alpha / self.p_factor, looks)
        p_adjusted = 2 * _NORMAL.cdf(-_NORMAL.inv_cdf(1 - alpha / 2) * beyond)
        interval = self._interval(estimate, effect, error, factor, critical)
        wider_interval = self._interval(
            estimate, effect, error, factor, self._critical_value(alpha / self.family, looks), stretched_from=critical
        )
        later = Estimate(effect, interval, None, estimate.method, effect / error, None, error)
        return later, Corrected(p_adjusted, wider_interval)

    def _always_valid(self, effect: float, error: float, factor: float, alpha: float) -> Estimate | NotEstimable:
        return sequential.always_valid(
            effect=effect, standard_error=error, n=round(self.n * factor), n_planned=self.n_planned, level=1 - alpha
        )

    def _critical_value(self, alpha: float, looks: tuple[float, ...]) -> float:
        if self.rules.monitoring == "group-sequential":
            return _boundary(looks, alpha, self.rules.spending)
        return _NORMAL.inv_cdf(1 - alpha / 2)

    def _interval(
        self,
        estimate: Estimate,
        effect: float,
        error: float,
        factor: float,
        critical: float,
        *,
        stretched_from: float | None = None,
    ) -> Interval:
        """The later interval; for one look that of now, made narrower, because it need not be even."""
        if self.rules.monitoring == "group-sequential":
            return Interval(effect - critical * error, effect + critical * error, self.rules.level)
        stretch = critical / (stretched_from or critical) / sqrt(factor)
        low, high = estimate.effect - estimate.interval.low, estimate.interval.high - estimate.effect
        return Interval(effect - stretch * low, effect + stretch * high, self.rules.level)


@lru_cache(maxsize=256)
def _boundary(looks: tuple[float, ...], alpha: float, spending: sequential.Spending) -> float:
    return sequential.boundaries(looks, alpha=alpha, spending=spending).z[-1]


def _steps_like_the_last(looks: tuple[float, ...]) -> tuple[float, ...]:
    """Later looks for a plan that does not name them."""
    last = looks[-1]
    step = max(last - (looks[-2] if len(looks) > 1 else 0.0), (1 - last) / _MOST_LOOKS)
    count = int((1 - last) / step - 1e-9) if step > 0 else 0
    return (*(last + step * number for number in range(1, count + 1)), 1.0)


def _standard_error(estimate: Estimate) -> float:
    """The normal standard error of an estimate: for one look that of its p-value, or else of its interval."""
    if estimate.p_value is not None and 1e-15 < estimate.p_value < 1 and estimate.effect:
        return abs(estimate.effect) / -_NORMAL.inv_cdf(estimate.p_value / 2)
    return estimate.interval.width / 2 / _NORMAL.inv_cdf((1 + estimate.interval.level) / 2)
