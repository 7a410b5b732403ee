"""Ordered outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import brunnermunzel, ttest_ind

from analytics.stats.ordinal import mean_difference, superiority
from analytics.stats.values import Estimate, Levels, NotEstimable
from tests.analytics.stats.estimates import estimate_of


def units(arm: Levels) -> list[int]:
    return [place for place, count in enumerate(arm.counts, start=1) for _ in range(count)]


NEITHER, SUCTION = Levels([11, 2, 0, 1, 0]), Levels([3, 1, 4, 2, 1])
levels = st.lists(st.integers(0, 12), min_size=4, max_size=4).map(Levels)


def test_superiority_gives_the_example_of_another_program() -> None:
    # R lawstat, help page of brunner.munzel.test: Brunner-Munzel Test Statistic = 3.1375, df = 17.683, p-value =
    # 0.005786, 95 percent confidence interval 0.5952169 0.9827052, P(X<Y)+.5*P(X=Y) 0.788961.
    found = estimate_of(superiority(treated=SUCTION, control=NEITHER))
    assert found.effect == pytest.approx(0.788961, abs=5e-7)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.5952169, 0.9827052), abs=5e-8)
    assert (found.statistic, found.df) == pytest.approx((3.1375, 17.683), rel=2e-5)
    assert found.p_value == pytest.approx(0.005786, abs=5e-7)


@given(levels, levels)
def test_superiority_agrees_with_scipy(treated: Levels, control: Levels) -> None:
    # scipy 1.17: brunnermunzel(control, treated) on the units themselves, called here.
    found = superiority(treated=treated, control=control)
    if isinstance(found, Estimate):
        with np.errstate(all="ignore"):
            expected = brunnermunzel(units(control), units(treated))
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-6, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)


@given(levels, levels, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_the_superiority_interval_excludes_a_half_exactly_when_p_is_small(a: Levels, b: Levels, level: float) -> None:
    there = superiority(treated=a, control=b, level=level)
    back = superiority(treated=b, control=a, level=level)
    if isinstance(there, NotEstimable) or isinstance(back, NotEstimable):
        assert isinstance(there, NotEstimable)
        assert isinstance(back, NotEstimable)
        return
    assert there.p_value is not None
    assert (0.5 not in there.interval) == (there.p_value < 1 - level)
    assert 0.0 <= there.interval.low <= there.effect <= there.interval.high <= 1.0
    assert there.effect + back.effect == pytest.approx(1.0)
    assert there.p_value == pytest.approx(back.p_value, rel=1e-6)


def test_equal_arms_have_superiority_one_half() -> None:
    found = estimate_of(superiority(treated=SUCTION, control=SUCTION))
    assert (found.effect, found.p_value) == (0.5, 1.0)


def test_arms_of_a_billion_are_no_trouble() -> None:
    big = Levels([10**9, 2 * 10**9, 10**9])
    found = estimate_of(superiority(treated=big, control=Levels([10**9 + 10**5, 2 * 10**9, 10**9 - 10**5])))
    assert found.effect == pytest.approx(0.5 + 1.875e-5 / 1.5, rel=1e-3)
    assert estimate_of(mean_difference(treated=big, control=big)).p_value == 1.0


def test_arms_without_overlap_or_variation_are_not_estimable() -> None:
    low, high = Levels([5, 5, 0, 0]), Levels([0, 0, 4, 4])
    assert "overlap" in str(superiority(treated=high, control=low))
    same = superiority(treated=Levels([0, 9]), control=Levels([0, 5]))
    assert same == NotEstimable("Every unit gave the same answer.")
    assert isinstance(mean_difference(treated=Levels([0, 9]), control=Levels([5, 0])), NotEstimable)


def test_one_unit_in_an_arm_is_too_few() -> None:
    for compare in (superiority, mean_difference):
        found = compare(treated=Levels([0, 1]), control=Levels([4, 5]))
        assert found == NotEstimable("The treated arm has fewer than two units.")
        assert isinstance(compare(treated=Levels([4, 5]), control=Levels([0, 0])), NotEstimable)


def test_different_numbers_of_levels_are_an_error() -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        superiority(treated=Levels([1, 2]), control=Levels([1, 2, 3]))


@settings(max_examples=50)
@given(levels, levels)
def test_mean_difference_agrees_with_scipy(treated: Levels, control: Levels) -> None:
    # scipy 1.17: ttest_ind(treated, control, equal_var=False) on the units themselves, called here.
    found = mean_difference(treated=treated, control=control)
    if isinstance(found, Estimate):
        with np.errstate(all="ignore"):
            expected = ttest_ind(units(treated), units(control), equal_var=False)
        assert (found.statistic, found.df) == pytest.approx((expected.statistic, expected.df), rel=1e-6, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
        ends = expected.confidence_interval(0.95)
        assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high), rel=1e-6, abs=1e-9)


def test_scores_give_the_unit_of_the_mean_difference() -> None:
    once, ten = (
        estimate_of(mean_difference(treated=SUCTION, control=NEITHER, scores=scores))
        for scores in ([1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    )
    assert ten.effect == pytest.approx(10 * once.effect)
    assert ten.p_value == pytest.approx(once.p_value)


@pytest.mark.parametrize("scores", [[1, 2], [1, 2, 3, 5, 4], [1, 2, 3, 4, float("inf")]])
def test_scores_that_do_not_fit_the_levels_are_an_error(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="scores"):
        mean_difference(treated=SUCTION, control=NEITHER, scores=scores)
