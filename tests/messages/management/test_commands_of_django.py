"""No command of Django or an installed app writes accounts, empties the record or prints keys, unsaid."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands
from django.db import IntegrityError, connection

from messages.management.commands import flush
from messages.models import AuditEntry
from tests import world

REFUSED = {
    "changepassword": ["mara"],
    "diffsettings": [],
    "createsuperuser": ["--noinput", "--username", "eve", "--email", "eve@example.org"],
    "flush": ["--noinput"],
}
RECORDED = {"loaddata"}
_FILES = "reads or writes files of the source"
_PRINTS = "prints"
WRITES_NO_ACCOUNT = {
    "account_unsetmultipleprimaryemails": "writes allauth's addresses, which nothing here reads",
    "check": _PRINTS,
    "clearsessions": "deletes sessions that are over",
    "collectstatic": _FILES,
    "compilemessages": _FILES,
    "createcachetable": "no cache is kept in a table",
    "dbshell": "is the database's own program: its triggers and the seals of entries remain",
    "dumpdata": _PRINTS,
    "findstatic": _PRINTS,
    "generateschema": _PRINTS,
    "inspectdb": _PRINTS,
    "makemessages": _FILES,
    "makemigrations": _FILES,
    "migrate": "changes tables as the migrations say",
    "optimizemigration": _FILES,
    "remove_stale_contenttypes": "deletes names of models that are gone",
    "runserver": "serves",
    "sendtestemail": "sends a mail",
    "shell": "runs what is typed: triggers and the seals of entries remain",
    "showmigrations": _PRINTS,
    "sqlflush": _PRINTS,
    "sqlmigrate": _PRINTS,
    "sqlsequencereset": _PRINTS,
    "squashmigrations": _FILES,
    "startapp": _FILES,
    "startproject": _FILES,
    "test": "uses a database of its own",
    "testserver": "uses a database of its own",
}
_OURS = ("analytics", "campaign", "messages")


def test_every_command_of_django_is_refused_or_recorded_or_writes_no_account() -> None:
    foreign = {name for name, app in get_commands().items() if str(app) not in _OURS}
    ours = {name for name, app in get_commands().items() if app == "messages"}
    assert foreign == WRITES_NO_ACCOUNT.keys()
    assert {*REFUSED, *RECORDED} <= ours


@pytest.mark.django_db
@pytest.mark.parametrize("name", REFUSED)
def test_a_command_past_the_record_or_with_keys_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "flush":  # as it is outside of tests, which empty tables by it
        monkeypatch.setattr(flush.Command, "handle", flush.refuse)
    world.person("mara")
    world.launched()
    accounts, entries = list(User.objects.order_by("pk").values()), AuditEntry.objects.count()
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command(name, *REFUSED[name], stdout=said)
    assert said.getvalue() == ""
    assert list(User.objects.order_by("pk").values()) == accounts
    assert AuditEntry.objects.count() == entries


@pytest.mark.django_db
def test_rows_that_are_loaded_are_on_record(tmp_path: Path) -> None:
    file = tmp_path / "eve.json"
    file.write_text(json.dumps([{"model": "auth.user", "pk": 77, "fields": {"username": "eve", "password": "!"}}]))
    call_command("loaddata", str(file), stdout=io.StringIO())
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail, entry.label) == ("rows-load", {"rows": 1}, str(file))
    assert User.objects.filter(username="eve").exists()


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", reason="SQLite has no TRUNCATE")
def test_what_djangos_flush_would_do_is_refused_by_the_database_too() -> None:
    tables = ", ".join(f'"{table}"' for table in connection.introspection.django_table_names(only_existing=True))
    with pytest.raises(IntegrityError, match=r"stay|cannot be changed"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}")
