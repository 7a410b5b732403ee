"""The writer thread: durable before it returns, in groups, and never a false yes."""

import errno
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction

from analytics import file_lock
from analytics.ingest import open_views
from analytics.ingest import writer as ingest_writer
from analytics.ingest.spool import Spool
from analytics.models import OpenView, ShutHour
from campaign.assignment.receipts import Receipt
from campaign.serving.http import Refusal
from campaign.serving.routing import OutcomeEvent
from tests import world
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(databases=["default", "audience"], transaction=True)


def clock() -> float:
    return world.NOON.timestamp()


def event(number: int, outcome: str = "exposed", value: int | None = None) -> OutcomeEvent:
    nonce = number.to_bytes(16, "big")
    return OutcomeEvent(Receipt(1, 1, 1, world.HOUR, world.HOUR + 3, "en", nonce), outcome, value)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def writer(spool: Spool) -> Iterator[ingest_writer.EventWriter]:
    writer = ingest_writer.EventWriter(spool)
    yield writer
    writer.close()


def test_many_threads_are_all_answered_and_all_on_disk(writer: ingest_writer.EventWriter) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: writer.submit([event(n), event(n, "left")], clock=clock), range(400)))
    assert answers == [[None, None]] * 400
    assert OpenView.objects.filter(bits=0b11).count() == 400


@pytest.mark.only_on("sqlite", reason="PostgreSQL is asked by campaign.checks")
def test_the_audience_database_syncs_every_commit() -> None:
    with connections["audience"].cursor() as cursor:
        pragmas = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "secure_delete")
        ]
    assert pragmas == [2, "wal", 1]  # 2 is FULL


def test_a_row_that_no_table_takes_is_refused_and_not_kept_for_later(
    writer: ingest_writer.EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise IntegrityError("a row that no table takes")

    with monkeypatch.context() as broken:
        broken.setattr(ingest_writer, "commit_events", full)
        (refusal,) = writer.submit([event(1)], clock=clock)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (503, "not_recorded")
    assert writer.submit([event(1)], clock=clock) == [None]
    assert OpenView.objects.count() == 1


def test_a_view_that_may_be_folded_already_is_refused_even_if_the_clock_went_back() -> None:
    ShutHour.objects.create(closes=world.HOUR + 3)
    (refusal,) = ingest_writer.commit_events([event(1)], hour=world.HOUR)
    assert refusal is not None
    assert refusal.code == "receipt_expired"
    assert OpenView.objects.count() == 0


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audience database is away for whoever writes now."""

    def lost(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(ingest_writer, "commit_events", lost)


def test_events_wait_in_the_spool_while_the_database_is_away(
    writer: ingest_writer.EventWriter, spool: Spool, away: None
) -> None:
    assert writer.submit([event(1), event(1, "left"), event(2)], clock=clock) == [None] * 3
    assert (OpenView.objects.count(), spool.holds_events) == (0, True)
    assert ingest_writer.move_spool_to_database(spool) == 2
    assert (sorted(OpenView.objects.values_list("bits", flat=True)), spool.holds_events) == ([1, 3], False)


def test_the_spool_hands_over_twice_and_it_counts_once(
    writer: ingest_writer.EventWriter, spool: Spool, away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine dies after the database has the rows and before the spool forgets them."""
    writer.submit([event(1, "rating", 4), event(2)], clock=clock)

    def die(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as plug:
        plug.setattr(Spool, "_delete_through", die)
        with pytest.raises(KeyboardInterrupt):
            ingest_writer.move_spool_to_database(spool)
    assert (OpenView.objects.count(), spool.holds_events) == (2, True)
    ingest_writer.move_spool_to_database(spool)
    assert (OpenView.objects.count(), spool.holds_events) == (2, False)
    assert OpenView.objects.get(rating__isnull=False).rating == 4


def test_a_database_that_is_still_away_leaves_the_spool_as_it_is(
    writer: ingest_writer.EventWriter, spool: Spool, away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.submit([event(1)], clock=clock)

    def lost(*args: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as still:
        still.setattr(open_views, "upsert_views", lost)
        with pytest.raises(OperationalError):
            ingest_writer.move_spool_to_database(spool)
    assert ingest_writer.move_spool_to_database(spool) == 1


def test_a_spool_that_fails_too_is_never_answered_with_yes(tmp_path: Path, away: None) -> None:
    (tmp_path / "file").write_text("not a directory")
    (refusal,) = ingest_writer.EventWriter(Spool(tmp_path / "file")).submit([event(1)], clock=clock)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (503, "not_recorded")


def test_an_hour_that_is_shut_takes_nothing_in_the_spool_either(
    writer: ingest_writer.EventWriter, spool: Spool, away: None
) -> None:
    spool.shut_hour(world.HOUR + 3)
    (refusal,) = writer.submit([event(1)], clock=clock)
    assert refusal is not None
    assert (refusal.code, spool.holds_events) == ("receipt_expired", False)


@pytest.mark.only_on("sqlite", reason="on PostgreSQL a lock that lasts too long ends as a lost connection")
def test_a_file_that_is_being_compacted_holds_nobody_up(writer: ingest_writer.EventWriter, spool: Spool) -> None:
    with open_views._compacting():
        assert writer.submit([event(1)], clock=clock) == [None]
    assert (OpenView.objects.count(), spool.holds_events) == (0, True)
    assert writer.submit([event(2)], clock=clock) == [None]
    assert ingest_writer.move_spool_to_database(spool) == 1
    assert OpenView.objects.count() == 2


def test_what_the_spool_held_is_not_on_the_disk_any_more(
    writer: ingest_writer.EventWriter, spool: Spool, away: None
) -> None:
    writer.submit([event(n) for n in range(1, 200)], clock=clock)
    ingest_writer.move_spool_to_database(spool)
    assert [path.name for path in (spool.directory).iterdir()] == ["spool.lock"]
    assert (spool.directory / "spool.lock").read_bytes() == b""


def test_one_view_in_many_events_is_one_row_and_its_first_rating_stands() -> None:
    events = [event(1), event(1, "rating", 2), event(1, "left"), event(1, "rating", 5), event(1, "dwell", 3)]
    assert ingest_writer.commit_events(events, hour=world.HOUR) == [None] * 5
    ingest_writer.commit_events([event(1, "rating", 1), event(1, "annoyed")], hour=world.HOUR)
    view = OpenView.objects.get()
    assert (view.bits, view.rating, view.dwell) == (0b100_0011, 2, 3)


@pytest.mark.parametrize("together", [True, False])
def test_a_view_is_left_out_only_if_none_of_its_receipts_counts(together: bool) -> None:
    """A partner's subject has one nonce for a day, and may be shown a message from several networks."""
    kinds = [[True, False], [False, True], [True, True]]
    for number, pair in enumerate(kinds):
        events = [
            first._replace(receipt=first.receipt._replace(left_out=left_out))
            for first, left_out in zip((event(number), event(number, "left")), pair, strict=True)
        ]
        for group in [events] if together else [[each] for each in events]:
            ingest_writer.commit_events(group, hour=world.HOUR)
    assert list(OpenView.objects.order_by("nonce").values_list("bits", "left_out")) == [
        (3, False),
        (3, False),
        (3, True),
    ]


def test_the_spool_keeps_what_is_left_out_apart(writer: ingest_writer.EventWriter, spool: Spool, away: None) -> None:
    left_out = event(2)._replace(receipt=event(2).receipt._replace(left_out=True))
    writer.submit([event(1), left_out], clock=clock)
    ingest_writer.move_spool_to_database(spool)
    assert list(OpenView.objects.order_by("nonce").values_list("left_out", flat=True)) == [False, True]


def test_a_spool_of_before_an_update_is_handed_over_and_counts(spool: Spool) -> None:
    spool.directory.mkdir()
    with closing(sqlite3.connect(spool.directory / "spool.sqlite3")) as file, file:
        file.execute(
            "CREATE TABLE spooled (closes, nonce, campaign, arm, placement, locale, hour, bits, rating, dwell,"
            " PRIMARY KEY (closes, nonce)) WITHOUT ROWID"
        )
        row = (world.HOUR + 3, b"n" * 16, 1, 1, 1, "en", world.HOUR, 1, None, None)
        file.execute(f"INSERT INTO spooled VALUES ({', '.join('?' * 10)})", row)
    assert ingest_writer.move_spool_to_database(spool) == 1
    assert OpenView.objects.get().left_out is False


def test_a_lock_that_cannot_be_made_is_a_database_that_is_away(
    writer: ingest_writer.EventWriter, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database stands on a disk that has become read-only, and the spool does not."""

    def read_only(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(ingest_writer, "commit_events", read_only)
    assert writer.submit([event(1)], clock=clock) == [None]
    assert spool.holds_events


def test_only_we_may_read_the_spool(writer: ingest_writer.EventWriter, spool: Spool, away: None) -> None:
    writer.submit([event(1)], clock=clock)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (spool.directory, *spool.directory.iterdir())}
    assert modes == {"spool": 0o700, "spool.sqlite3": 0o600, "spool.lock": 0o600}


@pytest.mark.only_on("postgresql", reason="SQLite's file is compacted under a lock of ours")
def test_a_table_that_is_written_anew_holds_nobody_up(
    writer: ingest_writer.EventWriter, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_writer, "_RETRY_SECONDS", 0.05)
    writer.submit([event(1)], clock=clock)
    with transaction.atomic(using="audience"), connections["audience"].cursor() as cursor:
        cursor.execute("LOCK TABLE analytics_openview IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert writer.submit([event(2)], clock=clock) == [None]
        assert writer.submit([event(3)], clock=clock) == [None]
        assert time.monotonic() - began < 1.5
        assert spool.holds_events
    assert ingest_writer.move_spool_to_database(spool) == 2

    def is_in_the_database() -> bool:
        assert writer.submit([event(4)], clock=clock) == [None]
        return OpenView.objects.filter(nonce=(4).to_bytes(16, "big")).exists()

    wait_until(is_in_the_database)
    assert OpenView.objects.count() == 4


def test_nobody_waits_while_a_frozen_database_is_asked_whether_it_is_back(
    writer: ingest_writer.EventWriter, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, thawed = threading.Event(), threading.Event()

    def frozen(*args: object, **kwargs: object) -> None:
        asked.set()
        assert thawed.wait(30)

    def lost(*args: object, **kwargs: object) -> None:
        raise OperationalError("no answer")

    monkeypatch.setattr(ingest_writer, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(open_views, "check_reachable", frozen)
    with monkeypatch.context() as away:
        away.setattr(ingest_writer, "commit_events", lost)
        assert writer.submit([event(1)], clock=clock) == [None]
    assert asked.wait(30)
    assert writer.submit([event(2)], clock=clock) == [None]
    assert (OpenView.objects.count(), spool.holds_events) == (0, True)
    thawed.set()
    end = time.monotonic() + 30
    while OpenView.objects.count() == 0 and time.monotonic() < end:
        assert writer.submit([event(3)], clock=clock) == [None]
    assert OpenView.objects.count() == 1


def test_the_spool_is_not_locked_for_a_database_that_does_not_answer(
    writer: ingest_writer.EventWriter, spool: Spool, away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.submit([event(1)], clock=clock)

    def frozen() -> None:
        with file_lock.hold_lock(spool.directory / "spool.lock", wait=False) as lock:
            assert lock is not None
        raise OperationalError("no answer")

    monkeypatch.setattr(open_views, "check_reachable", frozen)
    with pytest.raises(OperationalError):
        ingest_writer.move_spool_to_database(spool)


def test_who_waits_too_long_hears_so_and_what_is_sent_again_counts_once(
    writer: ingest_writer.EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk hangs; all who wait give up. Then it goes on, and they send their events again."""
    goes_on, proper = threading.Event(), ingest_writer.commit_events

    def slowly(*args: Any, **options: Any) -> list[Refusal | None]:
        goes_on.wait(20)
        return proper(*args, **options)

    monkeypatch.setattr(ingest_writer, "commit_events", slowly)
    monkeypatch.setattr(ingest_writer, "_SUBMIT_TIMEOUT_SECONDS", 0.2)
    with ThreadPoolExecutor(3) as pool:
        refusals = list(pool.map(lambda n: writer.submit([event(n)], clock=clock)[0], (1, 2, 3)))
    assert [refusal and refusal.code for refusal in refusals] == ["not_recorded"] * 3
    goes_on.set()
    monkeypatch.setattr(ingest_writer, "_SUBMIT_TIMEOUT_SECONDS", 20)
    assert [writer.submit([event(n)], clock=clock) for n in (1, 2, 3)] == [[None]] * 3
    assert OpenView.objects.count() == 3


def test_all_who_wait_at_one_place_are_answered_in_one_call(
    writer: ingest_writer.EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes during a commit is the next group: waking a server's loop for each would cost more than the commit."""
    begun, goes_on, proper, calls = (
        threading.Event(),
        threading.Event(),
        ingest_writer.commit_events,
        SimpleQueue[list[Any]](),
    )

    def slowly(*args: Any, **options: Any) -> list[Refusal | None]:
        begun.set()
        goes_on.wait(20)
        return proper(*args, **options)

    monkeypatch.setattr(ingest_writer, "commit_events", slowly)
    for number in range(1, 6):
        writer.put([event(number)], clock=clock, ticket=number, deliver=calls.put)
        begun.wait(20)
    goes_on.set()
    assert [calls.get(timeout=20), calls.get(timeout=20)] == [[(1, [None])], [(n, [None]) for n in (2, 3, 4, 5)]]


def test_a_caller_who_is_gone_holds_up_nobody(writer: ingest_writer.EventWriter) -> None:
    def gone(answered: list[Any]) -> None:
        raise RuntimeError("Event loop is closed")

    writer.put([event(1)], clock=clock, ticket=None, deliver=gone)
    assert writer.submit([event(2)], clock=clock) == [None]
    assert OpenView.objects.count() == 2
