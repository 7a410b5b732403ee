"""How many people a plan needs, how long that takes, and what less time could show: a function of values.

The formulas are those of analytics.stats.power, named by string as in urls.py, so that campaign imports nothing from
analytics. Two things are added here. A plan that is watched at any time is held to the interval that it will really
have at its last look, which is wider; it may end sooner, so the number is the most that it takes. And a plan with named
looks gets the allowance that group-sequential tables give (Jennison and Turnbull 2000, Group Sequential Methods, tables
2.2 and 2.4: at most 4% for O'Brien-Fleming and 30% for Pocock with up to ten looks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log, log1p, sqrt
from statistics import NormalDist
from typing import Any, Literal

from django.utils.module_loading import import_string

SEEN_SHARE = 0.8  # of 100 messages that are sent, so many are reckoned to be seen on screen
WEEKS = (2, 4, 8, 16)
LONG, TOO_LONG = 180, 365  # days
MAX_DAYS = 36_500  # beyond a century nobody counts
_NORMAL = NormalDist()
INFLATION_FACTORS = {"obrien-fleming": 1.04, "pocock": 1.3}

Monitoring = Literal["fixed", "group-sequential", "always-valid"]
DurationRating = Literal["fine", "long", "too small", "no traffic"]


@dataclass(frozen=True, slots=True)
class SampleSizeInputs:
    """What a plan wants to know, of a yes/no outcome: rates and differences are shares, traffic is sent messages."""

    expected_rate: float
    smallest_difference: float
    weights: tuple[int, ...]
    per_day: int
    comparisons: int = 1
    level: float = 0.95
    power: float = 0.8
    monitoring: Monitoring = "fixed"
    spending: str = "obrien-fleming"
    planned_per_arm: int | None = None  # the number that somebody has set; None: as many as it takes
    seen_share: float = SEEN_SHARE


@dataclass(frozen=True, slots=True)
class DetectableDifference:
    """What some weeks at this traffic could show: the smallest difference, as a share; None: nothing at all."""

    weeks: int
    per_arm: int
    difference: float | None


@dataclass(frozen=True, slots=True)
class SampleSize:
    """The answer: how many people each arm needs, how many the plan takes, how long, and what that can show."""

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
    """There is no number, and why: a code for the page's words."""

    reason: Literal["ordered", "no rate that far", "few arms", "no share"]


def compute_sample_size(question: SampleSizeInputs) -> SampleSize | NoSampleSize:
    """How many people per arm, how many days, and what fewer days could show?"""
    weights = [weight for weight in question.weights if weight > 0]
    if len(question.weights) < 2:
        return NoSampleSize("few arms")
    if len(weights) < 2:
        return NoSampleSize("no share")
    try:
        needed = needed_per_arm(question)
    except ValueError:
        return NoSampleSize("no rate that far")
    planned = question.planned_per_arm or needed
    seen = question.per_day * question.seen_share
    days = None
    if seen > 0:
        days = min(_power("days_needed")(n_per_arm=planned, units_per_day=seen, weights=weights), MAX_DAYS)
    least_share = min(weights) / sum(weights)
    in_weeks = tuple(
        DetectableDifference(
            weeks, n := floor(seen * least_share * weeks * 7), smallest_detectable_difference(question, per_arm=n)
        )
        for weeks in WEEKS
    )
    return SampleSize(
        needed=needed,
        planned=planned,
        seen_per_day=seen,
        days=days,
        detectable_by_weeks=in_weeks if seen > 0 else (),
        detectable_difference=smallest_detectable_difference(question, per_arm=planned),
        duration_rating=rate_duration(days),
    )


def needed_per_arm(question: SampleSizeInputs) -> int:
    """People per arm that show the smallest difference as surely as asked; ValueError if no rate lies that far."""
    fixed = _power("needed_for_verdict")(
        control_rate=question.expected_rate,
        smallest_difference=question.smallest_difference,
        power=question.power,
        **_alpha(question),
    )
    return int(-(-fixed * _allowance(question) // 1))


def smallest_detectable_difference(question: SampleSizeInputs, *, per_arm: int) -> float | None:
    """The smallest difference, up or down, that so many people per arm show as surely as asked; None: not any."""
    least = floor(per_arm / _allowance(question))
    if least < 1:
        return None
    found = [
        _power("detectable_difference")(
            control=question.expected_rate,
            n_per_arm=least,
            power=question.power,
            direction=direction,
            **_alpha(question),
        )
        for direction in ("up", "down")
    ]
    reached = [difference for difference in found if isinstance(difference, float)]
    return max(reached) if reached else None


def rate_duration(days: int | None) -> DurationRating:
    """Whether the traffic does: up to half a year, up to a year, longer."""
    if days is None:
        return "no traffic"
    return "fine" if days <= LONG else "long" if days <= TOO_LONG else "too small"


def always_valid_alpha(alpha: float) -> float:
    """The two-sided alpha of one look whose interval is as wide as that of a plan watched at any time, at its end.

    The factor is that of analytics.stats.sequential.confidence_sequence at the planned number, where x = log((1 + x) /
    alpha^2); here by fixed-point iteration, which gains a digit or more at each step.

    >>> round(NormalDist().inv_cdf(1 - at_any_time(0.05) / 2), 2)
    3.04
    """
    x = 1.0
    for _ in range(200):
        x = log1p(x) - 2 * log(alpha)
    z = sqrt(2 * (1 + 1 / x) * (log1p(x) / 2 - log(alpha)))
    return 2 * _NORMAL.cdf(-z)


def _alpha(question: SampleSizeInputs) -> dict[str, Any]:
    alpha = 1 - question.level
    if question.monitoring != "always-valid":
        return {"alpha": alpha, "comparisons": question.comparisons}
    return {"alpha": always_valid_alpha(alpha / question.comparisons), "comparisons": 1}


def _allowance(question: SampleSizeInputs) -> float:
    return INFLATION_FACTORS.get(question.spending, 1.0) if question.monitoring == "group-sequential" else 1.0


def _power(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(f"analytics.stats.power.{name}")
    return found


def comparison_count(pairs: Sequence[object], correction: str) -> int:
    """Among how many comparisons alpha is shared: all of them, unless the plan corrects for none."""
    return max(1, len(pairs)) if correction != "none" else 1
