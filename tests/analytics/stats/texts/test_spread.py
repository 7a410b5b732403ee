from math import inf

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from analytics.stats import Counts, Estimate, NotEstimable
from analytics.stats.texts import spread
from analytics.stats.texts.spread import Spread
from analytics.stats.texts.values import Measured, text_means
from tests.analytics.stats.test_meta import EFFECTS, VARIANCES
from tests.analytics.stats.texts import test_matched

BCG = [Measured(y, v) for y, v in zip(EFFECTS, VARIANCES, strict=True)]
# Rubin 1981: effects of coaching in eight schools, with their standard errors.
SCHOOLS = [
    Measured(y, se**2) for y, se in zip((28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18), strict=True)
]


def known(value: object) -> Spread:
    assert isinstance(value, Spread), value
    return value


def shrunken(arms: list[list[Measured]]) -> tuple[tuple[Estimate, ...], ...]:
    found = spread.shrunken(arms)
    assert isinstance(found, tuple), found
    return found


def test_the_variance_is_that_of_paule_and_mandel() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    # statsmodels combine_effects(method_re="iterated"), which is Paule and Mandel's estimator.
    theirs = combine_effects(np.array(EFFECTS), np.array(VARIANCES), method_re="iterated", atol=1e-12, maxiter=1000)
    assert known(spread.between_texts([BCG])).variance == pytest.approx(theirs.tau2, rel=1e-6)


def test_variance_and_interval_of_an_arm_are_what_metafor_prints() -> None:
    # R 4.2, ../reference/texts.R: rma(y, v, method = "PM") and its confint(), tol 1e-13: tau^2, its ends, and QE.
    rates = [events / 400 for events in test_matched.EVENTS[1]]
    found = known(spread.between_texts([[Measured(rate, rate * (1 - rate) / 399) for rate in rates]]))
    ours = (found.variance, found.interval.low**2, found.interval.high**2, found.statistic)
    assert ours == pytest.approx((0.002807800342, 0.0006154504218, 0.02762783898, 22.34612527), rel=1e-6)


def test_the_interval_is_the_q_profile() -> None:
    # The 13 BCG trials as log odds ratios: metafor's confint(), "based on the Q-profile method (0.1302 to 1.1812)",
    # metafor-project.org/doku.php/analyses:vanhouwelingen2002, from the counts in Colditz et al. 1994. Its root finder
    # stops at 1e-4.
    vaccinated = [(4, 119), (6, 300), (3, 228), (62, 13536), (33, 5036), (180, 1361), (8, 2537), (505, 87886)]
    vaccinated += [(29, 7470), (17, 1699), (186, 50448), (5, 2493), (27, 16886)]
    others = [(11, 128), (29, 274), (11, 209), (248, 12619), (47, 5761), (372, 1079), (10, 619), (499, 87892)]
    others += [(45, 7232), (65, 1600), (141, 27197), (3, 2338), (29, 17825)]
    trials = [
        Measured(float(np.log(a * d / b / c)), 1 / a + 1 / b + 1 / c + 1 / d)
        for (a, b), (c, d) in zip(vaccinated, others, strict=True)
    ]
    found = known(spread.between_texts([trials]))
    assert (found.interval.low**2, found.interval.high**2) == pytest.approx((0.1302, 1.1812), abs=1e-4)


def test_without_spread_cochrans_q_of_counts_is_pearsons_chi_square() -> None:
    from scipy.stats import chi2_contingency

    # chi2_contingency(correction=False), but for the texts' variance with n - 1 where Pearson's is within all of them.
    arm = [Counts(1000, x) for x in (380, 415, 402, 431)]
    means = text_means([arm])
    assert isinstance(means, tuple)
    table = [[c.events, c.n - c.events] for c in arm]
    theirs = chi2_contingency(table, correction=False)
    found = known(spread.between_texts(means))
    assert found.statistic == pytest.approx(theirs.statistic, rel=3e-3)
    assert found.df == theirs.dof


def test_arms_share_one_spread_about_means_of_their_own() -> None:
    low, high = BCG[:6], [Measured(text.value + 10.0, text.variance) for text in BCG[6:]]
    same = [Measured(text.value, text.variance) for text in BCG[6:]]
    assert known(spread.between_texts([low, high])).effect == pytest.approx(
        known(spread.between_texts([low, same])).effect
    )


def test_texts_that_chance_explains_have_a_spread_from_zero() -> None:
    found = known(spread.between_texts([[Measured(y, 1.0) for y in (0.0, 1.0, -1.0, 0.5)]]))
    assert (found.effect, found.interval.low) == (0.0, 0.0)
    assert found.interval.high > 1.0


def test_texts_too_alike_for_chance_say_so() -> None:
    assert spread.between_texts([[Measured(y, 1.0) for y in (0.0, 0.01, 0.02, 0.01)]]) == spread.TOO_ALIKE


@pytest.mark.parametrize("arms", [[[Measured(0.1, 0.1)]], [[Measured(0.1, 0.1), Measured(0.2, 0.0)]]])
def test_too_few_texts_or_no_variance_is_not_estimable(arms: list[list[Measured]]) -> None:
    assert isinstance(spread.between_texts(arms), NotEstimable)
    assert isinstance(spread.shrunken(arms), NotEstimable)


def test_a_new_text_is_as_uncertain_as_simulated() -> None:
    # By simulation from the same posterior: a spread, then a mean, then a new text.
    source, y = np.random.default_rng(9), np.array([0.08, 0.05, 0.06, 0.09])
    spreads = source.uniform(0.0, 0.5, size=400_000)
    w = 4 / (0.01**2 + spreads**2)
    weight = (w / 4) ** 2 / np.sqrt(w) * np.exp(-0.125 * w * np.sum((y - y.mean()) ** 2))
    drawn = source.choice(spreads, size=200_000, p=weight / weight.sum())
    new = source.normal(y.mean(), np.sqrt(drawn**2 + (0.01**2 + drawn**2) / 4))
    found = spread.new_text([[Measured(value, 0.01**2) for value in y]])
    assert isinstance(found, tuple)
    assert found[0].interval.low == pytest.approx(float(np.quantile(new, 0.025)), abs=0.004)
    assert found[0].interval.high == pytest.approx(float(np.quantile(new, 0.975)), abs=0.004)


def test_a_new_text_lies_further_than_the_mean() -> None:
    found = spread.new_text([BCG])
    assert isinstance(found, tuple)
    # metafor: predict(rma(yi, vi, test = "knha")) gives -1.996 to 0.567 by its shortcut for the same trials.
    assert (found[0].interval.low, found[0].interval.high) == pytest.approx((-1.996, 0.567), abs=0.15)


def test_two_sets_are_too_few_for_a_new_one() -> None:
    assert isinstance(spread.new_text([BCG[:2]]), NotEstimable)


def test_the_eight_schools_are_what_their_posterior_says() -> None:
    # Brute force: the posterior density of each school's effect by scipy.integrate.quad over the standard deviation, on
    # a grid of effects. Bayesian Data Analysis, table 5.3, has -2 to 31 for the first from 200 draws.
    y, v = np.array([s.value for s in SCHOOLS]), np.array([s.variance for s in SCHOOLS])

    def weight(tau: float) -> float:
        w = 1 / (v + tau**2)
        mean = np.sum(w * y) / np.sum(w)
        return float(np.sqrt(np.prod(w) / np.sum(w)) * np.exp(-0.5 * np.sum(w * (y - mean) ** 2)))

    def posterior(tau: float) -> tuple[float, float]:
        w = 1 / (v + tau**2)
        kept = tau**2 * w[0]
        mean = np.sum(w * y) / np.sum(w)
        return mean + kept * (y[0] - mean), float(np.sqrt(kept * v[0] + (1 - kept) ** 2 / np.sum(w)))

    whole = quad(weight, 0, inf)[0]
    effect = quad(lambda tau: weight(tau) * posterior(tau)[0], 0, inf)[0] / whole
    ((first, *_),) = shrunken([SCHOOLS])
    assert first.effect == pytest.approx(effect, rel=1e-4)
    for end, tail in ((first.interval.low, 0.025), (first.interval.high, 0.975)):
        below = quad(lambda tau, x=end: weight(tau) * norm.cdf((x - posterior(tau)[0]) / posterior(tau)[1]), 0, inf)[0]
        assert below / whole == pytest.approx(tail, abs=1e-4)
    assert (first.interval.low, first.interval.high) == pytest.approx((-2, 31), abs=1.0)


def test_texts_are_drawn_towards_the_mean_of_their_arm_and_keep_their_order() -> None:
    low = [Measured(y, 0.0004) for y in (0.30, 0.34, 0.36, 0.40)]
    high = [Measured(text.value + 0.2, text.variance) for text in low]
    first, second = shrunken([low, high])
    effects = [estimate.effect for estimate in first]
    assert effects == sorted(effects)
    assert 0.30 < effects[0] < effects[-1] < 0.40
    assert [e.effect - 0.2 for e in second] == pytest.approx(effects)


def test_texts_that_differ_far_beyond_chance_stay_where_they_are() -> None:
    texts = [Measured(y, 1e-8) for y in (0.2, 0.5, 0.3, 0.6)]
    for text, estimate in zip(texts, shrunken([texts])[0], strict=True):
        assert estimate.effect == pytest.approx(text.value, abs=1e-5)
        assert estimate.interval.width == pytest.approx(2 * 1.96e-4, rel=1e-2)


def test_the_scale_does_not_matter() -> None:
    tenth = shrunken([[Measured(s.value / 1000, s.variance / 1e6) for s in SCHOOLS]])[0]
    for ours, theirs in zip(tenth, shrunken([SCHOOLS])[0], strict=True):
        assert ours.interval.low * 1000 == pytest.approx(theirs.interval.low, rel=1e-6)
