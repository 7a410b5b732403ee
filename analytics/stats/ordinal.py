"""Ordered outcomes such as ratings or buckets of time: whether the treated arm tends to answer higher."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import fsum, isfinite, sqrt

from scipy.special import stdtr

from analytics.stats.numerics import wald
from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.values import Estimate, Levels, NotEstimable, check_level


def superiority(*, treated: Levels, control: Levels, level: float = 0.95) -> Estimate | NotEstimable:
    """How likely does a treated unit answer higher than a control unit, ties counted half? 0.5 means no effect.

    Formula: P = P(treated > control) + P(equal)/2 over all pairs. A unit's placement is the share of the other arm
    below it plus half the share equal to it; with s1^2 and s0^2 the sample variances of the placements, v1 = s1^2/n1
    and v0 = s0^2/n0, t = (P - 1/2) / sqrt(v1 + v0) has (v1 + v0)^2 / (v1^2/(n1 - 1) + v0^2/(n0 - 1)) degrees of
    freedom, and the interval is P +- t(df) sqrt(v1 + v0).

    Source: Brunner and Munzel 2000, Biometrical Journal 42:17.

    Not for: saying by how many points the arms differ: use `mean_difference`. With fewer than about 10 units in an arm
    Student's t is rough here: count a yes/no outcome and use `proportions.exact_test`.

    The arms may have different spreads, and only the order of the levels is used. Ends are cut at 0 and 1. `statistic`
    is t. NotEstimable: an arm with fewer than two units, one and the same answer from everybody, or arms that do not
    overlap at all, since then nothing shows how uncertain the probability is.

    Pain scores after surgery, the example of R's lawstat::brunner.munzel.test (data of Brunner and Munzel's paper),
    which prints 0.788961 (0.5952169 to 0.9827052), t = 3.1375, df = 17.683, p = 0.005786:

    >>> found = superiority(treated=Levels([3, 1, 4, 2, 1]), control=Levels([11, 2, 0, 1, 0]))
    >>> round(found.effect, 6), round(found.interval.low, 5), round(found.interval.high, 5), round(found.p_value, 6)
    (0.788961, 0.59522, 0.98271, 0.005786)
    """
    check_level(level)
    if refused := _too_few(treated, control):
        return refused
    m, n = treated.n, control.n
    below_treated, below_control = _twice_below(treated), _twice_below(control)
    higher = sum(count * below for count, below in zip(treated.counts, below_control, strict=True))
    effect = higher / (2 * m * n)
    # The placements: where each level of one arm stands among the units of the other.
    first = _spread(treated.counts, [below / (2 * n) for below in below_control], effect) / m
    second = _spread(control.counts, [below / (2 * m) for below in below_treated], 1.0 - effect) / n
    variance = first + second
    if variance == 0.0:
        if higher == m * n:
            return NotEstimable("Every unit gave the same answer.")
        return NotEstimable("The arms do not overlap at all, so the uncertainty cannot be estimated.")
    df = variance**2 / (first**2 / (m - 1) + second**2 / (n - 1))
    error = sqrt(variance)
    # Whole numbers until the division, so that arms that balance exactly give t = 0.
    statistic = (higher - m * n) / (2 * m * n) / error
    p_value = min(1.0, 2.0 * float(stdtr(df, -abs(statistic))))
    half = wald.critical(level, df) * error
    interval = consistent_interval(
        max(0.0, effect - half), min(1.0, effect + half), p_value=p_value, level=level, above=statistic > 0.0, null=0.5
    )
    return Estimate(effect, interval, p_value, "brunner-munzel", statistic, df, error)


def mean_difference(
    *, treated: Levels, control: Levels, scores: Sequence[float] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """By how many points does the treated arm's mean exceed the control arm's? In the units of the scores.

    Formula: m1 - m0 +- t(df) sqrt(v1 + v0), with m the mean score of an arm, v its sample variance over n, and df = (v1
    + v0)^2 / (v1^2/(n1 - 1) + v0^2/(n0 - 1)).

    Source: Welch 1947, Biometrika 34:28; the degrees of freedom are Satterthwaite's, 1946, Biometrics Bulletin 2:110.

    Not for: levels whose distances mean nothing ("never, sometimes, often"): other scores give another answer and can
    turn its sign. Use `superiority`, which needs the order alone.

    `scores` says what each level is worth, from low to high, and never falls; without it the levels count 1, 2, 3 and
    so on. NotEstimable: an arm with fewer than two units, or no variation in either arm. Ends are not cut.

    The same pain scores, by hand: means 30/11 and 19/14:

    >>> found = mean_difference(treated=Levels([3, 1, 4, 2, 1]), control=Levels([11, 2, 0, 1, 0]))
    >>> round(found.effect, 6), round(30 / 11 - 19 / 14, 6)
    (1.37013, 1.37013)
    """
    check_level(level)
    if refused := _too_few(treated, control):
        return refused
    worth = _level_scores(len(treated.counts), scores)
    means = [_mean(arm, worth) for arm in (treated, control)]
    first = _spread(treated.counts, worth, means[0]) / treated.n
    second = _spread(control.counts, worth, means[1]) / control.n
    variance = first + second
    if variance == 0.0:
        return NotEstimable("Neither arm varies, so the uncertainty cannot be estimated.")
    df = variance**2 / (first**2 / (treated.n - 1) + second**2 / (control.n - 1))
    return wald.estimate(means[0] - means[1], sqrt(variance), level=level, method="welch", df=df)


def mean(answers: Levels, *, scores: Sequence[float] | None = None, level: float = 0.95) -> Estimate | NotEstimable:
    """What is the mean answer of one arm? In the units of the scores.

    Formula: m +- t(n - 1) s / sqrt(n), with m the mean score and s^2 the sample variance with n - 1.

    Source: Student 1908, Biometrika 6:1.

    Not for: levels whose distances mean nothing, or comparing arms: use `superiority` or `mean_difference`.

    `scores` as in `mean_difference`. There is no test, so `p_value` is None. NotEstimable: fewer than two units, or
    one and the same answer from everybody. Ends are not cut.

    1, 2, 3, 4 and 5 once each: mean 3, s^2 = 2.5, and t(4) = 2.776 (any table), so 3 +- 2.776 sqrt(0.5):

    >>> found = mean(Levels([1, 1, 1, 1, 1]))
    >>> found.effect, round(found.interval.low, 3), round(found.interval.high, 3)
    (3.0, 1.037, 4.963)
    """
    check_level(level)
    worth = _level_scores(len(answers.counts), scores)
    if answers.n < 2:
        return NotEstimable("Fewer than two units answered.")
    centre = _mean(answers, worth)
    variance = _spread(answers.counts, worth, centre) / answers.n
    if variance == 0.0:
        return NotEstimable("Every unit gave the same answer.")
    estimate = wald.estimate(centre, sqrt(variance), level=level, method="student", df=float(answers.n - 1))
    return replace(estimate, p_value=None, statistic=None)


def _level_scores(levels: int, scores: Sequence[float] | None) -> list[float]:
    """The score of each level: 1, 2, 3 and so on unless given."""
    worth = [float(place) for place in range(1, levels + 1)] if scores is None else list(scores)
    if len(worth) != levels:
        raise ValueError(f"{levels} levels need as many scores, not {len(worth)}")
    if not all(isfinite(value) for value in worth) or any(low > high for low, high in pairwise(worth)):
        raise ValueError("scores are numbers that never fall from one level to the next")
    return worth


def _mean(arm: Levels, worth: Sequence[float]) -> float:
    return fsum(count * value for count, value in zip(arm.counts, worth, strict=True)) / arm.n


def _too_few(treated: Levels, control: Levels) -> NotEstimable | None:
    if len(treated.counts) != len(control.counts):
        raise ValueError(f"cannot compare {len(treated.counts)} levels with {len(control.counts)}")
    if treated.n < 2 or control.n < 2:
        return NotEstimable(f"The {'treated' if treated.n < 2 else 'control'} arm has fewer than two units.")
    return None


def _twice_below(arm: Levels) -> list[int]:
    """For each level, twice the units below it plus the units at it."""
    result, below = [], 0
    for count in arm.counts:
        result.append(2 * below + count)
        below += count
    return result


def _spread(counts: Sequence[int], values: Sequence[float], mean: float) -> float:
    """The sample variance of values that occur `counts` times."""
    total = fsum(count * (value - mean) ** 2 for count, value in zip(counts, values, strict=True) if count)
    return total / (sum(counts) - 1)
