"""How many people and how many texts it takes. Standard library only, so that pages may import it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, inf, pi, sin, sqrt
from statistics import NormalDist
from typing import Literal

from analytics.stats.numerics.sign_flips import rejected_a_side, sign_flips_decide, smallest_p
from analytics.stats.numerics.student_t import critical_t, two_sided_power
from analytics.stats.values import NotEstimable

Design = Literal["matched", "nested"]
_NORMAL = NormalDist()

MOST_TEXTS = 12
MORE_TEXTS_NEEDED = NotEstimable("With so few texts, no number of people is enough. More texts are needed.")
# Far more people than there are.
_MOST_PEOPLE = 10**10
_SPLITS = 20
# Shares of the variance between which the shift that is needed is interpolated.
_SHARES = 8


@dataclass(frozen=True, slots=True)
class WhatHelps:
    """What would settle a comparison that cannot be told: the cheaper of more people and more texts comes first.

    `people_factor` is how many times the people so far it takes with the same texts, `texts` how many texts in each arm
    with as many people for each as so far; None where that would not do it. "both" needs more of either, "neither"
    names a difference that even many people and twelve texts would not show.
    """

    first: Literal["people", "texts", "both", "neither"]
    people_factor: float | None
    texts: int | None


def power(
    *,
    difference: float,
    control: float,
    people_per_text: int,
    texts: int,
    spread: float,
    design: Design = "matched",
    alpha: float = 0.05,
    comparisons: int = 1,
    control_texts: int | None = None,
) -> float:
    """With what probability do so many texts, seen by so many people each, show a difference for texts of their kind?

    Formula: With v = p (1 - p)/n for each arm's rate, n people a text and k texts an arm, matched sets have the
    standard error e = sqrt((spread^2 + v1 + v0)/k) and k - 1 degrees of freedom, texts of each arm's own e = sqrt((2
    spread^2 + v1 + v0)/k); the power is that of t with the shift d/e at alpha / comparisons. Where the sign-flip test
    decides, t is taken at the level that it can use; if that is one choice of signs a side, the power is Phi(d/(e
    sqrt(k)))^k, and the same with -d. For texts of their own it is averaged over Welch's degrees of freedom, and where
    the arms' numbers differ over the split of the estimated variance, which sets `nested.contrast`'s interval.

    Source: Westfall, Kenny and Judd 2014, Journal of Experimental Psychology: General 143:2020, for power where people
    and stimuli are both samples; the noncentral t as in Cohen 1988, Statistical Power Analysis, chapter 2.

    Not for: what holds for these very texts, which `power.power` sizes by the people alone. A spread taken from four
    texts is a guess: try half and twice. With several looks give alpha times the weight of the last one
    (`looks.planned_look_weight`).

    `spread` is the standard deviation of true differences between sets, or of true rates between texts of one arm. One
    text has power 0: it shows nothing about others. `control_texts` are those of the control, where it has another
    number of texts of its own, seen by as many people in all.

    4,000 people an arm, 5 points more than 40 of 100, sets 3 points apart: one set of 4,000, two of 2,000, four of
    1,000, eight of 500:

    >>> plan = {"difference": 0.05, "control": 0.4, "spread": 0.03}
    >>> [round(power(people_per_text=4000 // k, texts=k, **plan), 2) for k in (1, 2, 4, 8)]
    [0.0, 0.13, 0.45, 0.79]
    """
    treated = control + difference
    _check(control, treated, texts=min(texts, people_per_text), spread=spread, alpha=alpha, comparisons=comparisons)
    if 1 in (texts, control_texts):
        return 0.0
    if _is_unequal(design, texts, control_texts):
        parts = _parts(control, treated, people_per_text * texts, (texts, control_texts or texts), spread)
        if sum(parts) == 0.0:
            return 1.0 if difference else alpha / comparisons
        share, shift = parts[0] / sum(parts), abs(difference) / sqrt(sum(parts))
        return _unequal_power(shift, (texts, control_texts or texts), share, alpha / comparisons)
    by_people = (control * (1.0 - control) + treated * (1.0 - treated)) / people_per_text
    between = spread**2 * (1.0 if design == "matched" else 2.0)
    error = sqrt((between + by_people) / texts)
    if error == 0.0:
        return 1.0 if difference else alpha / comparisons
    return _power_of_shift(abs(difference) / error, texts, design, alpha / comparisons)


def people_needed(
    *,
    difference: float,
    control: float,
    texts: int,
    spread: float,
    power: float = 0.8,
    design: Design = "matched",
    alpha: float = 0.05,
    comparisons: int = 1,
    control_texts: int | None = None,
) -> int | NotEstimable:
    """How many people for each text show a difference for texts of their kind with probability `power`?

    Formula: The power of this module follows from the shift d/e alone. With the shift at which it is reached, n is the
    smallest at which (c spread^2 + (p1 (1 - p1) + p0 (1 - p0))/n)/k is at most (d/shift)^2; c is 1 for matched sets and
    2 for texts of each arm's own. Where the arms' numbers differ the shift depends on the share that one arm has of the
    variance, and is interpolated between shares of eighths.

    Source: Westfall, Kenny and Judd 2014, Journal of Experimental Psychology: General 143:2020, who show that with too
    few stimuli power stays below 1 however many people take part.

    Not for: the same as `power`.

    NotEstimable where no number of people is enough with so many texts.

    Four sets 2 points apart, 8 points more than 40 of 100; with three sets, no number:

    >>> people_needed(difference=0.08, control=0.4, texts=4, spread=0.02)
    484
    >>> people_needed(difference=0.05, control=0.4, texts=3, spread=0.03)
    NotEstimable(reason='With so few texts, no number of people is enough. More texts are needed.')
    """

    treated = control + difference
    _check(control, treated, texts=texts, spread=spread, alpha=alpha, comparisons=comparisons)
    if 1 in (texts, control_texts):
        return MORE_TEXTS_NEEDED
    if _is_unequal(design, texts, control_texts):
        numbers = (texts, control_texts or texts)

        def is_enough(people: float) -> bool:
            parts = _parts(control, treated, people, numbers, spread)
            shift = _shift_at_share(power, numbers, parts[0] / sum(parts), alpha / comparisons)
            return shift**2 * sum(parts) <= difference**2

        return _fewest_people(is_enough, texts)
    by_people = control * (1.0 - control) + treated * (1.0 - treated)
    between = spread**2 * (1.0 if design == "matched" else 2.0)
    room = texts * (difference / _shift_needed(power, texts, design, alpha / comparisons)) ** 2 - between
    if room <= 0.0 or by_people / room > _MOST_PEOPLE:
        return MORE_TEXTS_NEEDED
    return max(ceil(by_people / room), 1)


def what_would_help(
    *,
    difference: float,
    spread: float,
    noise: float,
    texts: int,
    design: Design = "matched",
    alpha: float = 0.05,
    comparisons: int = 1,
    unequal: Sequence[int] = (),
) -> WhatHelps:
    """When nothing can be told for texts of a kind: would more people help, or more texts?

    Formula: With f times the people and k texts the standard error would be e = sqrt((spread^2 + noise^2/f)/k), twice
    its square for texts of each arm's own, and t(df) e the half-width of the interval. f is the smallest at which that
    is below the difference with the same texts, k the smallest at which it is with the same people for each. First
    comes what takes fewer people in all.

    Source: as `power` of this module; Westfall, Kenny and Judd 2014, Journal of Experimental Psychology: General
    143:2020.

    Not for: a promise. Seen again, the difference will not stay as it is, and `spread` is a guess with a few texts.

    `noise` is the standard error that people alone give a set's difference, or a text's mean, so far; `difference` is
    the one that should be told: the smallest that matters, or the one seen. At most 12 texts are proposed.
    `unequal` are the numbers of texts of all arms where they differ, and `texts` is the smallest: then the same number
    is proposed for each arm.

    Four sets 1 point apart with errors of 3 points, to tell 3 points: 3.5 times the people, or seven sets:

    >>> found = what_would_help(difference=0.03, spread=0.01, noise=0.03, texts=4)
    >>> found.first, round(found.people_factor, 1), found.texts
    ('texts', 3.5, 7)
    """
    if difference == 0.0 or spread < 0.0 or noise < 0.0 or texts < 1:
        raise ValueError("a difference other than 0, a spread and noise of at least 0 and at least 1 text are needed")

    def variance_allowed(k: int) -> float:
        """The most that the variance of one text or set may be for the difference to be told with k."""
        both_arms = 1.0 if design == "matched" else 2.0
        return k / both_arms * (difference / _critical(k, design, alpha / comparisons)) ** 2 if k > 1 else 0.0

    alpha_each = alpha / comparisons
    of_now = _variance_allowed_unequal(difference, unequal, alpha_each) if unequal else variance_allowed(texts)
    room = of_now - spread**2
    people_factor = max(noise**2 / room, 1.0) if room > 0.0 else None
    candidates = range(max(unequal, default=texts + 1), MOST_TEXTS + 1)
    more_texts = next((k for k in candidates if spread**2 + noise**2 <= variance_allowed(k)), None)
    if people_factor is None and more_texts is None:
        possible = texts < MOST_TEXTS and spread**2 < variance_allowed(MOST_TEXTS)
        return WhatHelps("both" if possible else "neither", None, None)
    texts_now = sum(unequal) / len(unequal) if unequal else texts
    people_first = (people_factor or inf) * texts_now <= (more_texts or inf)
    return WhatHelps("people" if people_first else "texts", people_factor, more_texts)


def _check(control: float, treated: float, *, texts: int, spread: float, alpha: float, comparisons: int) -> None:
    if not (0.0 <= control <= 1.0 and 0.0 <= treated <= 1.0):
        raise ValueError("rates lie between 0 and 1")
    if texts < 1 or spread < 0.0 or comparisons < 1 or not 0.0 < alpha < 1.0:
        raise ValueError("people, texts and comparisons are at least 1, a spread at least 0, alpha between 0 and 1")


def _power_of_shift(shift: float, texts: int, design: Design, alpha: float) -> float:
    return _matched_power(shift, texts, alpha) if design == "matched" else _nested_power(shift, texts, alpha)


@lru_cache(maxsize=1024)
def _shift_needed(power: float, texts: int, design: Design, alpha: float) -> float:
    """The smallest difference in standard errors that is found with this probability."""
    low, high = 0.0, 1.0
    while _power_of_shift(high, texts, design, alpha) < power:
        low, high = high, high * 2.0
    for _ in range(24):
        middle = (low + high) / 2.0
        low, high = (low, middle) if _power_of_shift(middle, texts, design, alpha) >= power else (middle, high)
    return high


def _matched_power(shift: float, texts: int, alpha: float) -> float:
    df = texts - 1.0
    if not sign_flips_decide(texts, alpha):
        return two_sided_power(critical_t(alpha, df), df=df, shift=shift)
    rejected = rejected_a_side(texts, alpha)
    if rejected == 1:  # only if the differences of all sets have one sign
        positive = _NORMAL.cdf(shift / sqrt(texts))
        return float(positive**texts + (1.0 - positive) ** texts)
    return two_sided_power(critical_t(rejected * smallest_p(texts), df), df=df, shift=shift)


def _nested_power(shift: float, texts: int, alpha: float) -> float:
    """Welch's test: the split of the variance between the arms is independent of their sum, and gives its df."""
    total = mass = 0.0
    for step in range(_SPLITS):
        # The share of one arm is beta((k - 1)/2, (k - 1)/2), here sin^2 of an angle; the two halves are alike.
        angle = (step + 0.5) / _SPLITS * pi / 4.0
        share, weight = sin(angle) ** 2, (sin(angle) * cos(angle)) ** (texts - 2)
        df = (texts - 1.0) / (share**2 + (1.0 - share) ** 2)
        total += weight * two_sided_power(critical_t(alpha, df), df=2.0 * (texts - 1.0), shift=shift)
        mass += weight
    return total / mass


def _critical(texts: int, design: Design, alpha: float) -> float:
    df = (texts - 1.0) * (1.0 if design == "matched" else 2.0)
    if design == "matched" and sign_flips_decide(texts, alpha):
        alpha = rejected_a_side(texts, alpha) * smallest_p(texts)
    return critical_t(alpha, df)


def _is_unequal(design: Design, texts: int, control_texts: int | None) -> bool:
    return design == "nested" and control_texts not in (None, texts)


def _parts(
    control: float, treated: float, people: float, numbers: tuple[int, int], spread: float
) -> tuple[float, float]:
    """The variance of the mean of the treated and of the control arm, with so many people each."""
    rates = (treated, control)
    first, second = (spread**2 / k + p * (1.0 - p) / people for p, k in zip(rates, numbers, strict=True))
    return first, second


def _unequal_power(shift: float, numbers: tuple[int, int], share: float, alpha: float) -> float:
    """The bounded test: it claims beyond c sqrt(W), W the sum of both arms' chi-squares, c by their split alone."""
    first, second = (k - 1.0 for k in numbers)
    squares = share * critical_t(alpha, first) ** 2 / first, (1.0 - share) * critical_t(alpha, second) ** 2 / second
    df = first + second
    total = mass = 0.0
    for step in range(_SPLITS):
        # The share of one chi-square in W is beta(first/2, second/2), here sin^2 of an angle.
        angle = (step + 0.5) / _SPLITS * pi / 2.0
        sine, cosine = sin(angle), cos(angle)
        weight = sine ** (first - 1.0) * cosine ** (second - 1.0)
        beyond = sqrt(df * (squares[0] * sine**2 + squares[1] * cosine**2))
        total += weight * two_sided_power(beyond, df=df, shift=shift)
        mass += weight
    return total / mass


@lru_cache(maxsize=1024)
def _unequal_shift_needed(power: float, numbers: tuple[int, int], eighths: int, alpha: float) -> float:
    low, high = 0.0, 1.0
    while _unequal_power(high, numbers, eighths / _SHARES, alpha) < power:
        low, high = high, high * 2.0
    for _ in range(14):
        middle = (low + high) / 2.0
        enough = _unequal_power(middle, numbers, eighths / _SHARES, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def _shift_at_share(power: float, numbers: tuple[int, int], share: float, alpha: float) -> float:
    below = min(int(share * _SHARES), _SHARES - 1)
    low, high = (_unequal_shift_needed(power, numbers, at, alpha) for at in (below, below + 1))
    return low + (high - low) * (share * _SHARES - below)


def _fewest_people(is_enough: Callable[[float], bool], texts: int) -> int | NotEstimable:
    """The fewest people for each of so many texts with whom it is enough."""
    low, high = 0, 1
    while not is_enough(high * texts):
        if high > _MOST_PEOPLE:
            return MORE_TEXTS_NEEDED
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle * texts) else (middle, high)
    return high


def _variance_allowed_unequal(difference: float, numbers: Sequence[int], alpha: float) -> float:
    """The most that the variance of one text may be for the difference to be told, if texts of all arms vary alike."""
    if min(numbers) < 2:
        return 0.0
    each = sum(1.0 / k for k in numbers)
    squared = sum(
        arms / k / each * critical_t(alpha, arms * (k - 1.0)) ** 2 for k, arms in sorted(Counter(numbers).items())
    )
    return difference**2 / squared / (2.0 * each / len(numbers))
