"""Beta posteriors of rates: which arm is best, the cost of a wrong choice, the difference of two arms.

Everything is an integral over one rate, by Gauss-Legendre quadrature between the posteriors' own quantiles, so nothing
is simulated and time depends on the number of arms alone. An arm without units is NotEstimable, because its posterior
would be the prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, betaincinv, ndtri, xlog1py, xlogy

from analytics.stats.numerics.quadrature import panels, solve_decreasing
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level

_Vector = npt.NDArray[np.float64]

# Panels end at these lower and upper tail areas of every arm: about one standard deviation each.
_TAILS = np.array([1e-18, 1e-14, 1e-10, 1e-7, 1e-4, 1e-2, 0.1, 0.5])
_RULE = np.polynomial.legendre.leggauss(8)
_LEAST, _MOST = 5e-324, float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True, slots=True)
class Beta:
    """A beta prior of a rate, as if a - 1 events and b - 1 non-events had been observed. (1, 1) is flat."""

    a: float = 1.0
    b: float = 1.0

    def __post_init__(self) -> None:
        if not (0.0 < self.a < np.inf and 0.0 < self.b < np.inf):
            raise ValueError(f"a beta prior needs two positive numbers, not {self.a!r} and {self.b!r}")


FLAT = Beta()


@dataclass(frozen=True, slots=True)
class _Posteriors:
    """One beta posterior per arm, as columns."""

    a: _Vector
    b: _Vector

    @property
    def mean(self) -> _Vector:
        return self.a / (self.a + self.b)

    def below(self, x: _Vector) -> _Vector:
        """The probability that each arm's rate lies below x, one row per arm."""
        return np.asarray(betainc(self.a[:, None], self.b[:, None], x), dtype=np.float64)

    def knots(self) -> _Vector:
        """The angles of the quantiles of every arm, one row per arm, each found from the end it is nearer to."""
        lower = betaincinv(self.a[:, None], self.b[:, None], _TAILS)
        upper = betaincinv(self.b[:, None], self.a[:, None], _TAILS[-2::-1])
        return np.concatenate((np.arcsin(np.sqrt(lower)), np.pi / 2.0 - np.arcsin(np.sqrt(upper))), axis=1)

    def mass(self, arm: int, grid: "_Grid") -> _Vector:
        """The arm's probability around each node, relative to the mean's so that no digits are lost. Sums to 1."""
        a, b, m = self.a[arm], self.b[arm], self.mean[arm]
        rest = b / (a + b)
        # Near the mean logarithms of 1 + a small step, further off (where that step is lossy) of the ratio itself.
        near = np.abs(grid.x - m) < 0.5 * min(m, rest)
        step = np.where(near, grid.x - m, 0.0)
        logs = np.where(
            near,
            xlog1py(a - 1.0, step / m) + xlog1py(b - 1.0, -step / rest),
            xlogy(a - 1.0, grid.x / m) + xlogy(b - 1.0, grid.y / rest),
        )
        mass = grid.weight * np.exp(logs - np.max(logs))
        return np.asarray(mass / np.sum(mass), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Nodes x of a quadrature with their weights, and y = 1 - x without rounding.

    It runs over angles: with x = sin(angle)^2, also x^(-1/2), the density of Jeffreys' prior near 0, is smooth.
    """

    x: _Vector
    y: _Vector
    weight: _Vector


def _posteriors(arms: Sequence[Counts], prior: Beta) -> _Posteriors | NotEstimable:
    if not arms:
        raise ValueError("there must be at least one arm")
    if any(arm.n == 0 for arm in arms):
        return NotEstimable("An arm is empty, so its rate is known from the prior alone.")
    return _Posteriors(
        np.array([arm.events + prior.a for arm in arms], dtype=np.float64),
        np.array([arm.n - arm.events + prior.b for arm in arms], dtype=np.float64),
    )


def _grid(knots: _Vector, prior: Beta) -> _Grid:
    """A quadrature with a panel between each two neighbouring knots."""
    edges = np.unique(np.clip(knots, 1e-150, np.pi / 2.0))
    if not ((2.0 * prior.a).is_integer() and (2.0 * prior.b).is_integer()):
        # Any other power of x is not smooth near 0 (nor of 1 - x near 1): panels there must not more than double it.
        doubling = np.pi / 2.0 ** np.arange(2.0, 70.0)
        edges = np.unique(np.concatenate((edges, doubling, np.pi / 2.0 - doubling)))
    angle, weight = panels(edges, _RULE)
    return _Grid(np.sin(angle) ** 2, np.cos(angle) ** 2, weight * np.sin(2.0 * angle))


def _merge_knots(knots: _Vector) -> _Vector:
    """Merge the knots of all arms, without those closer than the narrowest arm needs."""
    space = 0.3 * float(np.min(np.median(np.diff(knots, axis=1), axis=1)))
    edges = np.unique(knots)
    if not space > 0.0:
        return edges
    _, first = np.unique(np.floor(edges / space), return_index=True)
    return np.asarray(edges[np.union1d(first, [edges.size - 1])], dtype=np.float64)


def probability_best(arms: Sequence[Counts], *, prior: Beta = FLAT) -> tuple[float, ...] | NotEstimable:
    """What is the probability of each arm, in order, that its rate is the highest of all? They sum to 1.

    Formula: The integral over x of f_i(x) times the product of F_j(x) over all other arms j, with f and F the density
    and the distribution function of each arm's posterior Beta(a + events, b + non-events), all independent.

    Source: Thompson 1933, Biometrika 25:285, there for two arms.

    Not for: a test: 0.95 at the first daily look that shows it is wrong far more often than once in twenty; use
    `sequential.confidence_sequence`. Nor for how much better the best is: use `expected_loss` or `credible_difference`.

    Good to ten decimals. `prior` is Beta(a, b), flat unless given. An empty arm makes all NotEstimable.

    By hand, with flat priors: one event of one has density 2x, none 2(1 - x), and the integral of 2x (2x - x^2) is 5/6:

    >>> [round(p, 6) for p in probability_best([Counts(1, 1), Counts(1, 0)])]
    [0.833333, 0.166667]
    """
    posteriors = _posteriors(arms, prior)
    if isinstance(posteriors, NotEstimable):
        return posteriors
    grid = _grid(_merge_knots(posteriors.knots()), prior)
    others = _products_of_others(posteriors.below(grid.x))
    chances = np.array([np.sum(posteriors.mass(arm, grid) * others[arm]) for arm in range(len(arms))])
    return tuple(float(p) for p in chances / np.sum(chances))


def expected_loss(arms: Sequence[Counts], *, prior: Beta = FLAT) -> tuple[float, ...] | NotEstimable:
    """If this arm is chosen, how far below the best arm's rate is its own, on average? One number per arm, in order.

    Formula: The mean of max(0, highest rate among the others - own rate), which is the integral over x of F_i(x) (1 -
    product of F_j(x) over all other arms j), with F the distribution function of Beta(a + events, b + non-events).

    Source: Raiffa and Schlaifer 1961, Applied Statistical Decision Theory, expected opportunity loss.

    Not for: claiming that an arm is better: a small loss says that a wrong choice would cost little, also where arms do
    not differ. For claims use `proportions.difference`. Where events are a harm give the non-events: high is good.

    In the units of the rate; 0 for a single arm. An empty arm makes all NotEstimable.

    By hand, with flat priors, for one event of one against none of one: the integral of x^2 (1 - x)^2 is 1/30, and
    of (2x - x^2)(1 - x^2) is 11/30:

    >>> [round(30 * loss, 6) for loss in expected_loss([Counts(1, 1), Counts(1, 0)])]
    [1.0, 11.0]
    """
    posteriors = _posteriors(arms, prior)
    if isinstance(posteriors, NotEstimable):
        return posteriors
    grid = _grid(_merge_knots(posteriors.knots()), prior)
    below = posteriors.below(grid.x)
    # 1 - product of the others' F, from upper tails where these are small, so that small losses keep their digits.
    arm, node = np.nonzero(below > 0.5)
    logs = np.log(np.maximum(below, _LEAST))
    logs[arm, node] = np.log1p(-betaincc(posteriors.a[arm], posteriors.b[arm], grid.x[node]))
    some_above = -np.expm1(_sums_of_others(logs))
    return tuple(float(loss) for loss in np.sum(grid.weight * below * some_above, axis=1))


def _products_of_others(rows: _Vector) -> _Vector:
    """For each row, the product of all other rows, without division because of zeros."""
    ahead, behind = np.ones_like(rows), np.ones_like(rows)
    ahead[1:] = np.cumprod(rows[:-1], axis=0)
    behind[:-1] = np.cumprod(rows[:0:-1], axis=0)[::-1]
    return np.asarray(ahead * behind, dtype=np.float64)


def _sums_of_others(rows: _Vector) -> _Vector:
    ahead, behind = np.zeros_like(rows), np.zeros_like(rows)
    ahead[1:] = np.cumsum(rows[:-1], axis=0)
    behind[:-1] = np.cumsum(rows[:0:-1], axis=0)[::-1]
    return np.asarray(ahead + behind, dtype=np.float64)


def credible_difference(
    *, treated: Counts, control: Counts, level: float = 0.95, prior: Beta = FLAT
) -> Estimate | NotEstimable:
    """Given the data and the prior, how far does the treated rate exceed the control rate? Between -1 and 1.

    Formula: With independent Beta(a + events, b + non-events) for both rates, the effect is the difference of their
    means (a + events)/(a + b + n), and the ends are the d with P(difference > d) = (1 + level)/2 and (1 - level)/2,
    where P(difference > d) = integral of f0(y) (1 - F1(y + d)) dy (1 treated, 0 control).

    Source: Nurminen and Mutanen 1987, Scandinavian Journal of Statistics 14:67.

    Not for: error rates over repeated trials or looks, which it does not control: use `proportions.difference` or
    `sequential.confidence_sequence`. With few units the prior counts: a flat one is an event and a non-event per arm.

    The interval holds the difference with probability `level` and leaves out the same probability at either end. Ends
    to about ten digits, by a secant search on a quadrature of the difference's distribution. There is no p-value. (With
    a level near 0 the interval closes around the median, not the mean.) An empty arm is NotEstimable.

    By hand, with flat priors, for one event of one against one of one: both densities are 2x, the difference is
    symmetric, and P(difference > 0.5) is the integral from 0.5 of 2x (x - 0.5)^2, 7/96:

    >>> found = credible_difference(treated=Counts(1, 1), control=Counts(1, 1), level=1 - 2 * 7 / 96)
    >>> round(found.effect, 6), round(found.interval.low, 6), round(found.interval.high, 6)
    (0.0, -0.5, 0.5)
    """
    check_level(level)
    posteriors = _posteriors([treated, control], prior)
    if isinstance(posteriors, NotEstimable):
        return posteriors
    mean = posteriors.mean
    tail = (1.0 - level) / 2.0
    low = -_upper_quantile(_Posteriors(posteriors.a[::-1], posteriors.b[::-1]), prior, tail)
    high = _upper_quantile(posteriors, prior, tail)
    interval = Interval(min(low, high), max(low, high), level)
    return Estimate(float(mean[0] - mean[1]), interval, None, "equal-tailed posterior")


def _upper_quantile(pair: _Posteriors, prior: Beta, tail: float) -> float:
    """The d that the first rate minus the second exceeds with probability `tail`, solved on normal quantiles."""
    a, b, mean = pair.a, pair.b, pair.mean
    own, other = pair.knots()
    own = np.sin(own) ** 2
    if min(a[0], b[0]) < 2.0 and (a[0] % 1.0 or b[0] % 1.0):
        # Its tail has a root or worse at 0 or 1, which the shift by d brings to where the other density is not small.
        doubling = 0.5 ** np.arange(1.0, 60.0)
        own = np.concatenate((own, doubling, 1.0 - doubling))
    sd = float(np.sqrt(np.sum(mean * (b / (a + b)) / (a + b + 1.0))))
    target = float(ndtri(tail))

    def excess(d: float) -> float:
        moved = np.arcsin(np.sqrt(np.clip(own - d, 0.0, 1.0)))
        grid = _grid(np.concatenate((other, moved)), prior)
        above = float(np.sum(pair.mass(1, grid) * betaincc(a[0], b[0], np.clip(grid.x + d, 0.0, 1.0))))
        return float(ndtri(min(max(above, _LEAST), _MOST))) - target

    start = float(mean[0] - mean[1]) - target * sd
    return solve_decreasing(excess, start=start, slope=-1.0 / sd, low=-1.0, high=1.0, tolerance=1e-11)
