"""Check the host of an installation: settings, file permissions, databases, core dumps and swap."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections

from analytics.doctor import findings
from analytics.doctor.findings import Finding, fine, leaks, unknown
from analytics.ingest import database_files
from campaign.checks import check_databases_are_separate, check_postgresql_durability
from campaign.record_triggers import changed_triggers, foreign_triggers, missing_triggers
from messages.audit import continuity, verification

_COMMAND_LINES = (b"campaign.wsgi", b"campaign.rsgi", b"campaign.entrypoints.launcher", b"manage.py\0worker")
_PROC = Path("/proc")


def application_findings() -> list[Finding]:
    """Check the settings, and who may read keys and data."""
    header = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    keys = Path(settings.KEY_DIRECTORY)
    return [
        *findings.settings_findings(
            debug=settings.DEBUG, local_http=settings.LOCAL_HTTP, behind_proxy=header is not None
        ),
        findings.permission_finding("keys", file_modes([keys])),
        findings.permission_finding("data directory", file_modes([Path(settings.DATA_DIRECTORY)])),
    ]


def file_modes(paths: Iterable[Path]) -> dict[str, int] | None:
    """The modes of these paths and of the files in them; None if they cannot be read."""
    modes: dict[str, int] = {}
    try:
        for path in paths:
            modes[str(path)] = path.stat().st_mode & 0o7777
            for file in path.iterdir() if path.is_dir() else ():
                modes[str(file)] = file.stat().st_mode & 0o7777
    except OSError:
        return None
    return modes


def database_findings() -> list[Finding]:
    """The findings of `manage.py check` on both databases."""
    problems = [*check_databases_are_separate(None), *check_postgresql_durability(None, databases=list(connections))]
    subject = "PostgreSQL" if connections["audience"].vendor == "postgresql" else "databases"
    found = [_check_finding(subject, message) for message in problems]
    with suppress(DatabaseError):  # one that does not answer is told by the checks
        if foreign := sorted(name for alias in connections for name in foreign_triggers(connections[alias])):
            said = (
                f"There are triggers that this program did not make: {', '.join(foreign)}. They could copy each visit."
            )
            found.append(leaks(subject, said, "Find out who made them, and drop them."))
    return found or [fine(subject, "The two are separate, and nothing about the audience is logged or kept.")]


def record_findings() -> list[Finding]:
    """Check the audit record, whether the database is a backup, and whether the record's head leaves the machine."""
    subject = "audit record"
    try:
        if continuity.is_older_database():
            return [leaks(subject, "The database is missing records that were signed here.", "Run manage.py restored.")]
        problems = verification.verify().problems
        unprotected = sorted(missing_triggers(connections["default"]) | changed_triggers(connections["default"]))
    except (DatabaseError, OSError) as error:
        return [unknown(subject, f"It could not be read: {type(error).__name__}.", "Run this as the server's user.")]
    found = [leaks(subject, problem, "See manage.py audit verify.") for problem in problems[:1]]
    found = found or [fine(subject, "All entries are as they were written.")]
    if unprotected:
        said = f"Triggers that protect the records are missing or changed: {', '.join(unprotected)}."
        found.append(leaks("triggers", said, "Find out who did this, then run manage.py migrate."))
    if not (settings.AUDIT_HEAD_DIRECTORY or settings.EMAIL_HOST):
        said = "Its head is kept only on this machine, so whoever controls the machine can rewrite all of it."
        found.append(unknown("audit head", said, "Set MAIL_HOST or AUDIT_HEAD_DIRECTORY."))
    return found


def unused_database_finding() -> Finding:
    """Check for database files that a move or a copy left behind."""
    return findings.unused_database_finding({str(file.path): file.content for file in database_files.unused_files()})


def _check_finding(subject: str, message: checks.CheckMessage) -> Finding:
    finding = unknown if message.id == "campaign.E002" else leaks
    return finding(subject, str(message.msg), str(message.hint or "Start it, or run this as the server's user."))


def machine_findings() -> list[Finding]:
    """Check core dumps and swap of the running servers and workers."""
    processes = list(_server_pids())
    limits = {str(pid): limit for pid in processes if (limit := _core_limit(pid)) is not None}
    return findings.machine_findings(core_limits=limits, swaps=_swaps(), swap_forbidden=_is_swap_forbidden(processes))


def _server_pids() -> Iterator[int]:
    """The process ids of running servers and workers on this machine."""
    for path in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            line = (path / "cmdline").read_bytes()
            if any(ours in line for ours in _COMMAND_LINES):
                yield int(path.name)


def _core_limit(pid: int) -> int | None:
    """The maximum size of its core dump in bytes; -1 for unlimited, None if it cannot be read."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "limits").read_text("ascii").splitlines():
            if line.startswith("Max core file size"):
                soft = line.split()[4]
                return -1 if soft == "unlimited" else int(soft)
    return None


def _swaps() -> list[str]:
    try:
        return [line.split()[0] for line in (_PROC / "swaps").read_text("utf-8").splitlines()[1:]]
    except OSError:
        return []


def _is_swap_forbidden(processes: Iterable[int]) -> bool | None:
    """Whether all of them are in a control group without swap; None if that cannot be read."""
    limits = []
    for pid in processes:
        try:
            group = (_PROC / str(pid) / "cgroup").read_text("utf-8").strip().rpartition("::")[2]
            limits.append(Path(f"/sys/fs/cgroup{group}/memory.swap.max").read_text("ascii").strip())
        except OSError:
            return None
    return all(limit == "0" for limit in limits) if limits else None
