"""Counts closed views into tallies and forgets them. Safe to interrupt between any two statements, and to run twice.

The views stand in one database and the tallies in the other, so no transaction spans both. Four steps:

1. `audience`, one transaction: views whose window has closed get a batch number, and the mark moves to this hour,
   after which ingest refuses every event for them: a claimed view can no longer change.
2. `default`, one transaction: unless this batch number is on record, add its counts to the tallies and record it.
3. `audience`: delete the views of the batch; secure_delete overwrites their bytes.
4. `default`: drop the batch number, which no view carries any more.

Interrupted after 1, the next run finds the batch and goes on at 2. Interrupted after 2, the record stops a second
count. Interrupted after 3, a number is left that the next run drops.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connections, transaction
from django.db.models import F

from analytics.models import FoldedBatch, FoldMark, OpenView, Tally
from campaign.models import Arm, Placement
from campaign.outcomes import tally_of

_EPOCH = date(1970, 1, 1)
TallyKey = tuple[date, int, int, str, str, int]  # day, arm, placement, locale, outcome, value


@dataclass(frozen=True, slots=True)
class Folded:
    """How much one run did."""

    views: int
    batches: int


def fold(*, hour: int) -> Folded:
    """Fold every view whose window has closed when `hour` (since 1970) begins."""
    claim(hour=hour)
    views = 0
    batches = open_batches()
    for number in batches:
        views += count(number)
        forget(number)
    tidy()
    if batches:
        compact()
    return Folded(views=views, batches=len(batches))


def claim(*, hour: int) -> None:
    """Step 1: give closed views a batch number and shut them to new events."""
    with transaction.atomic(using="audience"):
        mark, _ = FoldMark.objects.get_or_create(pk=1)
        if hour > mark.through:
            mark.through = hour
            mark.save(using="audience")
        number = secrets.randbits(62)
        OpenView.objects.filter(batch=None, closes__lte=mark.through).update(batch=number)


def open_batches() -> list[int]:
    """Every batch that has been claimed and not yet forgotten, this run's and any interrupted one's."""
    numbers = OpenView.objects.exclude(batch=None).order_by().values_list("batch", flat=True).distinct()
    return sorted(number for number in numbers if number is not None)


def count(number: int) -> int:
    """Step 2: add a batch to the tallies, unless that is done already; how many views it holds."""
    rows = OpenView.objects.filter(batch=number).values_list(
        "hour", "arm", "placement", "locale", "bits", "rating", "dwell"
    )
    views = list(rows)
    with transaction.atomic():
        _, is_new = FoldedBatch.objects.get_or_create(number=number)
        if is_new:
            for key, amount in tallies(views).items():
                _add(key, amount)
    return len(views)


def tallies(views: Iterable[tuple[int, int, int, str, int, int | None, int | None]]) -> Counter[TallyKey]:
    """What a batch of views adds up to: nothing in it says which outcomes came from the same view."""
    sums: Counter[TallyKey] = Counter()
    for hour, arm, placement, locale, bits, rating, dwell in views:
        day = _EPOCH + timedelta(days=hour // 24)
        for outcome, value in tally_of(bits=bits, rating=rating, dwell=dwell):
            sums[(day, arm, placement, locale, outcome, value)] += 1
    return sums


def _add(key: TallyKey, amount: int) -> None:
    day, arm, placement, locale, outcome, value = key
    row, _ = Tally.objects.get_or_create(
        day=day,
        arm=Arm.objects.get(pk=arm),
        placement=Placement.objects.get(pk=placement),
        locale=locale,
        outcome=outcome,
        value=value,
    )
    Tally.objects.filter(pk=row.pk).update(count=F("count") + amount)


def forget(number: int) -> None:
    """Step 3: delete the batch's views."""
    with transaction.atomic(using="audience"):
        OpenView.objects.filter(batch=number).delete()


def tidy() -> None:
    """Step 4: drop the numbers of batches that are wholly forgotten."""
    FoldedBatch.objects.exclude(number__in=open_batches()).delete()


def compact() -> None:
    """Leave no deleted bytes behind: vacuum, and empty the write-ahead log."""
    connection = connections["audience"]
    if connection.in_atomic_block:
        return  # only a test folds inside a transaction; nothing may be vacuumed there
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute(f"VACUUM {OpenView._meta.db_table}")
