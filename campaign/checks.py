"""System checks: databases are separate, keys are private, nothing is debugged in public, PostgreSQL is as it must be.

The last one connects to the servers: `manage.py check --database default --database audience`. So does `migrate`.
"""

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
# Whether the current user may switch the write-ahead log and make a checkpoint.
CAN_SWITCH_WAL_SQL = "pg_has_role('pg_checkpoint', 'USAGE') AND has_function_privilege('pg_switch_wal()', 'EXECUTE')"
# Settings that keep the audience's rows out of PostgreSQL's log, and those that recycle no write-ahead log with them.
_NO_LOGGING: Mapping[str, frozenset[str]] = {
    "log_statement": frozenset({"none", "ddl"}),
    "log_duration": frozenset({"off"}),
    "log_min_duration_statement": frozenset({"-1"}),
    "log_min_duration_sample": frozenset({"-1"}),
    "log_transaction_sample_rate": frozenset({"0"}),
    "log_min_error_statement": frozenset({"fatal", "panic"}),
    "log_error_verbosity": frozenset({"terse"}),
    "track_commit_timestamp": frozenset({"off"}),
}
_NO_WAL_RETENTION: Mapping[str, frozenset[str]] = {
    "wal_recycle": frozenset({"off"}),
    "wal_keep_size": frozenset({"0"}),
    "archive_mode": frozenset({"off"}),
}
_LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}


@register()
def check_databases_are_separate(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Open views must never be in a backup, so their database is not the one that is backed up."""
    locations = {database_location(connections[alias].settings_dict) for alias in ("default", "audience")}
    if len(locations) == 2:
        return []
    return [
        Error(
            "DATABASE_URL and AUDIENCE_DATABASE_URL name the same database.",
            hint="Open views must never be in a backup: give them a database of their own. One server may hold both.",
            id="campaign.E001",
        )
    ]


def database_location(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The location of a database, equal for two settings that name the same one."""
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return (str(Path(config["NAME"]).resolve()),)
    host = str(config.get("HOST") or config.get("OPTIONS", {}).get("host", ""))
    if host in _LOCAL_HOSTS or host.startswith("/"):  # a path is a socket's directory
        host = "localhost"
    return (host, str(config.get("PORT") or 5432), str(config["NAME"]))


@register(Tags.security)
def check_debug_is_local(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows each error with its request, so it is for a laptop."""
    if settings.LOCAL_HTTP or not settings.DEBUG:
        return []
    message = "DEBUG is on, without LOCAL_HTTP: visitors would be shown errors, settings and requests."
    return [Error(message, hint="Remove DEBUG. On a laptop, set LOCAL_HTTP=1 as well.", id="campaign.E005")]


@register(Tags.security)
def check_key_permissions(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn only, so that the worker goes on deleting views; `manage.py keys` refuses to run."""
    return [checks.Warning(problem, id="campaign.W002") for problem in key_directory_problems(settings.KEY_DIRECTORY)]


@register(Tags.database)
def check_postgresql_durability(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """An acknowledged event must be on disk, and nowhere else."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        if connections[alias].vendor == "postgresql":
            try:
                problems += _check_server(alias)
            except DatabaseError as error:
                problems.append(Error(f"The database “{alias}” did not answer: {error}", id="campaign.E002"))
    return problems


def _check_server(alias: str) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    server_settings = _server_settings(alias)
    version = int(server_settings["server_version_num"]) // 10_000
    if version < MIN_POSTGRESQL_VERSION:
        message = f"The database “{alias}” is PostgreSQL {version}; {MIN_POSTGRESQL_VERSION} or newer is needed."
        return [Error(message, id="campaign.E003")]
    problems += [
        Error(
            f"PostgreSQL's {name} is off for the database “{alias}”: what was acknowledged may be lost in a crash.",
            hint=f"Set {name} = on in postgresql.conf and reload the server.",
            id="campaign.E004",
        )
        for name in ("fsync", "full_page_writes")
        if server_settings[name] != "on"
    ]
    if alias == "audience":
        problems += _check_retention(server_settings, may_switch_wal=_may_switch_wal(alias))
    return problems


def _check_retention(server_settings: Mapping[str, str], *, may_switch_wal: bool) -> list[CheckMessage]:
    """Warn about settings that keep single events, in the log or in the write-ahead log after their deletion."""
    problems: list[CheckMessage] = []
    if logging := [name for name, good in _NO_LOGGING.items() if server_settings[name] not in good]:
        message = (
            f"PostgreSQL may write single events of the audience, with their time, into its log: {_join(logging)}."
        )
        problems.append(checks.Warning(message, hint="Set them as deploy/audience.sql does.", id="campaign.W001"))
    if retaining := [name for name, good in _NO_WAL_RETENTION.items() if server_settings[name] not in good]:
        message = f"PostgreSQL's write-ahead log keeps views that were forgotten: {_join(retaining)}."
        problems.append(checks.Warning(message, hint="Set them as deploy/postgresql.conf does.", id="campaign.W002"))
    if not may_switch_wal:
        message = (
            "The worker may not end the file of the write-ahead log, which keeps forgotten views until it is full."
        )
        problems.append(checks.Warning(message, hint="Grant what deploy/audience.sql grants.", id="campaign.W003"))
    return problems


def _join(names: Sequence[str]) -> str:
    return ", ".join(names)


def _may_switch_wal(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT {CAN_SWITCH_WAL_SQL}")
        row = cursor.fetchone()
    return bool(row and row[0])


def _server_settings(alias: str) -> dict[str, str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings")
        return dict(cursor.fetchall())
