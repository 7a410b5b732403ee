"""Counts what was sent out, in memory, and adds it to ServedCount every few seconds: a count, never a row a message.

A crash loses at most the last seconds of these counts. They are no one's acknowledged event: they only show
whether messages reach the screen.
"""

from __future__ import annotations

import atexit
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from multiprocessing.util import Finalize
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction

from campaign.models import LeftOutCount, ServedCount
from campaign.placetest import PlaceTests
from campaign.receipt import told_by

_EPOCH = date(1970, 1, 1)


def _adding(model: type[ServedCount] | type[LeftOutCount]) -> str:
    """The statement that adds to one count: the fields of its key, the count last."""
    table, key = model._meta.db_table, [str(field.column) for field in model._meta.pk_fields]
    return f"""
        INSERT INTO {table} ({", ".join(key)}, count) VALUES ({"%s, " * len(key)} %s)
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET count = {table}.count + excluded.count
    """  # noqa: S608  (only the table's own names are put in)


def _rows(counts: Mapping[Any, int]) -> list[tuple[Any, ...]]:
    """In one order, so that two processes cannot wait for each other."""
    return [(_EPOCH + timedelta(days=day), *key, count) for (day, *key), count in sorted(counts.items())]


Served = Counter[tuple[int, str, bytes]]  # day since 1970, locale, facts of the receipt


def _by_key(sent: Served) -> Counter[tuple[int, int, int, str]]:
    """The same by the fields of ServedCount's key."""
    served: Counter[tuple[int, int, int, str]] = Counter()
    for (day, locale, facts), count in sent.items():
        _, arm, placement = told_by(facts)
        served[day, arm, placement, locale] += count
    return served


class ServedCounter:
    """Adds up in memory; `flush` moves the sums into the database in one transaction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: Served = Counter()
        self._left_out: Counter[tuple[int, int, str]] = Counter()  # day since 1970, placement, reason
        self.tests = PlaceTests()  # written by the same thread

    def add(self, hour: int, facts: bytes, locale: str) -> None:
        """One more message was sent, and counts: of the arm and placement in the `facts` of its receipt."""
        with self._lock:
            self._served[hour // 24, locale, facts] += 1

    def leave_out(self, *, hour: int, placement: int, reason: LeftOutCount.Reason) -> None:
        """One more message was sent, and does not."""
        with self._lock:
            self._left_out[hour // 24, placement, reason.value] += 1

    def flush(self) -> int:
        """How many were written; on a database error nothing is lost, the next flush tries again."""
        self.tests.flush()
        with self._lock:
            sent, self._served = self._served, Counter()
            left_out, self._left_out = self._left_out, Counter()
        served = _by_key(sent)
        if not served and not left_out:
            return 0
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(_adding(ServedCount), _rows(served))
                cursor.executemany(_adding(LeftOutCount), _rows(left_out))
        except DatabaseError:
            with self._lock:
                self._served.update(sent)
                self._left_out.update(left_out)
            return 0
        return served.total() + left_out.total()

    def keep_flushing(self, seconds: float) -> None:
        """Flush from a background thread, and once more when the process ends."""

        def loop() -> None:
            while not stop.wait(seconds):
                close_old_connections()
                self.flush()

        stop = threading.Event()
        threading.Thread(target=loop, name="served-counter", daemon=True).start()
        atexit.register(self.flush)
        Finalize(self, self.flush, exitpriority=10)  # a server's worker is a child process, which skips atexit
