"""A database that lacks what this machine has signed is noticed, and goes on once that is on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from messages.audit import continuity, log
from messages.audit.verification import verify
from messages.models import AuditEntry
from tests.messages.audit.test_log import Committing, add, committing, directory, empty, forge, tampering

__all__ = ["committing", "directory"]  # fixtures
pytestmark = pytest.mark.django_db


def restore_backup(*, entries: int) -> None:
    """Leave the first entries, as a backup that was made then."""
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM messaging_auditentry WHERE number > {entries}")


def test_a_new_installation_is_not_older() -> None:
    assert not continuity.is_older_database()


def test_a_database_that_goes_on_is_not_older(committing: Committing) -> None:
    with committing():
        add()
    add()  # committed, but not noted
    assert not continuity.is_older_database()


def test_an_installation_from_before_seals_is_not_older(directory: Path) -> None:
    add()
    with tampering() as cursor:
        cursor.execute("UPDATE messaging_auditentry SET seal = ''")
    for path in (directory / "keys").iterdir():
        path.unlink()
    assert not continuity.is_older_database()


def test_an_installation_from_before_seals_whose_note_was_lost_is_not_older(
    directory: Path, committing: Committing
) -> None:
    test_an_installation_from_before_seals_is_not_older(directory)
    with committing():
        add()
    assert not continuity.is_older_database()
    assert any("Entry 1 has no seal" in problem for problem in verify().problems)


def test_a_forged_entry_makes_no_older_database(committing: Committing) -> None:
    with committing():
        add()
    forge("rafael")
    assert not continuity.is_older_database()


class TestAnOlderDatabase:
    @pytest.fixture(autouse=True)
    def three_entries(self, committing: Committing) -> None:
        with committing():
            for label in "abc":
                add(label)

    @pytest.mark.parametrize("entries", [0, 2])
    def test_is_noticed_by_what_it_lacks(self, entries: int) -> None:
        restore_backup(entries=entries)
        assert continuity.is_older_database()

    def test_is_noticed_when_it_went_on_by_itself(self, committing: Committing) -> None:
        restore_backup(entries=1)
        with committing():
            for label in "defg":
                add(label)
        assert continuity.is_older_database()

    def test_is_noticed_on_a_new_machine(self, monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
        monkeypatch.setattr(settings, "KEY_DIRECTORY", directory / "new keys")
        assert continuity.is_older_database()

    def test_is_noticed_on_a_new_machine_where_something_was_recorded_first(
        self, monkeypatch: pytest.MonkeyPatch, directory: Path, committing: Committing
    ) -> None:
        monkeypatch.setattr(settings, "KEY_DIRECTORY", directory / "new keys")
        with committing():
            add()
        assert continuity.is_older_database()

    @pytest.mark.parametrize("name", ["audit.head", "audit.key"])
    def test_is_suspected_without_note_or_key(self, name: str, directory: Path) -> None:
        (directory / "keys" / name).unlink()
        assert continuity.is_older_database()

    def test_goes_on_once_it_is_on_record(self, committing: Committing) -> None:
        restore_backup(entries=1)
        with committing():
            continuity.go_on(by="command line (olga)")
        assert not continuity.is_older_database()
        assert verify().problems == ()
        entry = AuditEntry.objects.latest("number")
        assert (entry.number, entry.action, entry.detail["ended"]) == (2, "database-restore", 1)
        assert entry.detail["noted"].startswith("3:")

    def test_goes_on_under_another_machines_key(
        self, committing: Committing, monkeypatch: pytest.MonkeyPatch, directory: Path
    ) -> None:
        monkeypatch.setattr(settings, "KEY_DIRECTORY", directory / "new keys")
        with committing():
            continuity.go_on(by="command line (olga)")
        assert not continuity.is_older_database()
        assert verify().problems == ()

    def test_keeps_telling_what_was_forged_before(self, committing: Committing) -> None:
        forge("rafael")
        with committing():
            continuity.go_on(by="command line (olga)")
        assert any("Entry 4 has no seal" in problem for problem in verify().problems)


def test_an_emptied_record_with_a_note_is_an_older_database(committing: Committing) -> None:
    with committing():
        add()
    empty()
    assert continuity.is_older_database()
    assert log.last_entry() is None
