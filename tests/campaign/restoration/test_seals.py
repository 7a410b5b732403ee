"""A backup that is taken into use on a machine with another key is sealed as it stands, and with its own key is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from analytics.disclosure import gate
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Release
from campaign.lifecycle import transitions
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.lifecycle.placement_authors import are_changes_recorded
from campaign.models import Campaign, Placement
from campaign.record_triggers import missing_triggers
from campaign.restoration import restore
from campaign.restoration.restore import Memory
from tests import world

pytestmark = pytest.mark.django_db


def move_to(machine: Path, monkeypatch: pytest.MonkeyPatch, commit: DjangoCaptureOnCommitCallbacks) -> None:
    machine.mkdir()
    monkeypatch.setattr(settings, "KEY_DIRECTORY", machine)
    monkeypatch.setattr(settings, "DATA_DIRECTORY", machine)
    with commit(execute=True):
        restore.take_into_use(Memory(kept_accounts=["mara"]), by="command line (root)", now=world.NOON)


def test_what_a_backup_holds_goes_on_where_its_key_was_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first = world.launched()
    world.launched("second", at=world.placement("side-page"))
    world.tally(first, {"neutral": (500, 150), "victim": (500, 225), "user": (500, 200), "both": (500, 250)})
    evaluate(first, now=world.NOON)
    move_to(tmp_path / "new", monkeypatch, django_capture_on_commit_callbacks)
    assert gate.released_look(Analysis.objects.get()).changed_plan_keys == ()
    assert are_changes_recorded(Placement.objects.all())
    assert missing_triggers(connection) == set()
    for campaign in Campaign.objects.all():
        assert changed_plans([campaign.pk]) == {}
        transitions.resume(campaign, by=world.person("mara", "manager"), nothing_ended_since=True)


def test_what_somebody_wrote_into_it_is_found_where_the_key_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    campaign = world.launched()
    world.tally(campaign, {"neutral": (500, 150), "victim": (500, 225), "user": (500, 200), "both": (500, 250)})
    evaluate(campaign, now=world.NOON)
    world.drop_triggers()
    Release.objects.update(seal="")
    with django_capture_on_commit_callbacks(execute=True):
        restore.take_into_use(Memory(), by="command line (root)", now=world.NOON)
    assert gate.released_look(Analysis.objects.get()).changed_plan_keys == ("look",)
