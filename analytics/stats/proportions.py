"""One yes/no outcome: the rate in one arm, and the difference, ratio and odds ratio between two.

Conventions shared by everything here. An empty arm is NotEstimable. A p-value is two-sided and comes from the same
statistic as the interval, so that at every input the interval excludes "no effect" exactly when p < 1 - level.
Nothing depends on how large the arms are, neither in time nor in precision.
"""

from math import exp, inf, log, log1p, sqrt
from typing import Literal

from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import consistent_interval, critical_z, two_sided_p
from analytics.stats.numerics.exact import ExactTest, exact_test
from analytics.stats.numerics.root_finder import solve_increasing
from analytics.stats.numerics.wilson import wilson
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, OpenEstimate, check_level, empty_arm

__all__ = ["ExactTest", "difference", "exact_test", "odds_ratio", "rate", "ratio"]

RateMethod = Literal["wilson", "jeffreys", "clopper-pearson"]
DifferenceMethod = Literal["miettinen-nurminen", "newcombe", "agresti-caffo", "wald"]
RatioMethod = Literal["koopman", "katz"]
OddsRatioMethod = Literal["woolf", "score"]

INFINITE_RATIO = NotEstimable("The control arm has no events, so the ratio has no finite value.")
INFINITE_ODDS_RATIO = NotEstimable("A full treated arm or a control arm without events gives no finite odds ratio.")


def rate(counts: Counts, *, level: float = 0.95, method: RateMethod = "wilson") -> Estimate | NotEstimable:
    """What share of the units in one arm had the event? A proportion between 0 and 1; it has no p-value.

    Formula: With p = x/n and z the normal quantile of the level, "wilson" is (p + z^2/2n +- z sqrt(p (1 - p)/n +
    z^2/4n^2)) / (1 + z^2/n), the rates that a score test would not reject. "jeffreys" runs between the quantiles (1 -
    level)/2 and (1 + level)/2 of Beta(x + 1/2, n - x + 1/2), its low end 0 without events and its high end 1 without
    non-events. "clopper-pearson" runs from the quantile (1 - level)/2 of Beta(x, n - x + 1) to the quantile (1 +
    level)/2 of Beta(x + 1, n - x), and covers at least its level.

    Source: Wilson 1927, Journal of the American Statistical Association 22:209 (Newcombe 1998, Statistics in Medicine
    17:857, method 3); Brown, Cai and DasGupta 2001, Statistical Science 16:101, for Jeffreys; Clopper and Pearson 1934,
    Biometrika 26:404.

    Not for: comparing arms: two intervals may overlap while the difference is clear, so use `difference`. For units
    in clusters it is too short: use `clusters.rate`.

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
        low, high = wilson(counts.n, counts.events, critical_z(level))
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

    Formula: With d = p1 - p0 (1 treated, 0 control) and N = n1 + n0, "miettinen-nurminen" holds every D with (d - D)^2
    / V(D) <= z^2, where V(D) = (q1 (1 - q1)/n1 + q0 (1 - q0)/n0) N/(N - 1) at the likeliest rates with q1 - q0 = D; p
    is the test at D = 0. "newcombe" runs from d - sqrt((p1 - l1)^2 + (u0 - p0)^2) to d + sqrt((u1 - p1)^2 + (p0 -
    l0)^2), where l and u are the ends of each arm's Wilson interval; p comes from the level at which an end is zero.
    "wald" is d +- z sqrt(p1 (1 - p1)/n1 + p0 (1 - p0)/n0). "agresti-caffo" is "wald" after one event and one non-event
    more in each arm; the effect stays the plain d.

    Source: Miettinen and Nurminen 1985, Statistics in Medicine 4:213; Newcombe 1998, Statistics in Medicine 17:873,
    method 10 ("wald" is his method 1); Agresti and Caffo 2000, The American Statistician 54:280.

    Not for: units in clusters (use `clusters.difference`) or an interval watched while data arrive (use
    `sequential.confidence_sequence`): both make it too short. With a handful of units per arm its p is approximate: use
    `exact_test`. "wald" is too short in small arms and is here for comparison.

    Miettinen and Nurminen's answers at every input, also where both arms are all zero or all full: then the effect is
    0, p is 1 and the interval has a length. Wald is NotEstimable where neither arm varies. Ends are cut at -1 and 1.

    Newcombe's example (a), 56 of 70 against 48 of 80; his table II prints 0.0528 and 0.3382 for this method:

    >>> found = difference(treated=Counts(n=70, events=56), control=Counts(n=80, events=48))
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.2, 0.0528, 0.3382)
    >>> round(found.p_value, 4)
    0.0083
    """
    check_level(level)
    if empty := empty_arm(treated, control):
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
    interval = consistent_interval(max(-1.0, low), min(1.0, high), p_value=p_value, level=level, above=statistic > 0.0)
    return Estimate(effect, interval, p_value, method, statistic, standard_error=error)


def ratio(
    *, treated: Counts, control: Counts, level: float = 0.95, method: RatioMethod = "koopman"
) -> Estimate | NotEstimable:
    """How many times the control rate is the treated rate? The relative risk; 1 means no effect.

    Formula: The effect is p1/p0 (1 treated, 0 control). "koopman" holds every t with (x1 - n1 q1)^2 / (n1 q1 (1 - q1))
    + (x0 - n0 q0)^2 / (n0 q0 (1 - q0)) <= z^2 at the likeliest rates with q1 = t q0; p is the test at t = 1, Pearson's
    chi-square without the factor N/(N-1), and `statistic` is its signed root. "katz" is exp(log(p1/p0) +- z sqrt(1/x1 -
    1/n1 + 1/x0 - 1/n0)).

    Source: Koopman 1984, Biometrics 40:513; Katz, Baptista, Azen and Pike 1978, Biometrics 34:469.

    Not for: saying how many people it concerns: twice a rate of 1 in 1,000 is little, so read `difference` beside it.
    With few control events the upper end is very large and says little. Not for clusters or repeated looks.

    A control arm without events gives no finite ratio and is NotEstimable, with "koopman" an `OpenEstimate`: its
    interval is open above (4 of 50 against 0 of 50: above 1.083). A treated arm without events gives 0, with a low end
    of 0. Katz also needs an event in the treated arm and a non-event in one of the two; its `standard_error` is that of
    log(p1/p0).

    7 of 34 against 1 of 34 (Perondi et al. 2004), an example of Fagerland, Lydersen and Laake, Statistical Analysis of
    Contingency Tables (2017), chapter 4, whose R package prints 1.2209 to 42.5757:

    >>> found = ratio(treated=Counts(n=34, events=7), control=Counts(n=34, events=1))
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (7.0, 1.2209, 42.5757)
    """
    check_level(level)
    if empty := empty_arm(treated, control):
        return empty
    z = critical_z(level)
    if control.events == 0:
        if method == "katz" or treated.events == 0:
            return INFINITE_RATIO
        low = 1.0 / score.ratio_upper(control, treated, z)
        return _open_above(INFINITE_RATIO.reason, low, _pearson_z(treated, control), level, method)
    effect = treated.events * control.n / (treated.n * control.events)
    error: float | None = None
    if method == "koopman":
        statistic = _pearson_z(treated, control)
        low = 1.0 / score.ratio_upper(control, treated, z) if treated.events else 0.0
        high = score.ratio_upper(treated, control, z)
    elif method == "katz":
        if treated.events == 0:
            return NotEstimable("The treated arm has no events, so the logarithm of the ratio is not finite.")
        error = sqrt(_log_rate_variance(treated) + _log_rate_variance(control))
        if error == 0.0:
            return NotEstimable("Every unit in both arms had the event, so the Katz method has no standard error.")
        statistic = _log_quotient(treated.events * control.n, treated.n * control.events) / error
        low, high = effect * exp(-z * error), effect * exp(z * error)
    else:
        raise ValueError(f"unknown method {method!r}")
    p_value = two_sided_p(statistic)
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=statistic > 0.0, null=1.0)
    return Estimate(effect, interval, p_value, method, statistic, standard_error=error)


def _log_quotient(above: int, below: int) -> float:
    """log(above / below) of whole numbers, with all its digits where the two are nearly equal."""
    return log1p((above - below) / below) if 2 * abs(above - below) < below else log(above / below)


def odds_ratio(
    *, treated: Counts, control: Counts, level: float = 0.95, method: OddsRatioMethod = "woolf"
) -> Estimate | NotEstimable:
    """How many times the control odds are the treated odds? 1 means no effect.

    Formula: With a events and b non-events treated, c and d in the control arm, the effect is a d / (b c). "woolf" is
    exp(log(a d / (b c)) +- z sqrt(1/a + 1/b + 1/c + 1/d)). "score" holds the odds ratios of all tables a + u, b - u, c
    - u, d + u with u^2 (1/(a + u) + 1/(b - u) + 1/(c - u) + 1/(d + u)) <= z^2; its p is the test at an odds ratio of 1,
    Pearson's chi-square.

    Source: Woolf 1955, Annals of Human Genetics 19:251; Cornfield 1956, Third Berkeley Symposium 4:135, without his
    continuity correction and without the factor N/(N-1), as in Agresti, Categorical Data Analysis.

    Not for: readers who take it for a ratio of rates: 60% against 45% is a ratio of 1.33 but an odds ratio of 1.83. Use
    `ratio` or `difference` unless the event is rare or a logit model follows.

    "woolf" is NotEstimable with a zero cell, where "score" may still answer; its `standard_error` is that of the
    logarithm. An infinite odds ratio is NotEstimable, with "score" an `OpenEstimate` whose interval is open above.

    Agresti's aspirin study, heart attacks, placebo 189 of 11034 against aspirin 104 of 11037 (An Introduction to
    Categorical Data Analysis, section 2.3): odds ratio 1.83, interval 1.44 to 2.33.

    >>> found = odds_ratio(treated=Counts(n=11034, events=189), control=Counts(n=11037, events=104))
    >>> round(found.effect, 2), round(found.interval.low, 2), round(found.interval.high, 2)
    (1.83, 1.44, 2.33)
    """
    check_level(level)
    if empty := empty_arm(treated, control):
        return empty
    a, b, c, d = treated.events, treated.n - treated.events, control.events, control.n - control.events
    if a + c == 0 or b + d == 0:
        return NotEstimable("The outcome does not vary, so there is no odds ratio.")
    z = critical_z(level)
    if b == 0 or c == 0:
        if method == "woolf":
            return INFINITE_ODDS_RATIO
        low = 1.0 / score.odds_ratio_upper(control, treated, z)
        return _open_above(INFINITE_ODDS_RATIO.reason, low, _pearson_z(treated, control), level, method)
    effect = a * d / (b * c)
    error: float | None = None
    if method == "score":
        statistic = _pearson_z(treated, control)
        upper_swapped = score.odds_ratio_upper(control, treated, z)
        low, high = 1.0 / upper_swapped, score.odds_ratio_upper(treated, control, z)
    elif method == "woolf":
        if a == 0 or d == 0:
            return NotEstimable('One cell is zero, so the logarithm of the odds ratio is not finite; try "score".')
        error = sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        statistic = _log_quotient(a * d, b * c) / error
        low, high = effect * exp(-z * error), effect * exp(z * error)
    else:
        raise ValueError(f"unknown method {method!r}")
    p_value = two_sided_p(statistic)
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=statistic > 0.0, null=1.0)
    return Estimate(effect, interval, p_value, method, statistic, standard_error=error)


def _open_above(reason: str, low: float, statistic: float, level: float, method: str) -> OpenEstimate:
    """Give what a score test leaves of an infinite ratio: everything above `low`."""
    p_value = two_sided_p(statistic)
    interval = consistent_interval(low, inf, p_value=p_value, level=level, above=True, null=1.0)
    return OpenEstimate(reason, interval, p_value, method)


def _variance(counts: Counts) -> float:
    return counts.events * (counts.n - counts.events) / counts.n**3


def _pearson_z(treated: Counts, control: Counts) -> float:
    """The signed root of Pearson's chi-square: the Miettinen-Nurminen z without its factor (N-1)/N."""
    n = treated.n + control.n
    return score.pooled_z(treated, control) * sqrt(n / (n - 1))


def _log_rate_variance(counts: Counts) -> float:
    """The delta method variance of the logarithm of a rate: 1/events - 1/n."""
    return (counts.n - counts.events) / (counts.events * counts.n)


def _wilson_below(n: int, events: int, z: float) -> float:
    """How far the Wilson interval reaches below the rate: the root of e^2 = (z^2/n)(p - e)(1 - p + e)."""
    k = z * z / n
    p, q = events / n, (n - events) / n
    root = sqrt(k * k + 4.0 * k * p * q)
    if q >= p:
        below = k * (q - p) + root
        return 2.0 * p * q * k / below if below > 0.0 else 0.0
    return (k * (p - q) + root) / (2.0 * (1.0 + k))


def _wilson_above(n: int, events: int, z: float) -> float:
    return _wilson_below(n, n - events, z)


def _beta_tails(counts: Counts, level: float, *, add_low: float, add_high: float) -> tuple[float, float]:
    from scipy.special import betaincinv  # only these two methods need scipy

    n, x, tail = counts.n, counts.events, (1.0 - level) / 2.0
    low = float(betaincinv(x + add_low, n - x + add_high, tail)) if x else 0.0
    high = float(1.0 - betaincinv(n - x + add_low, x + add_high, tail)) if x < n else 1.0
    return low, max(low, high)


def _newcombe_upper(treated: Counts, control: Counts, z: float) -> float:
    above, below = _wilson_above(treated.n, treated.events, z), _wilson_below(control.n, control.events, z)
    return score.difference_of(treated, control) + sqrt(above * above + below * below)


def _newcombe_z(treated: Counts, control: Counts) -> float:
    """The z at which one end of the hybrid interval is zero; it always exists, since the ends reach beyond zero."""
    d = score.difference_of(treated, control)
    if d < 0.0:
        return -_newcombe_z(control, treated)
    if d == 0.0:
        return 0.0

    def reach(z: float) -> float:
        below, above = _wilson_below(treated.n, treated.events, z), _wilson_above(control.n, control.events, z)
        return sqrt(below * below + above * above)

    return solve_increasing(reach, d, 1.0)
