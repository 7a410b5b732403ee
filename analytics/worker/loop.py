"""Run the worker's steps as they come due, one worker at a time.

However many workers are started, the others wait for a lock that the operating system releases when its holder dies. A
step that fails is tried again when it is next due and stops no other. /health/ready shows each run's WorkerStep.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from analytics import clock_check, file_lock
from analytics.clock_check import ClockReading
from analytics.ingest import open_views
from analytics.models import WorkerStep
from analytics.worker.steps import STEPS, ScheduledStep
from messages.audit import continuity

log = logging.getLogger(__name__)

_ADVISORY_LOCK = 0x5EC0EE  # PostgreSQL's lock among workers on different machines


class Worker:
    """Runs steps as they come due. Clock and pause are passed in, so that tests need not wait."""

    def __init__(
        self,
        steps: tuple[ScheduledStep, ...] = STEPS,
        *,
        clock: Callable[[], datetime] = timezone.now,
        uptime: Callable[[], float] = clock_check.machine_uptime,
        write_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._steps, self._clock, self._uptime, self._write_line = steps, clock, uptime, write_line
        self._last_reading: ClockReading | None = None
        self._clock_is_right = True
        self._database_is_older = False
        # Monotonic, because a clock that jumps must not postpone a step by a year.
        self._due = dict.fromkeys((step.name for step in steps), 0.0)

    def run_due(self) -> int:
        """Run each step that is due and may run, and return how many were."""
        due = [step for step in self.permitted_steps() if time.monotonic() >= self._due[step.name]]
        for step in due:
            self._due[step.name] = time.monotonic() + step.interval
            self.run(step)
        return len(due)

    def permitted_steps(self) -> list[ScheduledStep]:
        """The steps that may run: none while the clock cannot be right, and in a restored backup those that forget."""
        if not self.check_clock():
            return []
        older = self.check_database()
        return [step for step in self._steps if step.forgets or not older]

    def check_clock(self) -> bool:
        """Whether the clock agrees with the last pass on record. Says once what is wrong, and records a right one."""
        reading = clock_check.take_reading(self._clock(), self._uptime())
        try:
            self._last_reading = clock_check.last_reading()
            problem = clock_check.describe_jump(reading, self._last_reading)
            if not problem and clock_check.is_record_due(reading, self._last_reading):
                clock_check.record_reading(reading)
        except DatabaseError as error:  # compare with what was read last: only the spool can be emptied now
            log.error("The worker could not read its last pass: %s", type(error).__name__)
            _close_lost_connections()
            problem = clock_check.describe_jump(reading, self._last_reading)
        if problem and self._clock_is_right:
            log.error("The worker waits. %s", problem)
        elif not problem and not self._clock_is_right:
            self._write_line("The clock is right again.")
        self._clock_is_right = not problem
        return self._clock_is_right

    def check_database(self) -> bool:
        """Whether the database is a restored backup, which does not know what was ended since. Says so once."""
        try:
            older = continuity.is_older_database()
        except (DatabaseError, OSError) as error:  # each step that needs it fails by itself
            log.error("The worker could not read the audit record: %s", type(error).__name__)
            _close_lost_connections()
            return self._database_is_older
        if older and not self._database_is_older:
            log.error("The worker only deletes views. %s", continuity.OLDER_DATABASE)
        elif self._database_is_older and not older:
            self._write_line("The database is in use again.")
        self._database_is_older = older
        return older

    def run(self, step: ScheduledStep) -> bool:
        """Run one step now, record it, and return whether it succeeded."""
        began, failure, summary = self._clock(), "", ""
        try:
            summary = step.run(began)
        except Exception as error:  # the type alone: a message could hold data
            failure = type(error).__name__
            log.error("The worker's step %s failed: %s", step.name, failure)
            _close_lost_connections()
        if summary:
            self._write_line(f"{step.name}: {summary}")
        fields: dict[str, object] = {"began_at": began, "failure": failure}
        fields |= {} if failure else {"succeeded_at": began}
        try:
            WorkerStep.objects.update_or_create(name=step.name, defaults=fields)
        except DatabaseError as error:
            log.error("The worker could not record its step: %s", type(error).__name__)
            _close_lost_connections()
        return not failure

    def run_until(self, stop: threading.Event, *, poll_seconds: float = 1.0) -> None:
        """Work until `stop` is set; a step that has begun is finished first."""
        with _hold_machine_lock(self._write_line, stop) as acquired:
            if acquired:
                open_views.declare_in_use()
                self._write_line("Working.")
            while not stop.is_set():
                close_old_connections()
                with _hold_database_lock() as is_only_worker:
                    if is_only_worker:
                        self.run_due()
                stop.wait(poll_seconds)


@contextmanager
def _hold_machine_lock(write_line: Callable[[str], None], stop: threading.Event) -> Iterator[bool]:
    """Wait for this machine's worker lock; yield False if `stop` is set first."""
    announced = False
    while not stop.is_set():
        with file_lock.hold_lock(settings.DATA_DIRECTORY / "worker.lock", wait=False) as lock:
            if lock is not None:
                yield True
                return
        if not announced:
            write_line("Another worker is running. Waiting for it to stop.")
            announced = True
        stop.wait(0.5)
    yield False


@contextmanager
def _hold_database_lock() -> Iterator[bool]:
    """On PostgreSQL, hold the lock among workers on different machines for one round of steps."""
    connection = connections["default"]
    if connection.vendor != "postgresql":
        yield True
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY_LOCK])
            row = cursor.fetchone()
    except DatabaseError as error:
        log.error("The worker's database is unreachable: %s", type(error).__name__)
        _close_lost_connections()
        yield True  # each step that needs this database fails by itself; the spool does not need it
        return
    acquired = bool(row and row[0])
    try:
        yield acquired
    finally:
        if acquired:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
            except DatabaseError:
                _close_lost_connections()


def _close_lost_connections() -> None:
    """Close connections outside transactions, so that the next step opens new ones."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
