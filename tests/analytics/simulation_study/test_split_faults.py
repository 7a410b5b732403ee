"""The short, seeded version of how soon a broken split is found, in `make simulate`."""

import pytest

from analytics.simulation_study.split_faults import days_to_alarm

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("lost", "a_day", "later"), [(0.01, 200_000, 1), (0.05, 20_000, 0), (0.2, 1_000, 1)])
def test_a_true_fault_is_found_as_soon_though_one_network_can_set_off_nothing(
    lost: float, a_day: int, later: int
) -> None:
    before, after = (
        days_to_alarm(lost=lost, arms=4, a_day=a_day, days=28, servers=servers, count=40, seed=1) for servers in (0, 2)
    )
    assert before.half is not None
    assert after.half is not None
    assert before.half <= after.half <= before.half + later


def test_at_a_quiet_site_it_takes_longer() -> None:
    before, after = (
        days_to_alarm(lost=0.2, arms=4, a_day=300, days=28, servers=servers, count=40, seed=1) for servers in (0, 2)
    )
    assert before.half is not None
    assert after.half is not None
    assert before.half < after.half
