"""Repeated looks: group-sequential boundaries for planned looks, confidence sequences for any number of looks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, assert_never

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import lambertw, ndtr, ndtri

from analytics.stats.numerics.critical_values import consistent_interval, upper_tail_p
from analytics.stats.numerics.quadrature import solve_decreasing
from analytics.stats.numerics.stopped_walk import surviving_paths
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level, empty_arm

_Vector = npt.NDArray[np.float64]
Spending = Literal["obrien-fleming", "pocock"]
Alternative = Literal["two-sided", "greater", "less"]

# The least distance of two looks, as a share of the planned information.
MIN_LOOK_SPACING = 1e-4
# The least alpha that a look spends, which keeps the boundary finite (at most 21.3) however early the look.
_LEAST_SPENT = 1e-100
_TINY = 5e-324


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The z that each planned look has to exceed, and the alpha spent up to and including it."""

    fractions: tuple[float, ...]
    z: tuple[float, ...]
    spent: tuple[float, ...]
    alpha: float
    spending: Spending
    sides: int

    def nominal_level(self, look: int) -> float:
        """The level at which any other method's interval becomes the repeated interval at this look (the first is 1).

        A two-sided level, also for one-sided boundaries: compare only the side that was planned. Below 1.

        >>> planned = boundaries([0.5, 1.0], alpha=0.05)
        >>> round(planned.nominal_level(1), 5), round(planned.nominal_level(2), 5)
        (0.99695, 0.951)
        """
        z = max(self.z[self._index(look)], 0.0)
        return min(max(1.0 - 2.0 * upper_tail_p(z), _TINY), math.nextafter(1.0, 0.0))

    def _index(self, look: int) -> int:
        if not 1 <= look <= len(self.z):
            raise ValueError(f"look must be from 1 to {len(self.z)}, not {look!r}")
        return look - 1


def boundaries(
    fractions: Sequence[float], *, alpha: float = 0.05, spending: Spending = "obrien-fleming", sides: int = 2
) -> Boundaries:
    """How large must z be at each planned look, so that the chance of any false claim is alpha in all?

    Formula: Under no effect, P(no crossing on a planned side before look k, then Z_k > z_k) = A(t_k) - A(t_(k-1)), with
    t the share of the planned information and cor(Z_j, Z_k) = sqrt(t_j/t_k). With a the alpha of one side (half of
    alpha for two), A(t) = 2 - 2 Phi(u / sqrt(t)), u the upper a/2 quantile of the normal, with "obrien-fleming", and a
    log(1 + (e - 1) t) with "pocock". Solved look by look by numerical integration.

    Source: Lan and DeMets 1983, Biometrika 70:659; the integration is that of Armitage, McPherson and Rowe 1969,
    Journal of the Royal Statistical Society A 132:235.

    Not for: looks whose time was chosen by what the data showed: then alpha is not kept, so use `confidence_sequence`.
    Nor are these the constants of O'Brien-Fleming's and Pocock's own designs.

    `fractions` are the shares of the planned information (units) at each look, increasing, 1 for the full plan. Looks
    closer together than 0.0001, an alpha outside 0 to 1 and other than one or two sides raise ValueError.

    Five equal looks; the published table is 4.877, 3.357, 2.680, 2.290, 2.031:

    >>> [round(z, 3) for z in boundaries([0.2, 0.4, 0.6, 0.8, 1.0], alpha=0.05).z]
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, not {alpha!r}")
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, not {sides!r}")
    looks = tuple(float(fraction) for fraction in fractions)
    if not looks:
        raise ValueError("there must be at least one look")
    gaps = [after - before for before, after in zip((0.0, *looks), looks, strict=False)]
    if not all(gap >= MIN_LOOK_SPACING * (1.0 - 1e-9) for gap in gaps) or looks[-1] > 1.0 + 1e-12:
        raise ValueError(
            f"fractions must increase by {MIN_LOOK_SPACING} or more from 0 to at most 1, not {list(looks)}"
        )
    z, spent = _critical(looks, alpha / sides, spending, sides)
    return Boundaries(looks, z, tuple(sides * s for s in spent), alpha, spending, sides)


def exit_probability(fractions: Sequence[float], z: Sequence[float], *, sides: int = 2) -> float:
    """How likely is any false claim, if z is compared with these boundaries at these looks and nothing is true?

    Formula: P(abs(Z_k) > z_k at any look k), or P(Z_k > z_k at any look k) with one side, under cor(Z_j, Z_k) =
    sqrt(t_j/t_k), by the integration of `boundaries`.

    Source: Armitage, McPherson and Rowe 1969, Journal of the Royal Statistical Society A 132:235; Jennison and Turnbull
    2000, Group Sequential Methods with Applications to Clinical Trials, chapter 19.

    Not for: looks whose time was chosen by what the data showed; no boundary keeps alpha there.

    `fractions` as in `boundaries`, with one positive z for each; else ValueError.

    Twenty looks at 1.96, after each twentieth of the data; Armitage, McPherson and Rowe print 0.248:

    >>> round(exit_probability([look / 20 for look in range(1, 21)], [1.96] * 20), 3)
    0.248
    """
    looks = boundaries(fractions, sides=sides).fractions  # refuses what are no looks
    if len(z) != len(looks) or not all(value > 0.0 for value in z):
        raise ValueError("every look needs one positive z")
    nodes, mass, before, total = np.zeros(1), np.ones(1), 0.0, 0.0
    for look, (fraction, critical) in enumerate(zip(looks, z, strict=True)):
        sd, bound = math.sqrt(fraction - before), critical * math.sqrt(fraction)
        total += sides * float(mass @ ndtr((nodes - bound) / sd))
        if look + 1 < len(looks):
            nodes, mass = surviving_paths(nodes, mass, sd, bound, fraction, looks[look + 1], sides)
        before = fraction
    return total


def repeated_interval(
    *, effect: float, standard_error: float, boundaries: Boundaries, look: int
) -> Estimate | NotEstimable:
    """Where may the effect lie, judged at look number `look` (the first is 1), all looks covering at once?

    Formula: effect +- z_k standard_error, with z_k the boundary of this look; p is the least alpha whose boundary,
    spent in the same way over the same looks, abs(effect / standard_error) would have crossed at this look.

    Source: Jennison and Turnbull 1989, Journal of the Royal Statistical Society B 51:305; 2000, Group Sequential
    Methods with Applications to Clinical Trials, chapter 9.

    Not for: a look that the plan does not hold: use `confidence_sequence`. The effect itself is not corrected: of
    trials stopped early at a boundary it is too large on average, so read the interval and run it again for the size.

    Over all planned looks together the intervals cover in at least 1 - alpha of trials, whether or not a boundary
    stopped the trial. With one side the interval is open above and p counts effect / standard_error with its sign. p is
    not reported below 1e-15. A standard error of zero is NotEstimable.

    >>> planned = boundaries([0.5, 1.0], alpha=0.05)
    >>> found = repeated_interval(effect=0.04, standard_error=0.0125, boundaries=planned, look=1)
    >>> round(found.interval.low, 4), round(found.interval.high, 4)
    (0.003, 0.077)
    """
    index = boundaries._index(look)
    if not (standard_error > 0.0 and math.isfinite(standard_error)):
        return NotEstimable("The effect has no standard error.")
    level = min(max(1.0 - boundaries.alpha, _TINY), math.nextafter(1.0, 0.0))
    z, half = effect / standard_error, boundaries.z[index] * standard_error
    low, high = effect - half, effect + half if boundaries.sides == 2 else math.inf
    p_value = _repeated_p(abs(z) if boundaries.sides == 2 else z, boundaries, index)
    # The p-value is computed to ten digits and has a floor, so on the boundary the interval decides.
    claim = low > 0.0 or high < 0.0
    p_value = min(p_value, math.nextafter(1.0 - level, 0.0)) if claim else max(p_value, 1.0 - level)
    return Estimate(
        effect, Interval(low, high, level), p_value, f"repeated, {boundaries.spending}", z, None, standard_error
    )


def _spent(fraction: float, alpha: float, spending: Spending) -> float:
    if spending == "obrien-fleming":
        return 2.0 * float(ndtr(ndtri(alpha / 2.0) / math.sqrt(min(fraction, 1.0))))
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1.0) * min(fraction, 1.0))
    assert_never(spending)


def _critical(
    fractions: tuple[float, ...], alpha: float, spending: Spending, sides: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The boundary and the alpha spent at each look, for one side; the other of two mirrors it.

    On the score scale s = z sqrt(t) the process has independent normal steps. `mass` is the density of s at the nodes
    of a quadrature, for paths that have not yet crossed, times the weights.
    """
    z, spent = [], []
    nodes, mass, before, total = np.zeros(1), np.ones(1), 0.0, 0.0
    for look, fraction in enumerate(fractions):
        sd = math.sqrt(fraction - before)
        so_far = _spent(fraction, alpha, spending)
        step = max(so_far - total, _LEAST_SPENT)
        bound = _bound(nodes, mass, sd, step, math.sqrt(fraction), sides)
        z.append(bound / math.sqrt(fraction))
        spent.append(so_far)
        if look + 1 < len(fractions):
            nodes, mass = surviving_paths(nodes, mass, sd, bound, fraction, fractions[look + 1], sides)
        before, total = fraction, so_far
    return tuple(z), tuple(spent)


def _bound(nodes: _Vector, mass: _Vector, sd: float, step: float, root: float, sides: int) -> float:
    """The score beyond which the surviving paths lie with the chance `step` at the next look, on normal quantiles."""

    target = float(ndtri(step))

    def excess(z: float) -> float:
        beyond = float(mass @ ndtr((nodes - z * root) / sd))
        return float(ndtri(min(max(beyond, _TINY), 1.0))) - target

    least = 0.0 if sides == 2 else -9.0
    return solve_decreasing(excess, start=-target, slope=-1.0, low=least, high=25.0, tolerance=1e-13) * root


def _repeated_p(z: float, planned: Boundaries, index: int) -> float:
    """The alpha whose boundary at this look is z, found on the scale of normal quantiles, where it is nearly linear."""
    looks, sides = planned.fractions[: index + 1], planned.sides

    def excess(quantile: float) -> float:
        return _critical(looks, float(ndtr(quantile)), planned.spending, sides)[0][-1] - z

    start = float(ndtri(planned.alpha / sides)) + planned.z[index] - z
    high = float(ndtri(1.0 / sides - 1e-9))
    quantile = solve_decreasing(excess, start=start, slope=-1.0, low=-8.0, high=high, tolerance=1e-10)
    return 1.0 if quantile == high else sides * float(ndtr(quantile))


def confidence_sequence(
    *, treated: Counts, control: Counts, level: float = 0.95, n_planned: int, alternative: Alternative = "two-sided"
) -> Estimate | NotEstimable:
    """By how much does the treated rate exceed the control rate, with an interval that holds at all looks at once?

    Formula: d +- sigma sqrt(2 (n rho^2 + 1) / (n^2 rho^2) log(sqrt(n rho^2 + 1) / alpha)), with d = p1 - p0, n the
    units of both arms and sigma^2/n = p1 (1 - p1)/n1 + p0 (1 - p0)/n0. rho makes it narrowest at n = `n_planned`: there
    x = n rho^2 solves x = log((1 + x)/alpha^2). p = min(1, sqrt(1 + x) exp(-z^2 x / (2 (1 + x)))) with x = n rho^2 and
    z = d sqrt(n) / sigma. One-sided, the logarithm is log(1 + sqrt(n rho^2 + 1) / (2 alpha)), with one end open.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52:2613 (arXiv 2103.06476),
    theorem 2.2, and the one-sided bound of the same paper; rho as in Howard, Ramdas, McAuliffe and Sekhon 2021, Annals
    of Statistics 49:1055, proposition 3.

    Not for: one look at a planned number, where even at its best it is half as wide again as `proportions.difference`.
    Nor for the first few people: it may be too short until each arm has some events and non-events.

    `n_planned` is again of both arms. The p-value is always valid: look as often as you like, and take the smallest
    seen. It can be 1 for many data. NotEstimable: an empty arm, or none that varies. Ends are cut at -1 and 1.

    At the planned size, a normal 95% interval's factor of 1.96 becomes 3.04:

    >>> found = confidence_sequence(treated=Counts(1000, 120), control=Counts(1000, 80), n_planned=2000)
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.04, -0.0006, 0.0806)
    >>> round((found.interval.high - found.effect) / found.standard_error, 2)
    3.04
    """
    check_level(level)
    _check_planned(n_planned)
    if empty := empty_arm(treated, control):
        return empty
    variance = sum(a.proportion * ((a.n - a.events) / a.n) / a.n for a in (treated, control))
    if variance == 0.0:
        return NotEstimable("The outcome does not vary within either arm, so the difference has no variance yet.")
    return always_valid(
        effect=treated.proportion - control.proportion,
        standard_error=math.sqrt(variance),
        n=treated.n + control.n,
        n_planned=n_planned,
        level=level,
        alternative=alternative,
        within=(-1.0, 1.0),
    )


def always_valid(
    *,
    effect: float,
    standard_error: float,
    n: int,
    n_planned: int,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Estimate | NotEstimable:
    """Where may an effect that is nearly a mean over n units (stratified, clustered) lie, however often one looks?

    Formula: effect +- standard_error sqrt(2 (1 + 1/x) log(sqrt(1 + x) / alpha)), with x = b n / n_planned and b the
    positive root of b = log((1 + b)/alpha^2), which makes it narrowest at n_planned. p = min(1, sqrt(1 + x) exp(-h)), h
    = z^2 x / (2 (1 + x)), z = effect / standard_error. One-sided, the logarithm is log(1 + sqrt(1 + x) / (2 alpha)), b
    is found numerically and p = min(1, sqrt(1 + x) / (2 (exp(h) - 1))).

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52:2613 (arXiv 2103.06476),
    theorem 2.2; b as in Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49:1055, proposition 3.

    Not for: effects that are no mean of many independent parts: a ratio (give its logarithm), or a difference of a few
    clusters, whose normal standard error is too small: stretch it to Student's t first.

    `n` units so far and `n_planned` in the end count alike (units or clusters). Everything else as in
    `confidence_sequence`; ends are cut at `within`. A standard error of zero is NotEstimable.

    >>> found = always_valid(effect=0.04, standard_error=0.01, n=500, n_planned=2000)
    >>> round(found.interval.low, 4), round(found.interval.high, 4), round(found.p_value, 4)
    (0.0075, 0.0725, 0.0081)
    """
    check_level(level)
    _check_planned(n_planned)
    if n <= 0 or not (standard_error > 0.0 and math.isfinite(standard_error)):
        return NotEstimable("The effect has no standard error.")
    alpha = 1.0 - level
    x = n / n_planned * _best_information(alpha, alternative != "two-sided")
    z = effect / standard_error
    half = standard_error * _sequence_z(x, alpha, alternative != "two-sided")
    evidence = max(z, 0.0) if alternative == "greater" else max(-z, 0.0) if alternative == "less" else abs(z)
    p_value = _always_valid_p(evidence, x, alternative != "two-sided")
    low = -math.inf if alternative == "less" else effect - half
    high = math.inf if alternative == "greater" else effect + half
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=z > 0.0)
    low = interval.low if alternative == "less" else max(interval.low, within[0])
    high = interval.high if alternative == "greater" else min(interval.high, within[1])
    method = "asymptotic confidence sequence"
    return Estimate(effect, Interval(low, high, level), p_value, method, z, None, standard_error)


def _check_planned(n_planned: int) -> None:
    if not n_planned > 0:
        raise ValueError(f"n_planned must be at least 1, not {n_planned!r}")


@lru_cache(maxsize=256)
def _best_information(alpha: float, one_sided: bool) -> float:
    """x = n rho^2 that makes the interval narrowest at that n.

    Two-sided, x solves x = log((1 + x) / alpha^2): Lambert's W (Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of
    Statistics 49:1055, proposition 3).
    """
    if one_sided:
        minimum = minimize_scalar(
            lambda log_x: _sequence_z(math.exp(log_x), alpha, True),
            bounds=(math.log(1e-3), math.log(1e3)),
            method="bounded",
            options={"xatol": 1e-9},
        )
        return math.exp(float(minimum.x))
    # Near alpha = 1 the best x goes to 0, where the interval's factor goes to 1; stop before it divides by zero.
    return max(-float(lambertw(-(alpha**2) / math.e, -1).real) - 1.0, 1e-6)


def _sequence_z(x: float, alpha: float, one_sided: bool) -> float:
    """Half width over standard error, with x = n rho^2."""
    root = math.sqrt(1.0 + x)
    room = math.log1p(root / (2.0 * alpha)) if one_sided else math.log(root / alpha)
    return math.sqrt(2.0 * (1.0 + 1.0 / x) * room)


def _always_valid_p(z: float, x: float, one_sided: bool) -> float:
    """The alpha at which the half width, with the same x, would equal |effect|; 1 where there is none."""
    exponent = 0.5 * z * z * x / (1.0 + x)
    if one_sided:
        if exponent == 0.0:
            return 1.0
        log_p = 0.5 * math.log1p(x) - math.log(2.0) - exponent - math.log(-math.expm1(-exponent))
    else:
        log_p = 0.5 * math.log1p(x) - exponent
    return math.exp(min(log_p, 0.0))
