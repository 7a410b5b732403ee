import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats import Counts, Estimate, NotEstimable, sequential


def known(value: object) -> Estimate:
    assert isinstance(value, Estimate)
    return value


@pytest.mark.parametrize(
    ("spending", "z"),
    [
        # Five equal looks, two-sided 0.05, the Lan-DeMets tables as ldbounds prints them.
        ("obrien-fleming", (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        ("pocock", (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)),
    ],
)
def test_boundaries_agree_with_the_published_ones(spending: sequential.Spending, z: tuple[float, ...]) -> None:
    found = sequential.boundaries([0.2, 0.4, 0.6, 0.8, 1.0], alpha=0.05, spending=spending)
    assert found.z == pytest.approx(z, abs=1e-3)


def test_one_look_is_the_fixed_test() -> None:
    assert sequential.boundaries([1.0], alpha=0.05).z[0] == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
def test_any_false_claim_over_all_looks_costs_alpha(spending: sequential.Spending) -> None:
    looks = np.array([0.3, 0.5, 0.8, 1.0])
    bound = np.array(sequential.boundaries(list(looks), alpha=0.05, spending=spending).z)
    steps = np.random.default_rng(2).normal(size=(200_000, 4)) * np.sqrt(np.diff(looks, prepend=0.0))
    z = np.cumsum(steps, axis=1) / np.sqrt(looks)
    # 200,000 trials: standard error 0.0005; four of them.
    assert abs(float(np.mean(np.any(np.abs(z) > bound, axis=1))) - 0.05) < 0.002


def test_the_repeated_interval_excludes_zero_exactly_where_the_boundary_is_crossed() -> None:
    planned = sequential.boundaries([0.5, 1.0], alpha=0.05)
    for z in (2.9, 2.96, 2.97, 3.2):
        found = known(sequential.repeated_interval(effect=z, standard_error=1.0, boundaries=planned, look=1))
        assert found.p_value is not None
        assert (0.0 not in found.interval) == (z > planned.z[0]) == (found.p_value < 0.05)


def half_width(sigma: float, n: int, rho: float, alpha: float) -> float:
    """Waudby-Smith et al. 2024, theorem 2.2, typed again: for iid means with variance sigma^2."""
    m = n * rho**2
    return sigma * math.sqrt(2 * (m + 1) / (n**2 * rho**2) * math.log(math.sqrt(m + 1) / alpha))


def test_the_confidence_sequence_is_that_of_the_paper_with_the_best_rho() -> None:
    treated, control, n_planned = Counts(4000, 1700), Counts(4100, 1500), 20_000
    found = known(sequential.confidence_sequence(treated=treated, control=control, level=0.95, n_planned=n_planned))
    n = treated.n + control.n
    error = math.sqrt(sum(c.proportion * (1 - c.proportion) / c.n for c in (treated, control)))
    sigma = error * math.sqrt(n)
    # rho by brute force: narrowest at the planned size.
    grid = np.exp(np.linspace(math.log(1e-4), math.log(1.0), 20_001))
    rho = min(grid, key=lambda value: half_width(sigma, n_planned, float(value), 0.05))
    assert found.interval.width / 2 == pytest.approx(half_width(sigma, n, float(rho), 0.05), rel=1e-4)


def test_it_is_narrowest_in_proportion_at_the_planned_size() -> None:
    factors = []
    for n in (500, 2000, 5000, 10_000, 40_000):
        found = known(sequential.always_valid(effect=0.0, standard_error=1.0, n=n, n_planned=5000))
        factors.append(found.interval.width / 2)
    assert min(factors) == factors[2] == pytest.approx(3.04, abs=0.01)


def test_it_covers_at_all_looks_at_once() -> None:
    source, trials, missed = np.random.default_rng(4), 400, 0
    for _ in range(trials):
        daily = source.binomial(150, [[0.35], [0.35]], size=(2, 28)).cumsum(axis=1)
        for day in range(28):
            n = 150 * (day + 1)
            treated, control = (Counts(n, int(daily[side, day])) for side in (0, 1))
            found = sequential.confidence_sequence(treated=treated, control=control, n_planned=8400)
            if isinstance(found, Estimate) and 0.0 not in found.interval:
                missed += 1
                break
    # At most 5% of 400 is 20; three standard deviations above it would be 33, and the sequence is conservative.
    assert missed <= 20


SOME = st.integers(2, 10**9).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


@given(SOME, SOME, st.sampled_from([0.5, 0.95, 0.9999]), st.integers(1, 10**9))
def test_interval_and_p_value_agree(treated: Counts, control: Counts, level: float, planned: int) -> None:
    found = sequential.confidence_sequence(treated=treated, control=control, level=level, n_planned=planned)
    back = sequential.confidence_sequence(treated=control, control=treated, level=level, n_planned=planned)
    assert type(found) is type(back)
    if isinstance(found, Estimate) and isinstance(back, Estimate):
        assert found.p_value is not None
        assert (0.0 not in found.interval) == (found.p_value < 1 - level)
        assert found.effect == pytest.approx(-back.effect, abs=1e-12)


def test_arms_without_any_variation_are_not_estimable() -> None:
    none = Counts(100, 0)
    assert isinstance(sequential.confidence_sequence(treated=none, control=none, n_planned=400), NotEstimable)


@pytest.mark.parametrize("fractions", [[], [0.5, 0.4], [0.0, 1.0], [0.5, 1.2], [0.5, 0.5]])
def test_looks_must_rise_to_one(fractions: list[float]) -> None:
    with pytest.raises(ValueError, match=r"look|increase"):
        sequential.boundaries(fractions)
