"""Compute how many people in all a plan needs, how long that takes, and what less time could show.

The formula is that of `analytics.stats.power`; `analytics.wiring` registers it, because campaign must not import
analytics. The people in all are split by the weights of the arms, and each planned comparison is to have the power: the
one with the smallest shares decides. Two things are added here. A plan that may be looked at any time is sized for the
wider interval of its last look; it may end sooner, so the number is an upper limit. A plan with named looks is inflated
as in group-sequential tables (Jennison and Turnbull 2000, Group Sequential Methods, tables 2.2 and 2.4: at most 4% for
O'Brien-Fleming and 30% for Pocock with up to ten looks).

A plan with several texts in each arm needs enough people for both of its answers. What holds for texts of their kind is
sized by `analytics.stats.texts.sizing`, from the texts, by how much these may differ, and the people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log, log1p, sqrt
from statistics import NormalDist
from typing import Any, Literal

from campaign.planned_people import mean_per_arm, planned_people

SEEN_SHARE = 0.8  # of the messages that are sent; a guess
WEEKS = (2, 4, 8, 16)
LONG, TOO_LONG = 180, 365  # days
MAX_DAYS = 36_500  # longer durations are not told apart
_NORMAL = NormalDist()
INFLATION_FACTORS = {"obrien-fleming": 1.04, "pocock": 1.3}
MOST_TEXTS = 12  # in an arm: ArmText.MOST
LAST_LOOK_WEIGHT = 0.8  # of the error for texts of a kind, where there are several looks: analytics.stats.texts.looks
TEXT_COUNTS, TEXT_SPREADS = (2, 3, 4, 5, 8, 12), (0.0, 0.01, 0.03)

DurationRating = Literal["fine", "long", "too small", "no traffic"]


@dataclass(frozen=True, slots=True)
class PowerFunctions:
    """The functions of `analytics.stats` that are needed here; the second returns no int where none is enough."""

    units_in_all: Callable[..., int]  # of `power`
    people_per_text: Callable[..., object]  # `people_needed` of `texts.sizing`


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
    pairs: tuple[tuple[int, int], ...] = ()  # the weights of the arms of each planned comparison, treated first
    comparisons: int = 1  # that share alpha
    level: float = 0.95
    power: float = 0.8
    monitoring: str = "fixed"
    spending: str = "obrien-fleming"
    within: str = ""  # a stratum, a cluster, or the length of periods, or neither
    design_effect: float = 1.0  # by which that changes the people needed
    placements: int = 0
    text_design: Literal["", "matched", "nested"] = ""  # how the texts of arms relate; one each if empty
    texts: int = 1  # in each arm; the fewest, if their numbers differ
    text_pairs: tuple[tuple[int, int], ...] = ()  # those of the arms of each pair, if their numbers differ
    text_spread: float = 0.0  # by how much they differ: differences of sets, or rates of texts in one arm
    planned_people: int | None = None  # None: as many as needed
    seen_share: float = SEEN_SHARE


@dataclass(frozen=True, slots=True)
class DetectableDifference:
    """The smallest difference, as a share, that some weeks at this traffic could show; None if there is none."""

    weeks: int
    people: int
    difference: float | None


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many people in all are needed, how many are planned, how long that takes, and what it can show."""

    needed: int
    planned: int
    seen_per_day: float
    days: int | None
    detectable_by_weeks: tuple[DetectableDifference, ...]
    detectable_difference: float | None  # the smallest difference that the planned number shows
    duration_rating: DurationRating
    is_for_these_texts_alone: bool = False  # because no number is enough for texts of their kind

    @property
    def is_enough(self) -> bool:
        return self.planned >= self.needed


@dataclass(frozen=True, slots=True)
class PeopleByTexts:
    """The people in all that a number of texts in each arm takes, by how much texts differ; None: never enough."""

    texts: int
    people: tuple[int | None, ...]


class MoreTextsNeeded(ValueError):
    """No number of people is enough with so few texts."""


@dataclass(frozen=True, slots=True)
class NoSampleSize:
    """No sample size can be computed; `reason` is a code that the page puts into words."""

    reason: Literal["ordered", "no rate that far", "few arms", "no share"]


def compute_sample_size(inputs: SampleSizeInputs) -> SampleSize | NoSampleSize:
    """Compute the people in all, the days, and what other durations could show."""
    if len(inputs.weights) < 2:
        return NoSampleSize("few arms")
    if sum(weight > 0 for weight in inputs.weights) < 2:
        return NoSampleSize("no share")
    has_enough_texts = True
    try:
        people = needed_people(inputs)
    except MoreTextsNeeded:
        people, has_enough_texts = people_for_these_texts(inputs), False
    except ValueError:
        return NoSampleSize("no rate that far")
    # As it is stored: a mean for the arms that are shown.
    needed = planned_people(mean_per_arm(people, inputs.weights), inputs.weights)
    planned = inputs.planned_people or needed
    seen = inputs.per_day * inputs.seen_share
    days = min(ceil(planned / seen * (1 - 1e-12)), MAX_DAYS) if seen > 0 else None
    in_weeks = []
    for weeks in WEEKS if seen > 0 else ():
        people = floor(seen * weeks * 7)
        in_weeks.append(DetectableDifference(weeks, people, smallest_detectable_difference(inputs, people=people)))
    return SampleSize(
        needed=needed,
        planned=planned,
        seen_per_day=seen,
        days=days,
        detectable_by_weeks=tuple(in_weeks),
        detectable_difference=smallest_detectable_difference(inputs, people=planned),
        duration_rating=rate_duration(days),
        is_for_these_texts_alone=not has_enough_texts,
    )


def people_by_texts(
    inputs: SampleSizeInputs, *, counts: Sequence[int] = TEXT_COUNTS, spreads: Sequence[float] = TEXT_SPREADS
) -> tuple[PeopleByTexts, ...]:
    """Return the people in all by the texts in each arm, and by how much these differ."""
    return tuple(
        PeopleByTexts(texts, people_by_spread(replace(inputs, texts=texts, text_pairs=()), spreads=spreads))
        for texts in counts
    )


def people_by_spread(inputs: SampleSizeInputs, *, spreads: Sequence[float]) -> tuple[int | None, ...]:
    """Return the people in all that a plan takes by how much its texts differ; None: never enough."""
    people: list[int | None] = []
    for spread in spreads:
        try:
            needed = needed_people(replace(inputs, text_spread=spread))
        except MoreTextsNeeded:
            people.append(None)
        else:
            people.append(planned_people(mean_per_arm(needed, inputs.weights), inputs.weights))
    return tuple(people)


def fewest_texts(inputs: SampleSizeInputs) -> PeopleByTexts | None:
    """Return the fewest texts in each arm with which some number of people is enough, and that number."""
    counts = range(inputs.texts if inputs.text_pairs else inputs.texts + 1, MOST_TEXTS + 1)
    rows = (people_by_texts(inputs, counts=[texts], spreads=[inputs.text_spread])[0] for texts in counts)
    return next((row for row in rows if row.people != (None,)), None)


def needed_people(inputs: SampleSizeInputs) -> int:
    """Return the people in all that detect the smallest difference; raise ValueError if no rate differs by so much.

    The worst planned comparison decides, and the worse of a rise and a fall. With several texts it takes as many people
    as both answers do; MoreTextsNeeded is raised if no number is enough for texts of their kind.
    """
    people = people_for_these_texts(inputs)
    return max(people, _people_for_the_kind(inputs)) if inputs.text_design else people


def _people_for_the_kind(inputs: SampleSizeInputs) -> int:
    """Return the people in all for what holds for texts of a kind.

    The formula is for arms of one size n. Arms with the shares s and t of all people have the same error as such arms
    if n (p (1 - p) + q (1 - q)) is as much as N (p (1 - p)/s + q (1 - q)/t) for N people in all.
    """
    single_look = inputs.monitoring == "fixed"
    needed, p = 0.0, inputs.expected_rate
    for (share, control_share), (texts, control_texts) in _shares_and_texts(inputs):
        for q in _other_rates(inputs):
            per_text = _load_power_functions().people_per_text(
                difference=q - p,
                control=p,
                texts=texts,
                control_texts=control_texts,
                spread=inputs.text_spread,
                power=inputs.power,
                design=inputs.text_design,
                alpha=(1 - inputs.level) * (1.0 if single_look else LAST_LOOK_WEIGHT),
                comparisons=inputs.comparisons,
            )
            if not isinstance(per_text, int):
                raise MoreTextsNeeded
            control_variance, variance = p * (1 - p), q * (1 - q)
            scale = (variance / share + control_variance / control_share) / (variance + control_variance)
            needed = max(needed, per_text * texts * scale)
    return ceil(needed * inputs.design_effect)


def _other_rates(inputs: SampleSizeInputs) -> list[float]:
    rate, difference = inputs.expected_rate, inputs.smallest_difference
    rates = [other for other in (rate + difference, rate - difference) if 0 <= other <= 1]
    if not rates:
        raise ValueError("no rate lies that far from the expected one")
    return rates


def people_for_these_texts(inputs: SampleSizeInputs) -> int:
    """Return the people in all for what holds for the very texts that are shown."""
    rate, rates = inputs.expected_rate, _other_rates(inputs)
    single_look = not inputs.within and inputs.monitoring == "fixed"
    units_in_all, alpha = _load_power_functions().units_in_all, _alpha(inputs)
    people: float = max(
        units_in_all(
            control=rate,
            treated=other,
            shares=shares,
            power=inputs.power,
            variance="pooled" if single_look else "unpooled",
            **alpha,
        )
        for shares in _shares_of_pairs(inputs)
        for other in rates
    )
    people *= _inflation(inputs) * inputs.design_effect
    return ceil(people * _few_clusters_inflation(inputs, people))


def smallest_detectable_difference(inputs: SampleSizeInputs, *, people: int) -> float | None:
    """Return the smallest difference, up or down, that so many people in all detect; None if there is none."""

    def is_detected(difference: float) -> bool:
        try:
            return needed_people(replace(inputs, smallest_difference=difference)) <= people
        except MoreTextsNeeded:
            return False

    low, high = 0.0, max(inputs.expected_rate, 1 - inputs.expected_rate) * (1 - 1e-9)
    if not is_detected(high):
        return None
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if is_detected(middle) else (middle, high)
    return high


def _shares_and_texts(inputs: SampleSizeInputs) -> set[tuple[tuple[float, float], tuple[int, int]]]:
    """Return the shares of each planned comparison with the numbers of its texts."""
    total, alike = sum(inputs.weights), (inputs.texts, inputs.texts)
    if not inputs.text_pairs:
        return {(shares, alike) for shares in _shares_of_pairs(inputs)}
    return {
        ((treated / total, control / total), texts)
        for (treated, control), texts in zip(inputs.pairs, inputs.text_pairs, strict=True)
        if treated > 0 and control > 0
    }


def _shares_of_pairs(inputs: SampleSizeInputs) -> set[tuple[float, float]]:
    """Return the shares of all people that each planned comparison gets, without arms that nobody sees.

    A draft without comparisons is sized for that of its two smallest shares.
    """
    total = sum(inputs.weights)
    shown = {(treated, control) for treated, control in inputs.pairs if treated > 0 and control > 0}
    if not shown:
        smallest, next_one = sorted(weight for weight in inputs.weights if weight > 0)[:2]
        shown = {(smallest, next_one), (next_one, smallest)}
    return {(treated / total, control / total) for treated, control in shown}


def rate_duration(days: int | None) -> DurationRating:
    """Rate a duration: up to half a year, up to a year, or longer."""
    if days is None:
        return "no traffic"
    return "fine" if days <= LONG else "long" if days <= TOO_LONG else "too small"


def always_valid_alpha(alpha: float, comparisons: int = 1) -> float:
    """Return the two-sided alpha of a single look that claims as rarely as a confidence sequence at its planned number.

    The sequence is that of analytics.stats.sequential.confidence_sequence, narrowest there for one comparison: x =
    log((1 + x) / alpha^2), solved by fixed-point iteration. Several comparisons ask its p-value to be smaller.

    >>> round(_NORMAL.inv_cdf(1 - always_valid_alpha(0.05) / 2), 2)
    3.04
    """
    x = 1.0
    for _ in range(200):
        x = log1p(x) - 2 * log(alpha)
    z = sqrt(2 * (1 + 1 / x) * (log1p(x) / 2 - log(alpha / comparisons)))
    return 2 * _NORMAL.cdf(-z)


def _alpha(inputs: SampleSizeInputs) -> dict[str, Any]:
    alpha = 1 - inputs.level
    if inputs.monitoring != "always-valid":
        return {"alpha": alpha, "comparisons": inputs.comparisons}
    return {"alpha": always_valid_alpha(alpha, inputs.comparisons), "comparisons": 1}


def _few_clusters_inflation(inputs: SampleSizeInputs, people: float) -> float:
    """Return what Student's t costs: (f + 3) / (f + 1) with f degrees of freedom (Snedecor and Cochran 1989, 6.14)."""
    seen = inputs.per_day * inputs.seen_share
    days_each = {"placement-day": 1, "day": 1, "week": 7}.get(inputs.within)
    if days_each is None or not inputs.placements or seen <= 0:
        return 1.0
    clusters = max(inputs.placements * ceil(people / seen / days_each), 2)
    return (clusters + 2) / clusters


def _inflation(inputs: SampleSizeInputs) -> float:
    return INFLATION_FACTORS.get(inputs.spending, 1.0) if inputs.monitoring == "group-sequential" else 1.0


def comparison_count(pairs: Sequence[object], correction: str) -> int:
    """Return how many comparisons share alpha: all of them, or 1 if the plan does not correct."""
    return max(1, len(pairs)) if correction != "none" else 1
