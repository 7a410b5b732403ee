"""Every test has a spool of its own, and tables emptied after tests include those that keep what they have."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.sqlite3.base import DatabaseWrapper

from messages.people.limits import Attempts

DatabaseOperations = DatabaseWrapper.ops_class
_flush = DatabaseOperations.sql_flush


@pytest.fixture(autouse=True)
def a_spool_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "SPOOL_DIRECTORY", tmp_path / "spool")


@pytest.fixture(autouse=True)
def nobody_has_guessed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Attempts()
    for module in ("messages.people.sign_in", "messages.people.account", "campaign.api_access"):
        monkeypatch.setattr(f"{module}.attempts", fresh)


@pytest.fixture(autouse=True, scope="session")
def the_audit_record_is_emptied_after_tests() -> Any:
    """On SQLite emptying a table is a DELETE, which the record refuses; on PostgreSQL it is a TRUNCATE."""
    record = import_module("messages.migrations.0004_audit")

    def sql_flush(self: Any, style: Any, tables: Any, *args: Any, **options: Any) -> list[str]:
        statements = _flush(self, style, tables, *args, **options)
        if record.TABLE not in tables:
            return statements
        return [*record.ALLOW["sqlite"], *statements, *record.FORBID["sqlite"]]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield
