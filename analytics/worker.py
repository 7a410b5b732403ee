"""What has to be done again and again, in steps: each is safe to interrupt anywhere and to run twice.

One worker works at a time, however many are started: the others wait for a lock that the system takes from whoever
dies. A step that fails is tried again when it is next due; it stops no other. What each step did last stands in
WorkerStep, which /health/ready shows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from analytics import file_lock, wording
from analytics.data_quality import hourly_check
from analytics.fold import row_order
from analytics.fold.fold import fold
from analytics.guardrails.pause import pause_harmful_arms
from analytics.ingest import writer
from analytics.looks import early_looks
from analytics.looks.evaluate import NotEvaluable, evaluate, is_look_due
from analytics.models import FoldedHour, FoldProgress, WorkerStep
from analytics.notifications import delivery, events
from analytics.rehearsal import runner
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.key_admin import audited
from campaign.lifecycle import transitions
from campaign.models import Campaign
from campaign.placements import tag_check
from messages.audit.log import WORKER
from messages.help_links import directory

log = logging.getLogger(__name__)

_ADVISORY = 0x5EC0EE  # our lock's number on PostgreSQL, for workers on different machines
# No receipt lives longer than a day: a clock that jumps back two weeks does not reach views that were shut before. The
# newest hours are kept even so: a clock that is years ahead for a while must not forget those that will come again.
_REMEMBER = timedelta(days=14)
_NEWEST_REMEMBERED = 1_000
_COUNTED = [Campaign.State.RUNNING, Campaign.State.PAUSED, Campaign.State.CLOSED]


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """One thing to do, how often, and what it says of what it did; nothing if there was nothing to do."""

    name: str
    every: float  # seconds
    run: Callable[[datetime], str]


def open_and_close_campaigns(now: datetime) -> str:
    """Campaigns whose start or end has come."""
    opened, closed = transitions.start_due_campaigns(now=now), transitions.close_due_campaigns(now=now)
    return _said((len(opened), "campaigns opened"), (len(closed), "closed"))


def drain_spool(now: datetime) -> str:
    """Events that were kept aside while the audience database was away."""
    return _of_people(writer.move_spool_to_database(writer.local_spool()), "views from the spool")


def fold_closed_views(now: datetime) -> str:
    """Views whose window has closed."""
    return _of_people(fold(hour=int(now.timestamp()) // SECONDS_PER_HOUR).views, "views counted and forgotten")


def enforce_guardrails(now: datetime) -> str:
    """Harm rules, before anything is compared."""
    running = Campaign.objects.filter(state=Campaign.State.RUNNING)
    return _said(
        (_for_each(running, lambda campaign: len(pause_harmful_arms(campaign, now=now))), "guardrails crossed")
    )


def record_due_looks(now: datetime) -> str:
    """Planned looks that are due."""

    def look_at(campaign: Campaign) -> int:
        if not is_look_due(campaign, now=now):
            return 0
        try:
            evaluate(campaign, now=now)
        except NotEvaluable:
            return 0
        return 1

    counted = Campaign.objects.filter(state__in=_COUNTED).order_by("pk")
    return _said((_for_each(counted, look_at), "looks on record"))


def _for_each(campaigns: Iterable[Campaign], do: Callable[[Campaign], int]) -> int:
    """The sum over campaigns. One that fails keeps no other waiting; once all are done, the step ends as failed."""
    done, failure = 0, None
    for campaign in campaigns:
        try:
            done += do(campaign)
        except DatabaseError:
            raise
        except Exception as error:
            log.error("The worker could not deal with campaign %s: %s", campaign.pk, type(error).__name__)
            failure = error
    if failure is not None:
        raise failure
    return done


def destroy_unneeded_keys(now: datetime) -> str:
    """Secrets of campaigns that are closed, and receipt keys of which no receipt is open any more."""
    for number in transitions.secrets_without_campaign():
        _tell_of_unknown(number)
    secrets = transitions.destroy_secrets_of_closed_campaigns()
    keys = audited.destroy_unneeded_receipt_keys(settings.KEY_DIRECTORY, now=now.timestamp(), by=WORKER)
    return _said((len(secrets), "secrets destroyed"), (len(keys), "old receipt keys destroyed"))


@cache
def _tell_of_unknown(campaign: int) -> None:
    """Once for each: it is for a person to find out whether the database is the wrong one."""
    log.warning(
        "There is a secret of campaign %s, which this database does not know. It is kept: see manage.py keys.", campaign
    )


def answer_early_requests(now: datetime) -> str:
    """Looks that somebody asked for before the plan's first."""
    return _said((early_looks.answer_all_requests(now=now), "early looks on record"))


def check_running_campaigns(now: datetime) -> str:
    """How the data of running campaigns are, once an hour."""
    running = Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("pk")

    def feel_one(campaign: Campaign) -> int:
        hourly_check.check_data_quality(campaign, now=now)
        return 1

    return _said((_for_each(running, feel_one), "campaigns felt"))


def send_notices(now: datetime) -> str:
    """What people want to hear of, put on record and sent; it fails as long as somebody could not be told."""
    made = told = 0
    try:
        made = _for_each(
            events.notifiable_campaigns(now=now), lambda campaign: events.record_notices(campaign, now=now)
        )
    finally:  # what is on record is sent, whatever else is wrong
        told = delivery.send_due_notices(now=now)
    return _said((made, "notices"), (told, "people or webhooks told"))


def prune_expired_records(now: datetime) -> str:
    """Staff sessions that have run out, notes of hours folded long ago, and the order in which counts were raised."""
    row_order.erase_row_order()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    newest = FoldedHour.objects.order_by("-closes").values_list("closes", flat=True)[:_NEWEST_REMEMBERED]
    hour = min([int((now - _REMEMBER).timestamp()) // SECONDS_PER_HOUR, *newest])
    notes, _ = FoldProgress.objects.filter(closes__lt=hour, compacted=True).delete()
    hours, _ = FoldedHour.objects.filter(closes__lt=hour).delete()
    return _said((sessions, "sessions"), (notes + hours, "old notes removed"))


def prune_tag_checks(now: datetime) -> str:
    """Tests of placements that have run out: what they saw goes with them."""
    return _said((tag_check.delete_expired_tests(now=now), "tests of placements forgotten"))


_STAGEHAND = runner.RehearsalLauncher()


def run_requested_rehearsals(now: datetime) -> str:
    """Rehearsals that somebody asked for, one after the other, each in a process of its own."""
    return _said((_STAGEHAND.start_next(now=now), "rehearsals begun"))


def probe_help_links(now: datetime) -> str:
    """Whether the help links' addresses answer: a flag for people, never a check."""
    return _said((directory.probe_all(now=now), "help links need a look"))


STEPS: tuple[ScheduledStep, ...] = (
    ScheduledStep("schedule", 2, open_and_close_campaigns),
    ScheduledStep("spool", 2, drain_spool),
    ScheduledStep("fold", 20, fold_closed_views),
    ScheduledStep("guard", 60, enforce_guardrails),
    ScheduledStep("evaluate", 60, record_due_looks),
    ScheduledStep("early", 5, answer_early_requests),
    ScheduledStep("pulse", 3600, check_running_campaigns),
    ScheduledStep("tell", 30, send_notices),
    ScheduledStep("keys", 60, destroy_unneeded_keys),
    ScheduledStep("prune", 3600, prune_expired_records),
    ScheduledStep("placement tests", 60, prune_tag_checks),
    ScheduledStep("rehearsals", 2, run_requested_rehearsals),
    *([ScheduledStep("help links", 86_400, probe_help_links)] if settings.CHECK_HELP_LINKS else []),
)


class Worker:
    """Runs the steps as they come due; `now` and the pause are passed in, so that tests need not wait."""

    def __init__(
        self,
        steps: tuple[ScheduledStep, ...] = STEPS,
        *,
        clock: Callable[[], datetime] = timezone.now,
        write_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._steps, self._clock, self._say = steps, clock, write_line
        self._due = dict.fromkeys((step.name for step in steps), 0.0)

    def run_due(self) -> int:
        """Run each step whose time has come; how many there were."""
        done = 0
        for step in self._steps:
            if time.monotonic() >= self._due[step.name]:
                # Counted from the monotonic clock: a clock that jumps makes nothing wait for a year.
                self._due[step.name] = time.monotonic() + step.every
                self.run(step)
                done += 1
        return done

    def run(self, step: ScheduledStep) -> bool:
        """One step now, noted; whether it succeeded."""
        began, start, failure, said = self._clock(), time.monotonic(), "", ""
        try:
            said = step.run(began)
        except Exception as error:  # no step may stop another; the name says enough, and holds nothing of anyone
            failure = type(error).__name__
            log.error("The worker's step %s failed: %s", step.name, failure)
            _forget_lost_connections()
        if said:
            self._say(f"{step.name}: {said}")
        try:
            _note(step.name, began=began, seconds=time.monotonic() - start, failure=failure)
        except DatabaseError as error:
            log.error("The worker could not note its step: %s", type(error).__name__)
            _forget_lost_connections()
        return not failure

    def run_until(self, stop: threading.Event, *, poll_seconds: float = 1.0) -> None:
        """Work until asked to stop; a step under way is finished first."""
        with hold_worker_lock(lambda: self._say("Another worker is at work: waiting for it to end."), stop) as mine:
            if mine:
                self._say("Working.")
            while not stop.is_set():
                close_old_connections()
                with _alone_on_the_server() as nobody_else:
                    if nobody_else:
                        self.run_due()
                stop.wait(poll_seconds)


@contextmanager
def hold_worker_lock(waiting: Callable[[], None], stop: threading.Event) -> Iterator[bool]:
    """This machine's lock on being the worker, sooner or later; False if asked to stop first."""
    path: Path = settings.DATA_DIRECTORY / "worker.lock"
    told = False
    while not stop.is_set():
        with file_lock.hold_lock(path, wait=False) as lock:
            if lock is not None:
                yield True
                return
        if not told:
            waiting()
            told = True
        stop.wait(0.5)
    yield False


@contextmanager
def _alone_on_the_server() -> Iterator[bool]:
    """On PostgreSQL, the lock among workers on different machines, for one round of steps."""
    connection = connections["default"]
    if connection.vendor != "postgresql":
        yield True
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY])
            row = cursor.fetchone()
    except DatabaseError as error:
        log.error("The worker's database is away: %s", type(error).__name__)
        _forget_lost_connections()
        yield True  # the steps say which of them cannot be done; the spool and its events do not need this database
        return
    try:
        yield bool(row and row[0])
    finally:
        if row and row[0]:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])
            except DatabaseError:
                _forget_lost_connections()


def _note(name: str, *, began: datetime, seconds: float, failure: str) -> None:
    fields = {"began_at": began, "seconds": seconds, "failure": failure}
    if not failure:
        fields["succeeded_at"] = began
    WorkerStep.objects.update_or_create(name=name, defaults=fields)


def _forget_lost_connections() -> None:
    """The next step opens new ones."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _of_people(count: int, what: str) -> str:
    """A count of views for the log, where it stands beside an exact time: never a small one."""
    return f"{wording.coarse_count(count, settings.SMALL_CELL)} {what}" if count else ""


def _said(*parts: tuple[int, str]) -> str:
    return ", ".join(f"{count:,} {what}" for count, what in parts if count)
