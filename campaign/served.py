"""Counts what was sent out, in memory, and adds it to ServedCount every few seconds: a count, never a row a message.

A crash loses at most the last seconds of these counts. They are no one's acknowledged event: they only show
whether messages reach the screen.
"""

from __future__ import annotations

import atexit
import threading
from collections import Counter
from datetime import date, timedelta
from multiprocessing.util import Finalize

from django.db import DatabaseError, close_old_connections, connection, transaction

from campaign.models import ServedCount

Key = tuple[int, int, int, str]  # day since 1970, arm, placement, locale
_EPOCH = date(1970, 1, 1)
_TABLE = ServedCount._meta.db_table
_ADD = f"""
    INSERT INTO {_TABLE} (day, arm_id, placement_id, locale, count) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (day, arm_id, placement_id, locale) DO UPDATE SET count = {_TABLE}.count + excluded.count
"""  # noqa: S608  (only the table's own name is put in)


class ServedCounter:
    """Adds up in memory; `flush` moves the sums into the database in one transaction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()

    def add(self, *, hour: int, arm: int, placement: int, locale: str) -> None:
        key = (hour // 24, arm, placement, locale)
        with self._lock:
            self._counts[key] += 1

    def flush(self) -> int:
        """How many were written; on a database error nothing is lost, the next flush tries again."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return 0
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # One order, so that two processes cannot wait for each other.
                rows = [
                    (_EPOCH + timedelta(days=day), arm, placement, locale, count)
                    for (day, arm, placement, locale), count in sorted(counts.items())
                ]
                cursor.executemany(_ADD, rows)
        except DatabaseError:
            with self._lock:
                self._counts.update(counts)
            return 0
        return sum(counts.values())

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
