"""Write verified outcomes to disk, each at most once per shown message, before they are acknowledged.

Events are committed in groups: those that arrive during one commit are in the next. If the audience database is away,
the group goes to the spool on this machine's disk. Only if that fails too are the events refused.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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
_RETRY_SECONDS = 1.0  # between attempts to reach a database that was away


def commit_events(
    events: Sequence[OutcomeEvent], *, hour: int, connection: BaseDatabaseWrapper | None = None
) -> list[Refusal | None]:
    """Commit events in one transaction; None for each that counts, a Refusal for each that came too late.

    Events of hours that fold has shut are refused. They are read in the same transaction, so no clock that
    jumped back counts a view twice.
    """
    with open_views.write_transaction(connection) as database:
        closes = {event.receipt.closes for event in events}
        results, views = _refuse_late(events, shut=open_views.find_shut_hours(database, sorted(closes)), hour=hour)
        if views:
            open_views.upsert_views(database, views)
    return results


def spool_events(events: Sequence[OutcomeEvent], *, hour: int, spool: Spool) -> list[Refusal | None]:
    """Store events in the spool instead, until the database is back."""
    results: list[Refusal | None] = []

    def select(shut: set[int]) -> Sequence[OpenViewRow]:
        refusals, views = _refuse_late(events, shut=shut, hour=hour)
        results.extend(refusals)
        return views

    spool.add(select)
    return results


def _refuse_late(
    events: Sequence[OutcomeEvent], *, shut: set[int], hour: int
) -> tuple[list[Refusal | None], list[OpenViewRow]]:
    """A refusal for each event that is too late, and the rows of the others."""
    late = {event.receipt.closes for event in events if event.receipt.closes <= hour or event.receipt.closes in shut}
    if not late:
        return [None] * len(events), open_views.merge_events(events)
    results = [receipt_expired_refusal() if event.receipt.closes in late else None for event in events]
    return results, open_views.merge_events(event for event in events if event.receipt.closes not in late)


class _Job(NamedTuple):
    """Some events of one caller, and where to deliver their results."""

    events: Sequence[OutcomeEvent]
    clock: Callable[[], float]
    ticket: Any
    deliver: DeliverResults


def _resolve_futures(answered: list[tuple[Future[RecordResults], RecordResults]]) -> None:
    for future, results in answered:
        future.set_result(results)


class EventWriter:
    """Commits the events of a process in a thread of its own."""

    def __init__(self, spool: Spool | None = None) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._spool = spool
        self._database_is_away = False
        self._connection: BaseDatabaseWrapper | None = None

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        """Commit the events without spool. When they are on disk, or refused, `deliver` is called with the tickets and
        results of all callers in the group that share it."""
        self._jobs.put(_Job(events, clock, ticket, deliver))
        if self._thread is None:
            with self._start_lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="ingest", daemon=True)
                    self._thread.start()

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        """Commit the events and wait: an event with the result None is on disk."""
        future: Future[RecordResults] = Future()
        self.put(events, clock=clock, ticket=future, deliver=_resolve_futures)
        try:
            return future.result(timeout=_SUBMIT_TIMEOUT_SECONDS)
        except TimeoutError:
            return [not_recorded_refusal() for _ in events]

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
        results: list[Refusal | None]
        try:
            hour = int(group[0].clock()) // SECONDS_PER_HOUR
            results = self._store([event for job in group for event in job.events], hour=hour)
        except Exception as error:
            log.error("Events could not be stored: %s", type(error).__name__)
            results = [not_recorded_refusal() for _ in range(size)]
        deliveries: dict[DeliverResults, list[tuple[Any, RecordResults]]] = {}
        start = 0
        for job in group:
            end = start + len(job.events)
            deliveries.setdefault(job.deliver, []).append((job.ticket, results[start:end]))
            start = end
        for deliver, tickets in deliveries.items():
            try:
                deliver(tickets)
            except Exception as error:  # such as a server that stops, where nobody waits any more
                log.error("Events could not be answered: %s", type(error).__name__)

    def close(self) -> None:
        """Close the database connection; the next commit opens it again."""
        if self._connection is not None:
            self._connection.close()

    def _open_connection(self) -> BaseDatabaseWrapper:
        if self._connection is None:
            self._connection = connections.create_connection(open_views.DATABASE_ALIAS)
            self._connection.inc_thread_sharing()  # one thread at a time: this writer's, and whoever closes it
        return self._connection

    def _store(self, events: list[OutcomeEvent], *, hour: int) -> list[Refusal | None]:
        """Store in the database, or in the spool while it is away. Storing a row twice changes nothing."""
        if not self._database_is_away:
            try:
                return commit_events(events, hour=hour, connection=self._open_connection())
            except (IntegrityError, DataError):
                raise  # caused by the events themselves, so a retry would fail too
            except DatabaseCompacting:
                pass
            except (
                DatabaseError,
                OSError,
            ) as error:  # OSError: a lock file cannot be created, such as on a read-only disk
                log.error("The audience database takes no events now: %s", type(error).__name__)
                self._open_connection().close()
                self._database_is_away = True
                threading.Thread(target=self._wait_for_database, name="ingest-retry", daemon=True).start()
        return spool_events(events, hour=hour, spool=self._spool or local_spool())

    def _wait_for_database(self) -> None:
        """Poll the database in a thread of its own, because a frozen server blocks for seconds."""
        while self._database_is_away:
            time.sleep(_RETRY_SECONDS)
            with suppress(Exception):  # any error means that it is still away
                open_views.check_reachable()
                self._database_is_away = False
            connections[open_views.DATABASE_ALIAS].close()


def move_spool_to_database(spool: Spool) -> int:
    """Move every event from the spool into the database; the number of views. DatabaseError if it is still away.

    A shut hour takes no events. Fold empties the spool first, so events for such an hour are an error and logged.
    """

    def store(views: list[OpenViewRow]) -> None:
        with open_views.write_transaction() as database:
            late = open_views.find_shut_hours(database, sorted({view.closes for view in views}))
            open_views.upsert_views(database, [view for view in views if view.closes not in late])
        if late:
            log.error("Events of hours that are already counted lay in the spool.")

    # Before the spool is locked, so that a frozen server blocks no other process. Also without events: whether this
    # fails is shown at /health/ready, and must not tell that somebody came.
    open_views.check_reachable()
    return spool.drain(store)


def local_spool() -> Spool:
    """This installation's spool."""
    return Spool(settings.SPOOL_DIRECTORY)


def receipt_expired_refusal() -> Refusal:
    """The answer to an outcome that came too late to count."""
    return Refusal(410, "receipt_expired", "This receipt's window has closed.", {"receipt": "Expired."})


_WRITER = EventWriter()


def event_writer() -> EventWriter:
    """This process's writer, for a server that uses the database from now on."""
    open_views.declare_in_use()
    return _WRITER
