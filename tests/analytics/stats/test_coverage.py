"""Simulations with a fixed seed: intervals cover about their level, tests reject about alpha."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from analytics.stats.proportions import difference, rate
from analytics.stats.values import Counts, Estimate


def covered(found: object, truth: float) -> bool:
    assert isinstance(found, Estimate)
    return truth in found.interval


@pytest.mark.parametrize(("n", "p"), [(50, 0.5), (50, 0.05), (2000, 0.005), (10_000, 0.0002)])
def test_wilson_covers_about_its_level_on_average(n: int, p: float) -> None:
    # No simulation needed: the exact coverage is a sum over the outcomes. Averaged over rates near p, because it jumps
    # with the rate: 0.93 to 0.975 (Brown, Cai and DasGupta 2001, section 4, say "close to nominal on average").
    most = int(binom.ppf(1 - 1e-9, n, 1.5 * p)) + 1
    found = [rate(Counts(n, x)) for x in range(min(n, most) + 1)]
    coverage = [
        sum(float(binom.pmf(x, n, q)) for x, one in enumerate(found) if covered(one, q))
        for q in np.linspace(0.5 * p, 1.5 * p, 21)
    ]
    assert 0.93 < float(np.mean(coverage)) < 0.975


@pytest.mark.parametrize(
    ("n", "control", "treated"),
    [
        (30, 0.5, 0.5),
        (100, 0.05, 0.05),
        (100, 0.3, 0.5),
        (2000, 0.01, 0.02),
        (20_000, 0.0005, 0.001),
        (10_000, 0.0002, 0.0002),
    ],
)
def test_miettinen_nurminen_covers_at_least_about_its_level(n: int, control: float, treated: float) -> None:
    # 4,000 trials: Monte Carlo error of 0.95 is 0.0034. Where hardly anything happens it covers more.
    draws = np.random.default_rng(20).binomial(n, [treated, control], size=(4000, 2))
    pairs, times = np.unique(draws, axis=0, return_counts=True)
    hits = sum(
        int(count) * covered(difference(treated=Counts(n, int(x)), control=Counts(n, int(y))), treated - control)
        for (x, y), count in zip(pairs, times, strict=True)
    )
    assert 0.95 - 0.012 < hits / 4000 <= 1.0
    if n * min(control, treated) > 5:
        assert hits / 4000 < 0.95 + 0.012


@pytest.mark.parametrize("p", [0.5, 0.05, 0.005])
def test_equal_arms_are_called_different_about_one_time_in_twenty(p: float) -> None:
    draws = np.random.default_rng(21).binomial(2000, p, size=(4000, 2))
    rejected = 0
    for x, y in draws:
        found = difference(treated=Counts(2000, int(x)), control=Counts(2000, int(y)))
        assert isinstance(found, Estimate)
        assert found.p_value is not None
        rejected += found.p_value < 0.05
    # Monte Carlo error 0.0034.
    assert rejected / 4000 == pytest.approx(0.05, abs=0.011)
