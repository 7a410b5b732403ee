"""Confidence sequences for differences of rates that are exact however few units, and however rare events."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, lgamma, log, pi

import numpy as np
import numpy.typing as npt
from scipy.special import rel_entr

from analytics.stats import strata
from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.numerics.root_finder import solve_increasing
from analytics.stats.sequential import Alternative
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level, empty_arm

_Vector = npt.NDArray[np.float64]


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


def contrast(arms: Sequence[Counts], weights: Sequence[float], *, level: float = 0.95) -> Estimate | NotEstimable:
    """What is a weighted sum of the rates of several arms, such as an interaction, exactly at every look?

    Formula: As `difference`, with the product over all arms, and the largest likelihood over rates whose weighted sum
    is D; (1, -1) is the case of two arms.

    Source: Wasserman, Ramdas and Balakrishnan 2020, Proceedings of the National Academy of Sciences 117:16880, section
    8; Krichevsky and Trofimov 1981, IEEE Transactions on Information Theory 27:199.

    Not for: contrasts chosen after looking. The limits of `difference` hold here too.

    An arm without weight is left out. As many weights as arms, else ValueError. An empty arm is NotEstimable.

    With two arms it is their difference:

    >>> treated, control = Counts(300, 30), Counts(300, 1)
    >>> found, pair = contrast([treated, control], (1, -1)), difference(treated=treated, control=control)
    >>> round(found.interval.low, 6) == round(pair.interval.low, 6), round(found.interval.low, 4)
    (True, 0.0305)
    """
    check_level(level)
    if len(arms) != len(weights):
        raise ValueError(f"{len(arms)} arms need as many weights, not {len(weights)}")
    used = [(arm, weight) for arm, weight in zip(arms, weights, strict=True) if weight]
    if not all(arm.n for arm, _ in used):
        return NotEstimable("One of the arms is empty.")
    cost = sum(_learning_cost(arm) for arm, _ in used)
    return _Cells([arm for arm, _ in used], [weight for _, weight in used]).estimate(cost, level=level)


def stratified_difference(tables: Sequence[strata.Stratum], *, level: float = 0.95) -> Estimate | NotEstimable:
    """By how much does the treated rate exceed the control rate within strata, exactly at every look?

    Formula: The interval holds every difference D with E(D) < 1 / (1 - level), D being the Mantel-Haenszel mean of
    `strata.difference`. E(D) = M / the largest product over strata and arms of p^x (1 - p)^(n - x) with rates whose
    mean difference is D. M is half of the product over arms of B(x + 1/2, n - x + 1/2) / B(1/2, 1/2), strata added up,
    and half of the same product over strata and arms; p = min(1, 1/E(0)).

    Source: Wasserman, Ramdas and Balakrishnan 2020, Proceedings of the National Academy of Sciences 117:16880, section
    8; Krichevsky and Trofimov 1981, IEEE Transactions on Information Theory 27:199. Whatever M expects, at the true
    rates M over their likelihood is a martingale that starts at 1, so the argument of `difference` holds.

    Not for: many strata, each of which makes it wider, or outcomes with many events: use `sequential.always_valid` on
    `strata.difference`. Nor for units in clusters.

    Rates may differ between strata, and people may come from other strata later: nothing is assumed of either. A
    stratum where one arm is empty is skipped. NotEstimable if all are.

    One stratum is the plain difference; 30 of 300 against 1 of 300 in two strata of very different rates says less:

    >>> one = stratified_difference([strata.Stratum(Counts(300, 30), Counts(300, 1))])
    >>> two = stratified_difference([
    ...     strata.Stratum(Counts(100, 28), Counts(100, 1)), strata.Stratum(Counts(200, 2), Counts(200, 0))])
    >>> round(one.interval.low, 4), round(two.interval.low, 4)
    (0.0305, 0.0138)
    """
    check_level(level)
    pairs = [(each.treated, each.control) for each in tables if each.treated.n and each.control.n]
    if not pairs:
        return strata.NO_STRATA
    each_weight = [one.n * other.n / (one.n + other.n) for one, other in pairs]
    total = sum(each_weight)
    weights = [sign * weight / total for weight in each_weight for sign in (1.0, -1.0)]
    cells = [arm for pair in pairs for arm in pair]
    apart = sum(_learning_cost(cell) for cell in cells)
    sums = [Counts(sum(arm.n for arm in side), sum(arm.events for arm in side)) for side in zip(*pairs, strict=True)]
    own = sum(_log_likelihood(cell, (cell.proportion, (cell.n - cell.events) / cell.n)) for cell in cells)
    together = own - sum(_log_mixture(arm) for arm in sums)
    cost = log(2.0) - float(np.logaddexp(-apart, -together))
    found = _Cells(cells, weights).estimate(cost, level=level)
    return replace(found, method="exact confidence sequence, stratified")


class _Cells:
    """Several arms, or arms of strata, as columns; and how likely rates are whose weighted sum is another."""

    def __init__(self, cells: Sequence[Counts], weights: Sequence[float]) -> None:
        self.n = np.array([cell.n for cell in cells], dtype=np.float64)
        self.x = np.array([cell.events for cell in cells], dtype=np.float64)
        self.weights = np.array(weights, dtype=np.float64)
        self.effect = float(self.weights @ (self.x / self.n))

    def estimate(self, cost: float, *, level: float) -> Estimate:
        """The interval of the sequence whose mixture is `cost` less likely than the rates observed, as logarithms."""
        goal = cost - log(1.0 - level)
        log_e = self._log_ratio_at_zero() - cost
        p_value = exp(min(0.0, -log_e)) if self.effect else 1.0
        interval = consistent_interval(
            self._end(-1.0, goal), self._end(1.0, goal), p_value=p_value, level=level, above=self.effect > 0.0
        )
        return Estimate(self.effect, interval, p_value, "exact confidence sequence", log_e)

    def _end(self, sign: float, goal: float) -> float:
        """The furthest weighted sum, up or down, whose rates are within `goal` of the likelihood observed."""
        furthest = float(np.maximum(sign * self.weights, 0.0).sum())
        if sign * self.effect >= furthest:
            return sign * furthest
        m = solve_increasing(lambda m: self._log_ratio(sign * m), goal, float(self.n.min()) / 2.0)
        return self._weighted_sum(sign * m)

    def _log_ratio_at_zero(self) -> float:
        if not self.effect:
            return 0.0
        sign = -1.0 if self.effect > 0.0 else 1.0
        m = solve_increasing(
            lambda m: abs(self._weighted_sum(sign * m) - self.effect), abs(self.effect), float(self.n.min()) / 2.0
        )
        return self._log_ratio(sign * m)

    def _weighted_sum(self, m: float) -> float:
        return float(self.weights @ self._rates(m)[0])

    def _log_ratio(self, m: float) -> float:
        p, q = self._rates(m)
        rest = self.n - self.x
        return max(float((rel_entr(self.x, self.n * p) + rel_entr(rest, self.n * q)).sum()), 0.0)

    def _rates(self, m: float) -> tuple[_Vector, _Vector]:
        """p and 1 - p of each cell, likeliest for their weighted sum, when the multiplier m pushes it up."""
        push = m * self.weights
        up = push > 0.0
        fewer, more = _shrunk(self.n, np.where(up, self.n - self.x, self.x), np.abs(push))
        return np.where(up, more, fewer), np.where(up, fewer, more)


def _shrunk(n: _Vector, events: _Vector, m: _Vector) -> tuple[_Vector, _Vector]:
    """(p, 1 - p) for the p <= events/n with n (events/n - p) = m p (1 - p), as in `numerics.score`, for columns."""
    root = np.sqrt((n - m) ** 2 + 4.0 * m * (n - events))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = n - m + root
        far, near = (m - n + root) / (2.0 * m), np.where(below > 0.0, 2.0 * (n - events) / below, 0.0)
    return 2.0 * events / (n + m + root), np.where(m > n, far, near)


def _log_mixture(arm: Counts) -> float:
    """log of B(x + 1/2, n - x + 1/2) / B(1/2, 1/2)."""
    n, x = arm.n, arm.events
    return lgamma(x + 0.5) + lgamma(n - x + 0.5) - lgamma(n + 1.0) - log(pi)


def _learning_cost(arm: Counts) -> float:
    """log of p^x (1 - p)^(n - x) at the arm's own rate, less log of the mixture: what not knowing the rate costs."""
    n, x = arm.n, arm.events
    return _log_likelihood(arm, (x / n, (n - x) / n)) - _log_mixture(arm)


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
