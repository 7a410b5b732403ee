"""Tests of equivalence, and the verdict on an estimate."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, nextafter
from typing import Literal

from analytics.stats.numerics import score
from analytics.stats.numerics.critical_values import critical_z, upper_tail_p
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable, check_level, empty_arm

Direction = Literal["higher", "lower", "none"]


class Verdict(StrEnum):
    """The conclusion that an estimate allows. A string, so that it compares, prints and stores as one."""

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"
    LOWER = "lower"
    NO_MEANINGFUL_DIFFERENCE = "no-meaningful-difference"
    CANNOT_TELL_YET = "cannot-tell-yet"


def verdict(
    estimate: Estimate | NotEstimable,
    smallest_difference: float | None,
    *,
    p_adjusted: float | None = None,
    level: float | None = None,
    better: Direction = "higher",
    equivalence_interval: Interval | None = None,
) -> Verdict:
    """Given a difference and the smallest one that matters, may we say better, worse, no difference, or nothing yet?

    Formula: The first rule that applies:
    1. NotEstimable: cannot tell yet.
    2. The interval lies wholly inside (-smallest_difference, +smallest_difference): no meaningful difference, also when
       it excludes zero, because an effect shown to be smaller than what matters should not declare a winner.
    3. The interval lies wholly above zero: better; wholly below: worse; the other way round if lower is `better`, and
       higher and lower if neither ("none"). With `p_adjusted`, only if also p_adjusted < 1 - level, so that the
       correction for several comparisons governs the claim; `level` is the interval's own unless given.
    4. Otherwise: cannot tell yet.

    Source: rule 2 is Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657; the four outcomes are
    those of Lakens 2017, Social Psychological and Personality Science 8:355. Their order is this project's own.

    Not for: a smallest difference chosen after seeing the data: it can make nearly any result say "no meaningful
    difference". Nor for an interval made for one look when there were many: pass one of `sequential`.

    Rule 2 at level 0.95 is two one-sided tests at 2.5% each. Among several comparisons, pass the interval at the
    corrected level as `equivalence_interval`; rule 2 then uses it in place of the estimate's own. With a
    smallest_difference of None or 0 rule 2 never applies; a negative one raises ValueError. Effect and interval must be
    on a scale where 0 is no effect, so give a ratio's logarithm.

    Newcombe's example (a), 56/70 against 48/80, interval 0.0528 to 0.3382:

    >>> from analytics.stats.proportions import difference
    >>> from analytics.stats.values import Counts
    >>> found = difference(treated=Counts(n=70, events=56), control=Counts(n=80, events=48))
    >>> str(verdict(found, 0.05)), str(verdict(found, 0.4)), str(verdict(found, 0.05, p_adjusted=0.06))
    ('better', 'no-meaningful-difference', 'cannot-tell-yet')
    """
    if smallest_difference is not None and not smallest_difference >= 0.0:
        raise ValueError(f"smallest_difference must not be negative, not {smallest_difference!r}")
    if isinstance(estimate, NotEstimable):
        return Verdict.CANNOT_TELL_YET
    low, high = estimate.interval.low, estimate.interval.high
    inner = equivalence_interval or estimate.interval
    if smallest_difference and -smallest_difference < inner.low and inner.high < smallest_difference:
        return Verdict.NO_MEANINGFUL_DIFFERENCE
    if p_adjusted is not None:
        alpha = 1.0 - (estimate.interval.level if level is None else level)
        if not p_adjusted < alpha:
            return Verdict.CANNOT_TELL_YET
    above, below = _CLAIMS[better]
    return above if low > 0.0 else below if high < 0.0 else Verdict.CANNOT_TELL_YET


_CLAIMS = {
    "higher": (Verdict.BETTER, Verdict.WORSE),
    "lower": (Verdict.WORSE, Verdict.BETTER),
    "none": (Verdict.HIGHER, Verdict.LOWER),
}


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests. `p_value` is the larger of the two: `p_above` that the difference lies above -margin, and
    `p_below` that it lies below +margin. `interval` lies inside the margins exactly when `equivalent`."""

    effect: float
    interval: Interval
    p_value: float
    p_above: float
    p_below: float
    margin: float
    equivalent: bool
    method: str = "tost-miettinen-nurminen"


def two_one_sided_tests(
    *, treated: Counts, control: Counts, margin: float, level: float = 0.95
) -> Equivalence | NotEstimable:
    """Is the difference between the two rates shown to be smaller than the margin, in either direction?

    Formula: With z(D) = (d - D) / sqrt(V(D)) the Miettinen-Nurminen statistic of `proportions.difference`, p_above = 1
    - Phi(z(-margin)), p_below = Phi(z(margin)), and p is the larger. Equivalent when both are below 1 - level, which is
    when the interval at 2 level - 1 (90% for 0.95) lies strictly inside the margins.

    Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657, two one-sided tests; the statistic
    is that of Farrington and Manning 1990, Statistics in Medicine 9:1447, with the factor N/(N-1) of Miettinen and
    Nurminen 1985, Statistics in Medicine 4:213.

    Not for: a margin chosen after seeing the data. A large p does not show that the arms differ: for that use
    `proportions.difference`. Clusters and repeated looks make it claim too much: give `verdict` an interval that allows
    for them.

    A margin lies strictly between 0 and 1, a level above 0.5, else ValueError. An empty arm is NotEstimable.

    Newcombe's example (a), 56/70 against 48/80, whose 95% interval ends at 0.3382 (1998, table II), so that the
    one-sided p at that margin is 0.025:

    >>> treated, control = Counts(n=70, events=56), Counts(n=80, events=48)
    >>> found = two_one_sided_tests(treated=treated, control=control, margin=0.3382, level=0.975)
    >>> round(found.p_value, 3), round(found.interval.high, 4)
    (0.025, 0.3382)
    """
    _check_level_and_margin(level, margin)
    if empty := empty_arm(treated, control):
        return empty
    alpha, two_sided = 1.0 - level, 2.0 * level - 1.0
    z = critical_z(two_sided)
    p_above = upper_tail_p(score.difference_z(treated, control, -margin))
    p_below = upper_tail_p(-score.difference_z(treated, control, margin))
    # As in critical_values.consistent_interval, p decides where an end falls on the margin itself.
    low, high = -score.difference_upper(control, treated, z), score.difference_upper(treated, control, z)
    low = max(low, nextafter(-margin, inf)) if p_above < alpha else min(low, -margin)
    high = min(high, nextafter(margin, -inf)) if p_below < alpha else max(high, margin)
    p_value = max(p_above, p_below)
    interval = Interval(low, high, two_sided)
    effect = score.difference_of(treated, control)
    return Equivalence(effect, interval, p_value, p_above, p_below, margin, p_value < alpha)


def non_inferiority(
    *, treated: Counts, control: Counts, margin: float, level: float = 0.95, lower_is_better: bool = False
) -> Estimate | NotEstimable:
    """Is the treated rate shown to be no worse than the control rate by as much as the margin? One-sided.

    Formula: With z(D) = (d - D) / sqrt(V(D)) the Miettinen-Nurminen statistic of `proportions.difference`, p = 1 -
    Phi(z(-margin)), or Phi(z(margin)) if `lower_is_better`. The interval holds every D that this test would not reject
    at 1 - level and is open on the side of good news, so that it excludes the margin when p < 1 - level.

    Source: Farrington and Manning 1990, Statistics in Medicine 9:1447, with the factor N/(N-1) of Miettinen and
    Nurminen 1985, Statistics in Medicine 4:213.

    Not for: a margin chosen after seeing the data, or showing that the treated arm is better: use
    `proportions.difference`. Clusters and repeated looks make it claim too much.

    Many guidelines ask for 2.5% here: give level 0.975. A margin lies strictly between 0 and 1, a level above 0.5, else
    ValueError. An empty arm is NotEstimable.

    Newcombe's example (a) with its arms exchanged, 48/80 against 56/70, where his table II prints a 95% interval from
    -0.3382, so that the one-sided p at that margin is 0.025:

    >>> found = non_inferiority(treated=Counts(n=80, events=48), control=Counts(n=70, events=56), margin=0.3382)
    >>> round(found.p_value, 3)
    0.025
    """
    _check_level_and_margin(level, margin)
    if empty := empty_arm(treated, control):
        return empty
    good, bad = (control, treated) if lower_is_better else (treated, control)
    statistic = score.difference_z(good, bad, -margin)
    p_value = upper_tail_p(statistic)
    # As in `two_one_sided_tests`, p decides where the end falls on the margin itself.
    low = -score.difference_upper(bad, good, critical_z(2.0 * level - 1.0))
    low = max(low, nextafter(-margin, inf)) if p_value < 1.0 - level else min(low, -margin)
    interval = Interval(low, inf, level)
    effect = score.difference_of(treated, control)
    method = "non-inferiority, miettinen-nurminen"
    return Estimate(effect, -interval if lower_is_better else interval, p_value, method, statistic)


def _check_level_and_margin(level: float, margin: float) -> None:
    if check_level(level) <= 0.5:
        raise ValueError(f"level must lie above 0.5, not {level!r}")
    if not 0.0 < margin < 1.0:
        raise ValueError(f"margin must lie strictly between 0 and 1, not {margin!r}")
