from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment.periods import Periods, arm_of_period, schedule, schedule_digest

VECTORS = Path(__file__).parents[3] / "docs" / "assignment.md"
HOURS = st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24, 168])


def published() -> list[tuple[str, str, int, int, int, int]]:
    """The rows of the last table in docs/assignment.md: salt, placement, arms, hours, period, arm."""
    page = VECTORS.read_text(encoding="utf-8")
    rows = [[cell.strip("` ") for cell in line.strip("| ").split("|")] for line in page.splitlines() if "`" in line]
    return [
        (row[0], row[1], int(row[2]), int(row[3]), int(row[4]), int(row[5]))
        for row in rows
        if len(row) == 6 and row[5].isdigit()
    ]


def test_the_published_vectors_are_many() -> None:
    assert len(published()) >= 10


@pytest.mark.parametrize(("salt", "placement", "arms", "hours", "period", "arm"), published())
def test_periods_match_the_published_vectors(
    salt: str, placement: str, arms: int, hours: int, period: int, arm: int
) -> None:
    assert arm_of_period(period, salt=salt, placement=placement, arms=arms, slots=168 // hours) == arm


def test_the_published_schedule_has_the_published_commitment() -> None:
    page = VECTORS.read_text(encoding="utf-8")
    order = schedule(Periods(0, 24, 1, 14), salt="demo-salt", placement="search-page", arms=2)
    assert f"`{','.join(map(str, order))}`" in page
    assert schedule_digest(order, salt="demo-salt", placement="search-page") in page


@given(HOURS, st.integers(2, 6), st.text(max_size=10), st.integers(0, 3))
def test_each_slot_of_the_week_has_each_arm_once_a_block(hours: int, arms: int, placement: str, block: int) -> None:
    placement = placement.encode("utf-8", "ignore").decode()
    slots = 168 // hours
    order = schedule(Periods(0, hours, 0, slots * arms * (block + 1)), salt="s", placement=placement, arms=arms)
    last = order[-slots * arms :]
    assert all(sorted(last[slot::slots]) == list(range(arms)) for slot in range(slots))


def test_a_set_is_the_periods_of_one_slot_in_one_block() -> None:
    days = Periods(0, 24, 1, 28)
    assert {days.set_of(period, 2) for period in range(28)} == {(b, s) for b in range(2) for s in range(7)}
    assert days.set_of(3, 2) == days.set_of(10, 2) != days.set_of(17, 2)


def test_every_order_is_equally_likely() -> None:
    orders = Counter(
        tuple(arm_of_period(week, salt=f"s{i}", placement="p", arms=3, slots=1) for week in range(3))
        for i in range(6000)
    )
    # Six orders of 1,000; five standard deviations are 144.
    assert len(orders) == 6
    assert all(856 <= count <= 1144 for count in orders.values())


def test_slots_blocks_and_placements_are_drawn_for_themselves() -> None:
    def first_arms(salt: str) -> tuple[int, ...]:
        one = schedule(Periods(0, 24, 0, 28), salt=salt, placement="one", arms=2)
        other = schedule(Periods(0, 24, 0, 28), salt=salt, placement="other", arms=2)
        return one[0], one[1], one[14], other[0]

    drawn = Counter(first_arms(f"s{i}") for i in range(8000))
    # 16 equally likely outcomes of 500; five standard deviations are 108.
    assert len(drawn) == 16
    assert all(392 <= count <= 608 for count in drawn.values())


def test_what_is_shown_in_a_washout_or_outside_the_planned_periods_is_not_counted() -> None:
    days = Periods(first=240, hours=24, washout=2, count=14)
    assert [days.is_counted(hour) for hour in (239, 240, 241, 242, 263, 264, 266)] == [
        *(False, False, False, True, True, False, True)
    ]
    last = 240 + 14 * 24
    assert days.is_counted(last - 1)
    assert not days.is_counted(last + 5)


def test_the_first_period_is_shown_before_it_begins() -> None:
    days = Periods(first=240, hours=24, washout=2, count=14)
    assert [days.period_at(hour) for hour in (200, 240, 263, 264)] == [0, 0, 0, 1]


def test_the_commitment_depends_on_the_order_the_placement_and_the_salt() -> None:
    digests = {
        schedule_digest(order, salt=salt, placement=placement)
        for order in ([0, 1], [1, 0])
        for salt in ("a", "b")
        for placement in ("one", "other")
    }
    assert len(digests) == 8
