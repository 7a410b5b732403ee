"""Compute how many people a plan needs, how long that takes, and what less time could show.

The formulas are those of `analytics.stats.power`; `analytics.wiring` registers them, because campaign must not import
analytics. Two things are added here. A plan that may be looked at any time is sized for the wider interval of its last
look; it may end sooner, so the number is an upper limit. A plan with named looks is inflated as in group-sequential
tables (Jennison and Turnbull 2000, Group Sequential Methods, tables 2.2 and 2.4: at most 4% for O'Brien-Fleming and 30%
for Pocock with up to ten looks).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log, log1p, sqrt
from statistics import NormalDist
from typing import Any, Literal, Protocol

SEEN_SHARE = 0.8  # of the messages that are sent; a guess
WEEKS = (2, 4, 8, 16)
LONG, TOO_LONG = 180, 365  # days
MAX_DAYS = 36_500  # longer durations are not told apart
_NORMAL = NormalDist()
INFLATION_FACTORS = {"obrien-fleming": 1.04, "pocock": 1.3}

DurationRating = Literal["fine", "long", "too small", "no traffic"]


class PowerFunctions(Protocol):
    """The functions of `analytics.stats.power` that are needed here."""

    needed_for_verdict: Callable[..., int]
    detectable_difference: Callable[..., Any]
    days_needed: Callable[..., int]


_load_power_functions: Callable[[], PowerFunctions]


def register_power_functions(load: Callable[[], PowerFunctions]) -> None:
    """Set how the power functions are loaded. It is called when they are first needed: they import scipy."""
    global _load_power_functions
    _load_power_functions = load


@dataclass(frozen=True, slots=True)
class SampleSizeInputs:
    """The assumptions of a plan with a yes/no outcome. Rates and differences are shares, traffic is messages sent."""

    expected_rate: float
    smallest_difference: float
    weights: tuple[int, ...]
    per_day: int
    comparisons: int = 1
    level: float = 0.95
    power: float = 0.8
    monitoring: str = "fixed"
    spending: str = "obrien-fleming"
    planned_per_arm: int | None = None  # None: as many as needed
    seen_share: float = SEEN_SHARE


@dataclass(frozen=True, slots=True)
class DetectableDifference:
    """The smallest difference, as a share, that some weeks at this traffic could show; None if there is none."""

    weeks: int
    per_arm: int
    difference: float | None


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many people each arm needs, how many are planned, how long that takes, and what it can show."""

    needed: int
    planned: int
    seen_per_day: float
    days: int | None
    detectable_by_weeks: tuple[DetectableDifference, ...]
    detectable_difference: float | None  # the smallest difference that the planned number shows
    duration_rating: DurationRating

    @property
    def is_enough(self) -> bool:
        return self.planned >= self.needed


@dataclass(frozen=True, slots=True)
class NoSampleSize:
    """No sample size can be computed; `reason` is a code that the page puts into words."""

    reason: Literal["ordered", "no rate that far", "few arms", "no share"]


def compute_sample_size(inputs: SampleSizeInputs) -> SampleSize | NoSampleSize:
    """Compute the people per arm, the days, and what other durations could show."""
    weights = [weight for weight in inputs.weights if weight > 0]
    if len(inputs.weights) < 2:
        return NoSampleSize("few arms")
    if len(weights) < 2:
        return NoSampleSize("no share")
    try:
        needed = needed_per_arm(inputs)
    except ValueError:
        return NoSampleSize("no rate that far")
    planned = inputs.planned_per_arm or needed
    seen = inputs.per_day * inputs.seen_share
    days = None
    if seen > 0:
        power = _load_power_functions()
        days = min(power.days_needed(n_per_arm=planned, units_per_day=seen, weights=weights), MAX_DAYS)
    in_weeks, least_share = [], min(weights) / sum(weights)
    for weeks in WEEKS if seen > 0 else ():
        n = floor(seen * least_share * weeks * 7)
        in_weeks.append(DetectableDifference(weeks, n, smallest_detectable_difference(inputs, per_arm=n)))
    return SampleSize(
        needed=needed,
        planned=planned,
        seen_per_day=seen,
        days=days,
        detectable_by_weeks=tuple(in_weeks),
        detectable_difference=smallest_detectable_difference(inputs, per_arm=planned),
        duration_rating=rate_duration(days),
    )


def needed_per_arm(inputs: SampleSizeInputs) -> int:
    """Return the people per arm that detect the smallest difference; raise ValueError if no rate differs by so much."""
    fixed = _load_power_functions().needed_for_verdict(
        control_rate=inputs.expected_rate,
        smallest_difference=inputs.smallest_difference,
        power=inputs.power,
        **_alpha(inputs),
    )
    return int(-(-fixed * _inflation(inputs) // 1))


def smallest_detectable_difference(inputs: SampleSizeInputs, *, per_arm: int) -> float | None:
    """Return the smallest difference, up or down, that so many people per arm detect; None if there is none."""
    least = floor(per_arm / _inflation(inputs))
    if least < 1:
        return None
    differences = [
        _load_power_functions().detectable_difference(
            control=inputs.expected_rate, n_per_arm=least, power=inputs.power, direction=direction, **_alpha(inputs)
        )
        for direction in ("up", "down")
    ]
    detectable = [difference for difference in differences if isinstance(difference, float)]
    return max(detectable) if detectable else None


def rate_duration(days: int | None) -> DurationRating:
    """Rate a duration: up to half a year, up to a year, or longer."""
    if days is None:
        return "no traffic"
    return "fine" if days <= LONG else "long" if days <= TOO_LONG else "too small"


def always_valid_alpha(alpha: float) -> float:
    """Return the two-sided alpha of a single look whose interval is as wide as the last of a confidence sequence.

    The factor is that of analytics.stats.sequential.confidence_sequence at the planned number, where x = log((1 + x) /
    alpha^2), solved by fixed-point iteration.

    >>> round(NormalDist().inv_cdf(1 - at_any_time(0.05) / 2), 2)
    3.04
    """
    x = 1.0
    for _ in range(200):
        x = log1p(x) - 2 * log(alpha)
    z = sqrt(2 * (1 + 1 / x) * (log1p(x) / 2 - log(alpha)))
    return 2 * _NORMAL.cdf(-z)


def _alpha(inputs: SampleSizeInputs) -> dict[str, Any]:
    alpha = 1 - inputs.level
    if inputs.monitoring != "always-valid":
        return {"alpha": alpha, "comparisons": inputs.comparisons}
    return {"alpha": always_valid_alpha(alpha / inputs.comparisons), "comparisons": 1}


def _inflation(inputs: SampleSizeInputs) -> float:
    return INFLATION_FACTORS.get(inputs.spending, 1.0) if inputs.monitoring == "group-sequential" else 1.0


def comparison_count(pairs: Sequence[object], correction: str) -> int:
    """Return how many comparisons share alpha: all of them, or 1 if the plan does not correct."""
    return max(1, len(pairs)) if correction != "none" else 1
