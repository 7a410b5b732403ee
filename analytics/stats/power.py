"""Sample sizes and power. Standard library only, so that pages may import it.

Everything here concerns a yes/no outcome and equal arms, and uses the normal approximation with the pooled variance
under the null hypothesis (Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, chapter 4,
without continuity correction). `comparisons` divides alpha, as the first step of Holm's procedure does.
"""

from collections.abc import Sequence
from math import ceil, fsum, sqrt
from statistics import NormalDist
from typing import Literal

from analytics.stats.values import NotEstimable

_NORMAL = NormalDist()


def sample_size(
    *, control: float, treated: float, alpha: float = 0.05, power: float = 0.8, comparisons: int = 1
) -> int:
    """How many units per arm show a difference between these two rates with probability `power`?

    Formula: n = (z_a sqrt(2 p (1 - p)) + z_b sqrt(p1 (1 - p1) + p0 (1 - p0)))^2 / (p1 - p0)^2, with p the mean rate,
    z_a the upper normal quantile of alpha / (2 comparisons) and z_b that of `power`; rounded up, at least 1.

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4, uncorrected.

    Not for: clusters (multiply by `design_effect`), unequal arms (use `units_in_all`), or a
    plan watched at any time, which needs more: simulate it. It is rough where an arm expects fewer than 5 events or
    non-events.

    Equal rates need infinitely many and raise ValueError.

    The example on the help page of R's power.prop.test, 50% against 75% at a power of 0.90, there n = 76.7:

    >>> sample_size(control=0.50, treated=0.75, power=0.90)
    77
    """
    _check_rates(control=control, treated=treated)
    if control == treated:
        raise ValueError("equal rates cannot be told apart with any number of units")
    z_alpha = _upper_quantile(_check_chance("alpha", alpha) / (2 * _check_comparisons(comparisons)))
    z_power = -_upper_quantile(_check_chance("power", power))
    mean = (control + treated) / 2
    root = z_alpha * sqrt(2 * mean * (1 - mean)) + z_power * sqrt(_spread(control) + _spread(treated))
    return max(1, ceil((max(root, 0.0) / (treated - control)) ** 2))


def units_in_all(
    *,
    control: float,
    treated: float,
    shares: tuple[float, float],
    alpha: float = 0.05,
    power: float = 0.8,
    comparisons: int = 1,
    variance: Literal["pooled", "unpooled"] = "pooled",
) -> int:
    """How many units in all, split by shares, show a difference between these two rates with probability `power`?

    Formula: N = (z_a s0 + z_b s1)^2 / (p1 - p0)^2, with w1 and w0 the shares of all units that the treated and the
    control arm get, s1^2 = p1 (1 - p1)/w1 + p0 (1 - p0)/w0, z_a the upper normal quantile of alpha / (2 comparisons)
    and z_b that of `power`; rounded up. s0 is s1 with "unpooled", and with "pooled" s0^2 = p (1 - p) (1/w1 + 1/w0), p =
    (w1 p1 + w0 p0)/(w1 + w0).

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4, uncorrected.

    Not for: the same as `sample_size`. "pooled" is for a score test such as that of `proportions.difference`,
    "unpooled" for a standard error of the arms' own rates, as clusters, strata and repeated looks use.

    Shares may add up to less than 1, where other arms get the rest. Shares that are not above 0 raise ValueError.

    Two arms of equal shares need twice `sample_size`; here 1 to 3:

    >>> units_in_all(control=0.45, treated=0.50, shares=(0.5, 0.5))
    3130
    >>> units_in_all(control=0.45, treated=0.50, shares=(0.25, 0.75))
    4167
    """
    _check_rates(control=control, treated=treated)
    w1, w0 = shares
    if control == treated:
        raise ValueError("equal rates cannot be told apart with any number of units")
    if not (w1 > 0 and w0 > 0 and w1 + w0 <= 1 + 1e-9):
        raise ValueError(f"shares lie above 0 and add up to at most 1, not {shares!r}")
    z_alpha = _upper_quantile(_check_chance("alpha", alpha) / (2 * _check_comparisons(comparisons)))
    z_power = -_upper_quantile(_check_chance("power", power))
    own = sqrt(_spread(treated) / w1 + _spread(control) / w0)
    null = sqrt(_spread((w1 * treated + w0 * control) / (w1 + w0)) * (1 / w1 + 1 / w0)) if variance == "pooled" else own
    return max(1, ceil((max(z_alpha * null + z_power * own, 0.0) / (treated - control)) ** 2 * (1 - 1e-12)))


def needed_for_verdict(
    *, control_rate: float, smallest_difference: float, alpha: float = 0.05, power: float = 0.8, comparisons: int = 1
) -> int:
    """How many units per arm in all would show a true difference of exactly the smallest one that matters?

    Formula: `sample_size` at a treated rate of control_rate + smallest_difference and of control_rate -
    smallest_difference, the larger number of those whose rate stays between 0 and 1.

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4; the worse of both
    directions is our own.

    Not for: showing that there is no meaningful difference, which takes more units: use `equivalence_sample_size`. Nor
    for a smallest difference set to what the data show so far.

    Subtract the units already there to say how many more are needed. An impossible difference raises ValueError.

    45% and 5 points take as many as `sample_size` says for 45% against 50%:

    >>> needed_for_verdict(control_rate=0.45, smallest_difference=0.05)
    1565
    """
    if not 0.0 < smallest_difference <= 1.0:
        raise ValueError(f"smallest_difference must lie above 0 and at most 1, not {smallest_difference!r}")
    _check_rates(control_rate=control_rate)
    within = [
        rate for rate in (control_rate + smallest_difference, control_rate - smallest_difference) if 0.0 <= rate <= 1.0
    ]
    if not within:
        raise ValueError("no rate lies that far from the control rate")
    return max(
        sample_size(control=control_rate, treated=rate, alpha=alpha, power=power, comparisons=comparisons)
        for rate in within
    )


def power(*, control: float, treated: float, n_per_arm: int, alpha: float = 0.05, comparisons: int = 1) -> float:
    """With what probability would this many units per arm show a difference between these two rates?

    Formula: Phi((g - k)/s) + Phi((-g - k)/s), with g = abs(p1 - p0) sqrt(n), k = z_a sqrt(2 p (1 - p)), s = sqrt(p1 (1
    - p1) + p0 (1 - p0)), p the mean rate and z_a the upper normal quantile of alpha / (2 comparisons).

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4, uncorrected.

    Not for: the rates seen in a finished trial: such power repeats the p-value (Hoenig and Heisey 2001, The American
    Statistician 55:19); read the interval. Nor for clusters or a plan watched at any time: simulate it.

    The inverse of `sample_size`, with the small chance of a significant result in the wrong direction added, so that
    equal rates have a power of exactly alpha / comparisons. Two rates that cannot vary have power 0 when equal, else 1.

    The example on the help page of R's power.prop.test, 50 units per arm, there 0.740:

    >>> round(power(control=0.50, treated=0.75, n_per_arm=50), 3)
    0.74
    """
    _check_rates(control=control, treated=treated)
    if n_per_arm < 1:
        raise ValueError(f"n_per_arm must be at least 1, not {n_per_arm}")
    z_alpha = _upper_quantile(_check_chance("alpha", alpha) / (2 * _check_comparisons(comparisons)))
    mean = (control + treated) / 2
    needed = z_alpha * sqrt(2 * mean * (1 - mean))
    shift = abs(treated - control) * sqrt(n_per_arm)
    error = sqrt(_spread(control) + _spread(treated))
    if error == 0.0:
        return 1.0 if shift > needed else 0.0
    return _NORMAL.cdf((shift - needed) / error) + _NORMAL.cdf((-shift - needed) / error)


def detectable_difference(
    *,
    control: float,
    n_per_arm: int,
    alpha: float = 0.05,
    power: float = 0.8,
    comparisons: int = 1,
    direction: Literal["up", "down"] = "up",
) -> float | NotEstimable:
    """What is the smallest true difference that this many units per arm show with probability `power`?

    Formula: The smallest g at which `power` of this module, for control and control + g ("up") or control - g ("down"),
    reaches it, by halving.

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, chapter 4, inverted.

    Not for: reading a finished trial: that this difference was not found does not show that there is none; read the
    interval or use `equivalence.two_one_sided_tests`. A smaller true difference may be found too, only less often.

    Positive in either direction. NotEstimable where no rate between 0 and 1 lies far enough from the control.

    The example on the help page of R's power.prop.test, 50 units per arm at a power of 0.90, there p2 = 0.8026:

    >>> round(detectable_difference(control=0.50, n_per_arm=50, power=0.90), 4)
    0.3026
    """
    _check_rates(control=control)
    _check_chance("power", power)
    sign, most = (1.0, 1.0 - control) if direction == "up" else (-1.0, control)

    def reaches(gap: float) -> bool:
        treated = min(1.0, max(0.0, control + sign * gap))
        reached = _power(control=control, treated=treated, n_per_arm=n_per_arm, alpha=alpha, comparisons=comparisons)
        return reached >= power

    if not reaches(most):
        return NotEstimable("No rate between 0 and 1 lies far enough from the control rate.")
    low, high = 0.0, most
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


# An alias, because `power` is also the name of an argument.
_power = power


def equivalence_sample_size(
    *, rate: float, margin: float, alpha: float = 0.05, power: float = 0.8, comparisons: int = 1
) -> int:
    """How many units per arm show that two truly equal rates differ by less than the margin, with probability `power`?

    Formula: n = (z_alpha + z_beta)^2 2 p (1 - p) / margin^2, with z_alpha the upper normal quantile of alpha /
    comparisons (two one-sided tests at that each) and z_beta that of (1 - power)/2; rounded up, at least 1.

    Source: Chow, Shao and Wang, Sample Size Calculations in Clinical Research, section 4.2.

    Not for: arms that may truly differ a little: that takes far more, so simulate it. Nor for a margin wider than a
    difference that matters, which makes the number small and the answer empty.

    The verdict "no meaningful difference" needs a two-sided interval inside the margin: for 0.95 give alpha 0.025.

    By hand for 50% and a margin of 5 points: (1.644854 + 1.281552)^2 x 0.5 / 0.0025 = 1712.8.

    >>> equivalence_sample_size(rate=0.5, margin=0.05)
    1713
    """
    _check_rates(rate=rate)
    _check_margin(margin)
    z_alpha = _upper_quantile(_check_chance("alpha", alpha) / _check_comparisons(comparisons))
    z_power = _upper_quantile((1 - _check_chance("power", power)) / 2)
    return max(1, ceil((max(z_alpha + z_power, 0.0) / margin) ** 2 * 2 * _spread(rate)))


def harm_sample_size(
    *,
    control: float,
    margin: float,
    treated: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    comparisons: int = 1,
) -> int:
    """How many units per arm show that a harm is less than `margin` more frequent than in the control arm?

    Formula: n = (z_alpha + z_power)^2 (p1 (1 - p1) + p0 (1 - p0)) / (margin - (p1 - p0))^2, with z_alpha the upper
    normal quantile of alpha / comparisons (one-sided) and z_power that of `power`; rounded up, at least 1.

    Source: Chow, Shao and Wang, Sample Size Calculations in Clinical Research, section 4.2.

    Not for: a rare harm, of which fewer than about 5 are expected per arm: the normal is rough there, so simulate. Nor
    does the number hold where a harm is watched at any time, which takes more.

    Rates are those of the harm; `treated` is the true one, equal to control unless given. Beyond the margin it raises
    ValueError.

    Their example of section 4.2.4, stated for a benefit (85% against 65%, margin 10 points, 25 per arm), here for
    failures:

    >>> harm_sample_size(control=0.35, treated=0.15, margin=0.10)
    25
    """
    true = control if treated is None else treated
    _check_rates(control=control, treated=true)
    _check_margin(margin)
    room = margin - (true - control)
    if room <= 0:
        raise ValueError("a harm at or beyond the margin cannot be shown to lie within it")
    z_alpha = _upper_quantile(_check_chance("alpha", alpha) / _check_comparisons(comparisons))
    z_power = -_upper_quantile(_check_chance("power", power))
    return max(1, ceil((max(z_alpha + z_power, 0.0) / room) ** 2 * (_spread(control) + _spread(true))))


def design_effect(*, icc: float, units_per_cluster: float = 1.0, crossed: bool = False) -> float:
    """By what factor does what units of one cluster have in common change how many units are needed?

    Formula: 1 + (m - 1) icc where whole clusters of m units are assigned; 1 - icc where each cluster, or stratum, has
    units of both arms, with icc the share of the outcome's variance that lies between clusters.

    Source: Donner and Klar 2000, Design and Analysis of Cluster Randomization Trials in Health Research, chapter 5;
    crossed: what the units of a cluster have in common cancels between the arms.

    Not for: clusters in which the message works differently: those take more units than "crossed" says. Clusters of
    unequal sizes take the mean size weighted by itself (the sum of squares over the sum) for m.

    An icc outside 0 to 1 and fewer than 1 unit per cluster raise ValueError.

    Households of 4 who are rather alike; and placements of 5% and 60%, between which 34% of the variance lies:

    >>> design_effect(icc=0.2, units_per_cluster=4)
    1.6
    >>> round(design_effect(icc=0.345, crossed=True), 3)
    0.655
    """
    if not 0.0 <= icc < 1.0:
        raise ValueError(f"icc must lie from 0 to below 1, not {icc!r}")
    if not units_per_cluster >= 1.0:
        raise ValueError(f"units_per_cluster must be at least 1, not {units_per_cluster!r}")
    return 1.0 - icc if crossed else 1.0 + (units_per_cluster - 1.0) * icc


def days_needed(*, n_per_arm: int, units_per_day: float, weights: Sequence[float]) -> int:
    """How many whole days until every arm has this many units, when `units_per_day` in all are split by the weights?

    Formula: n_per_arm times the sum of the weights / (the smallest weight times units_per_day), rounded up.

    Source: counting, no paper.

    Not for: traffic that differs by weekday or dries up: round up to whole weeks, and take a slow week's units per day.
    It counts days until the last arm is full, and so overstates the wait of a heavy one.

    The arm with the smallest weight decides; an arm of weight 0 gets no units and is left out. Weights need not sum to
    one. Fewer than 1 unit per arm, no units per day or no weight above 0 raise ValueError.

    >>> days_needed(n_per_arm=284, units_per_day=100, weights=[1, 1, 1, 1])
    12
    """
    if n_per_arm < 1:
        raise ValueError(f"n_per_arm must be at least 1, not {n_per_arm}")
    if not units_per_day > 0:
        raise ValueError(f"units_per_day must be above 0, not {units_per_day!r}")
    shares = [weight for weight in weights if weight > 0]
    if not shares or not all(weight >= 0 for weight in weights):
        raise ValueError("weights are numbers of at least 0, one of them above 0")
    return ceil(n_per_arm * fsum(shares) / (min(shares) * units_per_day) * (1 - 1e-12))


def comparisons_among(arms: int, against: Literal["control", "all"] = "control") -> int:
    """How many pairs are compared: each of the other arms with the control, or all pairs?

    Formula: k - 1 against the control, k (k - 1)/2 for all pairs of k arms.

    Source: counting, no paper.

    Not for: pairs picked after looking: count all that could have been picked. Nor for several outcomes: multiply.

    Fewer than two arms raise ValueError.

    >>> comparisons_among(4), comparisons_among(4, "all")
    (3, 6)
    """
    if arms < 2:
        raise ValueError(f"a comparison takes at least 2 arms, not {arms}")
    return arms - 1 if against == "control" else arms * (arms - 1) // 2


def _spread(rate: float) -> float:
    return rate * (1 - rate)


def _upper_quantile(tail: float) -> float:
    return -_NORMAL.inv_cdf(tail)


def _check_rates(**rates: float) -> None:
    for name, rate in rates.items():
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"{name} is a rate between 0 and 1, not {rate!r}")


def _check_margin(margin: float) -> None:
    if not 0.0 < margin < 1.0:
        raise ValueError(f"margin must lie strictly between 0 and 1, not {margin!r}")


def _check_chance(name: str, chance: float) -> float:
    if not 0.0 < chance < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {chance!r}")
    return chance


def _check_comparisons(comparisons: int) -> int:
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons}")
    return comparisons
