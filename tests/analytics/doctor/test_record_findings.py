"""The doctor says whether the audit record is whole, and whether its head leaves the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from pytest_django import DjangoCaptureOnCommitCallbacks

from analytics.doctor.findings import FindingState
from analytics.doctor.host_checks import database_findings, record_findings
from campaign.record_triggers import TRIGGERS
from tests.messages.audit.test_continuity import restore_backup
from tests.messages.audit.test_log import add, forge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_entries(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    monkeypatch.setattr(settings, "AUDIT_HEAD_DIRECTORY", str(tmp_path))
    with django_capture_on_commit_callbacks(execute=True):
        add()
        add()


def states() -> dict[str, FindingState]:
    return {finding.subject: finding.state for finding in record_findings()}


def test_a_record_whose_head_leaves_is_fine() -> None:
    assert states() == {"audit record": FindingState.FINE}


def test_a_head_that_stays_on_the_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AUDIT_HEAD_DIRECTORY", "")
    assert states()["audit head"] == FindingState.UNKNOWN


def test_a_forged_entry_is_told() -> None:
    forge("rafael")
    (finding,) = record_findings()
    assert finding.said == "Entry 3 has no seal of this installation: it was put there from outside."


def test_a_trigger_that_is_gone_is_told() -> None:
    (trigger,) = [trigger for trigger in TRIGGERS if trigger.table == "messaging_auditentry"]
    with connection.cursor() as cursor:
        for statement in trigger.drop(connection.vendor):
            cursor.execute(statement)
    assert states()["triggers"] == FindingState.LEAKS


@pytest.mark.only_on("sqlite", reason="a trigger takes one statement there")
@pytest.mark.django_db(databases=["default", "audience"])
def test_a_trigger_that_somebody_else_made_is_told() -> None:
    with connections["audience"].cursor() as cursor:
        cursor.execute("CREATE TRIGGER mine AFTER INSERT ON analytics_openview BEGIN SELECT 1; END")
    said = [finding.said for finding in database_findings() if finding.state == FindingState.LEAKS]
    assert "There are triggers that this program did not make: mine. They could copy each visit." in said


def test_a_backup_that_was_restored_is_told() -> None:
    restore_backup(entries=1)
    (finding,) = record_findings()
    assert (finding.state, finding.said) == (
        FindingState.LEAKS,
        "The database is missing records that were signed here.",
    )
