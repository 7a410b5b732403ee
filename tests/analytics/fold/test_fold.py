from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections

from analytics.fold.fold import fold
from analytics.ingest import writer
from analytics.models import FoldProgress, OpenView, Tally
from campaign.assignment.receipts import Receipt
from campaign.models import Campaign
from campaign.serving.routing import OutcomeEvent
from tests import world


class PlugPulledError(Exception):
    """Raised to simulate a power cut."""


@contextmanager
def plug_pulled_at(statement: int) -> Iterator[list[int]]:
    """Fail the statement after the given number of statements on both databases."""
    count = [0]

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if count[0] == statement:
            raise PlugPulledError
        count[0] += 1
        return run(sql, params, many, context)

    with connections["default"].execute_wrapper(execute), connections["audience"].execute_wrapper(execute):
        yield count


def shown(campaign: Campaign, *, hour: int = world.HOUR) -> None:
    """Five views of two arms: two turn back, one of them rates 4, one goes on."""
    place = campaign.placements.get().pk
    arms = {arm.key: arm.pk for arm in campaign.arms.all()}
    done: list[tuple[str, list[tuple[str, int | None]]]] = [
        ("neutral", [("left", None)]),
        ("neutral", [("continued", None)]),
        ("both", [("left", None), ("rating", 4)]),
        ("both", [("exposed", None)]),
        ("both", [("left", None), ("continued", None)]),
    ]
    events = [
        OutcomeEvent(
            Receipt(campaign.pk, arms[arm], place, hour, hour + 3, "en", bytes([50 * number]) * 16), outcome, value
        )
        for number, (arm, outcomes) in enumerate(done)
        for outcome, value in outcomes
    ]
    assert writer.commit_events(events, hour=hour) == [None] * len(events)


EXPECTED = {
    ("neutral", "exposed", 0): 2,
    ("neutral", "left", 0): 1,
    ("neutral", "turned_back", 0): 1,
    ("neutral", "continued", 0): 1,
    ("both", "exposed", 0): 3,
    ("both", "left", 0): 2,
    ("both", "turned_back", 0): 1,
    ("both", "continued", 0): 1,
    ("both", "rating", 4): 1,
    ("both", "no_answer", 0): 1,
}


@pytest.mark.django_db(databases=["default", "audience"])
class TestFold:
    def test_closed_views_become_tallies_and_are_forgotten(self) -> None:
        campaign = world.launched()
        shown(campaign)
        folded = fold(hour=world.HOUR + 3)
        assert (folded.views, world.open_views()) == (5, 0)
        assert world.tallies(campaign) == EXPECTED

    def test_open_views_are_left_alone(self) -> None:
        campaign = world.launched()
        shown(campaign)
        assert fold(hour=world.HOUR + 2).views == 0
        assert (world.open_views(), world.tallies(campaign)) == (5, {})

    def test_folding_twice_counts_once(self) -> None:
        campaign = world.launched()
        shown(campaign)
        fold(hour=world.HOUR + 3)
        assert fold(hour=world.HOUR + 3).views == 0
        assert world.tallies(campaign) == EXPECTED

    def test_days_and_folds_add_up(self) -> None:
        campaign = world.launched()
        shown(campaign)
        fold(hour=world.HOUR + 3)
        shown(campaign, hour=world.HOUR + 24)
        fold(hour=world.HOUR + 27)
        assert world.tallies(campaign) == {key: 2 * count for key, count in EXPECTED.items()}
        assert Tally.objects.values("day").distinct().count() == 2

    def test_a_late_event_for_a_folded_view_is_refused(self) -> None:
        campaign = world.launched()
        site = world.AudienceSite()
        receipt = site.new_receipt()
        site.report_event(receipt, "left")
        fold(hour=world.HOUR + 3)
        assert (
            site.report_event(receipt, "continued").code == "receipt_expired"
        )  # its clock still says that it is early
        assert world.open_views() == 0
        assert sum(world.tallies(campaign).values()) == 3


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "audience"], transaction=True)
def test_a_fold_interrupted_between_any_two_statements_loses_and_doubles_nothing() -> None:
    campaign = world.launched()
    rounds = 0
    while True:
        Tally.objects.all().delete()
        OpenView.objects.all().delete()
        hour = world.HOUR + 10 * rounds  # later each round, past the mark of the round before
        shown(campaign, hour=hour)
        try:
            with plug_pulled_at(rounds):
                fold(hour=hour + 3, batch_size=2)
            finished = True
        except PlugPulledError:
            finished = False
        fold(hour=hour + 3)
        assert world.tallies(campaign) == EXPECTED, f"pulled after statement {rounds}"
        assert world.open_views() == 0
        assert not FoldProgress.objects.exclude(through=65_536, compacted=True).exists()
        if finished:
            break
        rounds += 1
    assert rounds > 20  # there were that many places to be interrupted


@pytest.mark.only_on("sqlite", reason="it reads the database's file")
@pytest.mark.django_db(databases=["default", "audience"], transaction=True)
def test_no_byte_of_a_nonce_is_left_after_folding() -> None:
    campaign = world.launched()
    nonces = [bytes([50 * number]) * 16 for number in range(5)]
    shown(campaign)
    fold(hour=world.HOUR + 3)
    for connection in connections.all():
        connection.close()
    name = str(connections["audience"].settings_dict["NAME"])
    for suffix in ("", "-wal", "-shm"):
        try:
            with open(name + suffix, "rb") as stream:
                content = stream.read()
        except FileNotFoundError:
            continue
        assert not [nonce for nonce in nonces[1:] if nonce in content]  # sixteen zero bytes are found anywhere
