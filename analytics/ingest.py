"""Puts verified outcomes on disk, each at most once per shown message, before anyone is told that they count.

One writer thread per process owns the audience database's connection and commits in groups: whatever arrives while
one commit syncs goes into the next, and every caller waits for the commit that holds its own events.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, connections, transaction

from analytics.models import FoldMark, OpenView
from campaign.audience import Event, Refusal
from campaign.outcomes import CATALOGUE, EXPOSED
from campaign.receipt import SECONDS_PER_HOUR

log = logging.getLogger(__name__)

GROUP_LIMIT = 5_000
_ALIAS = "audience"
_WAIT_SECONDS = 30.0

# The first rating and the first duration stand; yes/no outcomes only ever become yes. A replay changes nothing.
_UPSERT = f"""
    INSERT INTO {OpenView._meta.db_table}
        (nonce, campaign, arm, placement, locale, hour, closes, bits, rating, dwell, batch)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, NULL)
    ON CONFLICT (nonce) DO UPDATE SET
        bits = {OpenView._meta.db_table}.bits | excluded.bits,
        rating = COALESCE({OpenView._meta.db_table}.rating, excluded.rating),
        dwell = COALESCE({OpenView._meta.db_table}.dwell, excluded.dwell)
"""  # noqa: S608  (only the table's own name is put in)


def write(events: Sequence[Event], *, hour: int) -> list[Refusal | None]:
    """Commit events in one transaction; None for each that counts, a Refusal for each that came too late.

    A view that may already be folded is refused by the mark that fold leaves, read in this same transaction, so
    even a clock that jumped back cannot count it twice.
    """
    with transaction.atomic(using=_ALIAS):
        mark = FoldMark.objects.using(_ALIAS).filter(pk=1).values_list("through", flat=True).first() or 0
        closed = max(mark, hour)
        answers = [expired() if event.receipt.closes <= closed else None for event in events]
        rows = [_row(event) for event, refusal in zip(events, answers, strict=True) if refusal is None]
        if rows:
            with connections[_ALIAS].cursor() as cursor:
                cursor.executemany(_UPSERT, rows)
    return answers


def _row(event: Event) -> tuple[bytes | int | str | None, ...]:
    r = event.receipt
    bit = CATALOGUE[event.outcome].bit
    bits = EXPOSED if bit is None else EXPOSED | 1 << bit
    rating = event.value if event.outcome == "rating" else None
    dwell = event.value if event.outcome == "dwell" else None
    return (r.nonce, r.campaign, r.arm, r.placement, r.locale, r.hour, r.closes, bits, rating, dwell)


@dataclass(slots=True)
class _Job:
    events: Sequence[Event]
    clock: Callable[[], float]
    done: threading.Event = field(default_factory=threading.Event)
    answers: list[Refusal | None] | None = None


class Writer:
    """The one thread that writes; `submit` returns when its events are on disk, or refused."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, events: Sequence[Event], *, clock: Callable[[], float]) -> list[Refusal | None]:
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="ingest-writer", daemon=True)
                    self._thread.start()
        job = _Job(events, clock)
        self._jobs.put(job)
        job.done.wait(_WAIT_SECONDS)
        if job.answers is None:
            return [not_recorded() for _ in events]
        return job.answers

    def _run(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            size = len(jobs[0].events)
            while size < GROUP_LIMIT:
                try:
                    jobs.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
                size += len(jobs[-1].events)
            self._commit(jobs)

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            hour = int(jobs[0].clock()) // SECONDS_PER_HOUR
            answers = write([event for job in jobs for event in job.events], hour=hour)
        except DatabaseError as error:
            log.error("Events could not be written: %s", type(error).__name__)
            connections[_ALIAS].close()
            answers = [not_recorded() for job in jobs for _ in job.events]
        except Exception as error:
            log.error("The writer failed: %s", type(error).__name__)
            answers = [not_recorded() for job in jobs for _ in job.events]
        start = 0
        for job in jobs:
            job.answers = answers[start : start + len(job.events)]
            start += len(job.events)
            job.done.set()


def expired() -> Refusal:
    """The answer to an outcome that comes too late to count."""
    return Refusal(410, "receipt_expired", "This receipt's window has closed.", {"receipt": "Expired."})


def not_recorded() -> Refusal:
    """The answer when the disk did not take an event: send it again."""
    return Refusal(503, "not_recorded", "This could not be stored just now. Please send it again.")


_WRITER = Writer()


def record(events: Sequence[Event], *, clock: Callable[[], float]) -> list[Refusal | None]:
    """Durable before it returns: None for each event that now counts, a Refusal for each that does not."""
    return _WRITER.submit(events, clock=clock)
