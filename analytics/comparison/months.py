"""PURE  Whether a message in use works, month by month: what came between two looks that may be shown, compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import pi, sqrt
from statistics import NormalDist

from analytics.comparison.network_influence import largest_move, networks_to_turn
from analytics.stats import Counts
from analytics.stats.sequential import confidence_sequence
from analytics.stats.values import Estimate

_NORMAL = NormalDist()
_FEWEST = 10  # people with and without the outcome in each arm, as for a verdict that holds at every look


@dataclass(frozen=True, slots=True)
class LookCounts:
    """What a look may show of the message and of the holdout, counted from the start."""

    day: date
    treated: Counts
    control: Counts


@dataclass(frozen=True, slots=True)
class MonthEffect:
    """A month's rates, and by how much that of the message exceeds that of the holdout, as shares.

    The interval holds at all looks of this month at once. `fades` says that the effect is surely smaller than in the
    first month; it is None for the first month, for one that is not over, and where an effect is not known.
    `by_one_network` says that one network alone could have made the interval exclude zero, and `fades_by_one_network`
    that it could have made the effect surely smaller.
    """

    from_day: date
    to_day: date
    treated_rate: float | None
    control_rate: float | None
    effect: float | None
    low: float | None
    high: float | None
    fades: bool | None
    by_one_network: bool = False
    fades_by_one_network: bool = False


def monthly_effects(
    looks: Sequence[LookCounts],
    *,
    first_day: date,
    level: float,
    people_planned: int,
    higher_is_better: bool,
    views_per_network: Callable[[date, date], int],
) -> list[MonthEffect]:
    """Compare message and holdout among the people of each month; the last may not be over.

    A month ends with its last look. Each complete month after the first is compared with the first once, by z. Month m
    may err by alpha 6 / (pi (m - 1))^2: over all months that is alpha (Bonferroni; the sum is Euler's).
    `views_per_network` says how many views of the days from one to another one network may have counted: the worst of
    them move a month's effect, and in two months the difference of both.

    Not for: a month without a look, which is told with the next one.
    """
    last_looks = {(look.day.year, look.day.month): look for look in looks}
    months, start, before = [], first_day, LookCounts(first_day, Counts(0, 0), Counts(0, 0))
    first: Estimate | None = None
    first_move = 0.0
    for number, look in enumerate(last_looks.values()):
        treated, control = _between(before.treated, look.treated), _between(before.control, look.control)
        effect = _effect(treated, control, level=level, people_planned=people_planned)
        fades, fades_by_one = None, False
        move = (
            largest_move(
                [treated.n, control.n],
                [treated.proportion, control.proportion],
                views=views_per_network(start, look.day),
            )
            if effect
            else 0.0
        )
        if number and first and effect and number + 1 < len(last_looks):
            alpha, sign = (1 - level) * 6 / (pi * number) ** 2, 1 if higher_is_better else -1
            fades = _is_smaller(effect, first, alpha=alpha, sign=sign)
            fades_by_one = fades and not _is_smaller(effect, first, alpha=alpha, sign=sign, moved=first_move + move)
        first, first_move = (effect, move) if number == 0 else (first, first_move)
        months.append(
            MonthEffect(
                start,
                look.day,
                treated.proportion if treated.n else None,
                control.proportion if control.n else None,
                effect.effect if effect else None,
                effect.interval.low if effect else None,
                effect.interval.high if effect else None,
                fades,
                effect is not None and _is_turned(effect, move),
                fades_by_one,
            )
        )
        start, before = look.day, look
    return months


def _effect(treated: Counts, control: Counts, *, level: float, people_planned: int) -> Estimate | None:
    """The difference with an interval that holds at all looks; None while too few people came for one."""
    if any(min(arm.events, arm.n - arm.events) < _FEWEST for arm in (treated, control)):
        return None
    found = confidence_sequence(treated=treated, control=control, level=level, n_planned=people_planned)
    return found if isinstance(found, Estimate) else None


def _between(before: Counts, after: Counts) -> Counts:
    return Counts(after.n - before.n, after.events - before.events)


def _is_turned(effect: Estimate, move: float) -> bool:
    """Whether an interval excludes zero, and would not if its estimate were moved so far."""
    room = max(effect.interval.low, -effect.interval.high)
    return room > 0 and networks_to_turn(room, move) == 1


def _is_smaller(effect: Estimate, first: Estimate, *, alpha: float, sign: int, moved: float = 0.0) -> bool:
    """Whether an effect is surely smaller than the first, also if as much of the difference is not true."""
    assert effect.standard_error
    assert first.standard_error
    z = (sign * (first.effect - effect.effect) - moved) / sqrt(effect.standard_error**2 + first.standard_error**2)
    return z > 0 and 2 * (1 - _NORMAL.cdf(z)) < alpha
