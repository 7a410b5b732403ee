"""What a share for each network costs and leaves, on traffic that is made up."""

import pytest

from analytics.simulation_study.network_share import TRAFFIC, Traffic, simulate

LARGE, QUIET, _, _, SCHOOL = TRAFFIC


@pytest.mark.slow
@pytest.mark.parametrize("traffic", [LARGE, QUIET], ids=lambda traffic: traffic.name)
def test_one_hostile_network_moves_less_than_a_quarter_of_the_interval(traffic: Traffic) -> None:
    assert 0 < simulate(traffic, hostile=1).move < 0.25


@pytest.mark.slow
def test_visitors_at_home_are_hardly_left_out_and_those_behind_carriers_are() -> None:
    cost = simulate(LARGE, hostile=0)
    assert cost.by_kind["homes"] < 0.05
    assert cost.by_kind["carriers"] > 0.5
    assert cost.forged == 0


@pytest.mark.slow
def test_a_school_that_declares_itself_is_counted_and_anyone_can_turn_its_result() -> None:
    assert simulate(SCHOOL, hostile=0).by_kind["homes"] < 0.01
    assert simulate(SCHOOL, hostile=1).move > 1


@pytest.mark.slow
@pytest.mark.parametrize("servers", [1, 2])
def test_what_a_look_takes_for_the_most_of_one_network_holds_at_several_servers(servers: int) -> None:
    cost = simulate(QUIET, hostile=1, servers=servers)
    assert 0.7 * cost.most < cost.forged <= cost.most
