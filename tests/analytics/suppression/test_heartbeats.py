"""Heartbeats, beside looks, days and the messages that were sent, disclose no few messages and no few people.

The attacker counts in whole messages, hour by hour: those of each arm that were seen and those that were not. They know
what each look and each day told, at which hours the heartbeat moved, and at which it did not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.data_quality.hourly_check import heartbeat
from analytics.disclosure.daily_counts import DayTotal, releasable_days
from analytics.models import DataQualityStatus
from analytics.suppression.unseen_messages import ReleasedMessages, releasable_messages

LEAST = 10
ARMS = ("neutral", "both")
DAYS, HOURS_A_DAY = 2, 4  # few hours, so that each is attacked
HOURS = DAYS * HOURS_A_DAY
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
Beat = Callable[..., tuple[datetime | None, int]]


@dataclass
class Told:
    """What an attacker knows as linear rules over the messages of each hour, arm and kind: seen, or not."""

    rows: list[Any] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, row: Any, low: float, high: float) -> None:
        self.rows.append(row.ravel())
        self.low.append(low)
        self.high.append(high)

    def extreme(self, group: Any, sign: int) -> float:
        rule = LinearConstraint(np.array(self.rows), self.low, self.high)
        solution = milp(sign * group.ravel(), constraints=rule, bounds=Bounds(0, 200), integrality=np.ones(group.size))
        assert solution.status == 0, solution.message
        return float(sign * solution.fun)


def until(hour: int, *, arm: int | None = None, seen_only: bool = False) -> Any:
    """The messages of an arm, or of all, up to the end of an hour."""
    row = np.zeros((HOURS, len(ARMS), 2))
    row[: hour + 1, slice(None) if arm is None else arm, : 1 if seen_only else 2] = 1.0
    return row


def campaign(chance: random.Random, beat: Beat) -> tuple[Any, Told]:
    """Let messages come, release what the program releases, and note what is told by it."""
    bursts = chance.choice([[0, 0, 1, 2, 9], [0, 0, 1, 5, 10], [0, 3, 6], [2, 20]])
    truth = np.zeros((HOURS, len(ARMS), 2), dtype=int)
    truth[:, 0, 0] = chance.choices(bursts, k=HOURS)
    truth[:, 1, 0] = chance.choices(chance.choice([[0], bursts]), k=HOURS)
    truth[0, :, 0] += LEAST  # so that looks can tell
    truth[:, :, 1] = np.array(chance.choices([0, 0, 0, 1], k=HOURS * len(ARMS))).reshape(HOURS, len(ARMS))
    told, past, shown = Told(), list[ReleasedMessages](), list[dict[str, int]]()
    looks = sorted(chance.sample(range(1, HOURS), chance.choice([1, 2, 3])))
    if chance.random() < 0.2:  # ten and a few between two looks, which a beat could part
        few = chance.choice([8, 9])
        truth[:], looks = 0, [2, 5]
        truth[:6, 0, 0], truth[0, 1, 0] = [LEAST + 1, few, 0, LEAST - few, LEAST, 0], LEAST
    begins_anew = beat is heartbeat
    nothing = np.zeros((HOURS, len(ARMS), 2))
    status, base = DataQualityStatus(enough_at=None, enough_of=0), (nothing, 0)
    told_messages = 0
    for hour in range(HOURS):
        so_far = truth[: hour + 1].sum(axis=0)
        people = dict(zip(ARMS, so_far[:, 0].tolist(), strict=True))
        before = shown[-1] if shown else dict.fromkeys(ARMS, 0)
        if hour in looks and all(n >= LEAST and not 0 < n - before[key] < LEAST for key, n in people.items()):
            sent = dict(zip(ARMS, so_far.sum(axis=1).tolist(), strict=True))
            messages = releasable_messages(people, sent, 0, past, least=LEAST)
            past.append(messages)
            shown.append(people)
            for at, key in enumerate(ARMS):
                told.add(until(hour, arm=at, seen_only=True), people[key], people[key])
                if (served := messages.served[key]) is not None:
                    told.add(until(hour, arm=at), served, served)
            if None not in messages.served.values():
                told_messages = sum(sent.values())
        now = BEGIN + timedelta(hours=hour)
        beat_at, of = beat(status, served=int(so_far.sum()), told=told_messages, now=now, least=LEAST)
        bases = [base]
        if begins_anew and told_messages > messages_at(base, truth):
            bases.append((nothing, told_messages))
        ends = [*bases[1:], (until(hour), 0)]  # each step is taken as told, which is at least what the page tells
        for (from_row, from_count), (to_row, to_count) in zip(bases, ends, strict=True):
            came = messages_at((to_row, to_count), truth) - messages_at((from_row, from_count), truth)
            less = from_count - to_count
            told.add(to_row - from_row, *((LEAST + less, np.inf) if came >= LEAST else (-np.inf, LEAST - 1 + less)))
        base = (until(hour), 0) if of == int(so_far.sum()) else bases[-1]
        status = DataQualityStatus(enough_at=beat_at, enough_of=of)
    for at, key in enumerate(ARMS):
        day_ends = [
            DayTotal(date(2026, 3, 1 + day), int(truth[: (day + 1) * HOURS_A_DAY, at, 0].sum())) for day in range(DAYS)
        ]
        everybody = int(truth[:, at, 0].sum())
        for each in releasable_days(day_ends, looks=[look[key] for look in shown], now=everybody, least=LEAST):
            last = each.day.day * HOURS_A_DAY - 1
            told.add(until(last, arm=at, seen_only=True), each.people, each.people)
    return truth, told


def messages_at(base: tuple[Any, int], truth: Any) -> int:
    """The messages at which counting began."""
    row, known = base
    return int((row * truth).sum()) + known


def known_groups(number: int, beat: Beat) -> tuple[int, list[str]]:
    """How many groups of 1 to 9 were attacked, and those that are known exactly."""
    truth, told = campaign(random.Random(f"beats {number}"), beat)
    assert all(
        low <= row @ truth.ravel() <= high for row, low, high in zip(told.rows, told.low, told.high, strict=True)
    ), "the attack must hold the truth possible"
    attacked, known = 0, []
    for first, last in combinations(range(-1, HOURS), 2):
        for seen_only in (False, True):
            group = until(last, seen_only=seen_only) - (until(first, seen_only=seen_only) if first >= 0 else 0)
            value = int((group * truth).sum())
            if 0 < value < LEAST:
                attacked += 1
                if told.extreme(group, 1) > value - 0.5 and told.extreme(group, -1) < value + 0.5:
                    known.append(f"campaign {number}: {value} after hour {first} by {last}")
    return attacked, known


def never_begins_anew(status: DataQualityStatus, *, told: int, **others: Any) -> tuple[datetime | None, int]:
    """A deliberate fault: a beat that goes on from the one before, whatever a look told since."""
    return heartbeat(status, told=0, **others)


def test_no_few_messages_and_no_few_people_are_known_by_looks_days_and_beats() -> None:
    found = [known_groups(number, heartbeat) for number in range(25)]
    assert sum(attacked for attacked, _ in found) > 100
    assert [each for _, known in found for each in known] == []


def test_beats_that_do_not_begin_anew_at_a_look_tell_of_few() -> None:
    assert any(known_groups(number, never_begins_anew)[1] for number in range(60))
