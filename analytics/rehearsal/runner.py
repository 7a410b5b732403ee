"""Run rehearsals: requested by a manager, carried out by the worker in a private installation that is then deleted.

The campaign is copied as plain values into a process whose databases, keys and spool lie in a temporary directory. The
process returns one JSON value, which is stored with the rehearsal.
"""

import json
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from analytics.models import Rehearsal
from analytics.rehearsal import campaign_copy, sandbox
from campaign.lifecycle import launch_checks
from campaign.lifecycle.actions import record_campaign_action
from campaign.models import Campaign
from messages.audit import log
from messages.help_links import directory as help_links_directory

ROWS_FILENAME = "rows.json"
TIMEOUT_SECONDS = 300
_STALE = timedelta(seconds=2 * TIMEOUT_SECONDS)

State = Rehearsal.State
REHEARSABLE_STATES = (Campaign.State.DRAFT, Campaign.State.SUBMITTED, Campaign.State.APPROVED)


class RehearsalRefused(Exception):
    """The campaign cannot be rehearsed. The message is shown to the user."""


@transaction.atomic
def request_rehearsal(campaign: Campaign, *, by: User, now: datetime) -> Rehearsal:
    """Queue a rehearsal for the worker, or return the one that is already waiting or running."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.state not in REHEARSABLE_STATES:
        raise RehearsalRefused("Only a campaign that was not launched yet can be rehearsed.")
    active = campaign.rehearsals.filter(state__in=(State.WAITING, State.RUNNING)).first()
    if active is not None:
        return active
    rehearsal = Rehearsal.objects.create(campaign=campaign, asked_by=by, asked_at=now)
    record_campaign_action(log.Action.CAMPAIGN_REHEARSE, campaign, by=by)
    return rehearsal


def latest(campaign: Campaign) -> Rehearsal | None:
    """Return the latest rehearsal of a campaign, if there is one."""
    return campaign.rehearsals.first()


class RehearsalLauncher:
    """Start queued rehearsals for the worker, each in a child process so that no other step waits for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._rehearsal_id = 0

    def start_next(self, *, now: datetime) -> int:
        """Start the next rehearsal unless one is running. Return the number started."""
        active = Rehearsal.objects.filter(state__in=(State.WAITING, State.RUNNING))
        if self._process is not None:
            if self._process.poll() is None:
                return 0
            self._process = None
            _mark_failed(active.filter(pk=self._rehearsal_id), now)
        _mark_failed(active.filter(state=State.RUNNING, asked_at__lte=now - _STALE), now)  # of a worker that died
        waiting = active.filter(state=State.WAITING).order_by("asked_at", "id").first()
        if waiting is None or active.filter(state=State.RUNNING).exists():
            return 0
        command = [sys.executable, "manage.py", "rehearse", waiting.campaign.slug, "--number", str(waiting.pk)]
        self._process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
        self._rehearsal_id = waiting.pk
        return 1


def _mark_failed(rehearsals: QuerySet[Rehearsal], now: datetime) -> None:
    rehearsals.update(state=State.FAILED, finished_at=now)


def run_rehearsal(rehearsal: Rehearsal) -> Rehearsal:
    """Run a queued rehearsal, store its result, and delete the campaign's earlier rehearsals."""
    if not Rehearsal.objects.filter(pk=rehearsal.pk, state=State.WAITING).update(state=State.RUNNING):
        return rehearsal
    try:
        result = rehearse(rehearsal.campaign)
    except (subprocess.SubprocessError, OSError, ValueError):
        _mark_failed(Rehearsal.objects.filter(pk=rehearsal.pk), timezone.now())
        raise
    done = {"state": State.DONE, "report": result["report"], "problems": result["problems"]}
    if not Rehearsal.objects.filter(pk=rehearsal.pk, state=State.RUNNING).update(finished_at=timezone.now(), **done):
        return rehearsal  # the worker gave it up meanwhile, or a later one has replaced it
    rehearsal.refresh_from_db()
    rehearsal.campaign.rehearsals.exclude(pk=rehearsal.pk).filter(state__in=(State.DONE, State.FAILED)).delete()
    return rehearsal


def rehearse(campaign: Campaign) -> dict[str, Any]:
    """Rehearse a campaign and return the report and the problems. Nothing is written to the real installation."""
    with tempfile.TemporaryDirectory(prefix="second-thought-rehearsal-") as path:
        directory = Path(path)
        sandbox.create_marker(directory)
        rows = json.dumps(campaign_copy.export_campaign(campaign), cls=DjangoJSONEncoder)
        (directory / ROWS_FILENAME).write_text(rows, encoding="utf-8")
        command = [sys.executable, "manage.py", "rehearse", campaign.slug, "--inside", str(directory / ROWS_FILENAME)]
        environment = sandbox.sandbox_environment(directory)
        process = subprocess.run(
            command, check=True, cwd=settings.BASE_DIR, env=environment, capture_output=True, timeout=TIMEOUT_SECONDS
        )
    result: dict[str, Any] = json.loads(process.stdout)
    blockers = [obstacle.sentence for obstacle in launch_checks.submission_obstacles(campaign)]
    blockers += help_links_directory.launch_blockers(today=timezone.localdate())
    result["problems"] = [{"code": "before-launch", "said": sentence} for sentence in blockers] + [
        problem
        for problem in result["problems"]
        if problem["code"] != "not-walked" or problem["said"] not in " ".join(blockers)
    ]
    return result
