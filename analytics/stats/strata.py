"""Two arms compared within strata (placements, days, countries), combined by Mantel-Haenszel.

Conventions shared by everything here. A stratum where one arm is empty is skipped, because it does not bear on the
comparison. Every formula is a sum over strata, so many thin strata serve as well as a few thick ones, and one stratum
gives the plain two-arm result. Time grows with the number of strata, not of units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import overload

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from analytics.stats.numerics import wald
from analytics.stats.numerics.count_columns import CountColumns
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

_Vector = npt.NDArray[np.float64]

NO_STRATA = NotEstimable("No stratum has units in both arms.")
# A variance this small beside the terms it is summed from is a rounding error of zero.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Stratum:
    """The two arms within one group of units that are compared only with each other."""

    treated: Counts
    control: Counts


class StratumColumns(Sequence[Stratum]):
    """Strata whose counts are held as columns: two arms with the same names in the same order."""

    def __init__(self, *, treated: CountColumns, control: CountColumns) -> None:
        if treated.names != control.names:
            raise ValueError("the two arms must have the same strata in the same order")
        self.treated, self.control = treated, control

    @overload
    def __getitem__(self, place: int) -> Stratum: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Stratum]: ...
    def __getitem__(self, place: int | slice) -> Stratum | Sequence[Stratum]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        name = self.treated.names[place]
        return Stratum(treated=self.treated[name], control=self.control[name])

    def __len__(self) -> int:
        return len(self.treated)


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A chi-square statistic with its degrees of freedom and p-value."""

    statistic: float
    df: int
    p_value: float
    method: str


@dataclass(frozen=True, slots=True)
class _Tables:
    """The usable strata as columns: units n and events y, in the treated (1) and the control arm (0)."""

    n1: _Vector
    y1: _Vector
    n0: _Vector
    y0: _Vector

    @property
    def total(self) -> _Vector:
        return self.n1 + self.n0

    @property
    def events(self) -> _Vector:
        return self.y1 + self.y0


def _tables(strata: Sequence[Stratum]) -> _Tables | None:
    if isinstance(strata, StratumColumns):
        used = (strata.treated.n > 0) & (strata.control.n > 0)
        columns = [
            column[used].astype(np.float64)
            for arm in (strata.treated, strata.control)
            for column in (arm.n, arm.events)
        ]
        return _Tables(*columns) if used.any() else None
    rows = [
        (s.treated.n, s.treated.events, s.control.n, s.control.events)
        for s in strata
        if s.treated.n > 0 and s.control.n > 0
    ]
    if not rows:
        return None
    return _Tables(*np.array(rows, dtype=np.float64).T)


def difference(strata: Sequence[Stratum], *, level: float = 0.95) -> Estimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, comparing only within strata?

    Formula: D = sum of w (p1 - p0) / sum of w, with w = n1 n0/N per stratum (1 treated, 0 control, y events, N = n1 +
    n0). Its variance is (D sum of P + sum of Q) / (sum of w)^2, with P = (n1^2 y0 - n0^2 y1 + n1 n0 (n0 - n1)/2) / N^2
    and Q = (y1 (n0 - y0) + y0 (n1 - y1)) / 2N; D +- z times its root.

    Source: Mantel and Haenszel 1959, Journal of the National Cancer Institute 22:719, for the weights; Sato 1989,
    Biometrics 45:1323, for the variance, which holds for few thick and for many thin strata.

    Not for: strata whose differences point different ways, as their mean may describe none of them: look at each with
    `proportions.difference`. Nor for strata that the message may have changed, such as who stayed longer.

    Between -1 and 1, where ends are cut. NotEstimable where nothing varies within the strata, so that the variance is
    zero, and where strata contradict each other so much that Sato's variance is negative.

    The 13 BCG vaccine trials (Colditz et al. 1994), of which R's metafor makes -0.0033 (-0.0039, -0.0027):

    >>> vaccinated = [(123, 4), (306, 6), (231, 3), (13598, 62), (5069, 33), (1541, 180), (2545, 8), (88391, 505),
    ...     (7499, 29), (1716, 17), (50634, 186), (2498, 5), (16913, 27)]
    >>> others = [(139, 11), (303, 29), (220, 11), (12867, 248), (5808, 47), (1451, 372), (629, 10), (88391, 499),
    ...     (7277, 45), (1665, 65), (27338, 141), (2341, 3), (17854, 29)]
    >>> found = difference([Stratum(Counts(*v), Counts(*o)) for v, o in zip(vaccinated, others)])
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (-0.0033, -0.0039, -0.0027)
    """
    check_level(level)
    t = _tables(strata)
    if t is None:
        return NO_STRATA
    weight = t.n1 * t.n0 / t.total
    p1, p0 = t.y1 / t.n1, t.y0 / t.n0
    effect = float(np.sum(weight * (p1 - p0)) / np.sum(weight))
    # Sato's (effect P + Q), with Q rewritten as w^2 (p1 q1/n1 + p0 q0/n0) - (p1 - p0) P so that nothing cancels.
    p = (t.n1**2 * t.y0 - t.n0**2 * t.y1 + t.n1 * t.n0 * (t.n0 - t.n1) / 2.0) / t.total**2
    within = weight**2 * (p1 * ((t.n1 - t.y1) / t.n1) / t.n1 + p0 * ((t.n0 - t.y0) / t.n0) / t.n0)
    between = (effect - (p1 - p0)) * p
    variance = float(np.sum(within + between))
    if variance <= _ROUNDING * float(np.sum(within + np.abs(between))):
        return NotEstimable(
            "The outcome does not vary within the strata in a way that gives the difference a variance."
        )
    se = sqrt(variance) / float(np.sum(weight))
    return wald.estimate(effect, se, level=level, method="mantel-haenszel, sato", within=(-1.0, 1.0))


def ratio(strata: Sequence[Stratum], *, level: float = 0.95) -> Estimate | NotEstimable:
    """How many times the control rate is the treated rate, comparing only within strata?

    Formula: R/S with R = sum of y1 n0/N and S = sum of y0 n1/N (1 treated, 0 control, y events, N = n1 + n0); the
    interval is exp(log(R/S) +- z sqrt(V)), V = (sum of (n1 n0 (y1 + y0) - y1 y0 N) / N^2) / (R S).

    Source: Greenland and Robins 1985, Biometrics 41:55, for the variance of the Mantel-Haenszel ratio's logarithm.

    Not for: strata whose ratios clearly differ, as the common one may describe none of them: look at each with
    `proportions.ratio`. Nor for saying how many people it concerns: read `difference` beside it.

    NotEstimable without any event in one of the arms, or where every unit of both arms had the event.

    The 13 BCG vaccine trials (Colditz et al. 1994), of which R's metafor makes 0.6353 (0.5881, 0.6862):

    >>> vaccinated = [(123, 4), (306, 6), (231, 3), (13598, 62), (5069, 33), (1541, 180), (2545, 8), (88391, 505),
    ...     (7499, 29), (1716, 17), (50634, 186), (2498, 5), (16913, 27)]
    >>> others = [(139, 11), (303, 29), (220, 11), (12867, 248), (5808, 47), (1451, 372), (629, 10), (88391, 499),
    ...     (7277, 45), (1665, 65), (27338, 141), (2341, 3), (17854, 29)]
    >>> found = ratio([Stratum(Counts(*v), Counts(*o)) for v, o in zip(vaccinated, others)])
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.6353, 0.5881, 0.6862)
    """
    check_level(level)
    t = _tables(strata)
    if t is None:
        return NO_STRATA
    r, s = float(np.sum(t.y1 * t.n0 / t.total)), float(np.sum(t.y0 * t.n1 / t.total))
    if r == 0.0 or s == 0.0:
        return NotEstimable(f"No unit of the {'treated' if r == 0.0 else 'control'} arm had the event in any stratum.")
    # n1 n0 m - y1 y0 N of the paper, summed without cancellation.
    spread = float(np.sum((t.y1 * t.n1 * (t.n0 - t.y0) + t.y0 * t.n0 * (t.n1 - t.y1)) / t.total**2))
    if spread == 0.0:
        return NotEstimable("Every unit of both arms had the event.")
    return wald.estimate(
        log(r) - log(s), sqrt(spread / r / s), level=level, method="mantel-haenszel, greenland-robins", ratio=True
    )


def odds_ratio(strata: Sequence[Stratum], *, level: float = 0.95) -> Estimate | NotEstimable:
    """How many times the control odds are the treated odds, comparing only within strata?

    Formula: sum of R / sum of S with R = y1 (n0 - y0)/N and S = y0 (n1 - y1)/N per stratum (1 treated, 0 control, y
    events, N = n1 + n0). With P = (y1 + n0 - y0)/N and Q = 1 - P, the logarithm's variance is sum(P R)/(2 sum(R)^2) +
    sum(P S + Q R)/(2 sum(R) sum(S)) + sum(Q S)/(2 sum(S)^2); normal on the logarithm.

    Source: Robins, Breslow and Greenland 1986, Biometrics 42:311, for the variance of Mantel and Haenszel's ratio.

    Not for: reading it as a ratio of rates, from which it lies further from 1: use `ratio`. Not for strata whose odds
    ratios differ either (see `homogeneity`), as the common one then describes none of them.

    NotEstimable where the ratio would be zero or infinite (separation): no stratum has a treated event and a control
    non-event, or none the reverse.

    Admission of women against men at Berkeley by department (Bickel, Hammel and O'Connell 1975); R's
    `mantelhaen.test(UCBAdmissions)` prints 0.9047 (0.7719, 1.0603) for men against women:

    >>> men = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
    >>> women = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
    >>> found = odds_ratio([Stratum(Counts(*m), Counts(*w)) for m, w in zip(men, women)])
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.9047, 0.7719, 1.0603)
    """
    check_level(level)
    t = _tables(strata)
    if t is None:
        return NO_STRATA
    pair = _odds_sums(t)
    if isinstance(pair, NotEstimable):
        return pair
    r_each, s_each = t.y1 * (t.n0 - t.y0) / t.total, (t.n1 - t.y1) * t.y0 / t.total
    r, s = pair
    p_each, q_each = (t.y1 + t.n0 - t.y0) / t.total, (t.n1 - t.y1 + t.y0) / t.total
    variance = (
        float(np.sum(p_each * r_each)) / (2 * r * r)
        + float(np.sum(p_each * s_each + q_each * r_each)) / (2 * r * s)
        + float(np.sum(q_each * s_each)) / (2 * s * s)
    )
    return wald.estimate(
        log(r) - log(s), sqrt(variance), level=level, method="mantel-haenszel, robins-breslow-greenland", ratio=True
    )


def _odds_sums(t: _Tables) -> tuple[float, float] | NotEstimable:
    """The numerator and the denominator of the Mantel-Haenszel odds ratio, both positive."""
    r = float(np.sum(t.y1 * (t.n0 - t.y0) / t.total))
    s = float(np.sum((t.n1 - t.y1) * t.y0 / t.total))
    if r == 0.0 and s == 0.0:
        return NotEstimable("The outcome does not vary within any stratum.")
    if r == 0.0 or s == 0.0:
        end = "zero" if r == 0.0 else "infinite"
        return NotEstimable(f"The outcome separates the arms within every stratum, so the odds ratio would be {end}.")
    return r, s


def mantel_haenszel_test(strata: Sequence[Stratum], *, continuity: bool = False) -> ChiSquare | NotEstimable:
    """Is there any difference between the arms within strata? The Cochran-Mantel-Haenszel test, one degree of freedom.

    Formula: (abs(sum of (y1 - n1 m/N)) - c)^2 / sum of V, with y1 treated events, m = y1 + y0 events in all, N = n1 +
    n0 and V = n1 n0 m (N - m) / (N^2 (N - 1)) per stratum; c is 0, or 1/2 with `continuity`, where a negative bracket
    counts as 0.

    Source: Cochran 1954, Biometrics 10:417; Mantel and Haenszel 1959, Journal of the National Cancer Institute 22:719,
    with the hypergeometric variance. The continuity correction is the latter's.

    Not for: effects that point different ways in different strata: they cancel, and p is large although the arms
    differ. See `homogeneity`; and for the size of a difference use `difference`.

    NotEstimable where no stratum has both events and non-events.

    Berkeley admissions (R: `mantelhaen.test(UCBAdmissions, correct=FALSE)` prints 1.5246 and p 0.2169):

    >>> men = [(825, 512), (560, 353), (325, 120), (417, 138), (191, 53), (373, 22)]
    >>> women = [(108, 89), (25, 17), (593, 202), (375, 131), (393, 94), (341, 24)]
    >>> found = mantel_haenszel_test([Stratum(Counts(*m), Counts(*w)) for m, w in zip(men, women)])
    >>> round(found.statistic, 4), found.df, round(found.p_value, 4)
    (1.5246, 1, 0.2169)
    """
    t = _tables(strata)
    if t is None:
        return NO_STRATA
    excess = abs(float(np.sum(t.n1 * t.n0 / t.total * (t.y1 / t.n1 - t.y0 / t.n0))))
    variance = float(np.sum(t.n1 * t.n0 * t.events * (t.total - t.events) / (t.total**2 * (t.total - 1.0))))
    if variance == 0.0:
        return NotEstimable("The outcome does not vary within any stratum.")
    statistic = max(0.0, excess - 0.5 * continuity) ** 2 / variance
    return ChiSquare(statistic, 1, float(chdtrc(1, statistic)), "cochran-mantel-haenszel")


def homogeneity(strata: Sequence[Stratum], *, tarone: bool = True) -> ChiSquare | NotEstimable:
    """Do the strata share one odds ratio? The Breslow-Day test, with Tarone's correction unless switched off.

    Formula: sum of (y1 - E)^2 / V, with E the treated events expected given the stratum's margins under the
    Mantel-Haenszel odds ratio, and 1/V the sum of the reciprocals of the four expected cells; Tarone takes off (sum of
    (y1 - E))^2 / sum of V, never going below 0. Degrees of freedom: one fewer than strata with events and non-events.

    Source: Breslow and Day 1980, Statistical Methods in Cancer Research I, section 4.4; Tarone 1985, Biometrika 72:91.

    Not for: showing that the strata agree: with few units it misses real differences, and a large p is no evidence.
    With many thin strata its chi-square is rough too; then see `robustness.leave_one_out`.

    Strata without events or without non-events carry no information and are not counted. NotEstimable with fewer than
    two others, or where the common odds ratio is zero or infinite.

    Oesophageal cancer and alcohol by age group, as (heavy drinkers, cases) and (others, cases), the example of chapter
    4 of Breslow and Day 1980; R's metafor prints 9.2993 as `rma.mh(...)$TA`:

    >>> heavy = [(10, 1), (30, 4), (54, 25), (69, 42), (37, 19), (5, 5)]
    >>> others = [(106, 0), (169, 5), (159, 21), (173, 34), (124, 36), (39, 8)]
    >>> found = homogeneity([Stratum(Counts(*h), Counts(*o)) for h, o in zip(heavy, others)])
    >>> round(found.statistic, 4), found.df, round(found.p_value, 4)
    (9.2993, 5, 0.0977)
    """
    t = _tables(strata)
    if t is None:
        return NO_STRATA
    varies = (t.events > 0) & (t.events < t.total)
    count = int(np.sum(varies))
    if count < 2:
        return NotEstimable("Fewer than two strata have both events and non-events.")
    pair = _odds_sums(t)
    if isinstance(pair, NotEstimable):
        return pair
    psi = pair[0] / pair[1]
    n1, n0, events, total = t.n1[varies], t.n0[varies], t.events[varies], t.total[varies]
    # Each cell is computed from the margins by itself: subtracting from a margin would lose the digits of small ones.
    treated_yes = _expected_cell(n1, n0, events, psi)
    treated_no = _expected_cell(n1, n0, total - events, 1.0 / psi)
    control_yes = _expected_cell(n0, n1, events, 1.0 / psi)
    control_no = _expected_cell(n0, n1, total - events, psi)
    variance = 1.0 / (1.0 / treated_yes + 1.0 / treated_no + 1.0 / control_yes + 1.0 / control_no)
    surplus = t.y1[varies] - treated_yes
    statistic = float(np.sum(surplus**2 / variance))
    if tarone:
        statistic = max(0.0, statistic - float(np.sum(surplus)) ** 2 / float(np.sum(variance)))
    name = "breslow-day, tarone" if tarone else "breslow-day"
    return ChiSquare(statistic, count - 1, float(chdtrc(count - 1, statistic)), name)


def _expected_cell(row: _Vector, other_row: _Vector, column: _Vector, psi: float) -> _Vector:
    """The cell of `row` and `column` at odds ratio psi: the root of a quadratic, written without cancellation."""
    b = other_row - column + psi * (column + row)
    root = np.sqrt(
        (other_row - column) ** 2
        + (psi * (column - row)) ** 2
        + 2.0 * psi * (column * (row + other_row - column) + row * other_row)
    )
    positive = b > 0
    product = 2.0 * psi * column * row
    # Where b <= 0, psi < 1, so that the second form does not divide by zero.
    return np.where(
        positive, product / np.where(positive, b + root, 1.0), (root - b) / np.where(positive, 1.0, 2.0 * (1.0 - psi))
    )
