import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from analytics.stats import Estimate, Interval, NotEstimable, meta
from analytics.stats.meta import PooledEstimate

# Colditz et al. 1994, 13 BCG vaccine trials: log risk ratios and their variances, R's metadat::dat.bcg through escalc.
EFFECTS = [
    -0.8893,
    -1.5854,
    -1.3481,
    -1.4416,
    -0.2175,
    -0.7861,
    -1.6209,
    0.0120,
    -0.4694,
    -1.3713,
    -0.3394,
    0.4459,
    -0.0173,
]
VARIANCES = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]


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
    # metafor: rma(yi, vi, data=dat, method="REML", test="knha"): -0.7145, -1.1084 to -0.3206, tau^2 0.3132.
    found = known(meta.random_effects(BCG))
    assert found.effect == pytest.approx(-0.7145, abs=2e-4)
    assert (found.interval.low, found.interval.high) == pytest.approx((-1.1084, -0.3206), abs=1e-3)
    assert found.tau_squared == pytest.approx(0.3132, abs=1e-3)


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
