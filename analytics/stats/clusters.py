"""Two arms compared when units come in clusters (a household, a placement on one day) that share their arm.

Units of one cluster resemble each other, so counting them as if they were independent makes intervals too short.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt

from analytics.stats.numerics import wald
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

Variance = Literal["cr2", "cr1"]


@dataclass(frozen=True, slots=True)
class ClusterEstimate(Estimate):
    """An estimate that allows for clusters, and the design effect: by what factor they inflate its variance."""

    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class _Arm:
    """The clusters of one arm: its units, rate, and each cluster's share of units and sum of residuals over units."""

    units: int
    rate: float
    share: npt.NDArray[np.float64]
    rest: npt.NDArray[np.float64]  # 1 - share, without cancellation
    residual: npt.NDArray[np.float64]

    @property
    def independent(self) -> float:
        """The variance of the rate if units were independent: p q / (n - 1), which is CR2 for clusters of one."""
        return self.rate * (1.0 - self.rate) / (self.units - 1)


def difference(
    *, treated: Sequence[Counts], control: Sequence[Counts], level: float = 0.95, variance: Variance = "cr2"
) -> ClusterEstimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, when whole clusters were assigned? One Counts each.

    Formula: d = p1 - p0, an arm's p being all its events over all its n units, so larger clusters weigh more; d +-
    t(df) sqrt(V). A cluster of k units and y events has the share f = k/n of its arm and the residual r = (y - k p)/n.
    "cr2": V = sum of r^2/(1 - f) over both arms; with q = f^2/(1 - f), df = (1/n1 + 1/n0)^2 over the sum for both arms
    of (sum of f^2 + sum of q q' over pairs of different clusters, each order counted) / n^2. "cr1": V = sum of r^2
    times G/(G-1) (N-1)/(N-2), with G clusters and N units in all, and df = G-1. Design effect: V / (p1 (1 - p1)/(n1 -
    1) + p0 (1 - p0)/(n0 - 1)).

    Source: Bell and McCaffrey 2002, Survey Methodology 28:169, and Pustejovsky and Tipton 2018, Journal of Business and
    Economic Statistics 36:672 (R's `clubSandwich`), for CR2 with Satterthwaite's df under independent units; CR1 as in
    Stata and statsmodels (Cameron and Miller 2015, Journal of Human Resources 50:317).

    Not for: a handful of clusters: where `df` is below about 4, not even "cr2" keeps its level (Tipton 2015,
    Psychological Methods 20:375), and "cr1" needs some forty. Where each cluster saw both arms, use `strata.difference`
    with the clusters as strata.

    Clusters of one unit each give Welch's comparison (HC2), design effect 1 under "cr2". Empty clusters are skipped; an
    arm needs two others. Ends are cut at -1 and 1. NotEstimable where in both arms all clusters have their arm's rate.

    Two arms of three and two villages, the numbers small enough to follow by hand:

    >>> found = difference(
    ...     treated=[Counts(n=10, events=6), Counts(n=10, events=2), Counts(n=10, events=4)],
    ...     control=[Counts(n=10, events=1), Counts(n=10, events=3)],
    ... )
    >>> round(found.effect, 4), round(found.standard_error, 4), round(found.df, 2)
    (0.2, 0.1528, 2.27)
    """
    check_level(level)
    t, c = _arm(treated, "treated"), _arm(control, "control")
    if isinstance(t, NotEstimable):
        return t
    if isinstance(c, NotEstimable):
        return c
    if not (t.residual.any() or c.residual.any()):
        return NotEstimable("All clusters of an arm have the same rate, so the variation between them is unknown.")
    if variance == "cr2":
        squared = float(np.sum(t.residual**2 / t.rest) + np.sum(c.residual**2 / c.rest))
        df = _satterthwaite(t, c)
    elif variance == "cr1":
        clusters, units = t.share.size + c.share.size, t.units + c.units
        squared = float(np.sum(t.residual**2) + np.sum(c.residual**2))
        squared *= clusters / (clusters - 1) * (units - 1) / (units - 2)
        df = float(clusters - 1)
    else:
        assert_never(variance)
    plain = wald.estimate(t.rate - c.rate, sqrt(squared), level=level, method=variance, df=df, within=(-1.0, 1.0))
    return ClusterEstimate(
        effect=plain.effect,
        interval=plain.interval,
        p_value=plain.p_value,
        method=plain.method,
        statistic=plain.statistic,
        df=plain.df,
        standard_error=plain.standard_error,
        design_effect=squared / (t.independent + c.independent),
    )


def _arm(clusters: Sequence[Counts], name: str) -> _Arm | NotEstimable:
    used = [cluster for cluster in clusters if cluster.n > 0]
    if len(used) < 2:
        return NotEstimable(f"The {name} arm has fewer than two clusters with units in them.")
    units, events = sum(c.n for c in used), sum(c.events for c in used)
    n = np.array([c.n for c in used], dtype=np.float64)
    # Whole numbers, so that clusters with equal rates give exact zeros and not what rounding leaves.
    residual = [(c.events * units - c.n * events) / units**2 for c in used]
    rest = [(units - c.n) / units for c in used]
    return _Arm(units, events / units, n / units, np.array(rest), np.array(residual))


def _satterthwaite(treated: _Arm, control: _Arm) -> float:
    """(sum of eigenvalues)^2 / (sum of their squares) of the CR2 variance as a quadratic form in independent units.

    For an arm of n units whose clusters have shares f, that form's matrix has f/n on its diagonal, which sums to 1/n,
    and -f g / (n sqrt((1 - f)(1 - g))) off it, for the clusters with shares f and g; the arms do not mix.
    """
    traces = [1.0 / a.units for a in (treated, control)]
    squares = []
    for arm in (treated, control):
        q = arm.share**2 / arm.rest
        others = np.concatenate(([0.0], np.cumsum(q)[:-1])) + np.concatenate((np.cumsum(q[::-1])[::-1][1:], [0.0]))
        squares.append(float(np.sum(arm.share**2) + np.sum(q * others)) / arm.units**2)
    return sum(traces) ** 2 / sum(squares)
