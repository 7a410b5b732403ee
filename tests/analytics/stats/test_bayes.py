import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from analytics.stats import Counts, Estimate, NotEstimable, bayes

ARMS = [Counts(200, 40), Counts(180, 45), Counts(220, 48), Counts(150, 30)]


def draws(arms: list[Counts], size: int = 400_000) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    source = np.random.default_rng(9)
    return np.array([source.beta(1 + arm.events, 1 + arm.n - arm.events, size=size) for arm in arms])


def test_the_probability_of_the_best_arm_agrees_with_monte_carlo() -> None:
    found = bayes.probability_best(ARMS)
    assert not isinstance(found, NotEstimable)
    best = np.bincount(np.argmax(draws(ARMS), axis=0), minlength=4) / 400_000
    # Standard error at most 0.0008; four of them.
    assert found == pytest.approx(tuple(best), abs=0.0032)
    assert sum(found) == pytest.approx(1.0, abs=1e-12)


def test_two_arms_agree_with_the_closed_form() -> None:
    # P(b > a) for beta posteriors with whole parameters: the finite sum of Evan Miller's formula, typed again.
    from scipy.special import betaln

    a, b = Counts(20, 5), Counts(25, 9)
    a1, b1, a2, b2 = 1 + a.events, 1 + a.n - a.events, 1 + b.events, 1 + b.n - b.events
    total = sum(
        np.exp(betaln(a1 + i, b1 + b2) - np.log(b2 + i) - betaln(1 + i, b2) - betaln(a1, b1)) for i in range(a2)
    )
    found = bayes.probability_best([a, b])
    assert not isinstance(found, NotEstimable)
    assert found[1] == pytest.approx(float(total), rel=1e-9)


def test_the_expected_loss_agrees_with_monte_carlo() -> None:
    found = bayes.expected_loss(ARMS)
    assert not isinstance(found, NotEstimable)
    sample = draws(ARMS)
    for arm, loss in enumerate(found):
        rest = np.delete(sample, arm, axis=0).max(axis=0)
        assert loss == pytest.approx(float(np.mean(np.maximum(rest - sample[arm], 0.0))), abs=3e-4)


def test_the_credible_difference_agrees_with_monte_carlo() -> None:
    found = bayes.credible_difference(treated=ARMS[1], control=ARMS[0])
    assert isinstance(found, Estimate)
    sample = draws(ARMS[:2])
    low, high = np.quantile(sample[1] - sample[0], [0.025, 0.975])
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-3)
    assert found.effect == pytest.approx(46 / 182 - 41 / 202, rel=1e-12)  # posterior means (x + 1) / (n + 2)
    assert found.p_value is None


def test_equal_arms_are_equally_likely_the_best() -> None:
    assert bayes.probability_best([Counts(10**9, 10**6)] * 4) == pytest.approx((0.25,) * 4, abs=1e-9)


ARM = st.integers(1, 10**6).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


@settings(max_examples=60, deadline=None)
@given(st.lists(ARM, min_size=2, max_size=5))
def test_probabilities_sum_to_one_and_losses_are_not_negative(arms: list[Counts]) -> None:
    best, loss = bayes.probability_best(arms), bayes.expected_loss(arms)
    assert not isinstance(best, NotEstimable)
    assert not isinstance(loss, NotEstimable)
    assert sum(best) == pytest.approx(1.0, abs=1e-9)
    assert all(value >= 0.0 for value in loss)
    if len(arms) == 2:  # the losses differ as the posterior means do
        means = [(arm.events + 1) / (arm.n + 2) for arm in arms]
        assert loss[0] - loss[1] == pytest.approx(means[1] - means[0], abs=1e-9)


def test_an_empty_arm_is_not_estimable() -> None:
    assert isinstance(bayes.probability_best([Counts(0, 0), Counts(10, 3)]), NotEstimable)


def test_a_prior_needs_positive_numbers() -> None:
    with pytest.raises(ValueError, match="positive"):
        bayes.Beta(0.0, 1.0)


def test_another_prior_than_the_flat_one_is_only_more_or_fewer_earlier_units() -> None:
    # Beta(2, 5) is Beta(1, 1) after 1 event and 4 non-events, so it answers as the flat prior with these units added.
    seen, before = [Counts(40, 12), Counts(50, 21), Counts(35, 9)], Counts(5, 1)
    added = [counts + before for counts in seen]
    prior = bayes.Beta(2.0, 5.0)
    assert bayes.probability_best(seen, prior=prior) == pytest.approx(bayes.probability_best(added), rel=1e-9)
    assert bayes.expected_loss(seen, prior=prior) == pytest.approx(bayes.expected_loss(added), rel=1e-9)
    ours = bayes.credible_difference(treated=seen[0], control=seen[1], prior=prior)
    theirs = bayes.credible_difference(treated=added[0], control=added[1])
    assert isinstance(ours, Estimate)
    assert isinstance(theirs, Estimate)
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.interval.low, theirs.interval.high))


def test_the_chance_to_be_best_under_another_prior_agrees_with_scipys_quadrature() -> None:
    # scipy 1.17: quad of the density of one posterior times the distribution functions of the others, called here.
    seen = [Counts(40, 12), Counts(50, 21), Counts(35, 9)]
    posteriors = [beta(2 + c.events, 5 + c.n - c.events) for c in seen]
    found = bayes.probability_best(seen, prior=bayes.Beta(2.0, 5.0))
    assert not isinstance(found, NotEstimable)
    for arm, chance in enumerate(found):
        others = [p for index, p in enumerate(posteriors) if index != arm]
        theirs, _ = quad(
            lambda x, own=posteriors[arm], others=others: own.pdf(x) * others[0].cdf(x) * others[1].cdf(x),
            0, 1, epsabs=1e-12,
        )  # fmt: skip
        assert chance == pytest.approx(theirs, rel=1e-6)
