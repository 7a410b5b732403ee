"""System checks: the two databases stand apart, keys are their owner's, and what PostgreSQL acknowledges is on disk.

The last kind asks the servers: `manage.py check --database default --database audience`. Migrating asks too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from campaign.keys.store import key_directory_problems

MIN_POSTGRESQL_VERSION = 15
# Whether whoever asks may end the file of the write-ahead log and make a checkpoint.
CAN_SWITCH_WAL_SQL = "pg_has_role('pg_checkpoint', 'USAGE') AND has_function_privilege('pg_switch_wal()', 'EXECUTE')"
# What keeps the audience's rows out of PostgreSQL's log, and lets go of those that the write-ahead log holds.
_QUIET: Mapping[str, frozenset[str]] = {
    "log_statement": frozenset({"none", "ddl"}),
    "log_duration": frozenset({"off"}),
    "log_min_duration_statement": frozenset({"-1"}),
    "log_min_duration_sample": frozenset({"-1"}),
    "log_transaction_sample_rate": frozenset({"0"}),
    "log_min_error_statement": frozenset({"fatal", "panic"}),
    "log_error_verbosity": frozenset({"terse"}),
    "track_commit_timestamp": frozenset({"off"}),
}
_FORGETFUL: Mapping[str, frozenset[str]] = {
    "wal_recycle": frozenset({"off"}),
    "wal_keep_size": frozenset({"0"}),
    "archive_mode": frozenset({"off"}),
}
_THIS_MACHINE = {"", "localhost", "127.0.0.1", "::1"}


@register()
def check_databases_are_separate(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What the audience writes must never be in a backup, so it may not share a database with what must."""
    if database_location(connections["default"].settings_dict) != database_location(
        connections["audience"].settings_dict
    ):
        return []
    return [
        Error(
            "DATABASE_URL and AUDIENCE_DATABASE_URL name the same database.",
            hint="Open views must never be in a backup: give them a database of their own. One server may hold both.",
            id="campaign.E001",
        )
    ]


def database_location(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a database is: the same for two settings that lead to the same one."""
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return (str(Path(config["NAME"]).resolve()),)
    host = str(config.get("HOST") or config.get("OPTIONS", {}).get("host", ""))
    if host in _THIS_MACHINE or host.startswith("/"):  # a path is a socket's directory
        host = "localhost"
    return (host, str(config.get("PORT") or 5432), str(config["NAME"]))


@register(Tags.security)
def check_key_permissions(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A warning, since nothing may keep the worker from forgetting; `manage.py keys` refuses."""
    return [
        checks.Warning(complaint, id="campaign.W002") for complaint in key_directory_problems(settings.KEY_DIRECTORY)
    ]


@register(Tags.database)
def check_postgresql_durability(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """An event that was answered must be on disk, and nowhere else."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if connections[alias].vendor == "postgresql":
            try:
                found += _of_one(alias)
            except DatabaseError as error:
                found.append(Error(f"The database “{alias}” did not answer: {error}", id="campaign.E002"))
    return found


def _of_one(alias: str) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    shown = _settings(alias)
    version = int(shown["server_version_num"]) // 10_000
    if version < MIN_POSTGRESQL_VERSION:
        message = f"The database “{alias}” is PostgreSQL {version}; {MIN_POSTGRESQL_VERSION} or newer is needed."
        return [Error(message, id="campaign.E003")]
    found += [
        Error(
            f"PostgreSQL's {name} is off for the database “{alias}”: what was acknowledged may be lost in a crash.",
            hint=f"Set {name} = on in postgresql.conf and reload the server.",
            id="campaign.E004",
        )
        for name in ("fsync", "full_page_writes")
        if shown[name] != "on"
    ]
    if alias == "audience":
        found += _forgetful(shown, may_leave_wal=_may_leave_wal(alias))
    return found


def _forgetful(shown: Mapping[str, str], *, may_leave_wal: bool) -> list[CheckMessage]:
    """Warnings for what would keep single events: in the log, or in the write-ahead log after they were forgotten."""
    found: list[CheckMessage] = []
    if loud := [name for name, good in _QUIET.items() if shown[name] not in good]:
        message = f"PostgreSQL may write single events of the audience, with their time, into its log: {_list(loud)}."
        found.append(checks.Warning(message, hint="Set them as deploy/audience.sql does.", id="campaign.W001"))
    if kept := [name for name, good in _FORGETFUL.items() if shown[name] not in good]:
        message = f"PostgreSQL's write-ahead log keeps views that were forgotten: {_list(kept)}."
        found.append(checks.Warning(message, hint="Set them as deploy/postgresql.conf does.", id="campaign.W002"))
    if not may_leave_wal:
        message = (
            "The worker may not end the file of the write-ahead log, which keeps forgotten views until it is full."
        )
        found.append(checks.Warning(message, hint="Grant what deploy/audience.sql grants.", id="campaign.W003"))
    return found


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _may_leave_wal(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {CAN_SWITCH_WAL_SQL}")
        row = cursor.fetchone()
    return bool(row and row[0])


def _settings(alias: str) -> dict[str, str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings")
        return dict(cursor.fetchall())
