"""Count served messages in memory and add the sums to ServedCount every few seconds. A crash loses those seconds."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, connection, transaction

from campaign.models import LeftOutCount, ServedCount, addition_sql

if TYPE_CHECKING:
    from campaign.serving.snapshot_entries import ServedText

_EPOCH = date(1970, 1, 1)
_MAX_UNCOUNTED = 4096


def _rows(counts: Mapping[Any, int]) -> list[tuple[Any, ...]]:
    """Rows in a fixed order, so that two processes cannot deadlock."""
    dates = {day: str(_EPOCH + timedelta(days=day)) for day in {day for day, *_ in counts}}
    return [(dates[day], *key, count) for (day, *key), count in sorted(counts.items())]


class ServedCounter:
    """Counts in memory; `flush` moves the sums into the database in one transaction.

    A served arm is first appended to the list of its day and counted later: finding one of thousands of counters takes
    longer than the rest of counting (docs/decisions/0019).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uncounted: defaultdict[int, list[ServedText]] = defaultdict(list)  # by day since 1970
        self._served: Counter[tuple[int, int, int, str]] = Counter()  # day, arm, placement, locale
        self._left_out: Counter[tuple[int, int, str]] = Counter()  # day, placement, reason

    def add(self, day: int, arm: ServedText) -> None:
        """Count one more served message on a day since 1970."""
        served = self._uncounted[day]
        served.append(arm)
        if len(served) >= _MAX_UNCOUNTED:
            with self._lock:
                self._count()

    def _count(self) -> None:
        """Move what was read of the lists into the counters, with the lock held; other threads may append meanwhile."""
        for day, served in list(self._uncounted.items()):
            counted = served[:]
            del served[: len(counted)]
            for arm, count in Counter(counted).items():
                self._served[day, arm.arm, arm.placement, arm.locale] += count

    def add_excluded(self, *, hour: int, placement: int, reason: LeftOutCount.Reason) -> None:
        """Count one more message that was shown and is excluded."""
        with self._lock:
            self._left_out[hour // 24, placement, reason.value] += 1

    def flush(self) -> int:
        """Write the counts; how many there were. After a database error the next flush tries again."""
        with self._lock:
            self._count()
            served, self._served = self._served, Counter()
            left_out, self._left_out = self._left_out, Counter()
        if not served and not left_out:
            return 0
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.executemany(addition_sql(ServedCount), _rows(served))
                cursor.executemany(addition_sql(LeftOutCount), _rows(left_out))
        except DatabaseError:
            with self._lock:
                self._served.update(served)
                self._left_out.update(left_out)
            return 0
        return served.total() + left_out.total()
