"""What all tests have in common: a clock that stands still, a spool of their own, tables that are emptied."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import get_hashers, get_hashers_by_algorithm
from django.core.management.commands import flush
from django.db import connection
from django.utils import translation

from campaign.record_triggers import TRIGGERS, restore_triggers
from messages.accounts.password_hasher import Argon2id
from messages.accounts.throttle import FailedAttempts
from messages.audit import signed_head
from messages.management.commands.flush import Command as RefusedFlush
from tests.environment import POSTGRESQL
from tests.installation import copy_migrated_databases, migrated_postgresql_databases
from tests.row_cache import restart_sequences

DatabaseOperations = type(connection.ops)
_flush = DatabaseOperations.sql_flush
_OWN_PROCESSES = ("process", "browser")  # the marks of tests that start processes
_may_start = True
_STARTED = time.time()


class ProcessStarted(Exception):
    """A test started a process, and is not marked as one that does."""


def _refuse_processes(event: str, arguments: Any) -> None:
    if not _may_start and event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
        raise ProcessStarted(f"Mark this test with pytest.mark.process: it starts {arguments[:1]}.")


sys.addaudithook(_refuse_processes)


@contextmanager
def processes_may_start(yes: bool) -> Iterator[None]:
    global _may_start
    before, _may_start = _may_start, yes
    try:
        yield
    finally:
        _may_start = before


def _starts_processes(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in _OWN_PROCESSES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """`make quick` starts no process: only a test that is marked may."""
    with processes_may_start(_starts_processes(item)):
        return (yield)


@pytest.fixture(autouse=True)
def clock_that_stands_still(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """All readings of the clock are equal, so that none falls into another second, hour or day.

    They are the same in each test of a process, so that rows that one test made are those that another needs
    (tests/row_cache.py). A test in which time goes on says so: `clock_that_stands_still.shift(seconds)`.

    Processes that a test starts have clocks of their own, and its own goes on with theirs.
    """
    if _starts_processes(request.node):
        yield None
    else:
        with time_machine.travel(_STARTED, tick=False) as clock:
            yield clock


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Before the test databases are made: on SQLite they are there already, migrated, as copies of those of the run."""
    databases: dict[str, Any] = settings.DATABASES
    if POSTGRESQL:  # one for each process of the run
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")
        with processes_may_start(True):
            templates = migrated_postgresql_databases()
        for alias, url in zip(("default", "audience"), templates.values(), strict=True):
            databases[alias].setdefault("TEST", {})["TEMPLATE"] = url.rpartition("/")[2]
    else:
        with processes_may_start(True):
            copy_migrated_databases(copies := settings.DATA_DIRECTORY / "copies")
        for database in databases.values():
            made_of = copies / Path(database["NAME"]).name
            made_of.rename(database["TEST"]["NAME"])


@pytest.fixture(autouse=True, scope="session")
def static_files_are_found_when_asked_for() -> Iterator[None]:
    """Each test client would else list them all before its first request, which takes longer than most pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "WHITENOISE_AUTOREFRESH", True, raising=False)
        yield


class CheapArgon2id(Argon2id):
    """A hash as in production that takes a thousandth of the work."""

    time_cost, memory_cost = 1, 8


@pytest.fixture(autouse=True, scope="session")
def passwords_are_hashed_at_little_cost() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        name = f"{CheapArgon2id.__module__}.{CheapArgon2id.__qualname__}"
        patch.setattr(settings, "PASSWORD_HASHERS", [name, *settings.PASSWORD_HASHERS[1:]])
        get_hashers.cache_clear()  # type: ignore[attr-defined]  # cached, which the stubs hide
        get_hashers_by_algorithm.cache_clear()  # type: ignore[attr-defined]
        yield


@pytest.fixture(scope="session")
def spools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Places for spools. Each is made once something is written to it, which few tests do."""
    place = tmp_path_factory.mktemp("spools")
    return (place / str(number) for number in count())


@pytest.fixture(autouse=True)
def a_spool_of_its_own(monkeypatch: pytest.MonkeyPatch, spools: Iterator[Path]) -> None:
    monkeypatch.setattr(settings, "SPOOL_DIRECTORY", next(spools))


@pytest.fixture(autouse=True)
def nothing_is_noted_of_another_tests_record() -> None:
    """Entries that a test commits go with it, and so does their note; the key stays, for rows that are kept."""
    if signed_head.read_note() not in (signed_head.NoNote.NOTHING_SIGNED, signed_head.NOTHING):
        signed_head.begin(signed_head.NOTHING)


@pytest.fixture(autouse=True)
def rows_are_numbered_from_the_start(request: pytest.FixtureRequest) -> None:
    """Else PostgreSQL numbers the rows of each test differently, and none of them can be kept (tests/row_cache.py)."""
    mark = request.node.get_closest_marker("django_db")
    if POSTGRESQL and mark and not mark.kwargs.get("transaction"):
        request.getfixturevalue("db")
        restart_sequences()


@pytest.fixture(autouse=True)
def no_language_is_left_behind() -> Iterator[None]:
    """A page in Spanish leaves its thread speaking Spanish; each request chooses anew, and so does each test."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def nobody_has_guessed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = FailedAttempts()
    monkeypatch.setattr("messages.accounts.login_attempts.attempts", fresh)
    monkeypatch.setattr("messages.accounts.code_guesses._counted_here", {})


@pytest.fixture(autouse=True, scope="session")
def tables_are_emptied_after_tests() -> Iterator[None]:
    """Empty also those that refuse it, and neither the content types nor the permissions: they are always the same.

    To make those anew took nine tenths of the time, and TRUNCATE most of the rest.
    """

    def sql_flush(self: Any, style: Any, tables: list[str], *args: Any, **options: Any) -> list[str]:
        emptied = [table for table in tables if table not in ("auth_permission", "django_content_type")]
        if POSTGRESQL:
            deletes = [f'DELETE FROM "{table}"' for table in emptied]
            return ["SET session_replication_role = replica", *deletes, "SET session_replication_role = origin"]
        drop = [statement for trigger in TRIGGERS if trigger.table in tables for statement in trigger.drop("sqlite")]
        return [*drop, *_flush(self, style, emptied, *args, **options)]

    def restore(verbosity: int, interactive: bool, database: str, **options: Any) -> None:
        restore_triggers(using=database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", restore)
        patch.setattr(RefusedFlush, "handle", flush.Command.handle)
        yield
