"""How much would have to be different."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from analytics.stats import strata
from analytics.stats.proportions import difference
from analytics.stats.robustness import TippingPoint, leave_one_out, tipping_point
from analytics.stats.strata import Stratum
from analytics.stats.values import Counts, Estimate, NotEstimable

THREE = [
    Stratum(treated=Counts(70, 56), control=Counts(80, 48)),
    Stratum(treated=Counts(10, 9), control=Counts(10, 3)),
    Stratum(treated=Counts(56, 5), control=Counts(29, 0)),
]


def tipped(found: TippingPoint | NotEstimable) -> TippingPoint:
    assert isinstance(found, TippingPoint), found
    return found


def p_of(treated: Counts, control: Counts) -> float:
    found = difference(treated=treated, control=control)
    assert isinstance(found, Estimate)
    assert found.p_value is not None
    return found.p_value


def test_leaving_out_each_stratum_gives_the_estimate_of_the_others() -> None:
    found = leave_one_out(THREE, estimate=strata.difference)
    others = [THREE[1:], [THREE[0], THREE[2]], THREE[:2]]
    assert found == [strata.difference(rest) for rest in others]


def test_nothing_remains_of_one_stratum() -> None:
    assert all(isinstance(found, NotEstimable) for found in leave_one_out(THREE[:1], estimate=strata.difference))
    assert leave_one_out([], estimate=strata.difference) == []


def test_the_fragility_index_counts_changes_as_scipys_fisher_test_does() -> None:
    # scipy 1.17: fisher_exact([[x, 100 - x], [12, 88]]).pvalue first exceeds 0.05 at x = 4, called here.
    ps = [fisher_exact(np.array([[x, 100 - x], [12, 88]])).pvalue for x in (2, 3, 4)]
    assert [p >= 0.05 for p in ps] == [False, False, True]
    found = tipped(tipping_point(treated=Counts(100, 2), control=Counts(100, 12), method="fisher"))
    assert (found.units, found.toward, found.was_significant) == (2, "events", True)
    assert (found.p_before, found.p_after) == pytest.approx((ps[0], ps[2]), rel=1e-9)


small = st.integers(5, 40).flatmap(lambda n: st.integers(0, n).map(lambda x: Counts(n, x)))


@settings(max_examples=60, deadline=None)
@given(small, small, st.sampled_from(["treated", "control"]))
def test_the_tipping_point_is_the_first_change_that_tips(treated: Counts, control: Counts, arm: Any) -> None:
    found = tipping_point(treated=treated, control=control, arm=arm)
    start = treated if arm == "treated" else control

    def significant(events: int) -> bool:
        moved = Counts(start.n, events)
        pair = (moved, control) if arm == "treated" else (treated, moved)
        return p_of(*pair) < 1.0 - 0.95

    now = significant(start.events)
    turning = [abs(x - start.events) for x in range(start.n + 1) if significant(x) != now]
    if isinstance(found, NotEstimable):
        assert not turning
    else:
        assert found.units == min(turning)
        assert found.was_significant == now


def test_added_units_tip_a_result_and_one_fewer_does_not() -> None:
    treated, control = Counts(70, 56), Counts(80, 48)
    found = tipped(tipping_point(treated=treated, control=control, mode="added"))
    assert (found.was_significant, found.toward) == (True, "non-events")
    assert p_of(Counts(70 + found.units, 56), control) >= 0.05
    assert p_of(Counts(70 + found.units - 1, 56), control) < 0.05


def test_arms_of_a_billion_tip_too() -> None:
    treated, control = Counts(10**9, 10**8), Counts(10**9, 10**8 + 60_000)
    found = tipped(tipping_point(treated=treated, control=control))
    assert found.was_significant
    assert p_of(found.treated, control) >= 0.05
    assert p_of(Counts(10**9, found.treated.events - 1), control) < 0.05


def test_a_conclusion_that_nothing_overturns_is_not_estimable() -> None:
    assert isinstance(tipping_point(treated=Counts(1, 1), control=Counts(1, 0)), NotEstimable)


def test_an_empty_arm_is_not_estimable() -> None:
    assert tipping_point(treated=Counts(0, 0), control=Counts(9, 3)) == NotEstimable("The treated arm is empty.")


def test_an_unknown_way_or_arm_is_an_error() -> None:
    wrong: Any = "guess"
    for change in ({"mode": wrong}, {"arm": wrong}):
        with pytest.raises(ValueError, match="unknown mode"):
            tipping_point(treated=Counts(9, 3), control=Counts(9, 3), **change)
