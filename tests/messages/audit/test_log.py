"""The audit record: what is recorded, that the database protects it, and that every manipulation is found."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction

from analytics.looks.evaluate import evaluate
from analytics.worker import steps
from campaign.keys import store
from campaign.lifecycle import arm_pauses, secret_destruction, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.record_triggers import TRIGGERS, restore_triggers
from messages.audit import log, signed_head
from messages.audit.hash_chain import ChainEntry, digest_of
from messages.audit.log import Action, ObjectKind
from messages.audit_pages.wording import describe_action
from messages.models import AuditEntry, Rendition
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db
Committing = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path)
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")
    return tmp_path


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Committing:
    """Run the commit hooks of the block, which note the head."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def add(label: str = "The pilot", by: str = "mara") -> AuditEntry:
    return log.record(Action.CAMPAIGN_PAUSE, by=by, kind=ObjectKind.CAMPAIGN, ref="pilot", label=label)


@contextmanager
def tampering() -> Iterator[Any]:
    """Change the table without its triggers."""
    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            for statement in trigger.drop(connection.vendor):
                cursor.execute(statement)
        yield cursor
        restore_triggers(using="default")


def forge(actor: str, *, seal: str = "") -> None:
    """Insert an entry by SQL with a digest that continues the chain."""
    last = AuditEntry.objects.latest("number")
    forged = ChainEntry(
        number=last.number + 1,
        at=last.at,
        actor=actor,
        action="words-approve",
        kind="message",
        ref="victim",
        label="victim",
        detail={},
        previous=last.digest,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messaging_auditentry "
            "(number, at, actor, action, kind, ref, label, detail, previous, digest, seal) "
            "SELECT number + 1, at, %s, 'words-approve', 'message', 'victim', 'victim', '{}', digest, %s, %s "
            "FROM messaging_auditentry ORDER BY number DESC LIMIT 1",
            [actor, digest_of(forged), seal],
        )


def empty() -> None:
    """Delete every entry, as who may drop triggers can."""
    with tampering() as cursor:
        cursor.execute("DELETE FROM messaging_auditentry")


def command(*arguments: str) -> str:
    said = io.StringIO()
    call_command("audit", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def complaint(*arguments: str) -> str:
    said = io.StringIO()
    with pytest.raises(CommandError, match="does not match what was written"):
        call_command("audit", "verify", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def sentences() -> list[str]:
    return [
        f"{row.actor} {describe_action(row.action, label=row.label, detail=row.detail)}"
        for row in AuditEntry.objects.all()
    ]


class TestWhatIsOnIt:
    def test_words_from_draft_to_withdrawal(self) -> None:
        rendition = world.approved_revision("victim").renditions.get()
        rafael = world.person("rafael", "reviewer")
        workflow.withdraw(rendition, by=rafael, now=world.NOON, reason="Words of a reviewer.")
        assert sentences() == [
            "rafael withdrew the message “victim”, version 1 in “en”: Words of a reviewer.",
            "starter library approved the message “victim”, version 1 in “en”",
            "starter library asked for a review of the message “victim”, version 1 in “en”",
        ]
        detail = {"revision": 1, "locale": "en", "words": rendition.digest, "reason": "Words of a reviewer."}
        assert AuditEntry.objects.first().detail == detail  # type: ignore[union-attr]

    def test_an_entry_from_before_languages_had_their_own_review_reads_as_it_did(self) -> None:
        said = describe_action(Action.WORDS_APPROVE, label="victim", detail={"revision": 1, "words": "…"})
        assert said == "approved the message “victim”, version 1"

    def test_the_life_of_a_campaign(self) -> None:
        campaign, mara = world.launched(), world.person("mara")
        transitions.pause(campaign, by=mara)
        transitions.resume(campaign, by=mara)
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Guardrail crossed: annoyed", now=world.NOON)
        transitions.close(campaign, by=mara, now=world.NOON)
        about = AuditEntry.objects.filter(kind="campaign", ref="pilot").values_list("actor", "action")
        assert list(about)[::-1] == [
            ("mara", "campaign-change"),
            ("mara", "campaign-submit"),
            ("rafael", "campaign-approve"),
            ("mara", "campaign-launch"),
            ("mara", "campaign-pause"),
            ("mara", "campaign-resume"),
            ("worker", "arm-pause"),
            ("mara", "campaign-close"),
        ]
        launch = AuditEntry.objects.get(action="campaign-launch")
        assert launch.detail.keys() == {"plan", "id", "state", "counts", "deviations"}
        assert (launch.detail["plan"], launch.detail["id"]) == (campaign.plan.fingerprint, campaign.pk)

    def test_what_the_clock_does(self) -> None:
        campaign = world.launched()
        type(campaign).objects.filter(pk=campaign.pk).update(ends_at=world.NOON)
        steps.open_and_close_campaigns(world.NOON)
        assert sentences()[0] == "worker closed the campaign “The pilot”"

    def test_a_step_that_is_refused_leaves_nothing(self) -> None:
        campaign = world.launched()
        before = AuditEntry.objects.count()
        with pytest.raises(ActionRefused):
            transitions.resume(campaign, by=world.person("mara"))
        with pytest.raises(workflow.ReviewRefused):
            workflow.submit(Rendition.objects.all()[0], now=world.NOON)
        assert AuditEntry.objects.count() == before

    def test_the_destruction_of_a_campaigns_secret(self, committing: Committing, directory: Path) -> None:
        campaign = world.launched(unit="subject")
        store.subject_secret(directory / "keys", campaign.pk)
        with committing():
            transitions.close(campaign, by=world.person("mara"), now=world.NOON)
        assert store.campaigns_with_subject_secret(directory / "keys") == []
        assert sentences()[0] == "mara destroyed the subject secret of the campaign “The pilot”"

    def test_a_secret_that_the_worker_destroys(self, directory: Path) -> None:
        campaign = world.launched(unit="subject")
        transitions.close(campaign, by=world.person("mara"), now=world.NOON)
        store.subject_secret(directory / "keys", campaign.pk)
        steps.destroy_unneeded_keys(world.NOON)
        assert sentences()[0] == "worker destroyed the subject secret of the campaign “The pilot”"

    def test_a_destruction_that_fails_is_not_on_record_and_without_a_record_there_is_none(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        campaign = world.launched(unit="subject")
        store.subject_secret(directory / "keys", campaign.pk)
        before = AuditEntry.objects.count()

        def fails(*arguments: object, **options: object) -> bool:
            raise OSError

        for where, name in ((secret_destruction, "destroy_subject_secret"), (log, "record")):
            with monkeypatch.context() as patch:
                patch.setattr(where, name, fails)
                with pytest.raises(OSError):
                    secret_destruction.destroy_campaign_secret(campaign, by="mara")
        assert AuditEntry.objects.count() == before
        assert store.campaigns_with_subject_secret(directory / "keys") == [campaign.pk]

    def test_keys_by_command_name_the_systems_user(self) -> None:
        call_command("keys", "create", stdout=io.StringIO())
        call_command("keys", "rotate", stdout=io.StringIO())
        call_command("keys", "destroy", "receipt-002", stdout=io.StringIO())
        who = log.command_line_actor()
        assert who.startswith("command line (")
        told = sentences()
        assert told[0] == f"{who} destroyed the key receipt-002"
        assert told[1].startswith(f"{who} created the key receipt-002, which starts to sign at 20")
        assert told[2] == f"{who} created the key receipt-001"

    def test_a_look_as_an_exception_with_its_reason(self) -> None:
        campaign = world.launched()
        evaluate(campaign, now=world.NOON, embargo_exception="Ana: the funder asked.", by="command line (ana)")
        assert sentences()[0] == (
            "command line (ana) took look 1 at the campaign “The pilot” as an exception to its plan: "
            "Ana: the funder asked."
        )

    def test_a_planned_look_is_not_on_it(self) -> None:
        campaign = world.launched()
        before = AuditEntry.objects.count()
        evaluate(campaign, now=world.NOON)
        assert AuditEntry.objects.count() == before

    def test_times_are_whole_seconds(self) -> None:
        assert add().at.microsecond == 0

    @pytest.mark.parametrize("action", Action)
    def test_every_action_has_its_sentence(self, action: Action) -> None:
        assert "did “" not in describe_action(action, label="x", detail={})

    def test_an_action_of_another_version_is_named_as_it_is(self) -> None:
        assert describe_action("role-give", label="mara", detail={}) == "“role-give” on “mara”"


class TestTheDatabaseKeepsIt:
    @pytest.mark.parametrize(
        "statement", ["UPDATE messaging_auditentry SET actor = 'x'", "DELETE FROM messaging_auditentry"]
    )
    def test_an_entry_is_neither_changed_nor_deleted(self, statement: str) -> None:
        add()
        with pytest.raises(IntegrityError, match="stays as it is"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert AuditEntry.objects.count() == 1


class TestVerify:
    def test_an_empty_record_is_said(self) -> None:
        assert command("verify") == "The audit record is empty.\n"

    def test_a_record_as_it_was_written_is_fine_and_its_head_is_told(self, committing: Committing) -> None:
        with committing():
            world.launched()
        count, last = AuditEntry.objects.count(), AuditEntry.objects.first()
        assert last is not None
        said = command("verify")
        assert f"Fine: {count} entries, from 20" in said
        assert f"Head: {count}:{last.digest}\n" in said
        assert "Fine" in command("verify", "--head", f"{count}:{last.digest}")

    CHANGES = {
        "at": "'2026-01-01 00:00:00+00:00'",
        "detail": """'{"arm": "x"}'""",
        **dict.fromkeys(["actor", "action", "kind", "ref", "label", "previous", "digest"], "'x'"),
    }

    @pytest.mark.parametrize("column", CHANGES)
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_a_change_of_any_column_of_any_entry_is_found(
        self, column: str, number: int, committing: Committing
    ) -> None:
        with committing():
            for label in "abc":
                add(label)
        with tampering() as cursor:
            cursor.execute(f"UPDATE messaging_auditentry SET {column} = {self.CHANGES[column]} WHERE number = {number}")
        assert f"Entry {number} was changed after it was written." in complaint()

    def test_every_column_is_among_those_that_are_changed(self) -> None:
        assert {field.attname for field in AuditEntry._meta.concrete_fields} == {*self.CHANGES, "number", "seal"}

    @pytest.mark.parametrize("number", [1, 2])
    def test_an_entry_that_is_gone_is_found(self, number: int, committing: Committing) -> None:
        with committing():
            for label in "abc":
                add(label)
        with tampering() as cursor:
            cursor.execute(f"DELETE FROM messaging_auditentry WHERE number = {number}")
        assert f"Entry {number} is missing." in complaint()

    def test_two_entries_that_changed_places_are_found(self, committing: Committing) -> None:
        with committing():
            for label in "abc":
                add(label)
        with tampering() as cursor:
            for old, new in ((2, 9), (3, 2), (9, 3)):
                cursor.execute(f"UPDATE messaging_auditentry SET number = {new} WHERE number = {old}")
        said = complaint()
        assert "Entry 2 was changed" in said
        assert "Entry 3 was changed" in said

    @pytest.mark.parametrize("left", [0, 2])
    def test_an_end_that_was_cut_off_is_found(self, left: int, committing: Committing) -> None:
        with committing():
            for label in "abc":
                add(label)
        with tampering() as cursor:
            cursor.execute(f"DELETE FROM messaging_auditentry WHERE number > {left}")
        assert ("The end is cut off: entry 3 was noted" if left else "The record was emptied: entry 3") in complaint()
        with committing():
            add("d")
        assert "entry 3" in complaint().lower(), "going on must not hide it"

    def test_an_end_that_was_cut_off_and_the_note_with_it_is_found(
        self, committing: Committing, directory: Path
    ) -> None:
        with committing():
            add()
        (directory / "keys" / "audit.head").unlink()
        assert "The note of the last entry was removed" in complaint()
        with committing():
            add()
        assert "The note of the last entry was removed" in complaint(), "the next entry begins no new note"

    def test_a_note_that_somebody_rewrote_is_found(self, committing: Committing, directory: Path) -> None:
        with committing():
            add()
            add()
        note, first = directory / "keys" / "audit.head", AuditEntry.objects.get(number=1)
        for text in ("whatever", note.read_text().replace(" 1 ", " 2 "), f"1:{first.digest} 1 {'0' * 64}\n"):
            note.write_text(text)
            assert "is not one that this machine signed" in complaint()

    def test_a_note_whose_key_was_replaced_is_found(self, committing: Committing, directory: Path) -> None:
        with committing():
            add()
        (directory / "keys" / "audit.key").unlink()
        assert "is not one that this machine signed" in complaint()
        with committing():
            add()  # makes a new key
        assert "Entry 1 has no seal" in complaint()

    def test_an_entry_that_was_inserted_at_the_end_is_found(self, committing: Committing) -> None:
        """A valid chain is not enough: who writes by SQL does not hold the key."""
        with committing():
            add()
        forge("rafael")
        assert "Entry 2 has no seal of this installation" in complaint()
        with committing():
            add()
        assert "Entry 2 has no seal of this installation" in complaint(), "going on must not hide it"

    def test_a_seal_is_of_one_entry(self, committing: Committing) -> None:
        with committing():
            add()
        forge("rafael", seal=AuditEntry.objects.get().seal)
        assert "Entry 2 has no seal of this installation" in complaint()

    def test_a_record_that_was_emptied_is_found(self, committing: Committing) -> None:
        with committing():
            add()
        empty()
        assert "The record was emptied: entry 1 was noted, and nothing is left." in complaint()

    def test_a_record_that_was_emptied_with_its_note_is_found(self, committing: Committing, directory: Path) -> None:
        with committing():
            add()
        empty()
        (directory / "keys" / "audit.head").unlink()
        assert "The note of the last entry was removed" in complaint()

    def test_a_record_that_was_emptied_with_its_note_and_its_key_is_found(
        self, committing: Committing, directory: Path
    ) -> None:
        world.person("mara")
        with committing():
            add()
        empty()
        for path in (directory / "keys").iterdir():
            path.unlink()
        assert "The record was removed: accounts (1)" in complaint()

    def test_a_first_entry_that_was_rolled_back_is_no_alarm(self) -> None:
        with transaction.atomic():
            add()
            transaction.set_rollback(True)
        assert command("verify") == "The audit record is empty.\n"

    def test_entries_of_another_machine_are_told(self, committing: Committing, directory: Path) -> None:
        with committing():
            add()
        for path in (directory / "keys").iterdir():
            path.unlink()
        assert "no key and no note for these entries" in complaint()
        with committing():
            add()
        assert "Entry 1 has no seal" in complaint(), "a new key vouches for no entry before it"

    def test_a_head_that_was_noted_elsewhere_is_compared(self, committing: Committing) -> None:
        with committing():
            add()
        assert "Entry 1 is not the one that was noted" in complaint("--head", f"1:{'a' * 64}")
        assert "entry 7 was noted" in complaint("--head", f"7:{'a' * 64}")
        with pytest.raises(CommandError, match="64 hexadecimal digits"):
            command("verify", "--head", "7")

    def test_heads_are_found_in_a_file(self, committing: Committing, tmp_path: Path) -> None:
        with committing():
            add()
        (tmp_path / "mail.txt").write_text(f"On Monday the head was 1:{AuditEntry.objects.get().digest}, all well.")
        assert "Fine" in command("verify", "--head", str(tmp_path / "mail.txt"))
        (tmp_path / "mail.txt").write_text(f"Head: 5:{'a' * 64}\nHead: 6:{'b' * 64}\n")
        said = complaint("--head", str(tmp_path / "mail.txt"))
        assert "entry 5 was noted" in said
        assert "entry 6 was noted" in said
        (tmp_path / "mail.txt").write_text("nothing")
        with pytest.raises(CommandError, match="64 hexadecimal digits"):
            command("verify", "--head", str(tmp_path / "mail.txt"))

    def test_a_note_that_a_crash_left_behind_is_brought_up_to_date(
        self, committing: Committing, directory: Path
    ) -> None:
        with committing():
            add()
        add()  # committed, but not noted
        assert (directory / "keys" / "audit.head").read_text().startswith("1:")
        assert "Fine: 2 entries" in command("verify")
        assert (directory / "keys" / "audit.head").read_text().startswith("2:")

    def test_a_disk_that_takes_no_note_undoes_nothing(
        self, committing: Committing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        with committing():
            add()
            monkeypatch.setattr(signed_head, "write_note", full)
        assert AuditEntry.objects.count() == 1
        assert "could not be noted: OSError" in caplog.text

    def test_the_note_is_the_owners_alone_and_no_draft_is_left(self, committing: Committing, directory: Path) -> None:
        with committing():
            add()
            add()
        assert sorted(path.name for path in (directory / "keys").iterdir()) == ["audit.head", "audit.key"]
        assert (directory / "keys" / "audit.head").stat().st_mode & 0o777 == 0o600


class TestAnInstallationFromBeforeSeals:
    @pytest.fixture(autouse=True)
    def entries_without_seals(self, directory: Path) -> None:
        add("a")
        add("b")
        with tampering() as cursor:
            cursor.execute("UPDATE messaging_auditentry SET seal = ''")
        for path in (directory / "keys").iterdir():
            path.unlink()
        last = AuditEntry.objects.latest("number")
        (directory / "audit.head").write_text(f"2:{last.digest}\n")

    def test_goes_on_with_seals(self, committing: Committing, directory: Path) -> None:
        assert "Fine: 2 entries" in command("verify")
        assert not (directory / "audit.head").exists()
        with committing():
            add("c")
        assert "Fine: 3 entries" in command("verify")
        forge("rafael")
        assert "Entry 4 has no seal" in complaint()

    def test_goes_on_with_seals_when_the_next_entry_comes_first(self, committing: Committing) -> None:
        with committing():
            add("c")
        assert "Fine: 3 entries" in command("verify")

    def test_is_told_of_an_end_that_was_cut_off(self, committing: Committing) -> None:
        with tampering() as cursor:
            cursor.execute("DELETE FROM messaging_auditentry WHERE number = 2")
        assert "no key and no note for these entries" in complaint()
        with committing():
            add("c")
        assert "Entry 1 has no seal" in complaint()


class TestAcceptance:
    @pytest.fixture(autouse=True)
    def forged(self, committing: Committing) -> None:
        """Forge the second of two entries."""
        with committing():
            add()
        forge("rafael")

    def test_it_goes_on_with_a_reason_that_stays(self, committing: Committing) -> None:
        with committing():
            assert "Entry 3 records" in command("accept", "A server still ran the old code.")
        assert "Fine: 3 entries" in command("verify")
        assert sentences()[0].endswith("A server still ran the old code.")

    @pytest.mark.parametrize("why", ["", " ", "x" * 301])
    def test_a_reason_is_needed(self, why: str) -> None:
        with pytest.raises(CommandError, match="Enter a reason of at most 300 characters"):
            command("accept", why)

    def test_a_changed_entry_is_not_accepted_away(self, committing: Committing) -> None:
        with tampering() as cursor:
            cursor.execute("UPDATE messaging_auditentry SET actor = 'x' WHERE number = 1")
        with committing():
            command("accept", "Nothing to see.")
        assert "Entry 1 was changed" in complaint()

    def test_a_backup_that_was_restored_takes_more(self, committing: Committing) -> None:
        with committing():
            add()
        with tampering() as cursor:
            cursor.execute("DELETE FROM messaging_auditentry WHERE number > 1")
        with pytest.raises(CommandError, match=r"run manage.py restored"):
            command("accept", "The disk broke.")


def test_a_record_that_is_as_it_was_noted_needs_no_acceptance(committing: Committing) -> None:
    with pytest.raises(CommandError, match="empty"):
        command("accept", "why")
    with committing():
        add()
    with pytest.raises(CommandError, match="nothing to accept"):
        command("accept", "why")


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain(directory: Path) -> None:
    """Four threads with their own connections commit ten entries each, and the head is noted."""

    def ten(name: str) -> None:
        try:
            for label in range(10):
                add(str(label), by=name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ten, "abcd"))
    assert [entry.number for entry in log.entries()] == list(range(1, 41))
    assert (directory / "keys" / "audit.head").read_text().startswith("40:")
    assert "Fine: 40 entries" in command("verify")


def test_an_export_verifies_without_us() -> None:
    """A dozen independent lines verify an export, as docs/operations.md says."""
    world.launched()
    previous = "0" * 64
    for line in command("export", "--json").splitlines():
        entry = json.loads(line)
        digest = entry.pop("digest")
        assert entry["previous"] == previous
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        assert hashlib.sha256(canonical.encode()).hexdigest() == digest
        previous = digest


def test_an_export_for_people_is_a_sentence_a_line() -> None:
    add()
    assert command("export").endswith("  mara paused the campaign “The pilot”\n")
