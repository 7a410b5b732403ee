"""Days beside looks: no two numbers shown of an arm over a campaign differ by a few people."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from analytics.disclosure import daily_counts as rule
from analytics.disclosure import gate
from analytics.disclosure.daily_counts import DayTotal
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from campaign.models import Campaign
from tests import world

FIRST = date(2026, 3, 1)
LEAST = 10


def ends(*people: int) -> list[DayTotal]:
    return [DayTotal(FIRST + timedelta(days=n), each) for n, each in enumerate(people)]


def told(*people: int, looks: Collection[int] = (), now: int = 10_000) -> list[int]:
    return [each.people for each in rule.releasable_days(ends(*people), looks=looks, now=now, least=LEAST)]


def test_days_with_enough_people_are_all_shown() -> None:
    assert told(40, 90, 130) == [40, 90, 130]


def test_a_day_of_a_few_is_told_with_the_next() -> None:
    assert told(40, 43, 90) == [40, 90]


def test_a_day_of_nobody_is_no_secret() -> None:
    assert told(0, 40, 40, 80) == [0, 40, 40, 80]


def test_a_day_close_to_a_look_is_not_shown_and_one_that_ends_with_it_is() -> None:
    assert told(40, 90, 130, looks=[95]) == [40, 130]
    assert told(40, 90, 130, looks=[90]) == [40, 90, 130]


def test_the_last_day_waits_until_enough_have_come_after_it() -> None:
    assert told(40, 90, now=99) == [40]
    assert told(40, 90, now=100) == [40, 90]


@pytest.mark.parametrize("campaigns", [20, pytest.param(300, marks=pytest.mark.proof)])
def test_a_day_that_was_shown_stays_shown(campaigns: int) -> None:
    chance = random.Random(7)
    for _ in range(campaigns):
        hours = _hours(chance)
        before: list[DayTotal] = []
        for seen in _over_time(hours, chance, rule.releasable_days):
            assert seen[: len(before)] == before
            before = seen


def _hours(chance: random.Random) -> list[int]:
    """Exposures in each hour of two weeks: a busy arm, a quiet one, or one that stops."""
    usual = chance.choice([0.2, 0.7, 2.0, 9.0])
    silent = chance.randrange(24 * 14)
    return [chance.choice([0, 0, 1, 2, 3]) * (chance.random() < usual / 2 + 0.05) + int(usual) * (h < silent)
            for h in range(24 * 14)]  # fmt: skip


@dataclass
class Kept:
    """An attacker's record of one arm: totals shown by hour, and the truth."""

    hours: Sequence[int]
    points: dict[int, int] = field(default_factory=dict)

    def narrow(self) -> int:
        """How many spans between two shown numbers hold 1 to 9 people and can be inferred to within fewer than ten."""
        whole = len(self.hours)
        left = [[1.0 if h < at else 0.0 for h in range(whole)] for at in sorted(self.points)]
        right = [float(self.points[at]) for at in sorted(self.points)]
        times, found = [0, *sorted(self.points)], 0
        for at, until in pairwise(times):
            people = sum(self.hours[at:until])
            if not 0 < people < LEAST:
                continue
            wanted = np.array([1.0 if at <= h < until else 0.0 for h in range(whole)])
            low, high = (
                sign * float(linprog(sign * wanted, A_eq=left, b_eq=right, bounds=(0, None), method="highs").fun or 0.0)
                for sign in (1.0, -1.0)
            )
            found += high - low < LEAST - 1e-6
        return found


Rule = Callable[..., list[DayTotal]]


def _over_time(
    hours: Sequence[int], chance: random.Random, show: Rule, kept: Kept | None = None
) -> list[list[DayTotal]]:
    """Simulate a campaign hour by hour: occasional looks, and the page read every hour."""
    released: list[int] = []
    seen = []
    people = [0, *accumulate(hours)]
    for at in range(1, len(hours) + 1):
        now = people[at]
        last = released[-1] if released else 0
        if chance.random() < 0.06 and (now == last or now - last >= LEAST):
            released.append(now)
            if kept:
                kept.points[at] = now
        whole = ends(*people[24 : at - 1 : 24])
        shown = show(whole, looks=released, now=now, least=LEAST)
        if kept:
            kept.points |= {24 * ((each.day - FIRST).days + 1): each.people for each in shown}
        seen.append(shown)
    return seen


def _narrow_spans_by_campaign(show: Rule, *, campaigns: int) -> Iterator[int]:
    chance = random.Random(3)
    for _ in range(campaigns):
        kept = Kept(_hours(chance))
        _over_time(kept.hours, chance, show, kept)
        yield kept.narrow()


@pytest.mark.parametrize("campaigns", [15, pytest.param(120, marks=pytest.mark.proof)])
def test_who_reads_every_hour_and_keeps_every_look_finds_no_few_people(campaigns: int) -> None:
    assert not any(_narrow_spans_by_campaign(rule.releasable_days, campaigns=campaigns))


def _without_looks(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    return rule.releasable_days(days, looks=[], now=now, least=least)


def _at_once(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    return rule.releasable_days(days, looks=looks, now=10**9, least=least)


def _all(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    return list(days)


def _in_tens(days: Sequence[DayTotal], *, looks: Collection[int], now: int, least: int) -> list[DayTotal]:
    """Totals rounded down to tens, which an attacker reads as ranges of ten."""
    return [DayTotal(each.day, each.people // 10 * 10) for each in days]


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.parametrize("fault", [_without_looks, _at_once, _all])
def test_each_condition_left_out_gives_a_few_people_away(fault: Rule) -> None:
    """Deliberate faults: each of the three conditions left out."""
    assert any(_narrow_spans_by_campaign(fault, campaigns=40))


def test_days_rounded_down_to_tens_would_give_a_few_people_away_beside_exact_looks() -> None:
    """Why days are not simply rounded: only two days of 9 and 109 make a look of 118."""
    (first,), look = [DayTotal(FIRST, 9)], 118
    tens = [each.people for each in _in_tens(ends(9, 118), looks=[], now=118, least=LEAST)]
    possible = [n for n in range(look + 1) if n // 10 * 10 == tens[0] and (look - n) // 10 * 10 == 100]
    assert possible == [first.people]


@pytest.mark.slow
@pytest.mark.django_db
def test_the_door_shows_days_far_from_the_looks_that_were_shown() -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    _counted(campaign, date(2026, 3, 1), 40)
    _counted(campaign, date(2026, 3, 2), 50)
    evaluate(campaign, now=world.NOON)  # 90 in each arm
    _counted(campaign, date(2026, 3, 3), 4)
    assert _daily_counts_shown(campaign) == [40, 90]
    _counted(campaign, date(2026, 3, 4), 60)
    assert _daily_counts_shown(campaign) == [
        40,
        90,
    ]  # the third day ends four after the look, the fourth is not covered yet
    _counted(campaign, date(2026, 3, 5), 30)
    assert _daily_counts_shown(campaign) == [40, 90, 154]


@pytest.mark.django_db
def test_the_door_shows_no_day_whose_views_may_still_come() -> None:
    campaign = world.launched()
    _counted(campaign, date(2026, 3, 1), 400)
    assert [arm.days for arm in gate.daily_totals(campaign, through=None)] == [()] * 4
    assert [arm.days for arm in gate.daily_totals(campaign, through=date(2026, 2, 28))] == [()] * 4


@pytest.mark.django_db
def test_an_arm_that_was_paused_keeps_no_other_from_being_shown() -> None:
    campaign = world.launched()
    for day in range(1, 4):
        _counted(campaign, date(2026, 3, day), 40, arms=["neutral", "victim", "user"])
    _counted(campaign, date(2026, 3, 1), 3, arms=["both"])
    shown = {each.arm.key: [end.people for end in each.days] for each in gate.daily_totals(campaign, through=date.max)}
    assert shown == {"neutral": [40, 80], "victim": [40, 80], "user": [40, 80], "both": []}


def _counted(campaign: Campaign, day: date, people: int, *, arms: Sequence[str] = ()) -> None:
    for arm in campaign.arms.filter(**({"key__in": arms} if arms else {})):
        common: dict[str, Any] = {"day": day, "arm": arm, "placement": world.placement(), "locale": "en"}
        Tally.objects.create(**common, outcome="exposed", count=people)
        Tally.objects.create(**common, outcome="turned_back", count=people // 2)


def _daily_counts_shown(campaign: Campaign) -> list[int]:
    (first, *_) = gate.daily_totals(campaign, through=date.max)
    return [end.people for end in first.days]
