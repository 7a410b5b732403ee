from dataclasses import replace
from math import exp

import numpy as np
import pytest

from analytics.stats import Estimate, Interval, NotEstimable, meta
from analytics.stats.meta import PooledEstimate

# Colditz et al. 1994, 13 BCG vaccine trials: log risk ratios and their variances. R 4.2, metafor: escalc(measure =
# "RR", data = dat.bcg); reference/meta.R and its output.
# fmt: off
EFFECTS = [
    -0.889311333920205, -1.58538865720143, -1.34807314829969, -1.44155119002131, -0.217547322211296,
    -0.786115585818864, -1.62089822359839, 0.0119523335238405, -0.469417648738149, -1.37134480347278,
    -0.339358828338391, 0.445913400571379, -0.0173139482168798,
]
VARIANCES = [
    0.325584765003961, 0.194581121398144, 0.415367965367965, 0.0200100319022476, 0.0512101721696309,
    0.00690561845590876, 0.223017247572315, 0.00396157929781773, 0.056434210463249, 0.0730247936130289,
    0.0124122139715597, 0.532505845200153, 0.0714046596839863,
]
# fmt: on


def one(effect: float, variance: float) -> Estimate:
    error = variance**0.5
    return Estimate(
        effect, Interval(effect - 1.96 * error, effect + 1.96 * error, 0.95), None, "test", standard_error=error
    )


BCG = [one(e, v) for e, v in zip(EFFECTS, VARIANCES, strict=True)]


def known(value: object) -> PooledEstimate:
    assert isinstance(value, PooledEstimate)
    return value


def test_the_bcg_trials_give_what_metafor_prints() -> None:
    # metafor: rma(yi, vi, method = "REML", test = "knha", control = list(threshold = 1e-14)), and predict() of it.
    found = known(meta.random_effects(BCG))
    told = (found.effect, found.standard_error, found.interval.low, found.interval.high, found.p_value)
    theirs = (-0.714532342158139, 0.180791744092848, -1.10844371368555, -0.320620970630728, 0.00192001509605729)
    assert told == pytest.approx(theirs, rel=1e-6)
    assert found.tau_squared == pytest.approx(0.313243258136481, rel=1e-6)
    assert found.heterogeneity == pytest.approx(152.233008082373, rel=1e-6)
    assert found.heterogeneity_p == pytest.approx(1.99676459084597e-26, rel=1e-6)
    assert (found.prediction.low, found.prediction.high) == pytest.approx(
        (-1.9960168341962, 0.566952149879924), rel=1e-6
    )


def test_ratios_are_pooled_by_their_logarithms() -> None:
    # The same numbers of metafor through exp().
    ratios = [replace(e, effect=exp(e.effect)) for e in BCG]
    found = known(meta.random_effects(ratios, scale="ratio"))
    told = (found.effect, found.interval.low, found.interval.high, found.prediction.low, found.prediction.high)
    logs = (-0.714532342158139, -1.10844371368555, -0.320620970630728, -1.9960168341962, 0.566952149879924)
    assert told == pytest.approx(tuple(exp(log) for log in logs), rel=1e-6)
    assert found.p_value == pytest.approx(0.00192001509605729, rel=1e-6)


@pytest.mark.parametrize(
    ("never_narrower", "se", "low", "high", "p"),
    [
        # metafor: rma(c(0.040, 0.045, 0.042, 0.039), c(0.01, 0.02, 0.015, 0.03), test = "knha", then "adhoc"); tau2 0.
        (False, 0.00118883696667513, 0.03761659018782, 0.04518340981218, 5.20653623942318e-05),
        (True, 0.0632455532033676, -0.159875577117681, 0.242675577117681, 0.559439349298352),
    ],
)
def test_campaigns_that_agree_too_well_can_be_kept_from_claiming_too_much(
    never_narrower: bool, se: float, low: float, high: float, p: float
) -> None:
    same = [one(e, v) for e, v in zip((0.040, 0.045, 0.042, 0.039), (0.01, 0.02, 0.015, 0.03), strict=True)]
    found = known(meta.random_effects(same, never_narrower=never_narrower))
    assert found.tau_squared == 0.0
    told = (found.effect, found.standard_error, found.interval.low, found.interval.high, found.p_value)
    assert told == pytest.approx((0.0414, se, low, high, p), rel=1e-6)
    assert (found.prediction.low, found.prediction.high) == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize("level", [1e-9, 0.5, 0.99, 1 - 1e-9])
def test_intervals_nest_by_level(level: float) -> None:
    inner, outer = (known(meta.random_effects(BCG, level=x)).interval for x in (level / 2, level))
    assert outer.low <= inner.low <= inner.high <= outer.high


def test_the_restricted_likelihood_is_highest_at_the_answer() -> None:
    y, v = np.array(EFFECTS), np.array(VARIANCES)

    def likelihood(tau_squared: float) -> float:
        w = 1 / (v + tau_squared)
        mean = float(np.sum(w * y) / np.sum(w))
        return float(-0.5 * (np.sum(np.log(v + tau_squared)) + np.log(np.sum(w)) + np.sum(w * (y - mean) ** 2)))

    best = known(meta.random_effects(BCG)).tau_squared
    grid = np.linspace(0.0, 1.5, 3001)
    assert best == pytest.approx(float(grid[int(np.argmax([likelihood(t) for t in grid]))]), abs=5e-4)


def test_without_spread_it_is_the_fixed_effect() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    # statsmodels combine_effects(method_re="iterated"): tau2 0 here, so its fixed-effect mean is the answer.
    effects, variances = [0.040, 0.045, 0.042, 0.039], [0.01, 0.02, 0.015, 0.03]
    theirs = combine_effects(np.array(effects), np.array(variances), method_re="iterated")
    found = known(meta.random_effects([one(e, v) for e, v in zip(effects, variances, strict=True)]))
    assert found.tau_squared == 0.0
    assert found.effect == pytest.approx(float(theirs.mean_effect_fe), rel=1e-9)
    assert found.heterogeneity == pytest.approx(float(theirs.q), rel=1e-9)


def test_what_cannot_be_estimated_is_left_out() -> None:
    assert meta.random_effects([*BCG, NotEstimable("empty")]) == meta.random_effects(BCG)


def test_one_campaign_cannot_be_pooled() -> None:
    assert isinstance(meta.random_effects(BCG[:1]), NotEstimable)


def test_the_next_campaign_is_less_certain_than_the_average() -> None:
    found = known(meta.random_effects(BCG))
    assert found.prediction.width > found.interval.width


def test_campaigns_that_contradict_each_other_leave_the_ratio_open() -> None:
    # exp of the prediction's end overflows; by hand, log effects 0 and ln 20 give the mean sqrt(20).
    error = 0.35
    ratios = [
        Estimate(effect, Interval(effect / 2, effect * 2, 0.95), None, "test", standard_error=error)
        for effect in (1.0, 20.0)
    ]
    found = known(meta.random_effects(ratios, scale="ratio", level=0.999))
    assert found.effect == pytest.approx(20**0.5, rel=1e-6)
    assert found.interval.high == found.prediction.high == float("inf")
