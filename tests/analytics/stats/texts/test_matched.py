from itertools import product
from math import exp, inf

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import permutation_test, ttest_rel

from analytics.stats import Counts, NotEstimable
from analytics.stats.texts import matched
from analytics.stats.texts.matched import SetsEstimate
from analytics.stats.texts.values import Measured, TextMeans, text_means

# Fisher 1935, The Design of Experiments, section 17, table 3: crossed less self-fertilised, eighths of an inch.
DARWIN = [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0]
ARMS = (
    (0.40, 0.42, 0.38, 0.44, 0.41),
    (0.45, 0.49, 0.41, 0.50, 0.47),
    (0.42, 0.44, 0.41, 0.46, 0.40),
    (0.50, 0.53, 0.44, 0.54, 0.52),
)
# The events of 400 people a text, in five sets: ../reference/texts.R, of which R 4.2 printed texts.txt.
EVENTS = ((160, 190, 140, 176, 150), (200, 188, 184, 232, 170), (168, 220, 164, 184, 196), (216, 224, 200, 248, 206))


def known(value: object) -> SetsEstimate:
    assert isinstance(value, SetsEstimate), value
    return value


def measured(values: tuple[float, ...]) -> list[Measured]:
    return [Measured(value) for value in values]


def test_below_six_sets_it_is_the_paired_t_test() -> None:
    # scipy.stats.ttest_rel and its confidence_interval().
    found = known(matched.difference(treated=measured(ARMS[1]), control=measured(ARMS[0])))
    theirs = ttest_rel(ARMS[1], ARMS[0])
    interval = theirs.confidence_interval(0.95)
    assert found.decided_by == "t"
    assert (found.statistic, found.df, found.p_value) == pytest.approx((theirs.statistic, 4.0, theirs.pvalue))
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))


def test_darwins_maize_gives_what_fisher_prints() -> None:
    # The Design of Experiments, section 21: 835 ways exceed the total of 314 and 28 equal it, of 32,768; t is 2.148.
    found = known(matched.mean_over_sets(DARWIN))
    assert found.sign_flip_p == 2 * (835 + 28) / 32768
    assert found.p_value == found.sign_flip_p
    assert found.decided_by == "sign-flip"
    assert found.statistic == pytest.approx(2.148, abs=5e-4)


def test_it_is_what_lme4_prints_for_a_balanced_mixed_model() -> None:
    # R's lme4: lmer(Reaction ~ Days + (Days | Subject), sleepstudy) prints Days 10.467, std. error 1.546, t 6.771, and
    # (Intercept) 251.405, 6.825, 36.838; lmerTest gives both 17 degrees of freedom. The slopes of the 18 subjects are
    # those of coef(lmList(Reaction ~ Days | Subject, sleepstudy)), as in lme4's own tests.
    slopes = [21.764702, 2.2617855, 6.1148988, 3.0080727, 5.2660188, 9.5667679, 9.1420455, 12.253141, -2.8810339]
    slopes += [19.025974, 13.493933, 19.504017, 6.4334976, 13.566549, 11.348109, 18.056151, 9.1884448, 11.298073]
    starts = [244.19267, 205.05495, 203.48423, 289.68509, 285.73897, 264.25161, 275.01911, 240.16291, 263.03469]
    starts += [290.10413, 215.11177, 225.8346, 261.14701, 276.37207, 254.96815, 210.44909, 253.63604, 267.0448]
    for values, printed in ((slopes, (10.467, 1.546, 6.771)), (starts, (251.405, 6.825, 36.838))):
        found = known(matched.mean_over_sets(values))
        assert (found.effect, found.standard_error, found.statistic) == pytest.approx(printed, abs=6e-4)
        assert found.df == 17.0


def means_of_events() -> TextMeans:
    means = text_means([[Counts(400, x) for x in arm] for arm in EVENTS])
    assert isinstance(means, tuple)
    return means


def test_two_arms_of_counts_are_what_lmertest_prints_for_people_in_texts_in_sets() -> None:
    # lmer(y ~ a + (1 | set) + (1 | set:a), people): estimate, std. error, Satterthwaite's df, t and p.
    control, treated, *_ = means_of_events()
    found = known(matched.difference(treated=treated, control=control))
    assert (found.effect, found.standard_error, found.df, found.statistic, found.p_value) == pytest.approx(
        (0.079, 0.02551468879, 4.000012687, 3.096255677, 0.03635274098), rel=1e-5
    )


@pytest.mark.parametrize(
    ("effect", "printed"),
    [
        ("first", (0.08, 0.02646824074, 4.00066552, 3.022490266, 0.0390591297)),
        ("second", (0.059, 0.01450448464, 3.999895568, 4.067707434, 0.01525247307)),
        ("interaction", (0.002, 0.01007467586, 4.000021437, 0.198517553, 0.8523216819)),
    ],
)
def test_the_factorial_is_what_lmertest_prints(effect: str, printed: tuple[float, ...]) -> None:
    # lmer(y ~ a * b + (1 | set) + (1 | set:a) + (1 | set:b), text means): an error of each effect's own.
    neither, first, second, both = means_of_events()
    estimates = matched.two_by_two(neither=neither, first=first, second=second, both=both)
    found = known(getattr(estimates, effect))
    ours = (found.effect, found.standard_error, found.df, found.statistic, found.p_value)
    assert ours == pytest.approx(printed, rel=5e-4)


def test_the_factorial_is_near_the_mixed_logit_of_glmer() -> None:
    # glmer(cbind(x, n - x) ~ a * b + (1 | set) + (1 | text), binomial): log odds, which p (1 - p) turns into points.
    neither, first, second, both = means_of_events()
    found = matched.two_by_two(neither=neither, first=first, second=second, both=both)
    rate = 1 / (1 + exp(0.0935412192))
    printed = (0.3247576799, 0.2398991339, 0.00431481244)
    for ours, coefficient in zip((found.first, found.second, found.interaction), printed, strict=True):
        assert known(ours).effect == pytest.approx(coefficient * rate * (1 - rate), abs=0.0015)


def test_the_sign_flip_p_is_that_of_scipy() -> None:
    # scipy.stats.permutation_test, permutation_type="samples", which enumerates all 2^8.
    source = np.random.default_rng(3)
    for _ in range(5):
        differences = source.normal(0.5, 1.0, size=8)
        theirs = permutation_test(
            (differences,), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples", vectorized=True
        )
        assert known(matched.mean_over_sets(list(differences))).sign_flip_p == pytest.approx(theirs.pvalue)


def test_the_interval_holds_the_means_that_the_test_would_not_reject() -> None:
    differences = [0.08, 0.05, -0.01, 0.09, 0.03, 0.06, 0.02, 0.041]
    found = known(matched.mean_over_sets(differences))
    for place in np.linspace(-0.05, 0.15, 401):
        flips = [
            sum(s * (d - place) for s, d in zip(signs, differences, strict=True))
            for signs in product((1, -1), repeat=8)
        ]
        p = sum(abs(flip) >= abs(flips[0]) - 1e-12 for flip in flips) / 256
        assert (float(place) in found.interval) == (p >= 0.05)


def test_four_sets_say_the_smallest_p_that_sign_flips_reach() -> None:
    found = known(matched.mean_over_sets([0.08, 0.05, 0.06, 0.09]))
    assert (found.decided_by, found.sign_flip_p, found.smallest_sign_flip_p) == ("t", 0.125, 0.125)


@pytest.mark.parametrize(
    ("sets", "comparisons", "level", "test"),
    [
        *((5, 1, 0.95, "t"), (6, 1, 0.95, "sign-flip"), (6, 2, 0.95, "t"), (7, 3, 0.95, "sign-flip")),
        *((7, 6, 0.95, "t"), (8, 6, 0.95, "sign-flip"), (6, 1, 0.99, "t"), (6, 1, 0.96875, "t")),
    ],
)
def test_sign_flips_decide_where_they_can_reach_the_level(sets: int, comparisons: int, level: float, test: str) -> None:
    found = known(matched.mean_over_sets(DARWIN[2 : 2 + sets], level=level, comparisons=comparisons))
    assert found.decided_by == test


def test_each_set_counts_the_same_whoever_saw_it() -> None:
    few, many = [Counts(100, 50), Counts(1_000, 400)], [Counts(100, 40), Counts(1_000, 350)]
    means = text_means([few, many])
    assert isinstance(means, tuple)
    assert known(matched.difference(treated=means[0], control=means[1])).effect == pytest.approx(0.075)


def test_the_factorial_is_a_repeated_measures_analysis() -> None:
    from statsmodels.stats.anova import AnovaRM

    # statsmodels AnovaRM with sets as subjects: F(1, k - 1) of each effect is t^2.
    rows = [(s, int(a in (1, 3)), int(a in (2, 3)), ARMS[a][s]) for s in range(len(ARMS[0])) for a in range(len(ARMS))]
    data = pd.DataFrame(rows, columns=["set", "first", "second", "y"])
    table = AnovaRM(data, "y", "set", within=["first", "second"]).fit().anova_table
    cells = [measured(arm) for arm in ARMS]
    found = matched.two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3])
    for ours, name in ((found.first, "first"), (found.second, "second"), (found.interaction, "first:second")):
        estimate = known(ours)
        assert estimate.statistic is not None
        assert estimate.statistic**2 == pytest.approx(table.loc[name, "F Value"])
        assert estimate.p_value == pytest.approx(table.loc[name, "Pr > F"])


def _mixed_logit(cells: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    """The coefficients of a logit with a factorial and random sets and texts, by maximum likelihood and quadrature.

    `cells` are the events by set and arm. Each set has a normal intercept, each text a normal deviation of its own.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    design = np.array([[1, -0.5, -0.5, 0.25], [1, 0.5, -0.5, -0.25], [1, -0.5, 0.5, -0.25], [1, 0.5, 0.5, 0.25]])

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        of_set, of_text = np.exp(parameters[4:])
        linear = (design @ parameters[:4])[:, None, None] + of_set * nodes[:, None] + of_text * nodes
        log_p, log_q = -np.logaddexp(0, -linear), -np.logaddexp(0, linear)
        total = 0.0
        for events in cells:
            y = events[:, None, None]
            by_text = y * log_p + (n - y) * log_q
            peak = by_text.max(axis=(1, 2), keepdims=True)
            per_set = (np.log(np.exp(by_text - peak) @ weights) + peak[:, :, 0]).sum(axis=0)
            total += per_set.max() + np.log(np.exp(per_set - per_set.max()) @ weights)
        return float(-total)

    start = np.array([-0.3, 0.2, 0.1, 0.0, -1.5, -2.5])
    return np.asarray(minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-5}).x)


@pytest.mark.slow
def test_the_factorial_agrees_with_a_mixed_logit() -> None:
    # A mixed logit (sets and texts random) fitted here by maximum likelihood with 15-point quadrature, as lme4's glmer
    # does; its coefficients are log odds, which p (1 - p) turns into points near one rate.
    n = 400
    events = np.round(np.array(ARMS).T * n)
    fit = _mixed_logit(events, n)
    means = text_means([[Counts(n, int(y)) for y in arm] for arm in events.T])
    assert isinstance(means, tuple)
    found = matched.two_by_two(neither=means[0], first=means[1], second=means[2], both=means[3])
    rate = 1 / (1 + exp(-fit[0]))
    for ours, coefficient in zip((found.first, found.second, found.interaction), fit[1:4], strict=True):
        assert known(ours).effect == pytest.approx(coefficient * rate * (1 - rate), abs=0.002)


def test_one_set_shows_nothing_about_others() -> None:
    assert matched.mean_over_sets([0.1]) == matched.ONE_SET


def test_equal_differences_leave_the_spread_unknown() -> None:
    assert isinstance(matched.mean_over_sets([0.1] * 8), NotEstimable)


def test_too_many_sets_and_uneven_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 18"):
        matched.mean_over_sets([float(x) for x in range(19)])
    with pytest.raises(ValueError, match="zip"):
        matched.difference(treated=measured(ARMS[0]), control=measured(ARMS[1][:3]))
    with pytest.raises(ValueError, match="comparisons"):
        matched.mean_over_sets([0.1, 0.2], comparisons=0)


VALUES = st.lists(st.integers(-1000, 1000).map(lambda x: x / 100), min_size=2, max_size=9)


@given(VALUES, st.sampled_from([0.5, 0.9, 0.95, 0.96875, 0.99]))
def test_interval_and_p_value_agree(differences: list[float], level: float) -> None:
    found = matched.mean_over_sets(differences, level=level)
    if isinstance(found, SetsEstimate):
        assert found.p_value is not None
        assert (0.0 not in found.interval) == (found.p_value < 1 - level)
        back = known(matched.mean_over_sets([-d for d in differences], level=level))
        assert back.p_value == pytest.approx(found.p_value)
        assert back.interval == -found.interval
        assert found.interval.high < inf
