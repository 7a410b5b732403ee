"""Arms compared within matched sets of texts: each set has one text for every arm, alike in all but what is tested."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean, stdev
from typing import Literal

from analytics.stats.factorial import BOTH_MINUS_FIRST, FIRST, INTERACTION, SECOND, TwoByTwo
from analytics.stats.numerics import wald
from analytics.stats.numerics.critical_values import consistent_interval
from analytics.stats.numerics.sign_flips import sign_flip_p, sign_flips_decide, smallest_p, typical_means
from analytics.stats.texts.values import Measured, within_sets
from analytics.stats.values import Estimate, Interval, NotEstimable, check_level

ONE_SET = NotEstimable("There is only one set of texts, and one set says nothing about others of its kind.")
SAME_DIFFERENCES = NotEstimable("All sets have the same difference, so the variation between sets is unknown.")


@dataclass(frozen=True, slots=True)
class SetsEstimate(Estimate):
    """A mean over sets. `decided_by` says which test the p-value and the interval are of.

    `sign_flip_p` is that of the exact test, and `smallest_sign_flip_p` the smallest that so many sets can give.
    `statistic`, `df` and `standard_error` are always those of t.
    """

    sets: int = 0
    decided_by: Literal["t", "sign-flip"] = "t"
    sign_flip_p: float = 1.0
    smallest_sign_flip_p: float = 1.0


def mean_over_sets(
    differences: Sequence[float],
    *,
    level: float = 0.95,
    comparisons: int = 1,
    within: tuple[float, float] = (-inf, inf),
) -> SetsEstimate | NotEstimable:
    """How large is an effect on average over sets of texts of this kind, given the effect seen in each set?

    Formula: d +- t(k - 1) s / sqrt(k), with d the plain mean of the k sets' effects and s their standard deviation. The
    sign-flip p is the share of all 2^k choices of signs whose sum is at least as far from zero as that of the data; its
    interval runs between order statistics of the means of all subsets of sets, those that it would not reject.

    Source: Student 1908, Biometrika 6:1; Fisher 1935, The Design of Experiments, section 21, for the sign-flip test,
    and Hartigan 1969, Journal of the American Statistical Association 64:1303, for its interval. Sets as a sample:
    Wells and Windschitl 1999, Personality and Social Psychology Bulletin 25:1115.

    Not for: sets that were picked for their results. Nor for effects whose distribution over sets is far from
    symmetric: both tests then lose their level.

    The sign-flip test decides from six sets on if its smallest p, 2^(1 - k), times the number of `comparisons` that
    share the error lies below 1 - level, or else t does; which one follows from the plan alone. Every set counts the
    same, so the answer is that of sets of this kind and not of the people each happened to get. Ends are cut at
    `within`. NotEstimable: one set, or the same effect in all. More than 18 sets raise ValueError.

    Darwin's maize, crossed less self-fertilised plants in 15 pairs, eighths of an inch. Fisher prints t 2.148 and 863
    of 32,768 choices of signs with so large a sum, so 5.267% on both sides:

    >>> darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    >>> found = mean_over_sets(darwin)
    >>> round(found.statistic, 3), round(found.sign_flip_p, 5), found.decided_by
    (2.148, 0.05267, 'sign-flip')
    """
    check_level(level)
    if comparisons < 1:
        raise ValueError(f"comparisons must be at least 1, not {comparisons}")
    sets = len(differences)
    if sets < 2:
        return ONE_SET
    spread = stdev(differences)
    if spread == 0.0:
        return SAME_DIFFERENCES
    student = wald.estimate(
        fmean(differences), spread / sqrt(sets), level=level, method="t over sets", df=sets - 1.0, within=within
    )
    p_value, interval, method = student.p_value, student.interval, student.method
    exact_p, least = sign_flip_p(differences), smallest_p(sets)
    exact_decides = sign_flips_decide(sets, (1.0 - level) / comparisons)
    if exact_decides:
        p_value, method = exact_p, "sign flips over sets"
        low, high = typical_means(differences, level)
        interval = consistent_interval(low, high, p_value=exact_p, level=level, above=student.effect > 0.0)
        interval = Interval(max(interval.low, within[0]), min(interval.high, within[1]), level)
    return SetsEstimate(
        effect=student.effect,
        interval=interval,
        p_value=p_value,
        method=method,
        statistic=student.statistic,
        df=student.df,
        standard_error=student.standard_error,
        sets=sets,
        decided_by="sign-flip" if exact_decides else "t",
        sign_flip_p=exact_p,
        smallest_sign_flip_p=least,
    )


def difference(
    *,
    treated: Sequence[Measured],
    control: Sequence[Measured],
    level: float = 0.95,
    comparisons: int = 1,
    within: tuple[float, float] = (-inf, inf),
) -> SetsEstimate | NotEstimable:
    """By how much do texts of the treated kind exceed those of the control kind, compared within matched sets?

    Formula: `mean_over_sets` of the differences y1 - y0 of the two texts of each set.

    Source: Wells and Windschitl 1999, Personality and Social Psychology Bulletin 25:1115; Judd, Westfall and Kenny
    2012, Journal of Personality and Social Psychology 103:54, for stimuli as a random factor.

    Not for: texts that only share a number. What the two texts of a set have in common (writer, length, opening) must
    be real, or nothing is gained over `nested.difference` and degrees of freedom are lost.

    The first of `treated` and of `control` are one set, and so on; as many are needed, else ValueError. Everything else
    as in `mean_over_sets`.

    Four sets, 8, 5, 6 and 9 points apart: 7 +- t(3) sqrt(10/3)/2, and no sign-flip p below 0.125:

    >>> arms = [[Measured(x) for x in arm] for arm in ((0.48, 0.50, 0.44, 0.57), (0.40, 0.45, 0.38, 0.48))]
    >>> found = difference(treated=arms[0], control=arms[1])
    >>> round(found.effect, 4), round(found.interval.low, 4), round(found.interval.high, 4)
    (0.07, 0.0409, 0.0991)
    >>> round(found.p_value, 4), found.sign_flip_p
    (0.0046, 0.125)
    """
    return contrast([treated, control], (1.0, -1.0), level=level, comparisons=comparisons, within=within)


def contrast(
    arms: Sequence[Sequence[Measured]],
    weights: Sequence[float],
    *,
    level: float = 0.95,
    comparisons: int = 1,
    within: tuple[float, float] = (-inf, inf),
) -> SetsEstimate | NotEstimable:
    """What is a weighted sum of the results of several arms, such as an interaction, over matched sets of this kind?

    Formula: `mean_over_sets` of the sums of w y over the arms, one sum for each set.

    Source: Judd, Westfall and Kenny 2012, Journal of Personality and Social Psychology 103:54; a contrast within each
    block with an error term of its own, as in Winer 1971, Statistical Principles in Experimental Design, chapter 7.

    Not for: contrasts chosen after looking.

    Each contrast has its own spread over the sets, so nothing is assumed about how the arms of a set go together. As
    many weights as arms, and one text in each arm for every set, else ValueError.

    What both add beyond the sum of two, in three sets: 3, 1 and 2 points:

    >>> rates = ((0.1, 0.2, 0.3), (0.3, 0.3, 0.6), (0.2, 0.4, 0.3), (0.43, 0.51, 0.62))
    >>> arms = [[Measured(x) for x in arm] for arm in rates]
    >>> found = contrast(arms, (1, -1, -1, 1))
    >>> round(found.effect, 4), round(found.standard_error, 4), found.df
    (0.02, 0.0058, 2.0)
    """
    return mean_over_sets(
        [each.value for each in within_sets(arms, weights)], level=level, comparisons=comparisons, within=within
    )


def two_by_two(
    *,
    neither: Sequence[Measured],
    first: Sequence[Measured],
    second: Sequence[Measured],
    both: Sequence[Measured],
    level: float = 0.95,
    comparisons: int = 1,
) -> TwoByTwo:
    """What does each of two appeals do on average over the other, and is their joint effect more than the sum?

    Formula: `contrast` with the weights (-1/2, 1/2, -1/2, 1/2) for first, (-1/2, -1/2, 1/2, 1/2) for second, (1, -1,
    -1, 1) for the interaction and (0, -1, 0, 1) for both_minus_first, over the arms neither, first, second and both.

    Source: Yates 1937, The Design and Analysis of Factorial Experiments, Imperial Bureau of Soil Science, Technical
    Communication 35, for the contrasts; Winer 1971, Statistical Principles in Experimental Design, chapter 7, for an
    error term of each contrast's own: t^2 is the F of a repeated-measures analysis with sets as subjects.

    Not for: a main effect where the interaction is large. Nor for texts that are not matched: with texts of their own
    in each arm a main effect mixes them.

    Four sets, first 7, second 3 and the interaction 2 points on average:

    >>> arms = ((0.40, 0.42, 0.38, 0.44), (0.45, 0.49, 0.44, 0.50), (0.42, 0.44, 0.40, 0.46), (0.50, 0.53, 0.47, 0.54))
    >>> cells = [[Measured(x) for x in arm] for arm in arms]
    >>> found = two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3])
    >>> round(found.first.effect, 4), round(found.second.effect, 4), round(found.interaction.effect, 4)
    (0.07, 0.03, 0.02)
    """
    arms = (neither, first, second, both)

    def over_sets(weights: Sequence[float]) -> SetsEstimate | NotEstimable:
        return contrast(arms, weights, level=level, comparisons=comparisons)

    return TwoByTwo(
        first=over_sets(FIRST),
        second=over_sets(SECOND),
        interaction=over_sets(INTERACTION),
        both_minus_first=over_sets(BOTH_MINUS_FIRST),
        scale="difference",
    )
