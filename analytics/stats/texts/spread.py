"""How much texts of one kind differ, where a new one would lie, and each text in the light of the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, ndtr

from analytics.stats.texts.values import Measured
from analytics.stats.values import Estimate, Interval, NotEstimable, check_level

_Vector = npt.NDArray[np.float64]

TOO_FEW_TEXTS = NotEstimable("No arm has two texts, so we cannot tell how much texts differ.")
TOO_FEW_TO_SHRINK = NotEstimable("There are too few texts to tell real differences from chance.")
NO_VARIANCE = NotEstimable(
    "All people gave the same result for a text, so differences between texts cannot be told from chance."
)
TOO_ALIKE = NotEstimable(
    "The texts are more alike than chance alone would make them, so how much they differ is unknown."
)


@dataclass(frozen=True, slots=True)
class Spread(Estimate):
    """The standard deviation between texts. `statistic`, `df` and `p_value` are Cochran's: do texts differ at all?"""

    @property
    def variance(self) -> float:
        return self.effect**2


def between_texts(arms: Sequence[Sequence[Measured]], *, level: float = 0.95) -> Spread | NotEstimable:
    """By how much do texts of one kind differ beyond chance? The standard deviation of their true results.

    Formula: Q(u) = sum of w (y - m)^2 over all texts, w = 1/(v + u), v a text's sampling variance and m the mean of its
    arm weighted by w. The variance between texts solves Q(u) = k - a for k texts in a arms, or is 0; its interval runs
    between the solutions of Q(u) = the upper and the lower (1 - level)/2 quantile of chi-square with k - a. All are
    given as square roots. p is that of Q(0).

    Source: Paule and Mandel 1982, Journal of Research of the National Bureau of Standards 87:377; Viechtbauer 2007,
    Statistics in Medicine 26:37, for the interval (Q-profile). Both are what Veroniki and others 2016, Research
    Synthesis Methods 7:55, recommend after comparing 16 estimators and 15 intervals.

    Not for: a verdict that texts do not differ: with four texts the interval reaches from nothing to several times the
    estimate. Read the interval.

    For texts of their own give the text means of each arm; for matched sets one list, of the sets' differences. The
    spread is taken to be the same in all arms. NotEstimable: no arm with two texts; a text without sampling variance;
    texts so alike that no spread fits.

    The 13 BCG vaccine trials' log odds ratios, of which metafor prints a Q-profile interval of the variance of 0.1302
    to 1.1812 (van Houwelingen, Arends and Stijnen 2002, Statistics in Medicine 21:589):

    >>> logs = [-0.9387, -1.6662, -1.3863, -1.4564, -0.2191, -0.9581, -1.6338, 0.0120, -0.4717, -1.4012, -0.3408,
    ...     0.4466, -0.0173]
    >>> variances = [0.3571, 0.2081, 0.4334, 0.0203, 0.0520, 0.0099, 0.2270, 0.0040, 0.0570, 0.0754, 0.0125, 0.5342,
    ...     0.0716]
    >>> found = between_texts([[Measured(y, v) for y, v in zip(logs, variances)]])
    >>> round(found.interval.low**2, 2), round(found.interval.high**2, 2)
    (0.13, 1.18)
    """
    check_level(level)
    used = [arm for arm in arms if len(arm) > 1]
    if not used:
        return TOO_FEW_TEXTS
    groups = _groups(used)
    if groups is None:
        return NO_VARIANCE
    df = sum(len(arm) - 1 for arm in used)
    observed = _cochran(0.0, groups)
    tail = (1.0 - level) / 2.0
    if observed < chdtri(df, 1.0 - tail):
        return TOO_ALIKE
    targets = (df, chdtri(df, tail), chdtri(df, 1.0 - tail))
    middle, low, high = (_solve(groups, float(target)) for target in targets)
    return Spread(
        effect=sqrt(middle),
        interval=Interval(sqrt(low), sqrt(high), level),
        p_value=float(chdtrc(df, observed)),
        method="paule-mandel, q-profile",
        statistic=observed,
        df=float(df),
    )


def new_text(arms: Sequence[Sequence[Measured]], *, level: float = 0.95) -> tuple[Estimate, ...] | NotEstimable:
    """Where would the true result of one more text of each arm, or of one more set, lie?

    Formula: Given the variance u between texts, a new text is normal about m with the variance u + 1 / sum of w, m and
    w as in `between_texts`. Averaged over u as in `shrunken`; the effect is the mean, the interval the quantiles (1 -
    level)/2 and (1 + level)/2.

    Source: Higgins, Thompson and Spiegelhalter 2009, Journal of the Royal Statistical Society A 172:137, for the
    predictive distribution. Their shortcut m +- t(k - 2) sqrt(u + se^2) takes the estimated u for the true one: with
    twelve sets it covered in 85 to 88% of our trials for 95% (Partlett and Riley 2017, Statistics in Medicine 36:301).

    Not for: a verdict, which the mean over texts has. With fewer than about six texts it is very wide.

    For matched sets give one list, of the sets' differences. No p-value. NotEstimable as `shrunken`.

    Four sets, 8, 5, 6 and 9 points apart, each with an error of 1 point:

    >>> (found,) = new_text([[Measured(y, 0.01**2) for y in (0.08, 0.05, 0.06, 0.09)]])
    >>> round(found.effect, 3), round(found.interval.low, 3), round(found.interval.high, 3)
    (0.07, -0.029, 0.169)
    """
    known = _posterior(arms, level)
    if isinstance(known, NotEstimable):
        return known
    groups, spreads, chances = known
    answers = []
    for y, v in groups:
        w = 1.0 / (v + spreads[:, None] ** 2)
        total = np.sum(w, axis=1)
        answers.append(_mixture(chances, w @ y / total, np.sqrt(spreads**2 + 1.0 / total), level))
    return tuple(answers)


def shrunken(
    arms: Sequence[Sequence[Measured]], *, level: float = 0.95
) -> tuple[tuple[Estimate, ...], ...] | NotEstimable:
    """What is the true result of each text, once what it owes to chance is drawn towards the others of its arm?

    Formula: Given u, a text has the mean m + B (y - m) and the variance B v + (1 - B)^2 / sum of w, with B = u/(u + v)
    and m, w as in `between_texts`. These are averaged over the standard deviation between texts, all equally likely
    beforehand, with the weight sqrt(product of w) exp(-Q(u)/2) / sqrt(product over arms of the sum of w). The effect is
    the mean of that mixture, the interval its quantiles (1 - level)/2 and (1 + level)/2.

    Source: Rubin 1981, Journal of Educational Statistics 6:377; Gelman 2006, Bayesian Analysis 1:515, for the uniform
    distribution of the standard deviation.

    Not for: naming the best text: with a few texts the order is mostly chance.

    The plain empirical Bayes interval takes the estimated spread for the true one, and covers far too little where
    texts differ somewhat (van Aert and others 2021, Research Synthesis Methods 12:429; with four texts 86% for 95%). No
    p-value. NotEstimable: fewer than two texts more than arms, or a text without sampling variance.

    Rubin's eight schools, of which Gelman and others (Bayesian Data Analysis, table 5.3) draw school A from -2 to 31:

    >>> schools = [(28, 15), (8, 10), (-3, 16), (7, 11), (-1, 9), (1, 11), (18, 10), (12, 18)]
    >>> (found,) = shrunken([[Measured(effect, error**2) for effect, error in schools]])
    >>> round(found[0].effect), round(found[0].interval.low), round(found[0].interval.high)
    (11, -2, 32)
    """
    known = _posterior(arms, level)
    if isinstance(known, NotEstimable):
        return known
    groups, spreads, chances = known
    return tuple(_each_text(y, v, spreads, chances, level) for y, v in groups)


def _posterior(
    arms: Sequence[Sequence[Measured]], level: float
) -> tuple[list[tuple[_Vector, _Vector]], _Vector, _Vector] | NotEstimable:
    """The values and variances of each arm, the spreads that may be, and how likely each is."""
    check_level(level)
    groups = _groups(arms)
    if groups is None:
        return NO_VARIANCE
    if sum(len(arm) - 1 for arm in arms) < 2:
        return TOO_FEW_TO_SHRINK
    return groups, *_likely_spreads(groups)


def _groups(arms: Sequence[Sequence[Measured]]) -> list[tuple[_Vector, _Vector]] | None:
    """The values and sampling variances of each arm; None if one has no variance."""
    groups = [(np.array([text.value for text in arm]), np.array([text.variance for text in arm])) for arm in arms]
    return None if any(np.any(v <= 0.0) for _, v in groups) else groups


def _cochran(between: float, groups: Sequence[tuple[_Vector, _Vector]]) -> float:
    total = 0.0
    for y, v in groups:
        w = 1.0 / (v + between)
        total += float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))
    return total


def _solve(groups: Sequence[tuple[_Vector, _Vector]], target: float) -> float:
    """The variance between texts at which Cochran's Q, which falls with it, has come down to the target."""
    if _cochran(0.0, groups) <= target:
        return 0.0
    high = max(float(np.max(v)) for _, v in groups)
    while _cochran(high, groups) > target:
        high *= 4.0
    excess: Callable[[float], float] = lambda between: _cochran(between, groups) - target  # noqa: E731
    return float(brentq(excess, 0.0, high, xtol=high * 1e-15, rtol=1e-13))


def _likely_spreads(groups: Sequence[tuple[_Vector, _Vector]]) -> tuple[_Vector, _Vector]:
    """Standard deviations between texts, and how likely each is: a grid from 0 to infinity, finest at the data's scale.

    In x = s / (s + scale), by the midpoint rule, whose error is far below what is shown.
    """
    scale = exp(float(np.mean(np.concatenate([np.log(v) for _, v in groups]))) / 2.0)
    scale = max(scale, max(float(np.ptp(y)) for y, _ in groups) / 2.0)
    x = (np.arange(800) + 0.5) / 800
    spreads = scale * x / (1.0 - x)
    log_chances = -2.0 * np.log1p(-x)
    for y, v in groups:
        w = 1.0 / (v + spreads[:, None] ** 2)
        total = np.sum(w, axis=1)
        misfit = np.sum(w * (y - (w @ y / total)[:, None]) ** 2, axis=1)
        log_chances = log_chances + 0.5 * (np.sum(np.log(w), axis=1) - np.log(total) - misfit)
    chances = np.exp(log_chances - np.max(log_chances))
    return spreads, chances / np.sum(chances)


def _each_text(y: _Vector, v: _Vector, spreads: _Vector, chances: _Vector, level: float) -> tuple[Estimate, ...]:
    between = spreads[:, None] ** 2
    w = 1.0 / (v + between)
    total = np.sum(w, axis=1)[:, None]
    mean = (w @ y)[:, None] / total
    kept = between * w
    centres, errors = mean + kept * (y - mean), np.sqrt(kept * v + (1.0 - kept) ** 2 / total)
    return tuple(_mixture(chances, *each, level) for each in zip(centres.T, errors.T, strict=True))


def _mixture(chances: _Vector, centre: _Vector, error: _Vector, level: float) -> Estimate:
    """The mean and the quantiles of a mixture of normals."""
    effect = float(chances @ centre)
    low, high = (_quantile(tail, chances, centre, error) for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0))
    interval = Interval(min(low, effect), max(high, effect), level)
    return Estimate(effect, interval, None, "hierarchical, uniform spread")


def _quantile(share: float, chances: _Vector, centre: _Vector, error: _Vector) -> float:
    def below(x: float) -> float:
        return float(chances @ ndtr((x - centre) / error)) - share

    reach = 40.0 * float(np.max(error))
    return float(brentq(below, float(np.min(centre)) - reach, float(np.max(centre)) + reach, xtol=reach * 1e-12))
