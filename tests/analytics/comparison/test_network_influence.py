"""What one hostile network can do to a difference, by arithmetic and against the worst forgery itself."""

from __future__ import annotations

from itertools import product

import pytest

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.network_influence import largest_move, networks_to_turn
from analytics.stats import Counts, Estimate

ARMS = (Counts(5_000, 1_750), Counts(5_000, 2_200))  # 35 and 44 of 100


def effect(control: Counts, treated: Counts) -> float:
    return treated.events / treated.n - control.events / control.n


@pytest.mark.parametrize("views", [1, 25, 100, 1_000])
def test_no_forgery_of_so_many_views_moves_a_difference_further(views: int) -> None:
    """Whatever was forged lies in the counts: without it, the difference is no further away than the bound."""
    bound = largest_move([arm.n for arm in ARMS], [arm.proportion for arm in ARMS], views=views)
    moves = []
    for in_control, with_event, in_treated_with_event in product([0, views // 2, views], [False, True], [False, True]):
        control = Counts(ARMS[0].n - in_control, ARMS[0].events - in_control * with_event)
        rest = views - in_control
        treated = Counts(ARMS[1].n - rest, ARMS[1].events - rest * in_treated_with_event)
        moves.append(abs(effect(control, treated) - effect(*ARMS)))
    assert max(moves) <= bound * (1 + 1e-9)
    assert max(moves) >= bound * 0.9


def test_without_views_nothing_moves_and_all_of_an_arm_moves_everything() -> None:
    assert largest_move([100, 100], [0.5, 0.5], views=0) == 0.0
    assert largest_move([100, 100], [0.5, 0.5], views=100) == 1.0


@pytest.mark.parametrize(("margin", "networks"), [(0.0, 1), (0.01, 1), (0.011, 2), (0.09, 9)])
def test_as_many_networks_are_needed_as_moves_fit_into_the_margin(margin: float, networks: int) -> None:
    assert networks_to_turn(margin, 0.01) == networks


def judged(views: int, treated: Counts = ARMS[1], smallest: float | None = None) -> tuple[str, int | None, str]:
    arms = [ArmCounts("neutral", ARMS[0]), ArmCounts("both", treated)]
    rules = Rules(views_per_network=views, smallest_difference=smallest)
    (row,) = compare(arms, [("both", "neutral")], rules).comparisons
    assert isinstance(row.estimate, Estimate)
    return row.verdict, row.networks, row.hold_reason


def test_a_verdict_says_how_many_networks_it_would_take() -> None:
    # +9.0 with the interval 7.1 to 10.9; 50 views move it by 0.66 at most.
    assert judged(50) == ("better", 11, "")
    assert judged(0) == ("better", None, "")


def test_a_verdict_over_periods_is_held_where_a_few_views_of_a_small_placement_made_it() -> None:
    """Three weeks at two placements: the smaller one's sets alone take the p-value from 1/4 to 1/32."""
    gains = (0.02, 0.03, 0.05)
    treated = {f"large {n}": Counts(7_000, round(7_000 * (0.30 + gain))) for n, gain in enumerate(gains)}
    control = {f"large {n}": Counts(7_000, 2_100) for n in range(3)}
    small = {f"small {n}": Counts(35, 25) for n in range(3)}, {f"small {n}": Counts(35, 7) for n in range(3)}
    arms = [
        ArmCounts("neutral", sum((control | small[1]).values(), Counts(0, 0)), clusters=control | small[1]),
        ArmCounts("both", sum((treated | small[0]).values(), Counts(0, 0)), clusters=treated | small[0]),
    ]
    rows = []
    for views in (0, 84):
        (row,) = compare(arms, [("both", "neutral")], Rules(clusters="periods", views_per_network=views)).comparisons
        rows.append((row.verdict, row.networks))
    assert rows == [("better", None), ("cannot-tell-yet", 1)]


def test_a_verdict_that_one_network_could_turn_is_held() -> None:
    verdict, networks, reason = judged(600)
    assert (verdict, networks) == ("cannot-tell-yet", 1)
    assert "One network" in reason


def test_no_meaningful_difference_is_held_likewise() -> None:
    alike = Counts(5_000, 1_755)
    assert judged(1, alike, smallest=0.025)[0] == "no-meaningful-difference"
    assert judged(50, alike, smallest=0.025) == ("cannot-tell-yet", 1, judged(600)[2])


def test_what_cannot_be_told_needs_no_network() -> None:
    assert judged(50, Counts(5_000, 1_755)) == ("cannot-tell-yet", None, "")
