"""Several comparisons at once: p-values and levels whose error rates hold for all of them together."""

from collections.abc import Sequence
from math import expm1, inf, log, log1p, sqrt
from typing import Literal

import numpy as np
from scipy.special import ndtr

from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import consistent_interval, critical_z
from analytics.stats.numerics.quadrature import panels
from analytics.stats.numerics.root_finder import solve_increasing
from analytics.stats.values import Counts, Estimate, NotEstimable, check_level

_RULE = np.polynomial.legendre.leggauss(16)
_STEPS = np.array([-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0])


def holm(p_values: Sequence[float]) -> list[float]:
    """Which of several effects may be claimed when even one false claim should be rare? Adjusted p, in the order given.

    Formula: With p(1) <= ... <= p(k) sorted, the adjusted p(i) is the largest of min(1, (k - j + 1) p(j)) over j =
    1..i: the smallest p times k, the next times k - 1, and so on, never falling and never above 1.

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65.

    Not for: comparisons picked after looking, unless all that could have been picked are counted; nor for a long list
    of leads, where it keeps almost none: use `benjamini_hochberg`. It gives no intervals: use `simultaneous_level`.

    A claim at adjusted p < alpha keeps the chance of any false claim at most alpha, under any dependence. No p-values
    give an empty list; a p outside 0 to 1 raises ValueError.

    The 15 p-values of Benjamini and Hochberg (1995, section 3.2): the three smallest survive, as with Bonferroni there.

    >>> p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    >>> p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    >>> [round(q, 4) for q in holm(p)[:4]]
    [0.0015, 0.0056, 0.0247, 0.114]
    """
    k = len(p_values)
    adjusted, running = [0.0] * k, 0.0
    for rank, index in enumerate(_ascending(p_values)):
        running = max(running, min(1.0, (k - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Which effects belong on a shortlist of which a small share may be false? Adjusted p, in the order given.

    Formula: With p(1) <= ... <= p(k) sorted, the adjusted p(i) is the smallest of min(1, p(j) k/j) over j = i..k.

    Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289.

    Not for: a verdict on any one effect: the rate is an average over the shortlist, and adding certain effects to the
    list lets uncertain ones pass more easily. Use `holm` for claims.

    Those at or below q contain a share of false ones of at most q on average, when tests are independent or positively
    dependent. No p-values give an empty list; a p outside 0 to 1 raises ValueError.

    Benjamini and Hochberg's 15 p-values, section 3.2: at q = 0.05 the first four are kept.

    >>> p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    >>> p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    >>> sum(q <= 0.05 for q in benjamini_hochberg(p))
    4
    """
    k = len(p_values)
    adjusted, running = [0.0] * k, 1.0
    for rank, index in reversed(list(enumerate(_ascending(p_values), start=1))):
        running = min(running, p_values[index] * (k / rank))
        adjusted[index] = running
    return adjusted


def simultaneous_level(level: float, comparisons: int, method: Literal["bonferroni", "sidak"] = "bonferroni") -> float:
    """At what level must each of several intervals be made so that all of them hold together at `level`?

    Formula: With k comparisons, "bonferroni" is 1 - (1 - level)/k, "sidak" is level^(1/k).

    Source: Dunn 1961, Journal of the American Statistical Association 56:52, for Bonferroni's inequality; Sidak 1967,
    Journal of the American Statistical Association 62:626.

    Not for: p-values, where `holm` claims more at the same error rate; nor for arms that share one control, where
    `dunnett` gives narrower intervals.

    Bonferroni needs no assumption; Sidak is exact for independent intervals and safe for two-sided normal ones.

    >>> simultaneous_level(0.95, 5)
    0.99
    >>> round(simultaneous_level(0.95, 6, method="sidak"), 6)
    0.991488
    """
    check_level(level)
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons}")
    if method == "bonferroni":
        return 1.0 - (1.0 - level) / comparisons
    if method == "sidak":
        return 1.0 + expm1(log1p(level - 1.0) / comparisons)
    raise ValueError(f"unknown method {method!r}")


def dunnett(arms: Sequence[Counts], *, control: Counts, level: float = 0.95) -> list[Estimate | NotEstimable]:
    """By how much does each arm exceed the one control they share, all statements holding together at `level`?

    Formula: The interval holds every difference whose Miettinen-Nurminen z lies within c, where P(max abs(Z_i) > c) = 1
    - level for standard normal Z_i that correlate by b_i b_j, b_i^2 = n_i / (n_i + n_control), because they share the
    control. The adjusted p is P(max abs(Z_i) > abs(z)) with z at a difference of zero. Both are integrals over the
    control's error: 1 - P = integral of phi(u) times the product over arms of (Phi((c - b_i u)/s_i) - Phi((-c - b_i
    u)/s_i)), s_i^2 = 1 - b_i^2.

    Source: Dunnett 1955, Journal of the American Statistical Association 50:1096, and 1964, Biometrics 20:482, the row
    of infinite degrees of freedom; z of Miettinen and Nurminen 1985, Statistics in Medicine 4:213.

    Not for: comparisons of the treated arms with each other: use `proportions.difference` at `simultaneous_level`. It
    rests on the normal: with few events or non-events in an arm use `proportions.exact_test` and `holm`.

    Differences, in the order of the arms; the interval excludes zero exactly when p < 1 - level. An empty arm is
    NotEstimable and not counted among the comparisons; an empty control makes all of them so.

    Four arms against a control of their size: Dunnett's critical value is 2.44 (1964, two-sided tables). Karlan and
    List's three match ratios against no match (American Economic Review 97:1774), by the arms' counts; scipy's
    multivariate_normal gives the same three probabilities:

    >>> arms = [Counts(11133, 231), Counts(11134, 252), Counts(11129, 253)]
    >>> [round(found.p_value, 4) for found in dunnett(arms, control=Counts(16687, 298))]
    [0.2115, 0.0145, 0.0123]
    """
    check_level(level)
    if control.n == 0:
        return [NotEstimable("The control arm is empty.") for _ in arms]
    filled = [arm.n for arm in arms if arm.n > 0]
    if not filled:
        return [NotEstimable("The treated arm is empty.") for _ in arms]
    z = _dunnett_critical(filled, control.n, level)
    return [_compare_with_control(arm, control, filled, z, level) for arm in arms]


def _compare_with_control(
    arm: Counts, control: Counts, filled: Sequence[int], z: float, level: float
) -> Estimate | NotEstimable:
    if arm.n == 0:
        return NotEstimable("The treated arm is empty.")
    statistic = score.pooled_z(arm, control)
    p_value = _dunnett_tail(filled, control.n, abs(statistic))
    low, high = -score.difference_upper(control, arm, z), score.difference_upper(arm, control, z)
    interval = consistent_interval(low, high, p_value=p_value, level=level, above=statistic > 0.0)
    return Estimate(score.difference_of(arm, control), interval, p_value, "dunnett", statistic)


def _dunnett_critical(sizes: Sequence[int], control: int, level: float) -> float:
    single = critical_z(level)
    if len(sizes) == 1 or single == 0.0:
        return single
    # On the scale of -log(tail) a level next to 1 keeps its digits.
    return solve_increasing(lambda z: _negative_log(_dunnett_tail(sizes, control, z)), -log1p(-level), single)


def _negative_log(tail: float) -> float:
    return -log(tail) if tail > 0.0 else inf


def _dunnett_tail(sizes: Sequence[int], control: int, z: float) -> float:
    """The chance that the largest of several |z| against one control exceeds z, integrated over the control's error."""
    if z == 0.0:
        return 1.0
    shared = [sqrt(n / (n + control)) for n in sizes]
    own = [sqrt(control / (n + control)) for n in sizes]
    # Given the control's error u, arm i stays inside where |b u + s e| < z. Panels of width about 1, and finer where
    # that condition switches quickly because the control is small beside the arm.
    switches = [sign * z / b + s / b * _STEPS for b, s in zip(shared, own, strict=True) for sign in (-1.0, 1.0)]
    reach = min(38.0, z + 9.0)
    edges = np.unique(np.clip(np.concatenate([np.linspace(-reach, reach, int(2 * reach)), *switches]), -reach, reach))
    u, weights = panels(edges, _RULE)
    inside = np.zeros_like(u)
    for b, s in zip(shared, own, strict=True):
        outside = ndtr((b * u - z) / s) + ndtr((-z - b * u) / s)
        inside += np.log1p(-np.minimum(outside, 1.0 - 1e-16))
    density = np.exp(-u * u / 2.0) / sqrt(2.0 * np.pi)
    return min(1.0, float(weights @ (density * -np.expm1(inside))))


def _ascending(p_values: Sequence[float]) -> list[int]:
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"a p-value lies between 0 and 1, not {p!r}")
    return sorted(range(len(p_values)), key=lambda index: p_values[index])
