"""PURE  Find arms, or single texts, that are surely worse than the control by more than a plan allows.

Two sequences bound the harm from below, each valid at all looks, and each with half of the error: one is exact for any
counts, from the first visitor on; the other rests on large samples and sees smaller harms, once each arm has some
people with and without the outcome. The higher bound counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.comparison.design_effect import DesignEffect
from analytics.comparison.verdict import MIN_EVENTS
from analytics.stats import Counts, Estimate, exact_sequence, sequential


@dataclass(frozen=True, slots=True)
class HarmfulArm:
    """An arm's excess harm over the control and its lower bound, valid at every look; all are shares.

    `sure` is what is left of the bound if one hostile network did all that it could.
    """

    arm: str
    effect: float
    bound: float
    sure: float


def find_harmful_arms(
    arms: Mapping[str, Counts],
    *,
    control: str,
    margin: float,
    level: float,
    n_planned: int,
    lower_is_better: bool,
    views_per_network: int = 0,
    smallest_cell: int = 0,
    luck: DesignEffect | None = None,
) -> list[HarmfulArm]:
    """Find the arms whose harm surely exceeds `margin`, whatever one network did with `views_per_network` views.

    `level` is that of each bound; `n_planned` counts both arms. A part of an arm that is smaller than `smallest_cell`
    may not be told, so the harm is judged as if it were as large as makes the harm smallest: what follows tells nothing
    of it. Where arms came in periods, `luck` says what their counts are worth.
    """

    def bound_of(names: tuple[str, str], worse: Counts, better: Counts) -> float:
        if luck is not None:
            worse, better = luck.effective(names[0], worse), luck.effective(names[1], better)
        return harm_bound(worse, better, level=level, n_planned=n_planned)

    harmful = []
    for key in arms:
        if key == control:
            continue
        names = (key, control) if lower_is_better else (control, key)
        pair = (arms[names[0]], arms[names[1]])
        worse, better = _without_events(pair[0], smallest_cell), _with_events(pair[1], smallest_cell)
        bound = bound_of(names, worse, better)
        if bound <= margin:
            continue
        sure = bound_of(names, *_less_one_network(worse, better, views_per_network))
        if sure > margin:
            harmful.append(HarmfulArm(key, worse.proportion - better.proportion, bound, sure))
    return harmful


def least_harmful(counts: Counts, *, smallest_cell: int, lower_is_better: bool) -> Counts:
    """What is known of counts a small part of which may not be told: they with as little harm as they can have."""
    return _without_events(counts, smallest_cell) if lower_is_better else _with_events(counts, smallest_cell)


def harm_bound(worse: Counts, better: Counts, *, level: float, n_planned: int) -> float:
    """The least by which the rate of `worse` surely exceeds that of `better`; -1 if nothing is known."""
    each = (1 + level) / 2
    estimates = [exact_sequence.difference(treated=worse, control=better, level=each, alternative="greater")]
    if min(min(c.events, c.n - c.events) for c in (worse, better)) >= MIN_EVENTS:
        estimates.append(
            sequential.confidence_sequence(
                treated=worse, control=better, level=each, n_planned=n_planned, alternative="greater"
            )
        )
    return max((e.interval.low for e in estimates if isinstance(e, Estimate)), default=-1.0)


def _less_one_network(worse: Counts, better: Counts, views: int) -> tuple[Counts, Counts]:
    """Both arms without the views that would have added most to the harm, were they forged.

    A network spends its views on one arm or shares them out; to take them off both is at least as much.
    """
    with_event = min(views, worse.events)
    without = min(views, better.n - better.events)
    return Counts(worse.n - with_event, worse.events - with_event), Counts(better.n - without, better.events)


def _with_events(counts: Counts, least: int) -> Counts:
    """These counts with as many events as they can have, if a part is small and thus not known to the reader."""
    if 0 < counts.events < least:
        return Counts(counts.n, min(least - 1, counts.n))
    if 0 < counts.n - counts.events < least:
        return Counts(counts.n, counts.n - 1)
    return counts


def _without_events(counts: Counts, least: int) -> Counts:
    """The same with as few events as they can have."""
    swapped = _with_events(Counts(counts.n, counts.n - counts.events), least)
    return Counts(counts.n, counts.n - swapped.events)
