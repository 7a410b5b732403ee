"""Puts verified outcomes on disk, each at most once per shown message, before anyone is told that they count.

Callers are committed in groups: whoever comes during one commit is in the next, and everyone waits for the commit that
holds their own events. If the audience database is away, the group goes
to the spool on this machine's disk instead; only if that fails too, the callers hear that nothing was kept.
"""

from __future__ import annotations

import logging
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from analytics.ingest import open_views
from analytics.ingest.open_views import DatabaseCompacting, OpenViewRow
from analytics.ingest.spool import Spool
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.serving.http import Refusal, not_recorded_refusal
from campaign.serving.routing import DeliverResults, OutcomeEvent, RecordResults

log = logging.getLogger(__name__)

MAX_GROUP_EVENTS = 5_000
_SUBMIT_TIMEOUT_SECONDS = 30.0
_RETRY_SECONDS = 1.0  # so long is a database left alone that was away


def commit_events(
    events: Sequence[OutcomeEvent], *, hour: int, connection: BaseDatabaseWrapper | None = None
) -> list[Refusal | None]:
    """Commit events in one transaction; None for each that counts, a Refusal for each that came too late.

    A view that may already be folded is refused by the hours that fold shuts, read in this same transaction, so even
    a clock that jumped back cannot count it twice.
    """
    with open_views.write_transaction(connection) as database:
        closes = {event.receipt.closes for event in events}
        answers, views = _judged(events, shut=open_views.find_shut_hours(database, sorted(closes)), hour=hour)
        if views:
            open_views.upsert_views(database, views)
    return answers


def spool_events(events: Sequence[OutcomeEvent], *, hour: int, spool: Spool) -> list[Refusal | None]:
    """The same in the spool: on this machine's disk until the database is back."""
    answers: list[Refusal | None] = []

    def select(shut: set[int]) -> Sequence[OpenViewRow]:
        judged, views = _judged(events, shut=shut, hour=hour)
        answers.extend(judged)
        return views

    spool.add(select)
    return answers


def _judged(
    events: Sequence[OutcomeEvent], *, shut: set[int], hour: int
) -> tuple[list[Refusal | None], list[OpenViewRow]]:
    """Who is too late, and the rows of the others."""
    late = {event.receipt.closes for event in events if event.receipt.closes <= hour or event.receipt.closes in shut}
    if not late:
        return [None] * len(events), open_views.merge_events(events)
    answers = [receipt_expired_refusal() if event.receipt.closes in late else None for event in events]
    return answers, open_views.merge_events(event for event in events if event.receipt.closes not in late)


class _Job(NamedTuple):
    """Some events of one caller, and where to send their answers."""

    events: Sequence[OutcomeEvent]
    clock: Callable[[], float]
    ticket: Any
    deliver: DeliverResults


class _Waiter:
    """A caller who waits in its own thread."""

    __slots__ = ("answers", "latch")

    def __init__(self) -> None:
        self.answers: RecordResults | None = None
        self.latch = allocate_lock()
        self.latch.acquire()


def _let_go(answered: list[tuple[_Waiter, RecordResults]]) -> None:
    for waiter, answers in answered:
        waiter.answers = answers
        waiter.latch.release()


class EventWriter:
    """Commits for a whole process, in a thread of its own: whoever comes while it commits is in the next group."""

    def __init__(self, spool: Spool | None = None) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._spool = spool
        self._away = False
        self._own: BaseDatabaseWrapper | None = None

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        """Commit these too. When they are on disk, or refused, `deliver` gets the ticket with an answer for each event,
        together with all others of the group that are delivered there."""
        self._jobs.put(_Job(events, clock, ticket, deliver))
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="ingest", daemon=True)
                    self._thread.start()

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        """The same for a caller who waits: on disk when it returns None for an event."""
        waiter = _Waiter()
        self.put(events, clock=clock, ticket=waiter, deliver=_let_go)
        waiter.latch.acquire(timeout=_SUBMIT_TIMEOUT_SECONDS)
        return [not_recorded_refusal() for _ in events] if waiter.answers is None else waiter.answers

    def _work(self) -> None:
        while True:
            group = [self._jobs.get()]
            size = len(group[0].events)
            while size < MAX_GROUP_EVENTS:
                try:
                    job = self._jobs.get_nowait()
                except Empty:
                    break
                group.append(job)
                size += len(job.events)
            self._commit(group, size)

    def _commit(self, group: list[_Job], size: int) -> None:
        answers: list[Refusal | None]
        try:
            hour = int(group[0].clock()) // SECONDS_PER_HOUR
            answers = self._stored([event for job in group for event in job.events], hour=hour)
        except Exception as error:
            log.error("Events could not be kept: %s", type(error).__name__)
            answers = [not_recorded_refusal() for _ in range(size)]
        answered: dict[DeliverResults, list[tuple[Any, RecordResults]]] = {}
        start = 0
        for job in group:
            end = start + len(job.events)
            answered.setdefault(job.deliver, []).append((job.ticket, answers[start:end]))
            start = end
        for deliver, theirs in answered.items():
            try:
                deliver(theirs)
            except Exception as error:  # the server stops, say: nobody waits there any more
                log.error("Events could not be answered: %s", type(error).__name__)

    def close(self) -> None:
        """Let go of the database; the next commit reaches for it anew."""
        if self._own is not None:
            self._own.close()

    def _connection(self) -> BaseDatabaseWrapper:
        if self._own is None:
            self._own = connections.create_connection(open_views.DATABASE_ALIAS)
            self._own.inc_thread_sharing()  # one thread at a time: this writer's, and whoever closes it
        return self._own

    def _stored(self, events: list[OutcomeEvent], *, hour: int) -> list[Refusal | None]:
        """In the database, or in the spool while it is away: the outcome of a lost commit does not matter, since a
        row that is put twice changes nothing."""
        if not self._away:
            try:
                return commit_events(events, hour=hour, connection=self._connection())
            except (IntegrityError, DataError):
                raise  # the events themselves are at fault: they would be refused for ever
            except DatabaseCompacting:
                pass
            except (DatabaseError, OSError) as error:  # OSError: its locks cannot be made, on a read-only disk say
                log.error("The audience database takes no events now: %s", type(error).__name__)
                self._connection().close()
                self._away = True
                threading.Thread(target=self._until_it_is_back, name="ingest-asks", daemon=True).start()
        return spool_events(events, hour=hour, spool=self._spool or local_spool())

    def _until_it_is_back(self) -> None:
        """Ask the database in a thread of its own: a frozen one takes seconds not to answer, and nobody waits."""
        while self._away:
            time.sleep(_RETRY_SECONDS)
            with suppress(Exception):  # whatever it is, the answer is no
                open_views.check_reachable()
                self._away = False
            connections[open_views.DATABASE_ALIAS].close()


def move_spool_to_database(waiting: Spool) -> int:
    """Put every event that waits in the spool into the database; how many views they belong to.

    DatabaseError if it is still away. An hour that is shut takes nothing, and by the order in which fold works the
    spool holds nothing for such an hour; were it otherwise, the log would say so.
    """

    def take(views: list[OpenViewRow]) -> None:
        with open_views.write_transaction() as database:
            late = open_views.find_shut_hours(database, sorted({view.closes for view in views}))
            open_views.upsert_views(database, [view for view in views if view.closes not in late])
        if late:
            log.error("Events of hours that are already counted lay in the spool.")

    if waiting.holds_events:
        open_views.check_reachable()  # before locking the spool, so that nobody waits there for a frozen server
    return waiting.drain(take)


def local_spool() -> Spool:
    """This installation's spool."""
    return Spool(settings.SPOOL_DIRECTORY)


def receipt_expired_refusal() -> Refusal:
    """The answer to an outcome that comes too late to count."""
    return Refusal(410, "receipt_expired", "This receipt's window has closed.", {"receipt": "Expired."})


_WRITER = EventWriter()


def event_writer() -> EventWriter:
    """This process's writer."""
    return _WRITER
