from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.assignment.periods import (
    Periods,
    arm_of_period,
    day_steps,
    divides_day,
    schedule,
    schedule_digest,
    text_of_period,
)

VECTORS = Path(__file__).parents[3] / "docs" / "assignment.md"
HOURS = (1, 2, 3, 4, 6, 8, 12)
EVEN = [(hours, arms) for hours in HOURS for arms in range(2, 13) if divides_day(hours, arms)]


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
    assert arm_of_period(period, salt=salt, placement=placement, arms=arms, hours=hours) == arm


def test_the_published_schedule_has_the_published_commitment() -> None:
    page = VECTORS.read_text(encoding="utf-8")
    order = schedule(Periods(0, 24, 1, 14), salt="demo-salt", placement="search-page", arms=2)
    hours = schedule(Periods(0, 3, 10, 16), salt="demo-salt", placement="search-page", arms=2)
    for each in (order, hours):
        assert f"`{','.join(map(str, each))}`" in page
        assert schedule_digest(each, salt="demo-salt", placement="search-page") in page


def shown_texts(texts: int, days: int, placement: str = "search-page") -> list[int]:
    return [text_of_period(day, salt="demo-salt", placement=placement, texts=texts) for day in range(days)]


@pytest.mark.parametrize(
    ("texts", "days", "placement"), [(3, 12, "search-page"), (2, 12, "search-page"), (3, 9, "poster")]
)
def test_texts_in_use_match_the_published_order(texts: int, days: int, placement: str) -> None:
    order = ",".join(map(str, shown_texts(texts, days, placement)))
    assert f"`{order}`" in VECTORS.read_text(encoding="utf-8")


@given(st.integers(1, 12))
def test_each_text_in_use_is_shown_once_a_round_and_follows_each_other_one(texts: int) -> None:
    shown = shown_texts(texts, 200 * texts)
    assert all(sorted(shown[start : start + texts]) == list(range(texts)) for start in range(0, len(shown), texts))
    steps = set(pairwise(shown))
    assert all((one, other) in steps for one in range(texts) for other in range(texts) if one != other)


def test_what_is_in_use_counts_without_an_end() -> None:
    day = 86_400
    assert [Periods(0, 24, 0, 0).is_counted(moment) for moment in (-1, 0, 5_000 * day)] == [False, True, True]


@given(st.sampled_from([24, 168]), st.integers(2, 6), st.text(max_size=10), st.integers(0, 3))
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
        tuple(arm_of_period(week, salt=f"s{i}", placement="p", arms=3, hours=168) for week in range(3))
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
    days = Periods(first=240, hours=24, washout=120, count=14)
    assert [days.is_counted(3600 * hour) for hour in (239, 240, 241, 242, 263, 264, 266)] == [
        *(False, False, False, True, True, False, True)
    ]
    last = 3600 * (240 + 14 * 24)
    assert days.is_counted(last - 1)
    assert not days.is_counted(last + 5 * 3600)


def test_a_washout_ends_to_the_minute() -> None:
    hours = Periods(first=240, hours=2, washout=10, count=14)
    begins = 3600 * 242
    assert [hours.is_counted(begins + second) for second in (0, 599, 600, 7199, 7200)] == [
        *(False, False, True, True, False)
    ]


def days_of(order: list[int], hours: int) -> list[list[int]]:
    return [order[start : start + 24 // hours] for start in range(0, len(order), 24 // hours)]


@pytest.mark.parametrize(("hours", "arms"), EVEN)
def test_in_each_block_every_hour_has_each_arm_once_and_every_day_each_arm_equally_often(hours: int, arms: int) -> None:
    blocks = 6
    periods = Periods(0, hours, 5, 24 // hours * arms * blocks)
    days = days_of(schedule(periods, salt="s", placement="p", arms=arms), hours)
    for block in range(blocks):
        own = days[block * arms : (block + 1) * arms]
        assert all(sorted(shown) == list(range(arms)) for shown in zip(*own, strict=True))
    assert all(set(Counter(day).values()) == {24 // hours // arms} for day in days)
    assert all(set(day) == set(range(arms)) for day in days)


@pytest.mark.parametrize(("hours", "arms"), [each for each in EVEN if each != (8, 3)])
def test_within_the_days_of_two_blocks_each_arm_follows_each_other_one_equally_often(hours: int, arms: int) -> None:
    """What an arm leaves behind falls on all alike: on itself as well, but once less on each day of a block."""
    slots = 24 // hours
    followed: Counter[tuple[int, int]] = Counter()
    for is_mirrored in (False, True):
        steps = day_steps(slots, arms, is_mirrored=is_mirrored)
        for turn in range(arms):
            shown = [(turn + step) % arms for step in steps]
            followed.update(pairwise(shown))
    others = {followed[a, b] for a in range(arms) for b in range(arms) if a != b}
    itself = {followed[a, a] for a in range(arms)}
    assert len(others) == len(itself) == 1
    assert others.pop() - itself.pop() == 2


@pytest.mark.parametrize("hours", HOURS)
def test_over_weeks_each_arm_has_every_weekday_for_equally_many_hours(hours: int) -> None:
    arms = 3 if divides_day(hours, 3) else 2
    periods = Periods(0, hours, 5, 168 // hours * arms)
    days = days_of(schedule(periods, salt="s", placement="p", arms=arms), hours)
    for weekday in range(7):
        shown = Counter(arm for day in days[weekday::7] for arm in day)
        assert len(shown) == arms
        assert len(set(shown.values())) == 1


def test_which_arm_has_which_hours_is_drawn_for_each_block_and_placement() -> None:
    def firsts(salt: str) -> tuple[int, ...]:
        one = schedule(Periods(0, 6, 5, 16), salt=salt, placement="one", arms=2)
        other = schedule(Periods(0, 6, 5, 8), salt=salt, placement="other", arms=2)
        return one[0], one[8], other[0]

    drawn = Counter(firsts(f"s{i}") for i in range(8000))
    # 8 equally likely outcomes of 1,000; five standard deviations are 148.
    assert len(drawn) == 8
    assert all(852 <= count <= 1148 for count in drawn.values())


def test_a_block_of_hours_is_one_set_and_is_tallied_on_its_last_day() -> None:
    hours = Periods(first=240, hours=3, washout=10, count=64)
    assert {hours.set_of(period, 2) for period in range(16)} == {(0, 0)}
    assert hours.set_of(16, 2) == (1, 0)
    assert [hours.tally_day(hour, 2) for hour in (200, 240, 263, 264, 287, 288)] == [11, 11, 11, 11, 11, 13]
    assert Periods(240, 24, 60, 14).tally_day(265, 2) == 11


def test_a_count_of_a_block_says_no_hour_of_the_day() -> None:
    """Whoever knows the order, an arm and the day of its tally is left with 24 hours: one of each."""
    for hours, arms in EVEN:
        periods = Periods(240, hours, 5, 24 // hours * arms * 2)
        order = schedule(periods, salt="s", placement="p", arms=arms)
        possible: dict[tuple[int, int], list[int]] = {}
        for hour in range(240, 240 + 24 * arms * 2):
            arm = order[periods.period_at(hour)]
            possible.setdefault((arm, periods.tally_day(hour, arms)), []).append(hour % 24)
        assert len(possible) == 2 * arms
        assert all(sorted(each) == list(range(24)) for each in possible.values())


def test_a_span_of_days_is_drawn_to_whole_blocks() -> None:
    hours = Periods(first=240, hours=3, washout=10, count=64)  # blocks of the days 10 and 11, 12 and 13
    assert hours.whole_blocks(10, 13, 2) == (10, 13)
    assert hours.whole_blocks(11, 14, 2) == (10, 13)
    assert Periods(240, 24, 60, 14).whole_blocks(11, 14, 2) == (11, 14)


def test_periods_are_hours_that_passed_whatever_clocks_say() -> None:
    """On 29 March 2026 clocks in Berlin go from 2:00 to 3:00, and periods take no notice."""
    berlin = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 3, 29, tzinfo=UTC).timestamp()) // 3600
    hours = Periods(first, 1, 5, 24 * 14)
    local = [datetime.fromtimestamp(3600 * (first + passed), tz=berlin) for passed in range(24)]
    assert len({each.utcoffset() for each in local}) == 2
    assert [hours.period_at(int(each.timestamp()) // 3600) for each in local] == list(range(24))
    assert all(hours.is_counted(each.timestamp() + 300) for each in local)


def test_the_first_period_is_shown_before_it_begins() -> None:
    days = Periods(first=240, hours=24, washout=120, count=14)
    assert [days.period_at(hour) for hour in (200, 240, 263, 264)] == [0, 0, 0, 1]


def test_the_commitment_depends_on_the_order_the_placement_and_the_salt() -> None:
    digests = {
        schedule_digest(order, salt=salt, placement=placement)
        for order in ([0, 1], [1, 0])
        for salt in ("a", "b")
        for placement in ("one", "other")
    }
    assert len(digests) == 8
