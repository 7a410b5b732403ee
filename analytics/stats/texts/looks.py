"""Repeated looks at what holds for texts of a kind: people arrive all the time, texts do not.

More people bring the mean over these texts closer to its true value, and never closer to that of their kind. So a
sequence that narrows with people claims too much in the end, and the boundaries of planned looks do as well with a few
texts, because they are made for the normal. Here each look has a share of the error of its own, whatever its test.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import floor, log2

from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.values import Estimate, Interval, NotEstimable, check_level

# Of all error the last planned look has 0.8, which costs it little.
_AT_THE_END, _BEYOND = 0.8, 0.1
_CHECKPOINTS = (0.25, 0.5, 0.75)
_BEFORE = 0.1 / len(_CHECKPOINTS)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A point of a campaign that may be watched at any time: its share of the planned people, and of the error."""

    share: float
    weight: float


def planned_look_weight(*, look: int, looks: int) -> float:
    """Which share of the error does a planned look at texts of a kind have? The first look is 1.

    Formula: 0.8 for the last of the planned looks, 0.2 / (looks - 1) for each before it; 1 for the only one.

    Source: Haybittle 1971, British Journal of Radiology 44:793, and Peto and others 1976, British Journal of Cancer
    34:585, for looks before the last that have little of the error; Bonferroni's inequality.

    Not for: what holds for these texts, where people are the sample: `sequential.boundaries` loses less.

    A look outside 1 to `looks` raises ValueError.

    >>> [round(planned_look_weight(look=look, looks=5), 3) for look in range(1, 6)]
    [0.05, 0.05, 0.05, 0.05, 0.8]
    """
    if not 1 <= look <= looks:
        raise ValueError(f"look must be from 1 to {looks}, not {look!r}")
    if looks == 1:
        return 1.0
    return _AT_THE_END if look == looks else (1.0 - _AT_THE_END) / (looks - 1)


def last_checkpoint(share: float) -> Checkpoint | None:
    """Which point did a campaign that may be watched at any time pass last, with this share of its planned people?

    Formula: Points at 1/4, 1/2 and 3/4 of the planned people with 1/30 of the error each, at 1 with 0.8, and at 2, 4,
    8 and so on with 0.05, 0.025, 0.0125, so that all together have 1.

    Source: Bonferroni's inequality; the shares are our own.

    Not for: looks between the points. The first look after a point is judged with its weight, and what it said stands
    until the next point.

    None before the first point. A share that is not a finite number of at least 0 raises ValueError.

    >>> last_checkpoint(0.1), last_checkpoint(1.3), last_checkpoint(3.5)
    (None, Checkpoint(share=1.0, weight=0.8), Checkpoint(share=2.0, weight=0.05))
    """
    if not 0.0 <= share < float("inf"):
        raise ValueError(f"a share of the planned people is at least 0, not {share!r}")
    if share >= 2.0:
        doublings = floor(log2(share))
        return Checkpoint(2.0**doublings, _BEYOND * 0.5**doublings)
    if share >= 1.0:
        return Checkpoint(1.0, _AT_THE_END)
    passed = [point for point in _CHECKPOINTS if point <= share]
    return Checkpoint(passed[-1], _BEFORE) if passed else None


def at_look(
    estimate_at: Callable[[float], Estimate | NotEstimable], *, weight: float, level: float = 0.95
) -> Estimate | NotEstimable:
    """Where may the effect of texts of a kind lie, judged at a look with this share of the error, all looks together?

    Formula: The interval of `estimate_at` the level 1 - weight (1 - level), and its p divided by the weight, at most 1.
    If the weights of all looks add up to at most 1, any interval misses the truth in at most 1 - level of campaigns.

    Source: Bonferroni's inequality, with weights as in Holm 1979, Scandinavian Journal of Statistics 6:65. It holds
    whatever the looks have in common, and for exact tests of a few sets as for t.

    Not for: a look that was not foreseen. `last_checkpoint` foresees them for a campaign that may be watched any time.

    Over several looks the smallest p counts. A weight outside 0 to 1 raises ValueError.

    Four sets at the third of five planned looks, each of the first four with a twentieth of the error:

    >>> from analytics.stats.texts.matched import mean_over_sets
    >>> found = at_look(lambda level: mean_over_sets([0.08, 0.05, 0.06, 0.09], level=level), weight=0.05)
    >>> round(found.interval.low, 4), round(found.interval.high, 4), round(found.p_value, 4), found.interval.level
    (-0.0164, 0.1564, 0.0921, 0.95)
    """
    check_level(level)
    if not 0.0 < weight <= 1.0:
        raise ValueError(f"weight must lie above 0 and at most at 1, not {weight!r}")
    found = estimate_at(1.0 - weight * (1.0 - level))
    if isinstance(found, NotEstimable):
        return found
    low, high = found.interval.low, found.interval.high
    if found.p_value is None:
        return replace(found, interval=Interval(low, high, level))
    p_value = min(found.p_value / weight, 1.0)
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=found.effect > 0.0)
    return replace(found, interval=interval, p_value=p_value)


def no_surer_than(these: Estimate, kind: Estimate) -> Estimate:
    """What may be said of texts of a kind, so that no more is claimed for them than for the very texts that were shown?

    Formula: The effect of `kind`; the interval from the lower of the two low ends to the higher of the two high ends;
    the larger of the two p-values.

    Source: Berger 1982, Technometrics 24:295 (the intersection-union test): a claim that needs two tests at alpha each
    has at most the error alpha. The aim is that of Röver, Knapp and Friede 2015, BMC Medical Research Methodology
    15:99: by luck a few texts agree too well, and then t alone is surer of all texts than one can be of these.

    Not for: two estimates of different levels, which raise ValueError.

    `these` comes from people alone, such as `proportions.difference`. Both must be made for the same looks.

    >>> from analytics.stats.numerics import wald
    >>> these = wald.estimate(0.02, 0.012, level=0.95, method="people")
    >>> kind = wald.estimate(0.021, 0.004, level=0.95, method="texts", df=3)
    >>> found = no_surer_than(these, kind)
    >>> round(kind.p_value, 3), round(found.p_value, 3), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.013, 0.096, -0.0035, 0.0435)
    """
    if these.interval.level != kind.interval.level:
        raise ValueError("two estimates can be held together at one level only")
    level = kind.interval.level
    low, high = min(these.interval.low, kind.interval.low), max(these.interval.high, kind.interval.high)
    interval = Interval(low, high, level)
    if these.p_value is None or kind.p_value is None:
        return replace(kind, interval=interval, p_value=None)
    # Two claims in opposite directions are no claim.
    least = 1.0 - level if 0.0 in interval else 0.0
    return replace(kind, interval=interval, p_value=max(these.p_value, kind.p_value, least))
