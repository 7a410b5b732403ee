"""Concurrent folds of the same views: they take turns on one machine, and count once even without the lock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connections

from analytics.fold import fold as fold_module
from analytics.fold.fold import fold
from analytics.ingest import open_views, writer
from analytics.ingest.open_views import GroupedCounts, NonceRange
from campaign.assignment.receipts import Receipt
from campaign.models import Campaign
from campaign.serving.routing import OutcomeEvent
from tests import world

pytestmark = [pytest.mark.django_db(databases=["default", "audience"], transaction=True), pytest.mark.slow]
VIEWS = 120


@pytest.fixture
def campaign() -> Campaign:
    """A campaign with closed views, spread over all nonces."""
    made = world.launched()
    arm, place = made.arms.get(key="both").pk, made.placements.get().pk
    chance = random.Random(7)
    events = [
        OutcomeEvent(Receipt(made.pk, arm, place, world.HOUR, world.HOUR + 3, "en", chance.randbytes(16)), "left", None)
        for _ in range(VIEWS)
    ]
    writer.commit_events(events, hour=world.HOUR)
    return made


@pytest.fixture
def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the lock between folds, as if they ran on two machines."""

    @contextmanager
    def free(path: Path, **how: bool) -> Iterator[int]:
        yield 0

    monkeypatch.setattr(fold_module, "file_lock", SimpleNamespace(hold_lock=free))


def counted_once(campaign: Campaign) -> bool:
    expected = {("both", outcome, 0): VIEWS for outcome in ("exposed", "left", "turned_back")}
    return world.tallies(campaign) == expected and world.open_views() == 0


@pytest.mark.parametrize(("first", "second"), [(10, 10), (3, 25), (25, 3)])
def test_another_fold_that_gets_ahead_at_any_point_changes_nothing(
    campaign: Campaign, without_lock: None, monkeypatch: pytest.MonkeyPatch, first: int, second: int
) -> None:
    """Whenever the first fold has read a batch, a second counts two batches of another size and is killed."""
    read = open_views.group_views
    inside = [False]

    class DiedError(Exception):
        pass

    def sums(stretch: NonceRange) -> GroupedCounts:
        found = read(stretch)
        if inside[0]:
            inside[0] = stretch.start < limit[0]
            if not inside[0]:
                raise DiedError
            return found
        inside[0], limit[0] = True, stretch.start + 8_000
        with suppress(DiedError):
            fold(hour=world.HOUR + 3, batch_size=second)
        inside[0] = False
        return found

    limit = [0]
    monkeypatch.setattr(open_views, "group_views", sums)
    fold(hour=world.HOUR + 3, batch_size=first)
    assert counted_once(campaign)


def run(at_once: int) -> None:
    try:
        fold(hour=world.HOUR + 3, batch_size=at_once)
    finally:
        connections.close_all()


def test_folds_in_many_threads_take_turns(campaign: Campaign) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, [5, 9, 17, 40]))
    assert counted_once(campaign)


@pytest.mark.parametrize("again", range(3))
def test_folds_in_many_threads_count_once_without_the_lock_too(
    campaign: Campaign, without_lock: None, again: int
) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, [5, 9, 17, 40]))
    assert counted_once(campaign)
