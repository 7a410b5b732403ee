"""An interval for a difference of rates that holds at every look, exactly, from the first unit on."""

import math
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from scipy.special import betaln
from scipy.stats import binom

from analytics.stats import Counts, NotEstimable, exact_sequence, strata
from tests.analytics.stats.estimates import estimate_of


@cache
def interval(treated: Counts, control: Counts, **more: float) -> tuple[float, float]:
    found = estimate_of(exact_sequence.difference(treated=treated, control=control, **more)).interval  # type: ignore[arg-type]
    return found.low, found.high


def log_e(treated: Counts, control: Counts, difference: float) -> float:
    """The logarithm of E, by scipy's beta function and its search for the likeliest rates, from the formula."""

    def log_likelihood(control_rate: float) -> float:
        rates = (control_rate + difference, control_rate)
        return float(sum(binom.logpmf(arm.events, arm.n, p) for arm, p in zip((treated, control), rates, strict=True)))

    ends = (max(0.0, -difference), min(1.0, 1.0 - difference))
    search = minimize_scalar(lambda p: -log_likelihood(p), bounds=ends, method="bounded", options={"xatol": 1e-13})
    best = max(-float(search.fun), *(log_likelihood(end) for end in ends))
    mixed = 0.0
    for arm in (treated, control):
        ways = -betaln(arm.events + 1, arm.n - arm.events + 1) - math.log(arm.n + 1)
        mixed += float(betaln(arm.events + 0.5, arm.n - arm.events + 0.5) - betaln(0.5, 0.5) + ways)
    return mixed - best


@pytest.mark.parametrize(
    ("treated", "control"),
    [
        (Counts(100, 30), Counts(100, 0)),
        (Counts(300, 30), Counts(300, 1)),
        (Counts(70, 56), Counts(80, 48)),
        (Counts(900, 3), Counts(100, 2)),
        (Counts(40, 40), Counts(30, 7)),
    ],
)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_ends_are_where_the_evidence_reaches_its_bound(treated: Counts, control: Counts, level: float) -> None:
    low, high = interval(treated, control, level=level)
    for end in (low, high):
        assert log_e(treated, control, end) == pytest.approx(-math.log(1 - level), abs=1e-6)


def test_p_is_one_over_the_evidence_against_no_difference() -> None:
    found = estimate_of(exact_sequence.difference(treated=Counts(300, 30), control=Counts(300, 1)))
    assert found.p_value == pytest.approx(math.exp(-log_e(Counts(300, 30), Counts(300, 1), 0.0)), rel=1e-6)
    assert found.statistic == pytest.approx(-math.log(found.p_value or 1))


def test_without_any_event_it_is_as_wide_as_the_counts_are_few() -> None:
    # By hand: rates D and 0 keep the control's likelihood at 1 and take the treated to (1 - D)^n. With n = 1 each arm's
    # mixture is 1/2, so 1/4 is divided by the largest of (1 - D - c)(1 - c), c = 0, and 1/4 / (1 - D) = 20 ends it.
    low, high = interval(Counts(1, 0), Counts(1, 0))
    assert (low, high) == pytest.approx((-(1 - 1 / 80), 1 - 1 / 80))
    assert interval(Counts(10_000, 0), Counts(10_000, 0))[1] < 0.002


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_swapped_arms_and_counted_non_events_flip_the_sign(n1: int, n0: int, data: st.DataObject) -> None:
    treated, control = Counts(n1, data.draw(st.integers(0, n1))), Counts(n0, data.draw(st.integers(0, n0)))
    low, high = interval(treated, control)
    assert low <= treated.proportion - control.proportion <= high
    assert interval(control, treated) == pytest.approx((-high, -low), abs=1e-9)
    others = (Counts(n1, n1 - treated.events), Counts(n0, n0 - control.events))
    assert interval(*others) == pytest.approx((-high, -low), abs=1e-9)


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_the_interval_leaves_out_zero_exactly_when_p_is_small(n1: int, n0: int, data: st.DataObject) -> None:
    treated, control = Counts(n1, data.draw(st.integers(0, n1))), Counts(n0, data.draw(st.integers(0, n0)))
    found = estimate_of(exact_sequence.difference(treated=treated, control=control))
    assert found.p_value is not None
    assert (0.0 not in found.interval) == (found.p_value < 0.05)


def test_one_side_has_the_same_end_and_the_other_open() -> None:
    treated, control = Counts(300, 30), Counts(300, 1)
    both = estimate_of(exact_sequence.difference(treated=treated, control=control))
    above = estimate_of(exact_sequence.difference(treated=treated, control=control, alternative="greater"))
    below = estimate_of(exact_sequence.difference(treated=treated, control=control, alternative="less"))
    assert (above.interval.low, above.interval.high, above.p_value) == (both.interval.low, math.inf, both.p_value)
    assert (below.interval.low, below.interval.high, below.p_value) == (-math.inf, both.interval.high, 1.0)


@pytest.mark.parametrize(
    ("control", "treated"), [(0.0, 0.0), (0.02, 0.02), (0.5, 0.5), (0.0, 0.3), (0.1, 0.4), (0.9, 1.0)]
)
def test_it_misses_the_truth_at_any_of_twenty_looks_less_often_than_alpha_allows(
    control: float, treated: float
) -> None:
    """One unit of each arm at a time, a look after each pair, and every path added up: no simulation, no error."""
    level, truth = 0.8, treated - control
    alive, missed = {(0, 0): 1.0}, 0.0
    for n in range(1, 21):
        after: dict[tuple[int, int], float] = {}
        for (x1, x0), mass in alive.items():
            for y1, y0 in product((0, 1), repeat=2):
                chance = mass * (treated if y1 else 1 - treated) * (control if y0 else 1 - control)
                if chance:
                    after[x1 + y1, x0 + y0] = after.get((x1 + y1, x0 + y0), 0.0) + chance
        alive = {}
        for (x1, x0), mass in after.items():
            low, high = interval(Counts(n, x1), Counts(n, x0), level=level)
            if low - 1e-12 <= truth <= high + 1e-12:
                alive[x1, x0] = mass
            else:
                missed += mass
    assert missed <= 1 - level


def test_hourly_looks_for_four_weeks_rarely_call_a_rare_outcome_different() -> None:
    """672 looks at 3 of 1,000 in both arms, 60 campaigns: at most 5% may ever leave out zero."""
    steps = np.cumsum(np.random.default_rng(1).binomial(10, 0.003, size=(60, 672, 2)), axis=1)
    called = 0
    for campaign in steps:
        # Of the looks with the same events, the first, which has the fewest people, leaves out zero most easily.
        looks = {(int(x1), int(x0)): 10 * (look + 1) for look, (x1, x0) in reversed(list(enumerate(campaign)))}
        called += any(
            0.0 not in estimate_of(exact_sequence.difference(treated=Counts(n, x1), control=Counts(n, x0))).interval
            for (x1, x0), n in looks.items()
        )
    assert called <= 3


def test_an_empty_arm_is_not_estimable_and_a_level_outside_is_refused() -> None:
    assert isinstance(exact_sequence.difference(treated=Counts(0, 0), control=Counts(9, 1)), NotEstimable)
    with pytest.raises(ValueError):
        exact_sequence.difference(treated=Counts(9, 1), control=Counts(9, 1), level=1.0)


def test_large_and_tiny_counts_keep_their_digits() -> None:
    found = estimate_of(exact_sequence.difference(treated=Counts(10**9, 500), control=Counts(10**9, 100)))
    assert 2.3e-7 < found.interval.low < 4e-7 < found.interval.high < 6e-7
    assert (
        estimate_of(exact_sequence.difference(treated=Counts(10**6, 10**6), control=Counts(10**6, 0))).interval.high
        == 1.0
    )


# Several arms, and strata


Vector = npt.NDArray[np.float64]


def log_mixture(arm: Counts) -> float:
    return float(betaln(arm.events + 0.5, arm.n - arm.events + 0.5) - betaln(0.5, 0.5))


def largest_log_likelihood(cells: list[Counts], weights: list[float], value: float) -> float:
    """By scipy's constrained search from two starts: over all rates whose weighted sum is the value."""
    n, x = np.array([float(c.n) for c in cells]), np.array([float(c.events) for c in cells])

    def loss(p: Vector) -> float:
        return -float((x * np.log(p) + (n - x) * np.log1p(-p)).sum())

    def slope(p: Vector) -> Vector:
        return np.asarray((n - x) / (1 - p) - x / p)

    found = [
        minimize(  # type: ignore[call-overload]
            loss,
            start,
            jac=slope,
            bounds=[(1e-9, 1 - 1e-9)] * len(cells),
            constraints={"type": "eq", "fun": lambda p: np.dot(weights, p) - value},
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 1000},
        )
        for start in (np.clip((x + 0.5) / (n + 1), 0.01, 0.99), np.full(len(cells), 0.3))
    ]
    return max(-float(each.fun) for each in found if each.success)


FOUR_ARMS = [Counts(300, 30), Counts(280, 4), Counts(310, 9), Counts(290, 2)]


def test_a_contrast_of_two_arms_is_their_difference() -> None:
    for treated, control in (
        (Counts(300, 30), Counts(300, 1)),
        (Counts(9, 0), Counts(7, 7)),
        (Counts(5, 0), Counts(4, 0)),
    ):
        for level in (0.8, 0.95):
            one = estimate_of(exact_sequence.contrast([treated, Counts(9, 3), control], (1, 0, -1), level=level))
            pair = estimate_of(exact_sequence.difference(treated=treated, control=control, level=level))
            assert (one.effect, one.p_value, one.interval.low, one.interval.high) == pytest.approx(
                (pair.effect, pair.p_value, pair.interval.low, pair.interval.high), abs=1e-12
            )


@pytest.mark.parametrize("weights", [(1.0, -1.0, -1.0, 1.0), (-0.5, 0.5, -0.5, 0.5)])
def test_the_ends_of_a_contrast_are_where_the_evidence_reaches_its_bound(weights: tuple[float, ...]) -> None:
    found = estimate_of(exact_sequence.contrast(FOUR_ARMS, weights))
    mixture = sum(log_mixture(arm) for arm in FOUR_ARMS)
    for end in (found.interval.low, found.interval.high):
        largest = largest_log_likelihood(FOUR_ARMS, list(weights), end)
        assert mixture - largest == pytest.approx(math.log(20), abs=1e-3)
    against_zero = mixture - largest_log_likelihood(FOUR_ARMS, list(weights), 0.0)
    assert math.log(found.p_value or 1) == pytest.approx(min(-against_zero, 0.0), abs=1e-3)


def test_strata_have_the_evidence_of_their_own_rates() -> None:
    tables = [strata.Stratum(Counts(100, 28), Counts(90, 9)), strata.Stratum(Counts(200, 2), Counts(220, 1))]
    found = estimate_of(exact_sequence.stratified_difference(tables))
    assert found.effect == pytest.approx(estimate_of(strata.difference(tables)).effect)
    cells = [arm for each in tables for arm in (each.treated, each.control)]
    sizes = [each.treated.n * each.control.n / (each.treated.n + each.control.n) for each in tables]
    weights = [sign * size / sum(sizes) for size in sizes for sign in (1, -1)]
    together = log_mixture(Counts(300, 30)) + log_mixture(Counts(310, 10))
    mixture = float(np.logaddexp(together, sum(log_mixture(cell) for cell in cells))) - math.log(2)
    for end in (found.interval.low, found.interval.high):
        assert mixture - largest_log_likelihood(cells, weights, end) == pytest.approx(math.log(20), abs=1e-3)


def test_one_stratum_is_the_plain_difference_and_empty_ones_are_skipped() -> None:
    treated, control = Counts(300, 30), Counts(300, 1)
    tables = [strata.Stratum(treated, control), strata.Stratum(Counts(9, 4), Counts(0, 0))]
    found = estimate_of(exact_sequence.stratified_difference(tables)).interval
    assert (found.low, found.high) == pytest.approx(interval(treated, control))
    assert exact_sequence.stratified_difference(tables[1:]) == strata.NO_STRATA
    assert isinstance(exact_sequence.contrast([treated, Counts(0, 0)], (1, -1)), NotEstimable)


def test_strata_of_very_different_rates_and_changing_shares_call_no_difference_where_there_is_none() -> None:
    """Two placements at 0.2% and 5%; the second comes late. Eight looks, at 80%: a fifth of campaigns may be called."""
    source = np.random.default_rng(23)
    called = 0
    for _ in range(25):
        sizes = np.array([[100, 4 * day] for day in range(8)])
        events = source.binomial(sizes[None], [0.002, 0.05], size=(2, 8, 2)).cumsum(axis=1)
        seen = sizes.cumsum(axis=0)
        called += any(
            0.0
            not in estimate_of(
                exact_sequence.stratified_difference(
                    [
                        strata.Stratum(*(Counts(int(seen[day, at]), int(events[arm, day, at])) for arm in (0, 1)))
                        for at in (0, 1)
                    ],
                    level=0.8,
                )
            ).interval
            for day in range(8)
        )
    # Binomial(25, 0.2) is above 9 with a chance of 2%.
    assert called <= 9
