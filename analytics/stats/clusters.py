"""Arms compared when units come in clusters: a household that shares its arm, a placement on one day that saw them all.

Units of one cluster resemble each other. Where whole clusters were assigned, counting units as if they were independent
makes intervals too short; where each cluster saw all arms, what its units have in common cancels between the arms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt

from analytics.stats.numerics import wald
from analytics.stats.numerics.count_columns import CountList, as_count_list
from analytics.stats.numerics.wilson import wilson
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level

_Vector = npt.NDArray[np.float64]

Variance = Literal["cr2", "cr1", "pair-cluster"]

TOO_FEW = NotEstimable("An arm has fewer than two clusters with units in them.")
SAME_RATES = NotEstimable("All clusters of an arm have the same rate, so the variation between them is unknown.")
SAME_DIFFERENCE = NotEstimable("All clusters have the same difference, so the variation between them is unknown.")
# A variance this small beside the terms it is summed from is a rounding error of zero.
_ROUNDING = 1e-24


@dataclass(frozen=True, slots=True)
class ClusterEstimate(Estimate):
    """An estimate that allows for clusters, and the design effect: by what factor they inflate its variance."""

    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm over all clusters: its units, rate, and each cluster's share of units and sum of residuals over units."""

    units: int
    rate: float
    share: _Vector
    rest: _Vector  # 1 - share, without cancellation
    residual: _Vector

    @property
    def independent(self) -> float:
        """The variance of the rate if units were independent: p q / (n - 1), which is CR2 for clusters of one."""
        return self.rate * (1.0 - self.rate) / (self.units - 1)


def difference(
    *,
    treated: Sequence[Counts],
    control: Sequence[Counts],
    crossed: bool = False,
    level: float = 0.95,
    variance: Variance = "cr2",
) -> ClusterEstimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, when units come in clusters? One Counts a cluster.

    Formula: d = p1 - p0, an arm's p being all its events over all its n units, so larger clusters weigh more; d +-
    t(df) sqrt(V). Of each arm, a cluster with k of its units and y events has the share f = k/n and the residual r = (y
    - k p)/n. "cr2": V = sum of (r1/sqrt(1 - f1) - r0/sqrt(1 - f0))^2 over clusters; df = (1/n1 + 1/n0)^2 / (sum of
    (f1/n1 + f0/n0)^2 + sum of (q1 q1' + q0 q0')^2 over pairs of different clusters, each order counted), q = f/sqrt(n
    (1 - f)). "pair-cluster": V = G/(G-1) times the sum of (r1 - r0)^2 and df = G-1, with G clusters; "cr1": the same
    times (N-1)/(N-2), with N units in all. Design effect: V / (p1 (1 - p1)/(n1 - 1) + p0 (1 - p0)/(n0 - 1)).

    Source: Bell and McCaffrey 2002, Survey Methodology 28:169, and Pustejovsky and Tipton 2018, Journal of Business and
    Economic Statistics 36:672 (R's `clubSandwich`), for CR2 with Satterthwaite's df under independent units;
    de Chaisemartin and Ramirez-Cuellar 2024, American Economic Journal: Applied Economics 16:193, for "pair-cluster";
    CR1 as in Stata and statsmodels (Cameron and Miller 2015, Journal of Human Resources 50:317).

    Not for: a handful of clusters: where `df` is below about 4, not even "cr2" keeps its level (Tipton 2015,
    Psychological Methods 20:375), and the others need some forty, or clusters of equal size. Nor for clusters that
    resemble their neighbours, as days may.

    Say `crossed` where each cluster saw both arms: then the first of `treated` and of `control` are one cluster, and so
    on, and as many are needed; all V agree up to (N-1)/(N-2) where they are of equal size. Otherwise whole clusters
    were assigned, and each is in one arm. Clusters of one unit each give Welch's comparison (HC2), design effect 1
    under "cr2". Empty clusters are skipped; an arm needs two others. Ends are cut at -1 and 1. NotEstimable where
    nothing varies between clusters.

    Two arms of three and two villages, the numbers small enough to follow by hand:

    >>> found = difference(
    ...     treated=[Counts(n=10, events=6), Counts(n=10, events=2), Counts(n=10, events=4)],
    ...     control=[Counts(n=10, events=1), Counts(n=10, events=3)],
    ... )
    >>> round(found.effect, 4), round(found.standard_error, 4), round(found.df, 2)
    (0.2, 0.1528, 2.27)

    Three days that saw both arms, 5, 1 and 3 more events of 10: u is 2, -2 and 0 of 30, V = 3/2 times 8/900, and df 2:

    >>> found = difference(
    ...     treated=[Counts(n=10, events=6), Counts(n=10, events=4), Counts(n=10, events=8)],
    ...     control=[Counts(n=10, events=1), Counts(n=10, events=3), Counts(n=10, events=5)],
    ...     crossed=True,
    ... )
    >>> round(found.effect, 4), round(found.standard_error, 4), round(found.df, 2)
    (0.3, 0.1155, 2.0)
    """
    check_level(level)
    arms = _arms(treated, control, crossed=crossed)
    if isinstance(arms, NotEstimable):
        return arms
    t, c = arms
    found = _variance(arms, (1.0, -1.0), variance)
    if isinstance(found, NotEstimable):
        return found if crossed else SAME_RATES
    squared, df = found
    plain = wald.estimate(t.rate - c.rate, sqrt(squared), level=level, method=variance, df=df, within=(-1.0, 1.0))
    return _with_design_effect(plain, squared / (t.independent + c.independent))


def ratio(
    *, treated: Sequence[Counts], control: Sequence[Counts], crossed: bool = False, level: float = 0.95
) -> ClusterEstimate | NotEstimable:
    """How many times the control rate is the treated rate, when units come in clusters? 1 means no effect.

    Formula: exp(log(p1/p0) +- t(df) sqrt(V)), with V and df those of `difference` under "cr2" once the residuals and
    shares of each arm are divided by its rate p (the delta method).

    Source: Bell and McCaffrey 2002, Survey Methodology 28:169, and Pustejovsky and Tipton 2018, Journal of Business and
    Economic Statistics 36:672, for V and df; the delta method as in Katz, Baptista, Azen and Pike 1978, Biometrics
    34:469.

    Not for: saying how many people it concerns: read `difference` beside it. With few events the logarithm is far from
    normal, and clusters cannot mend that.

    `crossed`, and everything else, as in `difference`. NotEstimable without any event in one of the arms.

    The two arms of villages of `difference`, 12 of 30 against 4 of 20:

    >>> found = ratio(
    ...     treated=[Counts(n=10, events=6), Counts(n=10, events=2), Counts(n=10, events=4)],
    ...     control=[Counts(n=10, events=1), Counts(n=10, events=3)],
    ... )
    >>> round(found.effect, 4), round(found.standard_error, 4)
    (2.0, 0.5774)
    """
    check_level(level)
    arms = _arms(treated, control, crossed=crossed)
    if isinstance(arms, NotEstimable):
        return arms
    t, c = arms
    if t.rate == 0.0 or c.rate == 0.0:
        return NotEstimable("An arm has no events, so the logarithm of the ratio is not finite.")
    found = _variance(arms, (1.0 / t.rate, -1.0 / c.rate), "cr2")
    if isinstance(found, NotEstimable):
        return found if crossed else SAME_RATES
    squared, df = found
    plain = wald.estimate(log(t.rate) - log(c.rate), sqrt(squared), level=level, method="cr2", df=df, ratio=True)
    return _with_design_effect(plain, squared / (t.independent / t.rate**2 + c.independent / c.rate**2))


def contrast(
    arms: Sequence[Sequence[Counts]], weights: Sequence[float], *, level: float = 0.95
) -> ClusterEstimate | NotEstimable:
    """What is a weighted sum of the rates of several arms, such as an interaction, when units come in clusters?

    Formula: E = sum of w p over the arms; E +- t(df) sqrt(V), with V = sum over clusters of (sum over arms of w
    r/sqrt(1 - f))^2 and r, f and df as in `difference`, of which (1, -1) is the case of two arms.

    Source: Bell and McCaffrey 2002, Survey Methodology 28:169; Pustejovsky and Tipton 2018, Journal of Business and
    Economic Statistics 36:672.

    Not for: contrasts chosen after looking. The limits of `difference` hold here too.

    Each arm lists the same clusters in the same order, an empty Counts where a cluster has no units of it. Ends are not
    cut. As many weights as arms, else ValueError.

    Four arms on three days: 3, 1 and 2 of 10 beyond the sum of two, so 0.2 on average with the error sqrt(0.01/3):

    >>> cells = [[Counts(10, x) for x in arm] for arm in ((1, 2, 3), (3, 3, 6), (2, 4, 3), (7, 6, 8))]
    >>> found = contrast(cells, (1, -1, -1, 1))
    >>> round(found.effect, 4), round(found.standard_error, 4), round(found.df, 2)
    (0.2, 0.0577, 2.0)
    """
    check_level(level)
    if len(arms) != len(weights):
        raise ValueError(f"{len(arms)} arms need as many weights, not {len(weights)}")
    known = [side for side in (_arm(as_count_list(each)) for each in arms) if isinstance(side, _Arm)]
    if len(known) < len(arms):
        return TOO_FEW
    found = _variance(known, weights, "cr2")
    if isinstance(found, NotEstimable):
        return found
    squared, df = found
    effect = sum(w * side.rate for w, side in zip(weights, known, strict=True))
    plain = wald.estimate(effect, sqrt(squared), level=level, method="cr2", df=df)
    independent = sum(w * w * side.independent for w, side in zip(weights, known, strict=True))
    return _with_design_effect(plain, squared / independent)


def rate(clusters: Sequence[Counts], *, level: float = 0.95) -> Estimate | NotEstimable:
    """What share of the units in one arm had the event, when units come in clusters? It has no p-value.

    Formula: Wilson's interval of `proportions.rate` at p = all events over all n units, with the effective number of
    units n* = p (1 - p) / V (z/t)^2 in place of n, V being that of `difference` under "cr2" for this arm alone, z the
    normal quantile and t that of Student's t with its df. n* is no more than n.

    Source: Korn and Graubard 1998, Survey Methodology 24:193, for the effective number of units; Wilson's interval on
    it as in Dean and Pagano 2015, Journal of Survey Statistics and Methodology 3:484.

    Not for: comparing arms, which `difference` does. Nor for a handful of clusters.

    Without events, without non-events, or where all clusters have the same rate, nothing tells how alike their units
    are: then each cluster counts as one unit. NotEstimable with fewer than two clusters that have units.

    Three villages with 6, 2 and 4 events of 10: V = 1/75, df 2:

    >>> found = rate([Counts(n=10, events=6), Counts(n=10, events=2), Counts(n=10, events=4)])
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.4, 0.0982, 0.8032)
    """
    check_level(level)
    held = as_count_list(clusters)
    arm = _arm(CountList(held.n[held.n > 0], held.events[held.n > 0]))
    if isinstance(arm, NotEstimable):
        return arm
    found = _variance([arm], [1.0], "cr2")
    if isinstance(found, NotEstimable):
        effective = float(arm.share.size)
    else:
        stretch = wald.critical(level) / wald.critical(level, found[1])
        effective = min(arm.rate * (1.0 - arm.rate) / found[0] * stretch**2, float(arm.units))
    low, high = wilson(effective, arm.rate * effective, wald.critical(level))
    return Estimate(arm.rate, Interval(min(low, arm.rate), max(high, arm.rate), level), None, "wilson, clustered")


def _with_design_effect(plain: Estimate, design_effect: float) -> ClusterEstimate:
    return ClusterEstimate(
        effect=plain.effect,
        interval=plain.interval,
        p_value=plain.p_value,
        method=plain.method,
        statistic=plain.statistic,
        df=plain.df,
        standard_error=plain.standard_error,
        design_effect=design_effect,
    )


def _arms(treated: Sequence[Counts], control: Sequence[Counts], *, crossed: bool) -> tuple[_Arm, _Arm] | NotEstimable:
    """Both arms over the same clusters, with no units where a cluster is in the other arm alone."""
    sides = [as_count_list(treated), as_count_list(control)]
    if crossed:
        if len(sides[0]) != len(sides[1]):
            raise ValueError("crossed clusters need as many counts in one arm as in the other")
        used = (sides[0].n > 0) | (sides[1].n > 0)
        first, second = (_arm(CountList(side.n[used], side.events[used])) for side in sides)
    else:
        one, other = (CountList(side.n[side.n > 0], side.events[side.n > 0]) for side in sides)
        first = _arm(_pad_with_empty(one, after=len(other)))
        second = _arm(_pad_with_empty(other, before=len(one)))
    return (first, second) if isinstance(first, _Arm) and isinstance(second, _Arm) else TOO_FEW


def _pad_with_empty(counts: CountList, *, before: int = 0, after: int = 0) -> CountList:
    """The counts with so many empty clusters before and after them."""
    return CountList(np.pad(counts.n, (before, after)), np.pad(counts.events, (before, after)))


def _arm(clusters: CountList) -> _Arm | NotEstimable:
    n, events = clusters.n, clusters.events
    if np.count_nonzero(n) < 2:
        return TOO_FEW
    units, total = int(n.sum()), int(events.sum())
    # Whole numbers, so that clusters with equal rates give exact zeros and not what rounding leaves.
    whole: npt.DTypeLike = np.int64 if units * int(n.max()) < 2**62 else object
    residual = (events.astype(whole) * units - n.astype(whole) * total).astype(np.float64) / float(units) ** 2
    return _Arm(units, total / units, n / units, (units - n) / units, residual)


def _variance(arms: Sequence[_Arm], weights: Sequence[float], variance: Variance) -> tuple[float, float] | NotEstimable:
    """The variance of a weighted sum of rates, and its degrees of freedom."""
    adjusted = variance == "cr2"
    scores = [
        weight * (arm.residual / np.sqrt(arm.rest) if adjusted else arm.residual)
        for arm, weight in zip(arms, weights, strict=True)
    ]
    squared = float(np.sum(sum(scores) ** 2))
    if squared <= _ROUNDING * float(sum(np.sum(score**2) for score in scores)):
        return SAME_DIFFERENCE
    clusters, units = arms[0].share.size, sum(arm.units for arm in arms)
    if variance == "cr2":
        return squared, _satterthwaite(arms, weights)
    squared *= clusters / (clusters - 1)
    if variance == "cr1":
        squared *= (units - 1) / (units - 2)
    elif variance != "pair-cluster":
        assert_never(variance)
    return squared, float(clusters - 1)


def _satterthwaite(arms: Sequence[_Arm], weights: Sequence[float]) -> float:
    """(sum of eigenvalues)^2 / (sum of their squares) of the CR2 variance as a quadratic form in independent units.

    For an arm of n units with weight w, whose clusters have shares f, that form's matrix has w^2 f/n on its diagonal
    and -q q' off it, for two clusters with q = w f / sqrt(n (1 - f)); the matrices of the arms add up.
    """
    pairs = list(zip(arms, weights, strict=True))
    diagonal = sum(weight**2 * arm.share / arm.units for arm, weight in pairs)
    q = np.array([weight * arm.share / np.sqrt(arm.units * arm.rest) for arm, weight in pairs])
    # The sum over all pairs of clusters of (sum over arms of q q')^2, less what each cluster has with itself.
    others = float(np.sum((q @ q.T) ** 2) - np.sum(np.sum(q**2, axis=0) ** 2))
    return float(np.sum(diagonal)) ** 2 / (float(np.sum(diagonal**2)) + max(others, 0.0))
