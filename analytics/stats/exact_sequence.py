"""A confidence sequence for the difference of two rates that is exact however few units, and however rare events."""

from math import exp, inf, lgamma, log, pi

from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.numerics.root_finder import solve_increasing
from analytics.stats.sequential import Alternative
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level, empty_arm


def difference(
    *, treated: Counts, control: Counts, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Estimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, exactly at every look, from the first unit on?

    Formula: The interval holds every difference D with E(D) < 1 / (1 - level). E(D) = the product over arms of B(x +
    1/2, n - x + 1/2) / B(1/2, 1/2), divided by the largest product over arms of p^x (1 - p)^(n - x) with rates that
    differ by D. B is the beta function; p = min(1, 1/E(0)).

    Source: Wasserman, Ramdas and Balakrishnan 2020, Proceedings of the National Academy of Sciences 117:16880, section
    8; the mixture is that of Krichevsky and Trofimov 1981, IEEE Transactions on Information Theory 27:199. At the true
    rates it is a martingale that starts at 1, and dividing by a larger likelihood makes it smaller. So by Ville's
    inequality E(D) of the true D ever reaches 1/a with probability at most a, without any approximation.

    Not for: outcomes with many events, where it is about half as wide again as `sequential.confidence_sequence`. Nor
    for units in clusters, or for rates that change while the shares of the arms change too.

    Look as often as you like, and take the smallest p seen. It can be 1 for many data. One-sided, the other end is open
    and the bound is the same. `statistic` is log E(0). An empty arm is NotEstimable; without any events the interval
    reaches to both sides of zero.

    By hand: all of ten against none of ten. Each arm has B(10.5, 0.5)/pi = 184756/4^10, and the rates that differ by
    nothing are 1/2, so E(0) = (184756/4^10)^2 2^20 and p is 2^20/184756^2:

    >>> found = difference(treated=Counts(10, 10), control=Counts(10, 0))
    >>> round(found.p_value * 1e6, 6), round(2**20 / 184756**2 * 1e6, 6)
    (30.718698, 30.718698)
    """
    check_level(level)
    if empty := empty_arm(treated, control):
        return empty
    cost = _learning_cost(treated) + _learning_cost(control)
    goal = cost - log(1.0 - level)
    effect = score.difference_of(treated, control)
    log_e = _log_likelihood_ratio_at_zero(treated, control) - cost
    directed = effect if alternative == "greater" else -effect if alternative == "less" else abs(effect)
    p_value = exp(min(0.0, -log_e)) if directed > 0.0 else 1.0
    low, high = -_upper(control, treated, goal), _upper(treated, control, goal)
    interval = consistent_interval(
        -inf if alternative == "less" else low,
        inf if alternative == "greater" else high,
        p_value=p_value,
        level=level,
        above=effect > 0.0,
    )
    return Estimate(effect, interval, p_value, "exact confidence sequence", log_e)


def _learning_cost(arm: Counts) -> float:
    """log of p^x (1 - p)^(n - x) at the arm's own rate, less log of the mixture: what not knowing the rate costs."""
    n, x = arm.n, arm.events
    mixture = lgamma(x + 0.5) + lgamma(n - x + 0.5) - lgamma(n + 1.0) - log(pi)
    return _log_likelihood(arm, (x / n, (n - x) / n)) - mixture


def _log_likelihood(arm: Counts, rates: tuple[float, float]) -> float:
    """x log p + (n - x) log(1 - p), where nothing of none counts as 0."""
    parts = zip((arm.events, arm.n - arm.events), rates, strict=True)
    return sum(count * (log(rate) if rate > 0.0 else -inf) for count, rate in parts if count)


def _log_likelihood_ratio(arm: Counts, rates: tuple[float, float]) -> float:
    """How much likelier the arm's own rate makes its counts than these rates, as a logarithm."""
    parts = zip((arm.events, arm.n - arm.events), rates, strict=True)
    return sum(count * (log(count / (arm.n * rate)) if rate > 0.0 else inf) for count, rate in parts if count)


def _log_likelihood_ratio_at_zero(treated: Counts, control: Counts) -> float:
    pooled = treated + control
    rates = (pooled.proportion, (pooled.n - pooled.events) / pooled.n)
    return _log_likelihood_ratio(treated, rates) + _log_likelihood_ratio(control, rates)


def _upper(treated: Counts, control: Counts, goal: float) -> float:
    """The largest difference whose likelihood ratio to the difference observed stays within `goal`.

    The multiplier of the constraint is the unknown, as in `numerics.score`: ratio and difference both increase in it.
    """
    if score.difference_of(treated, control) == 1.0:
        return 1.0

    def log_ratio(m: float) -> float:
        higher, lower = score.constrained_rates(treated, control, m)
        return max(_log_likelihood_ratio(treated, higher) + _log_likelihood_ratio(control, lower), 0.0)

    m = solve_increasing(log_ratio, goal, float(min(treated.n, control.n)) / 2.0)
    (high, _), (low, _) = score.constrained_rates(treated, control, m)
    return high - low
