"""One yes/no outcome: the rate in one arm, and the difference, ratio and odds ratio between two.

Conventions shared by everything here. An empty arm is NotEstimable. A p-value is two-sided and comes from the same
statistic as the interval, so that at every input the interval excludes "no effect" exactly when p < 1 - level.
Nothing depends on how large the arms are, neither in time nor in precision.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Literal

from analytics.stats import score
from analytics.stats.exact import ExactTest, exact_test
from analytics.stats.inversion import agreeing_interval, critical_z, solve_increasing, two_sided_p
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level

__all__ = ["ExactTest", "difference", "exact_test", "odds_ratio", "rate", "ratio"]

RateMethod = Literal["wilson", "jeffreys", "clopper-pearson"]
DifferenceMethod = Literal["miettinen-nurminen", "newcombe", "agresti-caffo", "wald"]
RatioMethod = Literal["koopman", "katz"]
OddsRatioMethod = Literal["woolf", "score"]


def rate(counts: Counts, *, level: float = 0.95, method: RateMethod = "wilson") -> Estimate | NotEstimable:
    """What share of the units in one arm had the event? A proportion between 0 and 1; it has no p-value.

    "wilson" inverts the score test (Wilson 1927; Newcombe 1998, Statistics in Medicine 17:857, method 3). "jeffreys" is
    the equal-tailed posterior of a Beta(1/2, 1/2) prior, its low end 0 without events and its high end 1 without
    non-events (Brown, Cai and DasGupta 2001). "clopper-pearson" inverts the exact test and covers at least its level.
    No events: the low end is exactly 0. All events: the high end is exactly 1. An empty arm is NotEstimable.

    Newcombe's first example, 81 of 263:

    >>> found = rate(Counts(n=263, events=81))
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.308, 0.2553, 0.3662)
    """
    check_level(level)
    if counts.n == 0:
        return NotEstimable("The arm is empty.")
    if method == "wilson":
        low, high = _wilson(counts, critical_z(level))
    elif method == "jeffreys":
        low, high = _beta_tails(counts, level, add_low=0.5, add_high=0.5)
    elif method == "clopper-pearson":
        low, high = _beta_tails(counts, level, add_low=0.0, add_high=1.0)
    else:
        raise ValueError(f"unknown method {method!r}")
    return Estimate(counts.proportion, Interval(low, high, level), None, method)


def difference(
    *, treated: Counts, control: Counts, level: float = 0.95, method: DifferenceMethod = "miettinen-nurminen"
) -> Estimate | NotEstimable:
    """By how much does the treated rate exceed the control rate? Treated minus control, between -1 and 1.

    "miettinen-nurminen" (1985, Statistics in Medicine 4:213): the score test at every difference, with the constrained
    maximum likelihood rates and the variance times N/(N-1). It answers at every input, also where both arms are all
    zero or all full: then the effect is 0, p is 1 and the interval has a length. "newcombe": the two Wilson intervals
    combined (1998, Statistics in Medicine 17:873, method 10), its p-value found by moving the level until an end is
    zero. "agresti-caffo" (2000): one event and one non-event added to each arm, then Wald; the effect stays the plain
    difference. "wald": unpooled normal, NotEstimable where neither arm varies. Ends are cut at -1 and 1.

    Newcombe's example (a), 56 of 70 against 48 of 80; his table II prints 0.0528 and 0.3382 for this method:

    >>> found = difference(treated=Counts(n=70, events=56), control=Counts(n=80, events=48))
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.2, 0.0528, 0.3382)
    >>> round(found.p_value, 4)
    0.0083
    """
    check_level(level)
    if empty := _empty_arm(treated, control):
        return empty
    z = critical_z(level)
    effect = score.difference_of(treated, control)
    error: float | None = None
    if method == "miettinen-nurminen":
        statistic = score.pooled_z(treated, control)
        low, high = -score.difference_upper(control, treated, z), score.difference_upper(treated, control, z)
    elif method == "newcombe":
        statistic = _newcombe_z(treated, control)
        low, high = -_newcombe_upper(control, treated, z), _newcombe_upper(treated, control, z)
    elif method in ("agresti-caffo", "wald"):
        more = 1 if method == "agresti-caffo" else 0
        first = Counts(treated.n + 2 * more, treated.events + more)
        second = Counts(control.n + 2 * more, control.events + more)
        error = sqrt(_variance(first) + _variance(second))
        if error == 0.0:
            return NotEstimable("Neither arm varies, so the Wald method has no standard error.")
        centre = score.difference_of(first, second)
        statistic = centre / error
        low, high = centre - z * error, centre + z * error
    else:
        raise ValueError(f"unknown method {method!r}")
    p_value = two_sided_p(statistic)
    interval = agreeing_interval(max(-1.0, low), min(1.0, high), p_value=p_value, level=level, above=statistic > 0.0)
    return Estimate(effect, interval, p_value, method, statistic, standard_error=error)


def ratio(
    *, treated: Counts, control: Counts, level: float = 0.95, method: RatioMethod = "koopman"
) -> Estimate | NotEstimable:
    """How many times the control rate is the treated rate? The relative risk; 1 means no effect.

    "koopman" (1984, Biometrics 40:513): the score test at every ratio, without the factor N/(N-1); at a ratio of 1 it
    is Pearson's chi-square, and `statistic` is its signed root. "katz" (1978): normal on the logarithm. A control arm
    without events gives no finite ratio and is NotEstimable; a treated arm without events gives 0, with a low end of
    0. Katz also needs an event in the treated arm and a non-event in one of the two.

    7 of 34 against 1 of 34 (Perondi et al. 2004), an example of Fagerland, Lydersen and Laake, Statistical Analysis of
    Contingency Tables (2017), chapter 4, whose R package prints 1.2209 to 42.5757:

    >>> found = ratio(treated=Counts(n=34, events=7), control=Counts(n=34, events=1))
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (7.0, 1.2209, 42.5757)
    """
    check_level(level)
    if empty := _empty_arm(treated, control):
        return empty
    if control.events == 0:
        return NotEstimable("The control arm has no events, so the ratio has no finite value.")
    z = critical_z(level)
    effect = treated.events * control.n / (treated.n * control.events)
    if method == "koopman":
        statistic = _pearson_z(treated, control)
        low = 1.0 / score.ratio_upper(control, treated, z) if treated.events else 0.0
        high = score.ratio_upper(treated, control, z)
    elif method == "katz":
        if treated.events == 0:
            return NotEstimable("The treated arm has no events, so the logarithm of the ratio is not finite.")
        error = sqrt(_rest_per_event(treated) + _rest_per_event(control))
        if error == 0.0:
            return NotEstimable("Every unit in both arms had the event, so the Katz method has no standard error.")
        statistic = log(effect) / error
        low, high = effect * exp(-z * error), effect * exp(z * error)
    else:
        raise ValueError(f"unknown method {method!r}")
    p_value = two_sided_p(statistic)
    interval = agreeing_interval(low, high, p_value=p_value, level=level, above=statistic > 0.0, null=1.0)
    return Estimate(effect, interval, p_value, method, statistic)


def odds_ratio(
    *, treated: Counts, control: Counts, level: float = 0.95, method: OddsRatioMethod = "woolf"
) -> Estimate | NotEstimable:
    """How many times the control odds are the treated odds? 1 means no effect.

    "woolf" (1955): normal on the logarithm, with the square root of the sum of reciprocal cells; NotEstimable with a
    zero cell, where "score" still answers. "score": Cornfield's 1956 interval without continuity correction and without
    the factor N/(N-1) (Agresti, Categorical Data Analysis), which at an odds ratio of 1 is Pearson's chi-square. An
    odds ratio that is not finite is NotEstimable.

    Agresti's aspirin study, heart attacks, placebo 189 of 11034 against aspirin 104 of 11037 (An Introduction to
    Categorical Data Analysis, section 2.3): odds ratio 1.83, interval 1.44 to 2.33.

    >>> found = odds_ratio(treated=Counts(n=11034, events=189), control=Counts(n=11037, events=104))
    >>> round(found.effect, 2), round(found.interval.low, 2), round(found.interval.high, 2)
    (1.83, 1.44, 2.33)
    """
    check_level(level)
    if empty := _empty_arm(treated, control):
        return empty
    a, b, c, d = treated.events, treated.n - treated.events, control.events, control.n - control.events
    if a + c == 0 or b + d == 0:
        return NotEstimable("The outcome does not vary, so there is no odds ratio.")
    if b == 0 or c == 0:
        return NotEstimable("A full treated arm or a control arm without events gives no finite odds ratio.")
    z = critical_z(level)
    effect = a * d / (b * c)
    if method == "score":
        statistic = _pearson_z(treated, control)
        upper_swapped = score.odds_ratio_upper(control, treated, z)
        low, high = 1.0 / upper_swapped, score.odds_ratio_upper(treated, control, z)
    elif method == "woolf":
        if a == 0 or d == 0:
            return NotEstimable('One cell is zero, so the logarithm of the odds ratio is not finite; try "score".')
        error = sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        statistic = log(effect) / error
        low, high = effect * exp(-z * error), effect * exp(z * error)
    else:
        raise ValueError(f"unknown method {method!r}")
    p_value = two_sided_p(statistic)
    interval = agreeing_interval(low, high, p_value=p_value, level=level, above=statistic > 0.0, null=1.0)
    return Estimate(effect, interval, p_value, method, statistic)


def _empty_arm(treated: Counts, control: Counts) -> NotEstimable | None:
    if treated.n == 0:
        return NotEstimable("The treated arm is empty.")
    if control.n == 0:
        return NotEstimable("The control arm is empty.")
    return None


def _variance(counts: Counts) -> float:
    return counts.events * (counts.n - counts.events) / counts.n**3


def _pearson_z(treated: Counts, control: Counts) -> float:
    """The signed root of Pearson's chi-square: the Miettinen-Nurminen z without its factor (N-1)/N."""
    n = treated.n + control.n
    return score.pooled_z(treated, control) * sqrt(n / (n - 1))


def _rest_per_event(counts: Counts) -> float:
    """1/events - 1/n."""
    return (counts.n - counts.events) / (counts.events * counts.n)


def _fall(n: int, events: int, z: float) -> float:
    """How far the Wilson interval reaches below the rate: the root of e^2 = (z^2/n)(p - e)(1 - p + e)."""
    k = z * z / n
    p, q = events / n, (n - events) / n
    root = sqrt(k * k + 4.0 * k * p * q)
    if q >= p:
        below = k * (q - p) + root
        return 2.0 * p * q * k / below if below > 0.0 else 0.0
    return (k * (p - q) + root) / (2.0 * (1.0 + k))


def _rise(n: int, events: int, z: float) -> float:
    return _fall(n, n - events, z)


def _wilson(counts: Counts, z: float) -> tuple[float, float]:
    n, x = counts.n, counts.events
    middle = 2.0 * x + z * z
    spread = z * sqrt(z * z + 4.0 * x * (n - x) / n)
    low = 2.0 * x * x / n / (middle + spread) if x else 0.0
    high = (middle + spread) / (2.0 * (n + z * z)) if x < n else 1.0
    return min(low, x / n), max(x / n, min(1.0, high))


def _beta_tails(counts: Counts, level: float, *, add_low: float, add_high: float) -> tuple[float, float]:
    from scipy.special import betaincinv  # only these two methods need scipy

    n, x, tail = counts.n, counts.events, (1.0 - level) / 2.0
    low = float(betaincinv(x + add_low, n - x + add_high, tail)) if x else 0.0
    high = float(1.0 - betaincinv(n - x + add_low, x + add_high, tail)) if x < n else 1.0
    return low, max(low, high)


def _newcombe_upper(treated: Counts, control: Counts, z: float) -> float:
    rise, fall = _rise(treated.n, treated.events, z), _fall(control.n, control.events, z)
    return score.difference_of(treated, control) + sqrt(rise * rise + fall * fall)


def _newcombe_z(treated: Counts, control: Counts) -> float:
    """The z at which one end of the hybrid interval is zero; it always exists, since the ends reach beyond zero."""
    d = score.difference_of(treated, control)
    if d < 0.0:
        return -_newcombe_z(control, treated)
    if d == 0.0:
        return 0.0

    def reach(z: float) -> float:
        fall, rise = _fall(treated.n, treated.events, z), _rise(control.n, control.events, z)
        return sqrt(fall * fall + rise * rise)

    return solve_increasing(reach, d, 1.0)
