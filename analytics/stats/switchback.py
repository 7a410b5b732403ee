"""Arms compared when a page shows one of them for a whole period: tested by drawing the order of the periods anew."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, inf, sqrt

import numpy as np
import numpy.typing as npt

from analytics.stats.numerics.count_columns import as_count_list
from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level, empty_arm

_Vector = npt.NDArray[np.float64]

MOST_SETS_IN_FULL = 15  # 32,768 orders
DRAWS = 9_999  # beside the order that was registered
SEED = 20_230_101  # fixed, so that the same counts always give the same answer
_BATCH = 1 << 20  # flips held at a time
# Differences that should be equal differ by rounding.
_ROUNDING = 1e-12

SAME_DIFFERENCE = NotEstimable("Every order of the periods gives the same difference, so chance cannot be assessed.")


@dataclass(frozen=True, slots=True)
class SwitchbackEstimate(Estimate):
    """A difference between periods. `sets` could have been drawn otherwise; no p-value is below `smallest_p`.

    `standard_error` is that of the difference over the orders that were drawn, if the effect is the one estimated.
    """

    sets: int = 0
    smallest_p: float = 1.0


def difference(
    *, treated: Sequence[Counts], control: Sequence[Counts], level: float = 0.95
) -> SwitchbackEstimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, when a page shows one arm for a whole period?

    Formula: d = p1 - p0, an arm's p being all its events over all its n units. The first of `treated` and of `control`
    are one set: two periods whose arms the plan drew by chance, each order as likely. p is the share of all 2^S orders
    of S sets in which |d| is at least as large as in the order that was registered. If an effect e is added to each
    treated rate, an order gives a - b e with a = d of the counts as they came and b = the share of units observed under
    treatment in its treated arm less that in its control arm. The interval holds each e with |a - b e| >= |d - e| in
    more than 1 - level of the orders; each order has this between d + c/(b - 1) and d + c/(b + 1), with c = a - b d, so
    the ends are order statistics.

    Source: Fisher 1935, The Design of Experiments, section 21; Bojinov, Simchi-Levi and Zhao 2023, Management Science
    69:3759, for switchback experiments; Garthwaite 1996, Biometrics 52:1387, for intervals from such tests; Phipson
    and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9:39, for orders drawn at random.

    Not for: arms that change how many people come, or whose effect lasts into the next period beyond the wash-out. Nor
    for a schedule that somebody chose: the p-value rests on the draw alone, and on nothing about the days.

    Up to 15 sets all orders are computed, beyond that 9,999 drawn with a fixed seed and the registered one. A period
    without units is `Counts(0, 0)`, and a set without any is left out. One set more halves `smallest_p`: six are the
    fewest that reach 5%. Where the test can exclude nothing on a side, the interval reaches the end of what a
    difference can be. NotEstimable without units in an arm, or where every order gives the same difference.

    Darwin's 15 pairs, each difference of d eighths of an inch as d of 1,000 units more. Fisher has 863 of 32,768 orders
    with so large a sum, so 5.267% on both sides:

    >>> darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    >>> found = difference(treated=[Counts(1000, 500 + d) for d in darwin], control=[Counts(1000, 500)] * 15)
    >>> round(found.effect, 4), round(found.p_value, 5), found.sets
    (0.0209, 0.05267, 15)
    """
    check_level(level)
    n1, y1, n0, y0 = _used_sets(treated, control)
    empty = empty_arm(Counts(int(n1.sum()), int(y1.sum())), Counts(int(n0.sum()), int(y0.sum())))
    if empty is not None:
        return empty
    effect = float(y1.sum() / n1.sum() - y0.sum() / n0.sum())
    batches = [_redraw(flips, n1, y1, n0, y0) for flips in _orders(n1.size)]
    a, b = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    c = a - b * effect
    spread = float(sqrt(np.mean(c[np.isfinite(c)] ** 2)))
    if spread <= _ROUNDING:
        return SAME_DIFFERENCE
    return SwitchbackEstimate(
        effect=effect,
        interval=_invert(effect, a, b, c, level),
        p_value=_p_value(effect, a),
        method="permutation of periods",
        standard_error=spread,
        sets=int(n1.size),
        smallest_p=max(smallest_p(int(n1.size)), 1 / a.size),
    )


def forgeries_to_turn(
    *, treated: Sequence[Counts], control: Sequence[Counts], effect: float, level: float, views: int
) -> int:
    """How many forgers, each of up to `views` views, does it take until the test no longer rejects an effect?

    Formula: With the difference a - b e of an order as in `difference`, d - e that of the registered one, and m the
    most that `views` views move the difference of an order, views max(p, 1 - p) / (n - views) in its smaller arm, an
    order has r = (|d - e| - |a - b e|) / ((m + m of the registered order) (1 + 2 |e|)). The answer is the r that so
    many orders do not exceed as the level lets be more extreme, rounded up, and at least 1.

    Source: Our own, from the definition of the test. It is a bound: a forger who cannot choose for each order by itself
    turns less. `tests/analytics/stats/test_switchback.py` tries forgeries against it.

    Not for: saying how many views were forged. Nobody knows that.

    Forged views are worst if they lie in the smaller of an order's two arms, and all had the outcome, or all had not.
    So orders that lie closer than that to the registered one count as extreme as well: where one placement has hardly
    any visitors, turning its sets around gives orders that a few views decide.

    Two placements, of 7,000 and of 21 people a week; the smaller one's sets make the p-value 1/32 instead of 1/4:

    >>> treated, control = [Counts(7000, 2300 + d) for d in (0, 20, 50)], [Counts(7000, 2100)] * 3
    >>> small = {"treated": [*treated, *[Counts(21, 10)] * 3], "control": [*control, *[Counts(21, 7)] * 3]}
    >>> difference(**small).p_value, forgeries_to_turn(**small, effect=0.0, level=0.95, views=20)
    (0.03125, 1)
    >>> large = {"treated": treated * 2, "control": control * 2}
    >>> difference(**large).p_value, forgeries_to_turn(**large, effect=0.0, level=0.95, views=20)
    (0.03125, 15)
    """
    n1, y1, n0, y0 = _used_sets(treated, control)
    everybody = n1.sum() + n0.sum()
    needed = []
    for flips in _orders(n1.size):
        a, b = _redraw(flips, n1, y1, n0, y0)
        units, events = (1.0 - flips) @ n1 + flips @ n0, (1.0 - flips) @ y1 + flips @ y0
        left = np.maximum(np.minimum(units, everybody - units) - views, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.stack([events / units, (y1.sum() + y0.sum() - events) / (everybody - units)])
            furthest = np.nan_to_num(np.maximum(rates, 1.0 - rates).max(axis=0), nan=1.0)
            moves = np.minimum(views * furthest / left, 1.0)
        needed.append(np.stack([np.where(np.isfinite(a), np.abs(a - b * effect), inf), moves]))
    distances, moves = np.concatenate(needed, axis=1)
    # The share observed under treatment moves as well, by at most twice as much.
    forgers = (distances[0] - distances) / ((moves + moves[0]) * (1.0 + 2.0 * abs(effect)))
    kept = floor((1.0 - level) * forgers.size + 1e-9)
    return max(int(np.ceil(np.sort(forgers)[kept] - 1e-9)), 1)


def _used_sets(treated: Sequence[Counts], control: Sequence[Counts]) -> tuple[_Vector, _Vector, _Vector, _Vector]:
    """The units and events of each treated period and of its control period, without sets that have no units."""
    if len(treated) != len(control):
        raise ValueError(f"{len(treated)} treated periods need as many control periods, not {len(control)}")
    one, other = as_count_list(treated), as_count_list(control)
    used = (one.n + other.n) > 0
    n1, y1, n0, y0 = (each[used].astype(np.float64) for each in (one.n, one.events, other.n, other.events))
    return n1, y1, n0, y0


def smallest_p(sets: int) -> float:
    """How small can the p-value of a switchback trial with so many sets of two periods become?

    Formula: 2^(1 - S), as the order in which all sets are the other way round is as extreme as that of the data.

    Source: Fisher 1935, The Design of Experiments, section 21.

    Not for: more than 14 sets, where the number of orders that `difference` draws bounds the p-value first.

    Four sets cannot reach 5%, six can:

    >>> smallest_p(4), smallest_p(6)
    (0.125, 0.03125)
    """
    return min(1.0, 2.0 ** (1 - sets))


def _orders(sets: int) -> Iterator[_Vector]:
    """Which sets are turned around in each order, the registered one first: all orders, or some drawn at random."""
    if sets <= MOST_SETS_IN_FULL:
        numbers = np.arange(1 << sets)[:, None]
        yield ((numbers >> np.arange(sets)) & 1).astype(np.float64)
        return
    source, left = np.random.default_rng(SEED), DRAWS
    yield np.zeros((1, sets))
    while left:
        rows = min(left, max(_BATCH // sets, 1))
        yield source.integers(0, 2, size=(rows, sets)).astype(np.float64)
        left -= rows


def _redraw(flips: _Vector, n1: _Vector, y1: _Vector, n0: _Vector, y0: _Vector) -> tuple[_Vector, _Vector]:
    """The difference of each order, and by how much more its treated units were observed under treatment.

    An order without units in an arm has no difference: it counts as extreme, whatever the effect.
    """
    stays = 1.0 - flips
    units, events, same = stays @ n1 + flips @ n0, stays @ y1 + flips @ y0, stays @ n1
    rest = n1.sum() + n0.sum() - units
    with np.errstate(divide="ignore", invalid="ignore"):
        a = events / units - (y1.sum() + y0.sum() - events) / rest
        b = same / units - (n1.sum() - same) / rest
    missing = (units == 0) | (rest == 0)
    return np.where(missing, inf, a), np.where(missing, 1.0, b)


def _p_value(effect: float, a: _Vector) -> float:
    return float(np.mean(np.abs(a) >= abs(effect) - _ROUNDING))


def _invert(effect: float, a: _Vector, b: _Vector, c: _Vector, level: float) -> Interval:
    """The effects that the test would not reject."""
    settled = (1.0 - np.abs(b) > _ROUNDING) & np.isfinite(c)
    # An order that says the same as the registered one is as extreme for every effect.
    down, up = np.full(a.size, inf), np.full(a.size, inf)
    ends = np.stack([c[settled] / (b[settled] + 1.0), c[settled] / (b[settled] - 1.0)])
    up[settled], down[settled] = ends.max(axis=0), -ends.min(axis=0)
    kept = floor((1.0 - level) * a.size + 1e-9)  # as many orders may reach so far and still be rejected
    high, low = (float(np.sort(side)[::-1][kept]) for side in (up, down))
    found = consistent_interval(effect - low, effect + high, p_value=_p_value(effect, a), level=level, above=effect > 0)
    return Interval(max(found.low, -1.0), min(found.high, 1.0), level)
