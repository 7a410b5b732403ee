"""How many of each message were sent: counted by all threads at once, and each once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

import pytest

from campaign.models import ServedCount
from campaign.serving import served_counts
from campaign.serving.served_counts import ServedCounter
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_entries import ServedText
from tests import world

pytestmark = pytest.mark.django_db

HOUR = 480_000  # the first of a day: 480,000 = 24 * 20,000


@pytest.fixture
def offers() -> list[ServedText]:
    world.launched()
    return list(compile_snapshot().placements["quiet-page"].served_texts())


def counts() -> list[int]:
    return list(ServedCount.objects.order_by("day", "arm").values_list("count", flat=True))


def sends(counter: ServedCounter, offers: list[ServedText], count: int, hour: int = HOUR) -> None:
    for offer in islice(cycle(offers), count):
        counter.add(hour // 24, offer)


@contextmanager
def quick_turns() -> Iterator[None]:
    """Threads take turns a thousand times as often, so that they meet in between any two steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_each_message_is_counted_for_its_arm_and_day(offers: list[ServedText]) -> None:
    counter = ServedCounter()
    sends(counter, offers[:2], 3)
    sends(counter, offers[:1], 5, hour=HOUR + 23)
    sends(counter, offers[:1], 7, hour=HOUR + 24)
    assert counter.flush() == 15
    assert counts() == [7, 1, 7]
    assert counter.flush() == 0, "and no second time"


def test_more_than_is_listed_at_once_are_counted_too(offers: list[ServedText], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_counts, "_MAX_UNCOUNTED", 10)
    counter = ServedCounter()
    sends(counter, offers, 4 * 25 + 1)
    assert max(map(len, counter._uncounted.values())) < 10, "no list grows without end"
    assert (counter.flush(), counts()) == (101, [26, 25, 25, 25])


def test_words_that_were_compiled_anew_are_counted_with_those_before(offers: list[ServedText]) -> None:
    counter = ServedCounter()
    sends(counter, offers, 4)
    sends(counter, list(compile_snapshot().placements["quiet-page"].served_texts()), 8)
    counter.flush()
    assert counts() == [3, 3, 3, 3]


def test_one_that_comes_while_others_are_counted_is_counted_next(offers: list[ServedText]) -> None:
    class Met(list[ServedText]):
        """While it is read, another thread appends."""

        def __getitem__(self, key: Any) -> Any:
            read = super().__getitem__(key)
            self.append(offers[1])
            return read

    counter = ServedCounter()
    counter._uncounted[HOUR // 24] = Met(offers[:1])
    assert (counter.flush(), counts()) == (1, [1])
    assert (counter.flush(), counts()) == (1, [1, 1])


def test_one_whose_thread_had_the_list_in_hand_before_it_was_counted_is_counted_next(offers: list[ServedText]) -> None:
    counter = ServedCounter()
    sends(counter, offers[:1], 1)
    in_hand = counter._uncounted[HOUR // 24]
    counter.flush()
    in_hand.append(offers[1])
    assert (counter.flush(), counts()) == (1, [1, 1])


def test_none_is_lost_or_doubled_while_it_is_counted(offers: list[ServedText], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_counts, "_MAX_UNCOUNTED", 50)
    counter, each = ServedCounter(), 20_000
    with quick_turns(), ThreadPoolExecutor(4) as threads:
        sent = [threads.submit(sends, counter, offers, each) for _ in range(4)]
        while not all(one.done() for one in sent):
            counter.flush()
    counter.flush()
    assert counts() == [each] * 4
