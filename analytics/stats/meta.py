"""Random-effects pooling over campaigns: mean effect, heterogeneity and prediction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc

from analytics.stats.numerics import wald
from analytics.stats.values import Estimate, Interval, NotEstimable, check_level

_Vector = npt.NDArray[np.float64]
Scale = Literal["difference", "ratio"]
_NO_INTERVAL = Interval(-inf, inf, 0.95)


@dataclass(frozen=True, slots=True)
class PooledEstimate(Estimate):
    """The mean effect, and the spread of campaigns around it.

    `tau_squared` is the variance of true effects between campaigns, on the logarithmic scale for ratios; `prediction`
    is where the true effect of one more campaign should lie; `heterogeneity` is Cochran's Q, with its p-value.
    """

    tau_squared: float = 0.0
    prediction: Interval = field(default=_NO_INTERVAL)
    campaigns: int = 0
    heterogeneity: float = 0.0
    heterogeneity_p: float = 1.0


def random_effects(
    estimates: Sequence[Estimate | NotEstimable],
    *,
    level: float = 0.95,
    scale: Scale = "difference",
    never_narrower: bool = False,
) -> PooledEstimate | NotEstimable:
    """What is the average effect over campaigns like these, given one estimate from each?

    Formula: m = sum of w y / sum of w, w = 1 / (se_i^2 + tau^2), tau^2 maximising the restricted likelihood sum of
    log(w) - log(sum of w) - sum of w (y - m)^2. The variance of m is V = q / sum of w, q = sum of w (y - m)^2 / (k -
    1), or 1 if that is larger and `never_narrower`; the interval is m +- t(k-1) sqrt(V) and the prediction interval m
    +- t(k-1) sqrt(tau^2 + V). Cochran's Q is the sum of w (y - m)^2 at tau^2 = 0, on k - 1 degrees of freedom.

    Source: Hartung and Knapp 2001, Statistics in Medicine 20:3875; Knapp and Hartung 2003, Statistics in Medicine
    22:2693, for q of at least 1; Viechtbauer 2005, Journal of Educational and Behavioral Statistics 30:261, for
    restricted maximum likelihood. Prediction as `predict(rma(..., test="knha"))` in R's metafor, with t(k-1); Higgins,
    Thompson and Spiegelhalter 2009, Journal of the Royal Statistical Society A 172:137, use t(k-2).

    Not for: campaigns pooled because they worked, which no formula mends. With two or three campaigns the interval is
    too wide to be useful (IntHout, Ioannidis and Borm 2014, BMC Medical Research Methodology 14:25).

    Weights come from each estimate's standard error, or where it has none from its interval's width, taken as normal
    (as t where it has degrees of freedom). With scale "ratio" the logarithms are pooled and a ratio is answered; never
    mix scales. What was NotEstimable is left out. NotEstimable: fewer than two campaigns; all effects equal, where
    Hartung and Knapp's standard error is zero, unless `never_narrower` makes it the fixed-effect one.

    The 13 BCG vaccine trials' log risk ratios and variances (Colditz et al. 1994); metafor prints -0.7145
    (-1.1084, -0.3206), tau squared 0.3132:

    >>> logs = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209,
    ...     0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173]
    >>> variances = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230,
    ...     0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
    >>> trials = [wald.estimate(y, v**0.5, level=0.95, method="z") for y, v in zip(logs, variances)]
    >>> found = random_effects(trials)
    >>> round(found.effect, 3), round(found.interval.low, 3), round(found.interval.high, 3)
    (-0.715, -1.108, -0.321)
    >>> round(found.tau_squared, 3)
    0.313
    """
    check_level(level)
    used = [e for e in estimates if not isinstance(e, NotEstimable)]
    k = len(used)
    if k < 2:
        return NotEstimable("Pooling needs estimates from at least two campaigns.")
    ratio = scale == "ratio"
    if ratio and any(e.effect <= 0.0 for e in used):
        return NotEstimable("A ratio of zero has no logarithm that could be pooled.")
    y = np.array([log(e.effect) if ratio else e.effect for e in used], dtype=np.float64)
    errors = np.array([_standard_error(e, ratio) for e in used], dtype=np.float64)
    if not np.all((errors > 0.0) & np.isfinite(errors)):
        return NotEstimable("An estimate has no standard error, so it cannot be weighed against the others.")
    if not never_narrower and np.all(y == y[0]):
        return NotEstimable("All campaigns have exactly the same effect, so their spread is unknown.")
    # In units of the typical standard error nothing here is large or small.
    unit = float(np.exp(np.mean(np.log(errors))))
    centre = float(np.median(y))
    y, v = (y - centre) / unit, (errors / unit) ** 2
    tau_squared = _restricted_maximum_likelihood(y, v)
    w = 1.0 / (v + tau_squared)
    mean = float(np.sum(w * y) / np.sum(w))
    q = float(np.sum(w * (y - mean) ** 2)) / (k - 1)
    if never_narrower:
        q = max(q, 1.0)
    variance = q / float(np.sum(w))
    name = "reml, hartung-knapp"
    pooled = wald.estimate(
        centre + unit * mean, unit * sqrt(variance), level=level, method=name, df=float(k - 1), ratio=ratio
    )
    reach = wald.critical(level, k - 1) * sqrt(tau_squared + variance)
    low, high = centre + unit * (mean - reach), centre + unit * (mean + reach)
    if ratio:
        low, high = wald.exponential(low), wald.exponential(high)
    cochran = _cochran(y, v)
    return PooledEstimate(
        effect=pooled.effect,
        interval=pooled.interval,
        p_value=pooled.p_value,
        method=pooled.method,
        statistic=pooled.statistic,
        df=pooled.df,
        standard_error=pooled.standard_error,
        tau_squared=tau_squared * unit**2,
        prediction=Interval(low, high, level),
        campaigns=k,
        heterogeneity=cochran,
        heterogeneity_p=float(chdtrc(k - 1, cochran)),
    )


def _standard_error(estimate: Estimate, ratio: bool) -> float:
    if estimate.standard_error is not None:
        return estimate.standard_error
    low, high = estimate.interval.low, estimate.interval.high
    if ratio:
        low, high = (log(low) if low > 0.0 else -inf), log(high)
    half = wald.critical(estimate.interval.level, estimate.df)
    return (high - low) / (2.0 * half) if half > 0.0 else inf


def _cochran(y: _Vector, v: _Vector) -> float:
    w = 1.0 / v
    return float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))


def _restricted_maximum_likelihood(y: _Vector, v: _Vector) -> float:
    """The tau squared of the highest restricted likelihood, which may have several maxima: a grid, then a root."""
    top = float(np.max((y - np.mean(y)) ** 2)) * y.size + float(np.max(v))
    grid = np.concatenate(([0.0], np.geomspace(1e-6 * float(np.min(v)), top, 200)))
    best = int(np.argmax(_restricted_likelihoods(grid, y, v)))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    if _slope(low, y, v) <= 0.0 or _slope(high, y, v) >= 0.0:
        return float(grid[best])
    return float(brentq(_slope, low, high, args=(y, v), xtol=1e-14, rtol=1e-14))


def _restricted_likelihoods(tau_squared: _Vector, y: _Vector, v: _Vector) -> _Vector:
    """The restricted log likelihood at each value of tau squared."""
    w = 1.0 / (v + tau_squared[:, None])
    total = np.sum(w, axis=1)
    mean = w @ y / total
    misfit = np.sum(w * (y - mean[:, None]) ** 2, axis=1)
    return np.asarray(0.5 * (np.sum(np.log(w), axis=1) - np.log(total) - misfit), dtype=np.float64)


def _slope(tau_squared: float, y: _Vector, v: _Vector) -> float:
    """The derivative of the restricted likelihood by tau squared, doubled."""
    w = 1.0 / (v + tau_squared)
    mean = np.sum(w * y) / np.sum(w)
    return float(np.sum((w * (y - mean)) ** 2) - np.sum(w) + np.sum(w**2) / np.sum(w))
