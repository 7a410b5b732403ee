from math import pi, sqrt, tan

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t, ttest_ind

from analytics.stats import Counts, NotEstimable, clusters
from analytics.stats.texts import nested
from analytics.stats.texts.values import Measured, text_means
from tests.analytics.stats.estimates import estimate_of
from tests.analytics.stats.texts import test_matched

FIRST, SECOND = (0.44, 0.52, 0.47, 0.55), (0.41, 0.49, 0.38, 0.45)
FIVE = (*SECOND, 0.60)


def measured(values: tuple[float, ...]) -> list[Measured]:
    return [Measured(value) for value in values]


def test_it_is_welch_over_text_means() -> None:
    # scipy.stats.ttest_ind(equal_var=False) and its confidence_interval().
    found = estimate_of(nested.difference(treated=measured(FIRST), control=measured(SECOND)))
    theirs = ttest_ind(FIRST, SECOND, equal_var=False)
    assert (found.statistic, found.df, found.p_value) == pytest.approx((theirs.statistic, theirs.df, theirs.pvalue))
    interval = theirs.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))


def test_with_as_many_people_for_each_text_the_error_is_that_of_cr2() -> None:
    # clusters.difference, which agrees with R's clubSandwich (tests/analytics/stats/reference/clusters.txt).
    first, second = [Counts(200, x) for x in (80, 95, 70)], [Counts(200, x) for x in (60, 85, 90, 71)]
    means = text_means([first, second])
    assert isinstance(means, tuple)
    ours = estimate_of(nested.difference(treated=means[0], control=means[1]))
    theirs = estimate_of(clusters.difference(treated=first, control=second))
    assert (ours.effect, ours.standard_error) == pytest.approx((theirs.effect, theirs.standard_error))


def test_the_error_of_counts_is_what_lmertest_and_clubsandwich_print() -> None:
    # R 4.2, ../reference/texts.R: lmer(y ~ a + (1 | set:a), people) prints 0.079 with 0.03443108923, and coef_test(lm(y
    # ~ a), vcov = "CR2", cluster = text, test = "Satterthwaite") 0.0344310906. Both take texts of both arms to vary
    # alike, which gives df 8 and p 0.0509; Welch's df are 7.81.
    means = text_means([[Counts(400, x) for x in arm] for arm in test_matched.EVENTS[:2]])
    assert isinstance(means, tuple)
    found = estimate_of(nested.difference(treated=means[1], control=means[0]))
    assert (found.effect, found.standard_error) == pytest.approx((0.079, 0.03443108923), rel=1e-7)
    assert (found.df, found.p_value) == pytest.approx((8.0, 0.05091094631), rel=0.03)


def test_it_agrees_with_a_linear_mixed_model() -> None:
    import statsmodels.formula.api as smf

    # statsmodels mixedlm("y ~ arm", groups=text).fit(reml=True): people with a random intercept for each text, which
    # for equal texts has this error (Raudenbush 1997, Psychological Methods 2:173).
    source, rows = np.random.default_rng(5), []
    for text, (arm, mean) in enumerate(
        [(0, 3.0), (0, 3.6), (0, 2.7), (0, 3.3), (1, 3.9), (1, 3.1), (1, 4.2), (1, 3.5)]
    ):
        rows += [(y, arm, text) for y in source.normal(mean, 1.0, size=40)]
    people = pd.DataFrame(rows, columns=["y", "arm", "text"])
    fit = smf.mixedlm("y ~ arm", people, groups="text").fit(reml=True)
    means = people.groupby(["arm", "text"])["y"].mean()
    found = estimate_of(
        nested.difference(treated=[Measured(y) for y in means.loc[1]], control=[Measured(y) for y in means.loc[0]])
    )
    assert (found.effect, found.standard_error) == pytest.approx((fit.params["arm"], fit.bse["arm"]), rel=1e-3)


def test_unequal_numbers_weigh_the_squared_t_of_each_arm() -> None:
    # By hand, with t of 1 and 2 degrees of freedom in closed form: cot(pi alpha/2), sqrt(2/(alpha (2 - alpha)) - 2).
    pair, three = (0.50, 0.54), (0.31, 0.36, 0.44)
    found = estimate_of(nested.difference(treated=measured(pair), control=measured(three)))
    parts = (0.02**2 * 2 / 2, ((0.06**2 + 0.01**2 + 0.07**2) / 2) / 3)

    def half(alpha: float) -> float:
        squares = (1 / tan(pi * alpha / 2)) ** 2, 2 / (alpha * (2 - alpha)) - 2
        return sqrt(parts[0] * squares[0] + parts[1] * squares[1])

    assert found.effect == pytest.approx(0.15)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.15 - half(0.05), 0.15 + half(0.05)))
    assert found.p_value is not None
    assert half(found.p_value) == pytest.approx(0.15)
    assert found.method == nested.BANERJEE


def test_in_a_factorial_arms_of_one_number_share_their_degrees_of_freedom() -> None:
    # scipy's t of Satterthwaite's df for the three arms of two texts together, and of 3 for that of four.
    arms = [measured(arm) for arm in ((0.40, 0.44), (0.45, 0.46), (0.50, 0.56), FIRST)]
    found = estimate_of(nested.contrast(arms, (1, -1, -1, 1)))
    pairs = [np.var([text.value for text in arm], ddof=1) / len(arm) for arm in arms]
    df = sum(pairs[:3]) ** 2 / sum(part**2 for part in pairs[:3])
    half = sqrt(sum(pairs[:3]) * t.ppf(0.975, df) ** 2 + pairs[3] * t.ppf(0.975, 3) ** 2)
    assert found.interval.high - found.interval.low == pytest.approx(2 * half)


def test_an_arm_whose_texts_are_all_alike_adds_nothing() -> None:
    found = estimate_of(nested.difference(treated=measured((0.5, 0.5)), control=measured(FIRST)))
    assert found.p_value == pytest.approx(2 * t.sf(abs(found.statistic or 0.0), 3))


@pytest.mark.parametrize(
    ("texts", "weights"),
    [((2, 8), (1, -1)), ((3, 6), (1, -1)), ((2, 3), (1, -1)), ((2, 2, 8, 8), (1, -1, -1, 1))],
    ids=str,
)
@pytest.mark.parametrize("alpha", [0.05, 0.0025], ids=["one look", "an early look"])
def test_unequal_numbers_keep_the_level(texts: tuple[int, ...], weights: tuple[float, ...], alpha: float) -> None:
    # Texts of the arms with fewer vary three times as much; Welch's test makes up to 12%, and 19 times an early look's.
    source, trials, false = np.random.default_rng(13), 2_000, 0
    for _ in range(trials):
        arms = [measured(tuple(source.normal(0.4, 0.03 if k == min(texts) else 0.01, size=k))) for k in texts]
        false += 0.0 not in estimate_of(nested.contrast(arms, weights, level=1 - alpha)).interval
    # Binomial(2000, alpha): four standard deviations.
    assert false <= trials * alpha + 4 * sqrt(trials * alpha)


def test_contrasts_agree_with_hc2_of_a_regression() -> None:
    import statsmodels.api as sm

    # statsmodels OLS(text means, four arms).get_robustcov_results("HC2"): for saturated arms its variance is s^2/k.
    arms = [FIRST, FIVE, (0.50, 0.58, 0.55), (0.61, 0.52)]
    y = np.concatenate([np.array(arm) for arm in arms])
    x = np.repeat(np.eye(4), [len(arm) for arm in arms], axis=0)
    fit = sm.OLS(y, x).fit(cov_type="HC2")
    cells = [measured(arm) for arm in arms]
    found = nested.two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3])
    for ours, weights in (
        (found.first, (-0.5, 0.5, -0.5, 0.5)),
        (found.second, (-0.5, -0.5, 0.5, 0.5)),
        (found.interaction, (1, -1, -1, 1)),
        (found.both_minus_first, (0, -1, 0, 1)),
    ):
        theirs, estimate = fit.t_test(np.array(weights)), estimate_of(ours)
        assert estimate.effect == pytest.approx(float(theirs.effect[0]))
        assert estimate.standard_error == pytest.approx(float(theirs.sd[0, 0]))


def test_an_arm_of_weight_zero_may_have_one_text() -> None:
    pair = nested.difference(treated=measured(FIRST), control=measured(SECOND))
    arms = [measured(FIRST), measured(SECOND), measured((0.5,))]
    assert nested.contrast(arms, (1.0, -1.0, 0.0)) == pair
    assert nested.contrast(arms, (1.0, 0.0, -1.0)) == nested.ONE_TEXT
    with pytest.raises(ValueError, match="as many weights"):
        nested.contrast(arms, (1.0, -1.0))


def test_swapping_arms_flips_the_sign() -> None:
    there = estimate_of(nested.difference(treated=measured(FIRST), control=measured(SECOND)))
    back = estimate_of(nested.difference(treated=measured(SECOND), control=measured(FIRST)))
    assert there.effect == -back.effect
    assert there.interval == -back.interval


def test_one_text_shows_nothing_about_others() -> None:
    found = nested.difference(treated=measured(FIRST[:1]), control=measured(SECOND))
    assert isinstance(found, NotEstimable)
    assert "one text" in found.reason


def test_texts_that_do_not_vary_are_not_estimable() -> None:
    assert isinstance(nested.difference(treated=measured((0.4, 0.4)), control=measured((0.3, 0.3))), NotEstimable)


def test_ends_are_cut_where_asked() -> None:
    found = nested.difference(treated=measured((0.9, 0.1)), control=measured((0.8, 0.3)), within=(-1.0, 1.0))
    assert estimate_of(found).interval.low == -1.0


@pytest.mark.parametrize("spreads", [(0.03, 0.03), (0.06, 0.0)], ids=["alike", "one arm alone"])
def test_it_keeps_its_level_where_texts_of_one_arm_differ_more(spreads: tuple[float, float]) -> None:
    source, trials = np.random.default_rng(11), 2_000
    false = 0
    for _ in range(trials):
        arms = [source.normal(0.4, (spread**2 + 0.24 / 1000) ** 0.5, size=3) for spread in spreads]
        found = nested.difference(treated=[Measured(y) for y in arms[0]], control=[Measured(y) for y in arms[1]])
        false += 0.0 not in estimate_of(found).interval
    # Binomial(2000, 0.05): 100 with standard deviation 9.7; four of them. With the df of `clusters` 170 are expected.
    assert false < 139
