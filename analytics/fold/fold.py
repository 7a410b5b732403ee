"""Counts closed views into tallies and forgets them. Safe to interrupt between any two statements, and to run twice.

The views stand in one database and the tallies in the other, so no transaction spans both. For each hour that views
have closed in:

1. The spool takes no more events of that hour, and what waits there is put into the database.
2. The database takes no more events of that hour: from here on its views cannot change.
3. Stretch by stretch, each a range of random nonces: in one transaction of `default`, add the stretch to the tallies
   and note how far the hour is counted; then delete the stretch in `audience`, where its bytes are overwritten.
4. The table is written anew, so that nothing of it is left between the pages.

Interrupted before 2, nothing has happened. Interrupted in 3, the note says up to where views are counted: those are
deleted first, and counting goes on behind them. Two folds at once take turns; were they not to, as on two machines,
each would count a stretch only if the note still says what it said when the views were read, and go on from where the
note is otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction

from analytics import file_lock
from analytics.ingest import open_views, writer
from analytics.ingest.open_views import NONCE_PREFIXES, GroupedCounts, NonceRange
from analytics.models import FoldProgress, Tally
from campaign.outcomes import tally_increments

VIEWS_PER_BATCH = 20_000
_EPOCH = date(1970, 1, 1)
TallyKey = tuple[date, int, int, str, str, int]  # day, arm, placement, locale, outcome, value
_ADD = f"""
    INSERT INTO {Tally._meta.db_table} (day, arm_id, placement_id, locale, outcome, value, count)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (day, arm_id, placement_id, locale, outcome, value)
    DO UPDATE SET count = {Tally._meta.db_table}.count + excluded.count
"""  # noqa: S608  (only the table's own name is put in)


@dataclass(frozen=True, slots=True)
class FoldResult:
    """How much one run did."""

    views: int
    hours: int


def fold(*, hour: int, batch_size: int = VIEWS_PER_BATCH) -> FoldResult:
    """Fold every view whose window has closed when `hour` (since 1970) begins, about `at_once` in a stretch."""
    with file_lock.hold_lock(_lock()):
        spool = writer.local_spool()
        begun = FoldProgress.objects.filter(through__lt=NONCE_PREFIXES).values_list("closes", flat=True)
        hours = {
            *open_views.closed_hours(hour=hour),
            *(closes for closes in (*spool.waiting_hours(), *begun) if closes <= hour),
        }
        for closes in sorted(hours):
            spool.shut_hour(closes)
        writer.move_spool_to_database(spool)
        views = sum(_fold_hour(closes, at_once=batch_size) for closes in sorted(hours))
        if FoldProgress.objects.filter(compacted=False).exists() and open_views.compact():
            FoldProgress.objects.filter(compacted=False, through=NONCE_PREFIXES).update(compacted=True)
    return FoldResult(views=views, hours=len(hours))


def _fold_hour(closes: int, *, at_once: int) -> int:
    """Steps 2 and 3 for one closing hour; how many views were counted."""
    open_views.shut_hour(closes)
    through = _through(closes)
    if through > 0:
        open_views.delete_views(NonceRange(closes, 0, through))
    views = open_views.count_views(closes)
    step = min(max(NONCE_PREFIXES * at_once // max(views, 1), 1), NONCE_PREFIXES)
    counted = 0
    while through < NONCE_PREFIXES:
        stretch = NonceRange(closes, through, min(through + step, NONCE_PREFIXES))
        sums = open_views.group_views(stretch)
        if _count(stretch, sums):
            counted += sum(row[-1] for row in sums)
            through = stretch.end
        else:  # another fold is at it: what it has counted is all that may be forgotten
            through = _through(closes)
        open_views.delete_views(NonceRange(closes, stretch.start, through))
    return counted


def _count(stretch: NonceRange, sums: GroupedCounts) -> bool:
    """Add a stretch to the tallies, unless the note says that it was; whether it was added now."""
    with transaction.atomic():
        note, _ = FoldProgress.objects.select_for_update().get_or_create(closes=stretch.closes)
        if note.through < stretch.start:
            raise RuntimeError("The note of what is counted went back: was the database restored meanwhile?")
        if note.through > stretch.start:
            return False
        note.through = stretch.end
        note.save(update_fields=["through"])
        rows = [(*key, amount) for key, amount in sorted(tally_views(sums).items())]
        if rows:
            with connections["default"].cursor() as cursor:
                cursor.executemany(_ADD, rows)
    return True


def tally_views(sums: Iterable[tuple[int, int, int, str, int, int | None, int | None, int]]) -> Counter[TallyKey]:
    """What views add up to: nothing in it says which outcomes came from the same view."""
    added: Counter[TallyKey] = Counter()
    for hour, arm, placement, locale, bits, rating, dwell, alike in sums:
        day = _EPOCH + timedelta(days=hour // 24)
        for outcome, value in tally_increments(bits=bits, rating=rating, dwell=dwell):
            added[(day, arm, placement, locale, outcome, value)] += alike
    return added


def _through(closes: int) -> int:
    return FoldProgress.objects.filter(closes=closes).values_list("through", flat=True).first() or 0


def _lock() -> Path:
    directory: Path = settings.DATA_DIRECTORY
    return directory / "fold.lock"
