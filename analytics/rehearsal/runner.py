"""Rehearsals: asked for by a manager, carried out by the worker in an installation of their own that is then deleted.

The campaign's rows are taken along as plain values; the process that walks them has databases, keys and a spool in a
temporary directory and knows nothing of the real ones. What comes back is one JSON value, kept with the rehearsal.
"""

from __future__ import annotations

import json
import os
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
from analytics.rehearsal import campaign_copy
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.audit import log
from messages.help_links import directory as help_links_directory

MARKER_FILENAME, ROWS_FILENAME = "rehearsal", "rows.json"
TIMEOUT_SECONDS = 300
_STALE = timedelta(seconds=2 * TIMEOUT_SECONDS)
# What of the real installation must not reach the other one: where its databases, keys and secrets are.
_OURS = ("DATABASE_URL", "AUDIENCE_DATABASE_URL", "KEY_DIRECTORY", "SPOOL_DIRECTORY", "SECRET_KEY", "METRICS_TOKEN")
_OWN = {"LOCAL_HTTP": "1", "NETWORK_LIMIT": "0", "BEHIND_TLS_PROXY": "0", "SKIP_SECOND_FACTOR": "0"}

State = Rehearsal.State
REHEARSABLE_STATES = (Campaign.State.DRAFT, Campaign.State.SUBMITTED, Campaign.State.APPROVED)


class RehearsalRefused(Exception):
    """It cannot be rehearsed; the message says why, for a person."""


@transaction.atomic
def request_rehearsal(campaign: Campaign, *, by: User, now: datetime) -> Rehearsal:
    """Put it down for the worker; one that waits or is under way is answered instead of a second one."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if campaign.state not in REHEARSABLE_STATES:
        raise RehearsalRefused("Only a campaign that was not launched yet can be rehearsed.")
    under_way = campaign.rehearsals.filter(state__in=(State.WAITING, State.RUNNING)).first()
    if under_way is not None:
        return under_way
    made = Rehearsal.objects.create(campaign=campaign, asked_by=by, asked_at=now)
    transitions.record_campaign_action(log.Action.CAMPAIGN_REHEARSE, campaign, by=by)
    return made


def latest(campaign: Campaign) -> Rehearsal | None:
    """The one that was asked for last."""
    return campaign.rehearsals.first()


class RehearsalLauncher:
    """The worker's: begins the next that waits in a process of its own, so that no other step waits for it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._number = 0

    def start_next(self, *, now: datetime) -> int:
        """Begin one if none is under way; how many were begun. One whose process is gone was broken off."""
        under_way = Rehearsal.objects.filter(state__in=(State.WAITING, State.RUNNING))
        if self._child is not None:
            if self._child.poll() is None:
                return 0
            self._child = None
            _break_off(under_way.filter(pk=self._number), now)
        _break_off(under_way.filter(state=State.RUNNING, asked_at__lte=now - _STALE), now)  # of a worker that died
        waiting = under_way.filter(state=State.WAITING).order_by("asked_at", "id").first()
        if waiting is None or under_way.filter(state=State.RUNNING).exists():
            return 0
        command = [sys.executable, "manage.py", "rehearse", waiting.campaign.slug, "--number", str(waiting.pk)]
        self._child = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
        self._number = waiting.pk
        return 1


def _break_off(rehearsals: QuerySet[Rehearsal], now: datetime) -> None:
    rehearsals.update(state=State.FAILED, finished_at=now)


def run_rehearsal(rehearsal: Rehearsal) -> Rehearsal:
    """Rehearse now, and keep what came of it; earlier rehearsals of the campaign are deleted."""
    if not Rehearsal.objects.filter(pk=rehearsal.pk, state=State.WAITING).update(state=State.RUNNING):
        return rehearsal
    try:
        told = rehearse(rehearsal.campaign)
    except (subprocess.SubprocessError, OSError, ValueError):
        _break_off(Rehearsal.objects.filter(pk=rehearsal.pk), timezone.now())
        raise
    rehearsal.state, rehearsal.finished_at = State.DONE, timezone.now()
    rehearsal.report, rehearsal.problems = told["report"], told["problems"]
    rehearsal.save()
    rehearsal.campaign.rehearsals.exclude(pk=rehearsal.pk).filter(state__in=(State.DONE, State.FAILED)).delete()
    return rehearsal


def rehearse(campaign: Campaign) -> dict[str, Any]:
    """Its report and its problems; nothing of the real installation is written."""
    with tempfile.TemporaryDirectory(prefix="second-thought-rehearsal-") as place:
        directory = Path(place)
        (directory / MARKER_FILENAME).touch(mode=0o600)
        rows = json.dumps(campaign_copy.export_campaign(campaign), cls=DjangoJSONEncoder)
        (directory / ROWS_FILENAME).write_text(rows, encoding="utf-8")
        command = [sys.executable, "manage.py", "rehearse", campaign.slug, "--inside", str(directory / ROWS_FILENAME)]
        done = subprocess.run(
            command,
            check=True,
            cwd=settings.BASE_DIR,
            env=sandbox_environment(directory),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
    told: dict[str, Any] = json.loads(done.stdout)
    said = transitions.submission_problems(campaign) + help_links_directory.launch_blockers(today=timezone.localdate())
    told["problems"] = [{"code": "before-launch", "said": sentence} for sentence in said] + [
        problem
        for problem in told["problems"]
        if problem["code"] != "not-walked" or problem["said"] not in " ".join(said)
    ]
    return told


def sandbox_environment(directory: Path) -> dict[str, str]:
    """Of the process that walks: everything it may write to lies in this directory."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, **_OWN, "DATA_DIRECTORY": str(directory)}
