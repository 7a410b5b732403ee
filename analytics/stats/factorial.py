"""Four arms that combine two factors: main effects and interaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, log, sqrt
from typing import Literal

from analytics.stats.numerics import wald
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

_CELLS = ("neither", "first", "second", "both")
# Weights of the cells, in their order.
FIRST = (-0.5, 0.5, -0.5, 0.5)
SECOND = (-0.5, -0.5, 0.5, 0.5)
INTERACTION = (1.0, -1.0, -1.0, 1.0)
BOTH_MINUS_FIRST = (0.0, -1.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """The main effects of the two factors, their interaction, and what the second adds to the first."""

    first: Estimate | NotEstimable
    second: Estimate | NotEstimable
    interaction: Estimate | NotEstimable
    both_minus_first: Estimate | NotEstimable
    scale: str


def two_by_two(
    *,
    neither: Counts,
    first: Counts,
    second: Counts,
    both: Counts,
    level: float = 0.95,
    scale: Literal["difference", "odds"] = "difference",
) -> TwoByTwo:
    """What does each of two factors do on average over the other, and is their joint effect more than the sum?

    Formula: With p for the four rates, first = ((p_first - p_neither) + (p_both - p_second)) / 2, second likewise,
    interaction = (p_both - p_second) - (p_first - p_neither), both_minus_first = p_both - p_first; each +- z sqrt(sum
    of w^2 p (1 - p)/n), w being the weight of an arm in that expression. On the odds scale log(p / (1 - p)) takes the
    place of p, and 1/events + 1/non-events that of p (1 - p)/n.

    Source: Yates 1937, The Design and Analysis of Factorial Experiments, Imperial Bureau of Soil Science, Technical
    Communication 35; for log odds Woolf 1955, Annals of Human Genetics 19:251. Some halve the interaction; we do not.

    Not for: a main effect where the interaction is large: it averages two different effects and is that of no arm;
    compare the arms with `proportions.difference`. Nor does an unclear interaction, of four times the variance, show
    that there is none.

    On the difference scale ends are cut at -1 and 1, for the interaction at -2 and 2. The odds scale is the saturated
    logit model in closed form: effects are LOG odds ratios, main effects averages of the two simple ones, so 0 is no
    effect and exp() gives an odds ratio. These are main effects, not the coefficients of a 0/1-coded logit, which are
    simple effects at the other factor's zero. A contrast that needs an empty cell, on the odds scale a cell without
    events or without non-events (the data are separated), or cells none of which varies, is NotEstimable.

    By hand from 20, 30, 25 and 45 of 100: first ((0.30 - 0.20) + (0.45 - 0.25)) / 2, interaction 0.20 - 0.10, whose
    variance is (0.16 + 0.21 + 0.1875 + 0.2475) / 100 = 0.00805, and that of first a quarter of it.

    >>> found = two_by_two(neither=Counts(100, 20), first=Counts(100, 30), second=Counts(100, 25), both=Counts(100, 45))
    >>> round(found.first.effect, 6), round(found.second.effect, 6), round(found.interaction.effect, 6)
    (0.15, 0.1, 0.1)
    >>> round(found.first.standard_error, 6), round(found.interaction.standard_error, 6)
    (0.044861, 0.089722)
    """
    check_level(level)
    if scale not in ("difference", "odds"):
        raise ValueError(f"unknown scale {scale!r}")
    cells = (neither, first, second, both)
    contrast = _difference if scale == "difference" else _log_odds
    return TwoByTwo(
        first=contrast(cells, FIRST, level),
        second=contrast(cells, SECOND, level),
        interaction=contrast(cells, INTERACTION, level),
        both_minus_first=contrast(cells, BOTH_MINUS_FIRST, level),
        scale=scale,
    )


def _difference(cells: Sequence[Counts], weights: Sequence[float], level: float) -> Estimate | NotEstimable:
    used = [(cell, weight) for cell, weight in zip(cells, weights, strict=True) if weight]
    if empty := _empty(cells, weights):
        return empty
    variance = fsum(weight**2 * cell.events * (cell.n - cell.events) / cell.n**3 for cell, weight in used)
    if variance == 0.0:
        return NotEstimable("None of the arms compared varies, so the uncertainty cannot be estimated.")
    effect = fsum(weight * cell.proportion for cell, weight in used)
    most = sum(abs(weight) for _, weight in used) / 2.0
    return wald.estimate(effect, sqrt(variance), level=level, method="factorial-difference", within=(-most, most))


def _log_odds(cells: Sequence[Counts], weights: Sequence[float], level: float) -> Estimate | NotEstimable:
    used = [(cell, weight) for cell, weight in zip(cells, weights, strict=True) if weight]
    if empty := _empty(cells, weights):
        return empty
    for name, cell, weight in zip(_CELLS, cells, weights, strict=True):
        if weight and cell.events in (0, cell.n):
            rate = "no events" if cell.events == 0 else "nothing but events"
            return NotEstimable(f'The arm "{name}" has {rate}: the data are separated and log odds are not finite.')
    effect = fsum(weight * log(cell.events / (cell.n - cell.events)) for cell, weight in used)
    variance = fsum(weight**2 * (1 / cell.events + 1 / (cell.n - cell.events)) for cell, weight in used)
    return wald.estimate(effect, sqrt(variance), level=level, method="factorial-log-odds")


def _empty(cells: Sequence[Counts], weights: Sequence[float]) -> NotEstimable | None:
    for name, cell, weight in zip(_CELLS, cells, weights, strict=True):
        if weight and cell.n == 0:
            return NotEstimable(f'The arm "{name}" is empty.')
    return None
