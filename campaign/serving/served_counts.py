"""Counts what was sent out, in memory, and adds it to ServedCount every few seconds: a count, never a row a message.

A crash loses at most the last seconds of these counts. They are no one's acknowledged event: they only show
whether messages reach the screen.
"""

from __future__ import annotations

import atexit
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, close_old_connections, connection, transaction

from campaign.assignment.receipts import unpack_ids
from campaign.models import LeftOutCount, ServedCount
from campaign.placements.tag_check import TagCheckLog

if TYPE_CHECKING:
    from campaign.serving.snapshot_entries import ServedArm

_EPOCH = date(1970, 1, 1)
_MOST_SENT = 4096


def _upsert_sql(model: type[ServedCount] | type[LeftOutCount]) -> str:
    """The statement that adds to one count: the fields of its key, the count last."""
    table, key = model._meta.db_table, [str(field.column) for field in model._meta.pk_fields]
    return f"""
        INSERT INTO {table} ({", ".join(key)}, count) VALUES ({"%s, " * len(key)} %s)
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET count = {table}.count + excluded.count
    """  # noqa: S608  (only the table's own names are put in)


def _rows(counts: Mapping[Any, int]) -> list[tuple[Any, ...]]:
    """In one order, so that two processes cannot wait for each other."""
    dates = {day: str(_EPOCH + timedelta(days=day)) for day in {day for day, *_ in counts}}
    return [(dates[day], *key, count) for (day, *key), count in sorted(counts.items())]


class ServedCounter:
    """Adds up in memory; `flush` moves the sums into the database in one transaction.

    Each message that was sent is first put at the end of its day's list, which is always at hand; to look for its own
    count among thousands, far apart in memory, would cost each request more than all the rest of its counting.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: defaultdict[int, list[ServedArm]] = defaultdict(list)  # by day since 1970
        self._served: Counter[tuple[int, int, int, str]] = Counter()  # day, arm, placement, locale
        self._left_out: Counter[tuple[int, int, str]] = Counter()  # day, placement, reason
        self.tag_check_log = TagCheckLog()  # written by the same thread

    def add(self, hour: int, offer: ServedArm) -> None:
        """One more message was sent, and counts."""
        sent = self._sent[hour // 24]
        sent.append(offer)
        if len(sent) >= _MOST_SENT:
            with self._lock:
                self._add_up()

    def _add_up(self) -> None:
        """Count what stands in the lists; the lock is held. Others may append meanwhile, so nothing but what was
        counted is taken away."""
        for day, sent in list(self._sent.items()):
            counted = sent[:]
            del sent[: len(counted)]
            for offer, count in Counter(counted).items():
                _, arm, placement = unpack_ids(offer.packed_ids)
                self._served[day, arm, placement, offer.locale] += count

    def add_excluded(self, *, hour: int, placement: int, reason: LeftOutCount.Reason) -> None:
        """One more message was sent, and does not."""
        with self._lock:
            self._left_out[hour // 24, placement, reason.value] += 1

    def flush(self) -> int:
        """How many were written; on a database error nothing is lost, the next flush tries again."""
        self.tag_check_log.flush()
        with self._lock:
            self._add_up()
            served, self._served = self._served, Counter()
            left_out, self._left_out = self._left_out, Counter()
        if not served and not left_out:
            return 0
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(_upsert_sql(ServedCount), _rows(served))
                cursor.executemany(_upsert_sql(LeftOutCount), _rows(left_out))
        except DatabaseError:
            with self._lock:
                self._served.update(served)
                self._left_out.update(left_out)
            return 0
        return served.total() + left_out.total()

    def start_flushing(self, seconds: float) -> None:
        """Flush from a background thread, and once more when the process ends."""

        def loop() -> None:
            while not stop.wait(seconds):
                close_old_connections()
                self.flush()

        stop = threading.Event()
        threading.Thread(target=loop, name="served-counter", daemon=True).start()
        atexit.register(self.flush)
        Finalize(self, self.flush, exitpriority=10)  # a server's worker is a child process, which skips atexit
