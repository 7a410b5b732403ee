"""The writer thread: durable before it returns, in groups, and never a false yes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections

from analytics import ingest
from analytics.models import FoldMark, OpenView
from campaign.audience import Event
from campaign.receipt import Receipt
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"], transaction=True)


def clock() -> float:
    return world.NOON.timestamp()


def event(number: int, outcome: str = "exposed", value: int | None = None) -> Event:
    nonce = number.to_bytes(16, "big")
    return Event(Receipt(1, 1, 1, world.HOUR, world.HOUR + 3, "en", nonce), outcome, value)


@pytest.fixture
def writer() -> ingest.Writer:
    return ingest.Writer()


def test_many_threads_are_all_answered_and_all_on_disk(writer: ingest.Writer) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: writer.submit([event(n), event(n, "left")], clock=clock), range(400)))
    assert answers == [[None, None]] * 400
    assert OpenView.objects.filter(bits=0b11).count() == 400


def test_the_audience_database_syncs_every_commit() -> None:
    with connections["audience"].cursor() as cursor:
        pragmas = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "secure_delete")
        ]
    assert pragmas == [2, "wal", 1]  # 2 is FULL


def test_a_disk_that_refuses_is_never_answered_with_yes(writer: ingest.Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise DatabaseError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(ingest, "write", full)
        (refusal,) = writer.submit([event(1)], clock=clock)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (503, "not_recorded")
    assert writer.submit([event(1)], clock=clock) == [None]
    assert OpenView.objects.count() == 1


def test_a_view_that_may_be_folded_already_is_refused_even_if_the_clock_went_back() -> None:
    FoldMark.objects.create(pk=1, through=world.HOUR + 3)
    (refusal,) = ingest.write([event(1)], hour=world.HOUR)
    assert refusal is not None
    assert refusal.code == "receipt_expired"
    assert OpenView.objects.count() == 0
