"""Arms compared over texts of their own: each text is in one arm, and a sample of the texts one could write for it."""

from collections.abc import Sequence
from math import fsum, inf, sqrt
from statistics import fmean, variance

from analytics.stats.factorial import BOTH_MINUS_FIRST, FIRST, INTERACTION, SECOND, TwoByTwo
from analytics.stats.numerics import wald
from analytics.stats.numerics.variance_parts import VariancePart
from analytics.stats.texts.values import Measured
from analytics.stats.values import Estimate, NotEstimable, check_level

WELCH, BANERJEE = "welch over texts", "banerjee over texts"
ONE_TEXT = NotEstimable("An arm has only one text, and one text says nothing about others of its kind.")
SAME_MEANS = NotEstimable("All texts of an arm have the same result, so the variation between texts is unknown.")


def difference(
    *,
    treated: Sequence[Measured],
    control: Sequence[Measured],
    level: float = 0.95,
    within: tuple[float, float] = (-inf, inf),
) -> Estimate | NotEstimable:
    """By how much do texts of the treated kind exceed texts of the control kind, each arm having texts of its own?

    Formula: d = m1 - m0, with m the plain mean of an arm's text means, each text counting the same; d +- t(df) sqrt(v1
    + v0), with v = s^2/k, k the texts of an arm and s^2 the sample variance of their means; df = (v1 + v0)^2 / (v1^2
    /(k1 - 1) + v0^2/(k0 - 1)). Where k1 and k0 differ: d +- sqrt(t(k1 - 1)^2 v1 + t(k0 - 1)^2 v0).

    Source: Clark 1973, Journal of Verbal Learning and Verbal Behavior 12:335, for texts as a random factor. With texts
    of equal weight V is CR2's (Bell and McCaffrey 2002, Survey Methodology 28:169); df as in Satterthwaite 1946,
    Biometrics Bulletin 2:110, and Welch 1947, Biometrika 34:28. Unequal numbers: Banerjee 1960, Sankhya 22:357.

    Not for: saying what these very texts do, which `proportions.difference` does. Nor for texts that were written as
    sets, one for each arm: `matched.difference` needs far fewer people.

    What people vary by is within the variance between text means, so it needs no part of its own. The degrees of
    freedom are those of the data, not of `clusters.difference`, which takes both arms' texts to vary alike: where
    those of one arm alone differ, it makes up to 8% of false calls for 5% (`make simulate`). Ends are cut at `within`.
    NotEstimable: an arm with one text, or text means that do not vary.

    Where one arm has few texts and the other many, two texts that are alike by luck lend Welch's test the degrees of
    freedom of the many: 11% of false calls for 5% with 2 against 8. Banerjee's interval covers at least its level
    whatever the texts of each arm vary by, and is wider: take as many texts in each arm.

    Four texts each, as scipy's `ttest_ind(equal_var=False)` compares them: t 1.8185, df 5.9946, p 0.1189:

    >>> arms = [[Measured(x) for x in arm] for arm in ((0.44, 0.52, 0.47, 0.55), (0.41, 0.49, 0.38, 0.45))]
    >>> found = difference(treated=arms[0], control=arms[1])
    >>> round(found.effect, 4), round(found.statistic, 4), round(found.df, 4), round(found.p_value, 4)
    (0.0625, 1.8185, 5.9946, 0.1189)
    """
    return contrast([treated, control], (1.0, -1.0), level=level, within=within)


def contrast(
    arms: Sequence[Sequence[Measured]],
    weights: Sequence[float],
    *,
    level: float = 0.95,
    within: tuple[float, float] = (-inf, inf),
) -> Estimate | NotEstimable:
    """What is a weighted sum of the results of several arms, such as an interaction, for texts of these kinds?

    Formula: E = sum of w m over the arms, m the plain mean of an arm's text means; E +- t(df) sqrt(V), V = sum of w^2
    s^2/k, df = V^2 / sum of (w^2 s^2/k)^2/(k - 1), with k and s^2 as in `difference`, of which (1, -1) is the case of
    two arms. Where the k differ: E +- sqrt(sum of t(df)^2 V), with V and df of the arms of one k together, for each k;
    p is the alpha at which one end is zero.

    Source: Satterthwaite 1946, Biometrics Bulletin 2:110; Welch 1947, Biometrika 34:28; Banerjee 1960, Sankhya 22:357,
    for linear functions of several means.

    Not for: contrasts chosen after looking. The limits of `difference` hold here too.

    Arms of weight 0 are left out. As many weights as arms, else ValueError.

    Four arms of two texts, all 2 points apart: 0.03 with V = 4 x 0.0002/2 and, all arms alike, df 4:

    >>> arms = [[Measured(m - 0.01), Measured(m + 0.01)] for m in (0.40, 0.45, 0.42, 0.50)]
    >>> found = contrast(arms, (1, -1, -1, 1))
    >>> round(found.effect, 4), round(found.standard_error, 4), round(found.df, 4)
    (0.03, 0.02, 4.0)

    Two texts against three: v = 0.0002/2 and 0.0004/3, t = 12.7062 and 4.3027, so +- 0.1364:

    >>> arms = [[Measured(x) for x in (0.44, 0.46)], [Measured(x) for x in (0.38, 0.40, 0.42)]]
    >>> found = contrast(arms, (1, -1))
    >>> round(found.interval.low, 4), round(found.interval.high, 4), found.method
    (-0.0864, 0.1864, 'banerjee over texts')
    """
    check_level(level)
    if len(arms) != len(weights):
        raise ValueError(f"{len(arms)} arms need as many weights, not {len(weights)}")
    used = [([text.value for text in arm], weight) for arm, weight in zip(arms, weights, strict=True) if weight]
    if min(len(values) for values, _ in used) < 2:
        return ONE_TEXT
    parts = [weight**2 * variance(values) / len(values) for values, weight in used]
    if sum(parts) == 0.0:
        return SAME_MEANS
    effect, error = fsum(weight * fmean(values) for values, weight in used), sqrt(sum(parts))
    numbers = sorted({len(values) for values, _ in used})
    groups = [
        _satterthwaite([part for part, (values, _) in zip(parts, used, strict=True) if len(values) == texts], texts)
        for texts in numbers
    ]
    if len(groups) == 1:
        return wald.estimate(effect, error, level=level, method=WELCH, df=groups[0].df, within=within)
    shares = [VariancePart(group.share / sum(parts), group.df) for group in groups]
    return wald.estimate(effect, error, level=level, method=BANERJEE, parts=shares, within=within)


def _satterthwaite(parts: Sequence[float], texts: int) -> VariancePart:
    """Return the variance of arms that have so many texts each, and its degrees of freedom."""
    if sum(parts) == 0.0:
        return VariancePart(0.0, texts - 1.0)
    return VariancePart(sum(parts), sum(parts) ** 2 / sum(part**2 / (texts - 1) for part in parts))


def two_by_two(
    *,
    neither: Sequence[Measured],
    first: Sequence[Measured],
    second: Sequence[Measured],
    both: Sequence[Measured],
    level: float = 0.95,
) -> TwoByTwo:
    """What does each of two appeals do on average over the other, if each arm has texts of its own?

    Formula: `contrast` with the weights of `matched.two_by_two`.

    Source: Yates 1937, The Design and Analysis of Factorial Experiments, Imperial Bureau of Soil Science, Technical
    Communication 35, for the contrasts.

    Not for: texts that were written as sets: `matched.two_by_two` needs far fewer people.

    The four arms of `contrast`: first ((0.45 - 0.40) + (0.50 - 0.42)) / 2:

    >>> cells = [[Measured(m - 0.01), Measured(m + 0.01)] for m in (0.40, 0.45, 0.42, 0.50)]
    >>> found = two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3])
    >>> round(found.first.effect, 4), round(found.first.standard_error, 4), round(found.interaction.effect, 4)
    (0.065, 0.01, 0.03)
    """
    arms = (neither, first, second, both)
    return TwoByTwo(
        first=contrast(arms, FIRST, level=level),
        second=contrast(arms, SECOND, level=level),
        interaction=contrast(arms, INTERACTION, level=level),
        both_minus_first=contrast(arms, BOTH_MINUS_FIRST, level=level),
        scale="difference",
    )
