"""The head of the audit record leaves the machine, and reveals what was done to the record there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command

from messages.audit import log
from messages.audit_pages.head_copy import send_head
from messages.models import AuditEntry
from tests import world
from tests.messages.audit.test_log import add, empty, forge, tampering

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")
    monkeypatch.setattr(settings, "AUDIT_HEAD_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(settings, "EMAIL_HOST", "mail.example")
    return tmp_path


def test_it_goes_to_administrators_and_to_the_directory(elsewhere: Path) -> None:
    olga = world.person("olga", "administrator")
    olga.email = "olga@example.org"
    olga.save()
    world.person("mara")
    add()
    assert send_head(now=world.NOON) == 2
    (sent,) = mail.outbox
    assert sent.to == ["olga@example.org"]
    head = f"Head: 1:{AuditEntry.objects.get().digest}\n"
    assert head in sent.body
    assert head in (elsewhere / f"audit-head-{world.NOON:%Y-%m-%d}.txt").read_text()


def test_what_was_written_on_a_day_is_not_written_over(elsewhere: Path) -> None:
    add()
    send_head(now=world.NOON)
    add()
    send_head(now=world.NOON)
    assert "Head: 1:" in (elsewhere / f"audit-head-{world.NOON:%Y-%m-%d}.txt").read_text()


def test_an_empty_record_is_not_sent(elsewhere: Path) -> None:
    assert send_head(now=world.NOON) == 0
    assert not list(elsewhere.glob("audit-head-*"))


def test_a_forged_record_is_told(elsewhere: Path, caplog: pytest.LogCaptureFixture) -> None:
    add()
    forge("rafael")
    send_head(now=world.NOON)
    assert "Entry 2 has no seal" in (elsewhere / f"audit-head-{world.NOON:%Y-%m-%d}.txt").read_text()
    assert "The audit record does not match what was written" in caplog.text


def test_a_record_that_was_removed_with_its_key_and_written_anew_is_told_by_the_copy(elsewhere: Path) -> None:
    add()
    add()
    send_head(now=world.NOON)
    empty()
    for path in (elsewhere / "keys").iterdir():
        path.unlink()
    for _ in range(3):
        log.record(log.Action.CAMPAIGN_PAUSE, by="eve", kind=log.ObjectKind.CAMPAIGN, ref="pilot", label="x")
    call_command("audit", "verify", stdout=io.StringIO())  # on this machine nothing shows
    copy, said = elsewhere / f"audit-head-{world.NOON:%Y-%m-%d}.txt", io.StringIO()
    with pytest.raises(CommandError):
        call_command("audit", "verify", "--head", str(copy), stderr=said)
    assert "Entry 2 is not the one that was noted: the record was written anew." in said.getvalue()


def test_an_entry_that_was_taken_out_of_the_middle_is_told(elsewhere: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        add()
    with tampering() as cursor:
        cursor.execute("DELETE FROM messaging_auditentry WHERE number = 2")
    send_head(now=world.NOON)
    assert "does not match what was written" in caplog.text
    assert "Entry 2 is missing." in (elsewhere / f"audit-head-{world.NOON:%Y-%m-%d}.txt").read_text()
