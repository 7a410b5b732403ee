"""The size of an effect after a trial that may have stopped early."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from analytics.stats import Estimate, NotEstimable, early_stopping, sequential

TWO = sequential.boundaries([0.5, 1.0])
FOUR = sequential.boundaries([0.25, 0.5, 0.75, 1.0], spending="pocock")


def make_estimate(effect: float, planned: sequential.Boundaries, look: int, error: float = 1.0) -> Estimate:
    found = early_stopping.median_unbiased(effect=effect, standard_error=error, boundaries=planned, look=look)
    assert isinstance(found, Estimate)
    return found


def test_after_one_look_it_is_the_plain_estimate() -> None:
    found = make_estimate(0.1, sequential.boundaries([1.0]), 1, error=0.04)
    assert found.effect == pytest.approx(0.1)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.0216, 0.1784), abs=5e-5)
    assert found.p_value == pytest.approx(2 * norm.sf(2.5), rel=1e-9)


def test_the_first_look_keeps_the_plain_estimate_too() -> None:
    # Nothing comes before it in the stage-wise order, so P(D) is that of one normal.
    assert make_estimate(3.1, TWO, 1).effect == pytest.approx(3.1)


@pytest.mark.parametrize("z", [2.1, 0.4, -1.5])
def test_two_looks_agree_with_a_bivariate_normal(z: float) -> None:
    # scipy.stats: P(Z1 > b) + P(-b < Z1 < b, Z2 > z) with correlation sqrt(1/2), solved here for 1/2 and the tails.
    b = TWO.z[0]

    def chance(drift: float) -> float:
        joint = multivariate_normal(mean=[drift * 0.5**0.5, drift], cov=[[1, 0.5**0.5], [0.5**0.5, 1]])
        below = joint.cdf(np.array([b, z])) - joint.cdf(np.array([-b, z]))
        first = norm.cdf(b - drift * 0.5**0.5) - norm.cdf(-b - drift * 0.5**0.5)
        return float(norm.sf(b - drift * 0.5**0.5) + first - below)

    found = make_estimate(z, TWO, 2)
    for value, target in ((found.effect, 0.5), (found.interval.low, 0.025), (found.interval.high, 0.975)):
        assert value == pytest.approx(brentq(lambda d, target=target: chance(d) - target, -8, 8), abs=1e-5)


def test_what_crossed_late_is_smaller_than_it_looks() -> None:
    late = make_estimate(2.6, FOUR, 3)
    assert 0 < late.effect < 2.6


def test_opposite_effects_are_mirrored() -> None:
    one, other = make_estimate(2.4, FOUR, 3), make_estimate(-2.4, FOUR, 3)
    assert one.effect == pytest.approx(-other.effect)
    assert (one.interval.low, one.interval.high) == pytest.approx((-other.interval.high, -other.interval.low))
    assert one.p_value == pytest.approx(other.p_value)


def test_it_is_too_large_in_half_of_trials_where_the_plain_estimate_is_in_most() -> None:
    # A true drift of 2.5 over the whole trial, four looks by Pocock's spending; each trial ends where it crosses.
    source, above, plain, covered, trials = np.random.default_rng(5), 0, 0, 0, 150
    shares = np.array(FOUR.fractions)
    for _ in range(trials):
        score = np.cumsum(source.normal(2.5 * 0.25, 0.5, size=4))
        z = score / np.sqrt(shares)
        look = next((k for k in range(3) if abs(z[k]) > FOUR.z[k]), 3) + 1
        error = 1 / float(shares[look - 1]) ** 0.5
        found = make_estimate(float(z[look - 1]) * error, FOUR, look, error=error)
        above += found.effect > 2.5
        plain += float(z[look - 1]) * error > 2.5
        covered += 2.5 in found.interval
    # Binomial(150, .5): standard deviation 6.1; Binomial(150, .95): 2.7. Three of them.
    assert abs(above - 75) < 19
    assert plain > 80
    assert abs(covered - 142.5) < 8.5


def test_the_interval_excludes_zero_exactly_when_p_is_small() -> None:
    for effect in np.linspace(-3, 3, 25):
        found = make_estimate(float(effect), FOUR, 4)
        assert (0.0 not in found.interval) == ((found.p_value or 0.0) < 0.05)


def test_what_it_cannot_take() -> None:
    assert isinstance(
        early_stopping.median_unbiased(effect=0.1, standard_error=0.0, boundaries=TWO, look=1), NotEstimable
    )
    with pytest.raises(ValueError, match="look"):
        make_estimate(0.1, TWO, 3)
    with pytest.raises(ValueError, match="sides"):
        make_estimate(0.1, sequential.boundaries([1.0], sides=1), 1)
