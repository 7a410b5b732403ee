import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.stats import Counts, Estimate, NotEstimable, sequential
from tests.analytics.stats.estimates import estimate_of


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


@pytest.mark.parametrize(
    ("spending", "looks", "alpha", "sides", "z"),
    [
        # R 4.2, rpact: getDesignGroupSequential(typeOfDesign = "asOF" or "asP", informationRates, alpha per side,
        # sided = 1, tolerance = 1e-10); reference/sequential.R and its output. Its alpha of one side is half of ours.
        ("obrien-fleming", (0.2, 0.4, 0.6, 0.8, 1.0), 0.025, 1,
         (4.87688494879076, 3.35701192339184, 2.68028006126406, 2.28981676971307, 2.03103206009837)),
        ("obrien-fleming", (0.15, 0.4, 0.55, 1.0), 0.025, 1,
         (5.66966960168567, 3.3568713273271, 2.82271257002139, 1.97430302185239)),
        ("obrien-fleming", (1 / 3, 2 / 3, 1.0), 0.05, 1, (3.20010197162684, 2.14081523992354, 1.69481196574634)),
        ("pocock", (0.15, 0.4, 0.55, 1.0), 0.025, 1,
         (2.52816903428413, 2.38337961857906, 2.44786797038978, 2.25732755922945)),
        ("pocock", (1 / 3, 2 / 3, 1.0), 0.05, 1, (2.00201384482991, 1.99379681359278, 1.98030422470765)),
    ],
)  # fmt: skip
def test_one_sided_boundaries_agree_with_rpact(
    spending: sequential.Spending, looks: tuple[float, ...], alpha: float, sides: int, z: tuple[float, ...]
) -> None:
    assert sequential.boundaries(looks, alpha=alpha, spending=spending, sides=sides).z == pytest.approx(z, rel=1e-6)


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien_fleming"),
    # Jennison and Turnbull 2000, tables 2.1 and 2.3: C_P(K, 0.05) and C_B(K, 0.05) for K looks, three decimals. The
    # other digits are rpact's (reference/sequential.R), whose last O'Brien-Fleming bound is C_B.
    [
        (2, (2.178, 2.17827208872989), (1.977, 1.97743095927625)),
        (3, (2.289, 2.28947806103678), (2.004, 2.00403557861583)),
        (4, (2.361, 2.3612978911036), (2.024, 2.02429549965215)),
        (5, (2.413, 2.41317622018418), (2.040, 2.04007317487342)),
        (10, (2.555, 2.55501277352558), (2.087, 2.08650218478655)),
    ],
)
def test_the_constants_of_jennison_and_turnbull_spend_five_in_a_hundred(
    looks: int, pocock: tuple[float, float], obrien_fleming: tuple[float, float]
) -> None:
    shares = [(look + 1) / looks for look in range(looks)]
    for printed, digits in (pocock, obrien_fleming):
        assert printed == pytest.approx(digits, abs=6e-4)
    flat = sequential.exit_probability(shares, [pocock[1]] * looks)
    falling = sequential.exit_probability(shares, [obrien_fleming[1] / math.sqrt(share) for share in shares])
    assert (flat, falling) == pytest.approx((0.05, 0.05), rel=1e-6)


def test_boundaries_spend_the_alpha_they_were_made_for() -> None:
    planned = sequential.boundaries([0.2, 0.7, 1.0], alpha=0.03, sides=1)
    assert sequential.exit_probability(planned.fractions, planned.z, sides=1) == pytest.approx(0.03, rel=1e-8)


@pytest.mark.parametrize("z", [[2.0], [2.0, -1.0], [2.0, 2.0, 2.0]])
def test_every_look_needs_one_positive_boundary(z: list[float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        sequential.exit_probability([0.5, 1.0], z)


@pytest.mark.parametrize("look", [1, 2, 3])
@pytest.mark.parametrize("sides", [1, 2])
def test_a_repeated_interval_at_any_look_is_the_estimate_plus_or_minus_its_boundary(look: int, sides: int) -> None:
    planned = sequential.boundaries([0.3, 0.6, 1.0], alpha=0.05, sides=sides)
    found = estimate_of(sequential.repeated_interval(effect=0.03, standard_error=0.01, boundaries=planned, look=look))
    # By hand: Jennison and Turnbull 1989, estimate +- z_k times its standard error; open above with one side.
    high = 0.03 + planned.z[look - 1] * 0.01 if sides == 2 else math.inf
    assert found.interval.low == pytest.approx(0.03 - planned.z[look - 1] * 0.01, rel=1e-12)
    assert found.interval.high == pytest.approx(high)
    # Its p is the alpha whose boundary would just have been crossed there.
    assert found.p_value is not None
    edge = sequential.boundaries(planned.fractions[:look], alpha=found.p_value, sides=sides)
    assert edge.z[-1] == pytest.approx(3.0, rel=1e-6)


@pytest.mark.parametrize("level", [1e-9, 0.5, 0.99, 1 - 1e-9])
def test_sequences_nest_by_level_and_survive_any_level(level: float) -> None:
    pair = {"treated": Counts(4000, 1700), "control": Counts(4100, 1500), "n_planned": 20_000}
    inner = estimate_of(sequential.confidence_sequence(**pair, level=level / 2))  # type: ignore[arg-type]
    outer = estimate_of(sequential.confidence_sequence(**pair, level=level))  # type: ignore[arg-type]
    assert outer.interval.low <= inner.interval.low <= inner.interval.high <= outer.interval.high


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
        found = estimate_of(sequential.repeated_interval(effect=z, standard_error=1.0, boundaries=planned, look=1))
        assert found.p_value is not None
        assert (0.0 not in found.interval) == (z > planned.z[0]) == (found.p_value < 0.05)


def half_width(sigma: float, n: int, rho: float, alpha: float) -> float:
    """Waudby-Smith et al. 2024, theorem 2.2, typed again: for iid means with variance sigma^2."""
    m = n * rho**2
    return sigma * math.sqrt(2 * (m + 1) / (n**2 * rho**2) * math.log(math.sqrt(m + 1) / alpha))


def test_the_confidence_sequence_is_that_of_the_paper_with_the_best_rho() -> None:
    treated, control, n_planned = Counts(4000, 1700), Counts(4100, 1500), 20_000
    found = estimate_of(
        sequential.confidence_sequence(treated=treated, control=control, level=0.95, n_planned=n_planned)
    )
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
        found = estimate_of(sequential.always_valid(effect=0.0, standard_error=1.0, n=n, n_planned=5000))
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
