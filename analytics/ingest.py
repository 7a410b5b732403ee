"""Puts verified outcomes on disk, each at most once per shown message, before anyone is told that they count.

Callers commit in groups: the first to come leads, commits for all who are there, and hands over to the first who came
meanwhile; everyone waits for the commit that holds their own events. If the audience database is away, the group goes
to the spool on this machine's disk instead; only if that fails too, the callers hear that nothing was kept.
"""

from __future__ import annotations

import logging
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable, Sequence
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from analytics import openviews
from analytics.openviews import Busy, View
from analytics.spool import Spool
from campaign.audience import Event, Refusal
from campaign.receipt import SECONDS_PER_HOUR

log = logging.getLogger(__name__)

GROUP_LIMIT = 5_000
_WAIT_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 1.0  # so long is a database left alone that was away


def write(events: Sequence[Event], *, hour: int, connection: BaseDatabaseWrapper | None = None) -> list[Refusal | None]:
    """Commit events in one transaction; None for each that counts, a Refusal for each that came too late.

    A view that may already be folded is refused by the hours that fold shuts, read in this same transaction, so even
    a clock that jumped back cannot count it twice.
    """
    with openviews.writing(connection) as database:
        closes = {event.receipt.closes for event in events}
        answers, views = _judged(events, shut=openviews.shut(database, sorted(closes)), hour=hour)
        if views:
            openviews.put(database, views)
    return answers


def keep(events: Sequence[Event], *, hour: int, spool: Spool) -> list[Refusal | None]:
    """The same in the spool: on this machine's disk until the database is back."""
    answers: list[Refusal | None] = []

    def select(shut: set[int]) -> Sequence[View]:
        judged, views = _judged(events, shut=shut, hour=hour)
        answers.extend(judged)
        return views

    spool.put(select)
    return answers


def _judged(events: Sequence[Event], *, shut: set[int], hour: int) -> tuple[list[Refusal | None], list[View]]:
    """Who is too late, and the rows of the others."""
    late = {event.receipt.closes for event in events if event.receipt.closes <= hour or event.receipt.closes in shut}
    if not late:
        return [None] * len(events), openviews.merged(events)
    answers = [expired() if event.receipt.closes in late else None for event in events]
    return answers, openviews.merged(event for event in events if event.receipt.closes not in late)


class _Job:
    """Some events of one caller, who waits at the latch until they are answered, or until it is their turn to lead."""

    __slots__ = ("abandoned", "answers", "clock", "events", "latch", "leads", "next")

    def __init__(self, events: Sequence[Event], clock: Callable[[], float]) -> None:
        self.events, self.clock = events, clock
        self.answers: list[Refusal | None] | None = None
        self.leads = self.abandoned = False
        self.next: _Job | None = None
        self.latch = allocate_lock()  # a bare lock: an Event makes two more, and a list, for each caller
        self.latch.acquire()


class Writer:
    """Commits for a whole process; `submit` returns when its events are on disk, or refused.

    There is no thread that only writes: it would have to be woken for each group, and then to win the interpreter
    from all the others. Those who were answered wake each other one by one, for the same reason.
    """

    def __init__(self, spool: Spool | None = None) -> None:
        self._lock = allocate_lock()  # guards the fields of jobs too, but for the events
        self._pending: list[_Job] = []
        self._led = False
        self._spool = spool
        self._away = False
        self._own: BaseDatabaseWrapper | None = None  # one connection, used by whoever leads

    def submit(self, events: Sequence[Event], *, clock: Callable[[], float]) -> list[Refusal | None]:
        """On disk when it returns None for an event; a Refusal says why another does not count."""
        job = _Job(events, clock)
        with self._lock:
            self._pending.append(job)
            if not self._led:
                self._led = job.leads = True
        if not job.leads and not job.latch.acquire(timeout=_WAIT_SECONDS):
            self._give_up(job)
        if job.leads:
            self._lead(job)
        elif job.next is not None:
            job.next.latch.release()
        return [not_recorded() for _ in events] if job.answers is None else job.answers

    def _give_up(self, job: _Job) -> None:
        """Too long: nobody will answer any more, unless that has just happened."""
        with self._lock:
            if job.answers is None and not job.leads:
                job.abandoned = True
                if job in self._pending:
                    self._pending.remove(job)

    def _lead(self, own: _Job) -> None:
        """Commit for all who wait now, answer them, and hand over to the first of those who came meanwhile."""
        with self._lock:
            jobs: list[_Job] = []
            size = 0
            for job in self._pending:
                if jobs and size + len(job.events) > GROUP_LIMIT:
                    break
                jobs.append(job)
                size += len(job.events)
            del self._pending[: len(jobs)]
        answers: list[Refusal | None] = [not_recorded() for _ in range(size)]
        try:
            hour = int(own.clock()) // SECONDS_PER_HOUR
            answers = self._stored([event for job in jobs for event in job.events], hour=hour)
        except Exception as error:
            log.error("Events could not be kept: %s", type(error).__name__)
        finally:
            self._answer(own, jobs, answers)

    def _answer(self, own: _Job, jobs: list[_Job], answers: list[Refusal | None]) -> None:
        first = last = None
        start = 0
        with self._lock:
            for job in jobs:
                job.answers = answers[start : start + len(job.events)]
                start += len(job.events)
                if job is own or job.abandoned:
                    continue
                if last is None:
                    first = job
                else:
                    last.next = job
                last = job
            successor = self._pending[0] if self._pending else None
            if successor is None:
                self._led = False
            else:
                successor.leads = True
        if successor is not None:
            successor.latch.release()
        if first is not None:
            first.latch.release()

    def close(self) -> None:
        """Let go of the database; the next to lead reaches for it anew."""
        if self._own is not None:
            self._own.close()

    def _connection(self) -> BaseDatabaseWrapper:
        if self._own is None:
            self._own = connections.create_connection(openviews.ALIAS)
            self._own.inc_thread_sharing()  # one thread at a time: whoever leads
        return self._own

    def _stored(self, events: list[Event], *, hour: int) -> list[Refusal | None]:
        """In the database, or in the spool while it is away: the outcome of a lost commit does not matter, since a
        row that is put twice changes nothing."""
        if not self._away:
            try:
                return write(events, hour=hour, connection=self._connection())
            except (IntegrityError, DataError):
                raise  # the events themselves are at fault: they would be refused for ever
            except Busy:
                pass
            except (DatabaseError, OSError) as error:  # OSError: its locks cannot be made, on a read-only disk say
                log.error("The audience database takes no events now: %s", type(error).__name__)
                self._connection().close()
                self._away = True
                threading.Thread(target=self._until_it_is_back, name="ingest-asks", daemon=True).start()
        return keep(events, hour=hour, spool=self._spool or spool())

    def _until_it_is_back(self) -> None:
        """Ask the database in a thread of its own: a frozen one takes seconds not to answer, and nobody waits."""
        while self._away:
            time.sleep(_ASK_AGAIN_SECONDS)
            with suppress(Exception):  # whatever it is, the answer is no
                openviews.reach()
                self._away = False
            connections[openviews.ALIAS].close()


def hand_over(waiting: Spool) -> int:
    """Put every event that waits in the spool into the database; how many views they belong to.

    DatabaseError if it is still away. An hour that is shut takes nothing, and by the order in which fold works the
    spool holds nothing for such an hour; were it otherwise, the log would say so.
    """

    def take(views: list[View]) -> None:
        with openviews.writing() as database:
            late = openviews.shut(database, sorted({view.closes for view in views}))
            openviews.put(database, [view for view in views if view.closes not in late])
        if late:
            log.error("Events of hours that are already counted lay in the spool.")

    if waiting.holds_events:
        openviews.reach()  # before the spool is locked: whoever keeps events there is not to wait for a frozen server
    return waiting.hand_over(take)


def spool() -> Spool:
    """This installation's spool."""
    return Spool(settings.SPOOL_DIRECTORY)


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
