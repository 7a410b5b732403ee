"""Verdicts, and showing that a difference is too small to matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, xlogy

from analytics.stats import equivalence
from analytics.stats.equivalence import Equivalence, Verdict, verdict
from analytics.stats.proportions import difference
from analytics.stats.values import Counts, Estimate, Interval, NotEstimable


def seen(low: float, high: float, p: float = 0.5) -> Estimate:
    return Estimate((low + high) / 2, Interval(low, high, 0.95), p, "given")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.20, "better"),
        (-0.20, -0.01, "worse"),
        (-0.02, 0.03, "no-meaningful-difference"),
        (0.01, 0.03, "no-meaningful-difference"),
        (-0.03, -0.01, "no-meaningful-difference"),
        (-0.02, 0.05, "cannot-tell-yet"),
        (-0.20, 0.30, "cannot-tell-yet"),
        (0.0, 0.30, "cannot-tell-yet"),
    ],
)
def test_the_verdict_follows_the_interval(low: float, high: float, expected: str) -> None:
    assert verdict(seen(low, high), 0.05) == expected


@pytest.mark.parametrize("smallest", [None, 0.0])
def test_without_a_smallest_difference_nothing_is_called_no_difference(smallest: float | None) -> None:
    assert verdict(seen(-1e-9, 1e-9), smallest) == Verdict.CANNOT_TELL_YET
    assert verdict(seen(1e-9, 2e-9), smallest) == Verdict.BETTER


def test_the_smallest_difference_may_be_named() -> None:
    assert verdict(seen(0.1, 0.2), smallest_difference=0.05) == "better"


def test_where_lower_is_better_the_words_change_places() -> None:
    assert verdict(seen(0.1, 0.2), 0.05, better="lower") == "worse"
    assert verdict(seen(-0.2, -0.1), 0.05, better="lower") == "better"


def test_where_neither_is_better_nothing_is_called_better_or_worse() -> None:
    assert verdict(seen(0.1, 0.2), 0.05, better="none") == "higher"
    assert verdict(seen(-0.2, -0.1), 0.05, better="none") == "lower"
    assert verdict(seen(-0.04, 0.04), 0.05, better="none") == "no-meaningful-difference"


def test_the_corrected_p_value_governs_the_claim() -> None:
    assert verdict(seen(0.1, 0.2), 0.05, p_adjusted=0.049) == "better"
    assert verdict(seen(0.1, 0.2), 0.05, p_adjusted=0.051) == "cannot-tell-yet"
    assert verdict(seen(-0.2, -0.1), 0.05, p_adjusted=0.051) == "cannot-tell-yet"
    assert verdict(seen(0.1, 0.2), 0.05, p_adjusted=0.02, level=0.99) == "cannot-tell-yet"
    assert verdict(seen(-0.01, 0.01), 0.05, p_adjusted=1.0) == "no-meaningful-difference"


def test_what_cannot_be_estimated_cannot_be_told_yet() -> None:
    assert verdict(NotEstimable("The treated arm is empty."), 0.05) == "cannot-tell-yet"


def test_a_negative_smallest_difference_is_an_error() -> None:
    for wrong in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="must not be negative"):
            verdict(seen(0.1, 0.2), wrong)


# Two one-sided tests


def answer(found: Equivalence | NotEstimable) -> Equivalence:
    assert isinstance(found, Equivalence), found
    return found


counts = st.sampled_from([1, 7, 40, 300, 10**9]).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


def test_the_one_sided_p_at_the_end_of_an_interval_is_half_its_error() -> None:
    # Newcombe 1998b, table II, method 6: 56/70 against 48/80, 95% interval 0.0528 to 0.3382.
    treated, control = Counts(70, 56), Counts(80, 48)
    assert answer(
        equivalence.two_one_sided_tests(treated=treated, control=control, margin=0.3382)
    ).p_below == pytest.approx(0.025, abs=5e-5)
    back = answer(equivalence.two_one_sided_tests(treated=control, control=treated, margin=0.3382))
    assert back.p_above == pytest.approx(0.025, abs=5e-5)


def test_large_equal_arms_are_equivalent_and_small_ones_are_not() -> None:
    assert answer(
        equivalence.two_one_sided_tests(treated=Counts(5000, 2500), control=Counts(5000, 2500), margin=0.05)
    ).equivalent
    assert not answer(
        equivalence.two_one_sided_tests(treated=Counts(50, 25), control=Counts(50, 25), margin=0.05)
    ).equivalent


def test_the_z_of_large_arms_is_nearly_walds() -> None:
    # By hand, Wald: rates 0.30 and 0.29 of 10,000, margin 0.03: (0.03 - 0.01) / sqrt(0.21/10^4 + 0.2059/10^4) = 3.1014,
    # one-sided p 0.00096; the score statistic differs in the third digit.
    found = answer(
        equivalence.two_one_sided_tests(treated=Counts(10_000, 3000), control=Counts(10_000, 2900), margin=0.03)
    )
    assert found.p_value == pytest.approx(0.00096, rel=0.05)


@pytest.mark.slow
@settings(max_examples=200)
@given(counts, counts, st.sampled_from([0.001, 0.05, 0.3, 0.999]), st.sampled_from([0.6, 0.95, 0.999]))
def test_the_interval_lies_inside_the_margins_exactly_when_equivalent(
    treated: Counts, control: Counts, margin: float, level: float
) -> None:
    found = answer(equivalence.two_one_sided_tests(treated=treated, control=control, margin=margin, level=level))
    assert found.equivalent == (-margin < found.interval.low and found.interval.high < margin)
    assert found.equivalent == (found.p_value < 1.0 - level)
    back = answer(equivalence.two_one_sided_tests(treated=control, control=treated, margin=margin, level=level))
    assert back.p_above == pytest.approx(found.p_below, rel=1e-9, abs=1e-300)


def test_the_verdict_at_95_percent_is_the_test_at_97_5() -> None:
    for events in range(2400, 2700, 7):
        treated, control = Counts(5000, events), Counts(5000, 2500)
        called = verdict(difference(treated=treated, control=control), 0.05) == "no-meaningful-difference"
        assert (
            called
            == answer(
                equivalence.two_one_sided_tests(treated=treated, control=control, margin=0.05, level=0.975)
            ).equivalent
        )


def test_an_empty_arm_is_not_estimable() -> None:
    assert isinstance(
        equivalence.two_one_sided_tests(treated=Counts(0, 0), control=Counts(9, 3), margin=0.1), NotEstimable
    )


@pytest.mark.parametrize(("margin", "level"), [(0.0, 0.95), (1.0, 0.95), (0.1, 0.5), (0.1, 1.0)])
def test_margins_and_levels_without_meaning_are_errors(margin: float, level: float) -> None:
    with pytest.raises(ValueError):
        equivalence.two_one_sided_tests(treated=Counts(9, 3), control=Counts(9, 3), margin=margin, level=level)


# Non-inferiority


@pytest.mark.parametrize("cell", [(56, 70, 48, 80), (870, 1000, 880, 1000), (300, 20_000, 160, 10_000)])
@pytest.mark.parametrize("lower_is_better", [False, True])
def test_the_non_inferiority_p_is_that_of_a_plain_reading(
    cell: tuple[int, int, int, int], lower_is_better: bool
) -> None:
    # Farrington and Manning 1990: the likeliest rates that differ by the margin, found here by scipy's minimiser.
    a, m, b, n = cell
    margin = 0.01 if lower_is_better else -0.01

    def unlikely(q: float) -> float:
        return -float(xlogy(a, q + margin) + xlogy(m - a, 1 - q - margin) + xlogy(b, q) + xlogy(n - b, 1 - q))

    bounds = (max(0.0, -margin) + 1e-9, min(1.0, 1.0 - margin) - 1e-9)
    q = float(minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x)
    variance = ((q + margin) * (1 - q - margin) / m + q * (1 - q) / n) * (m + n) / (m + n - 1)
    z = (a / m - b / n - margin) / variance**0.5
    found = equivalence.non_inferiority(
        treated=Counts(m, a), control=Counts(n, b), margin=0.01, lower_is_better=lower_is_better
    )
    assert isinstance(found, Estimate)
    assert found.p_value == pytest.approx(float(ndtr(z if lower_is_better else -z)), rel=1e-5)
    assert found.effect == pytest.approx(a / m - b / n)


def test_a_difference_at_the_end_of_its_interval_is_just_not_inferior() -> None:
    # Newcombe 1998b, table II, method 6: 56/70 against 48/80, 95% interval 0.0528 to 0.3382.
    better, worse = Counts(70, 56), Counts(80, 48)
    for treated, control, lower_is_better in ((worse, better, False), (better, worse, True)):
        found = equivalence.non_inferiority(
            treated=treated, control=control, margin=0.3382, level=0.975, lower_is_better=lower_is_better
        )
        assert isinstance(found, Estimate)
        assert found.p_value == pytest.approx(0.025, abs=5e-5)
        end = found.interval.high if lower_is_better else -found.interval.low
        assert end == pytest.approx(0.3382, abs=5e-5)


@pytest.mark.slow
@settings(max_examples=200)
@given(counts, counts, st.sampled_from([0.001, 0.05, 0.3, 0.999]), st.sampled_from([0.6, 0.95, 0.999]), st.booleans())
def test_the_margin_lies_outside_exactly_when_not_inferior(
    treated: Counts, control: Counts, margin: float, level: float, lower_is_better: bool
) -> None:
    found = equivalence.non_inferiority(
        treated=treated, control=control, margin=margin, level=level, lower_is_better=lower_is_better
    )
    assert isinstance(found, Estimate)
    assert found.p_value is not None
    assert ((margin if lower_is_better else -margin) not in found.interval) == (found.p_value < 1.0 - level)


def test_non_inferiority_needs_a_margin_a_level_and_two_arms() -> None:
    assert isinstance(equivalence.non_inferiority(treated=Counts(0, 0), control=Counts(9, 3), margin=0.1), NotEstimable)
    for margin, level in ((0.0, 0.95), (1.0, 0.95), (0.1, 0.5)):
        with pytest.raises(ValueError, match="must lie"):
            equivalence.non_inferiority(treated=Counts(9, 3), control=Counts(9, 3), margin=margin, level=level)
