"""Sketches that count networks, on record by day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from campaign.models import NetworkSketch
from campaign.serving import network_share
from campaign.serving.network_share import NetworkShares
from campaign.serving.sketch_record import SketchRecord
from tests import world

pytestmark = pytest.mark.django_db


def ask(shares: NetworkShares, *, days: int = 0) -> None:
    now = (world.NOON + timedelta(days=days)).timestamp()
    shares.count("192.0.2.1", placement=1, campaign=1, share=0.01, declared=0, now=now)


def recorded() -> list[int]:
    """How many sketches are on record, day by day."""
    days = list(NetworkSketch.objects.order_by("day").values_list("day", flat=True))
    return [days.count(day) for day in sorted(set(days))]


def test_a_sketch_is_on_record_once_it_counts_and_no_more_than_once() -> None:
    shares = NetworkShares()
    record = SketchRecord(shares)
    assert record.flush() == 0
    ask(shares)
    assert [record.flush(), record.flush()] == [1, 0]
    ask(shares, days=1)
    record.flush()
    assert recorded() == [1, 1]


def test_processes_that_share_a_sketch_record_it_once_also_if_the_one_that_began_it_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_share, "_inherited", [])
    network_share.share_memory_with_children()
    first, second, third = (NetworkShares() for _ in range(3))
    ask(first)
    assert [SketchRecord(shares).flush() for shares in (second, third)] == [1, 1]
    assert recorded() == [1]


def test_two_servers_are_two_and_a_day_that_ended_before_it_was_recorded_is_not_lost() -> None:
    servers = [NetworkShares(), NetworkShares()]
    for shares in servers:
        ask(shares)
        ask(shares, days=1)
        SketchRecord(shares).flush()
    assert recorded() == [2, 2]


def test_what_the_database_did_not_take_is_recorded_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError

    shares = NetworkShares()
    record = SketchRecord(shares)
    ask(shares)
    with monkeypatch.context() as patched:
        patched.setattr(NetworkSketch.objects, "bulk_create", fail)
        assert record.flush() == 0
    assert record.flush() == 1
    assert recorded() == [1]


@pytest.mark.parametrize("number", [b"", b"short", b"x" * 17])
def test_a_number_is_128_random_bits_and_nothing_else(number: bytes) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        NetworkSketch.objects.create(day=world.NOON.date(), number=number)
