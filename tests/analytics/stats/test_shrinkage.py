"""An effect that was chosen because it was large is drawn towards none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from analytics.stats import Estimate, Interval, NotEstimable, shrinkage


def one(effect: float, error: float | None = 1.0) -> Estimate:
    return Estimate(effect, Interval(effect - 2, effect + 2, 0.95), None, "test", standard_error=error)


def kept(z: float) -> float:
    found = shrinkage.corrected_effect(one(z))
    assert isinstance(found, float)
    return found / z


def test_the_prior_has_the_power_that_its_authors_report() -> None:
    # van Zwet, Schwab and Senn 2021, abstract: "we estimate the median achieved power to be only 13%".
    chance = np.random.default_rng(2021)
    parts = chance.choice(4, 400_000, p=shrinkage._WEIGHTS)
    signal = np.abs(chance.normal(0, np.array(shrinkage._SPREADS)[parts]))
    power = norm.sf(1.96 - signal) + norm.cdf(-1.96 - signal)
    assert float(np.median(power)) == pytest.approx(0.13, abs=0.005)


def test_a_just_significant_effect_is_exaggerated_as_its_authors_report() -> None:
    # The same abstract: "if the estimate is just significant at the 5% level, we would expect it to overestimate the
    # true effect by a factor of 1.7": the median of z / |true|, drawn from the posterior that the function averages.
    chance, z = np.random.default_rng(2021), 1.96
    spreads = np.array(shrinkage._SPREADS)
    q = np.array(shrinkage._WEIGHTS) * norm.pdf(z, 0, np.sqrt(spreads**2 + 1))
    parts = chance.choice(4, 400_000, p=q / q.sum())
    means, errors = z * spreads**2 / (spreads**2 + 1), spreads / np.sqrt(spreads**2 + 1)
    true = chance.normal(means[parts], errors[parts])
    assert float(np.median(z / np.abs(true))) == pytest.approx(1.7, abs=0.05)
    assert float(np.mean(true)) / z == pytest.approx(kept(z), abs=0.005)


def test_the_surer_an_effect_the_more_of_it_is_kept() -> None:
    shares = [kept(z) for z in (0.5, 1, 2, 3, 5, 10, 40, 1000)]
    assert shares == sorted(shares)
    assert shares[0] > 0.5
    assert shares[-1] == pytest.approx(1.0, abs=0.04)


def test_it_follows_sign_and_units() -> None:
    up, down = shrinkage.corrected_effect(one(0.09, 0.03)), shrinkage.corrected_effect(one(-9.0, 3.0))
    assert isinstance(up, float)
    assert isinstance(down, float)
    assert down == pytest.approx(-100 * up)


@pytest.mark.parametrize("error", [None, 0.0, float("inf"), float("nan")], ids=str)
def test_without_a_standard_error_there_is_nothing_to_correct_by(error: float | None) -> None:
    assert isinstance(shrinkage.corrected_effect(one(1.0, error)), NotEstimable)


def test_what_could_not_be_estimated_is_not_corrected() -> None:
    reason = NotEstimable("nobody was counted")
    assert shrinkage.corrected_effect(reason) is reason


def test_chosen_effects_are_right_on_average_after_the_correction() -> None:
    """Of a thousand trials from the prior, those that stood out: uncorrected they are too large, corrected right."""
    chance = np.random.default_rng(7)
    parts = chance.choice(4, 20_000, p=shrinkage._WEIGHTS)
    true = chance.normal(0, np.array(shrinkage._SPREADS)[parts])
    seen = true + chance.normal(size=true.size)
    chosen = seen > 1.96
    corrected = [kept(z) * z for z in seen[chosen]]
    assert float(np.mean(seen[chosen] - true[chosen])) > 0.5
    assert float(np.mean(corrected - true[chosen])) == pytest.approx(0.0, abs=0.05)
