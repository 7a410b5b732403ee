"""Find database files that this installation does not use: what a move to another database, or a copy, left behind.

Open views in them are never counted and never forgotten. Files are recognised by what is in them, not by their names.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import connections

from analytics.ingest.open_views import TABLE
from messages.secret_files import fsync_directory

COMPANIONS = ("-wal", "-shm", "-journal", "-turn.lock", "-compacting.lock", "-use.lock")
_MAGIC = b"SQLite format 3\0"
VIEW_TABLES = (TABLE, "spooled")
_WIPE_BYTES = 1 << 20


class Content(StrEnum):
    """What an unused file holds."""

    VIEWS = "open views"
    STAFF = "staff accounts, campaigns and totals"
    JOURNAL = "the journal of a database, which may hold open views"


@dataclass(frozen=True, slots=True)
class UnusedFile:
    """A database file that is not in use. `views` is None where they cannot be counted."""

    path: Path
    content: Content
    views: int | None = None


def unused_files() -> list[UnusedFile]:
    """Database files in the directories of this installation, and beside its databases, that it does not use."""
    used = _used_files()
    directories = {settings.DATA_DIRECTORY, settings.KEY_DIRECTORY, settings.SPOOL_DIRECTORY}
    directories.add(settings.DATA_DIRECTORY / "spool")  # where it is unless set otherwise
    directories |= {path.parent for path in used}
    paths = {path.resolve() for one in directories if one.is_dir() for path in one.iterdir() if path.is_file()}
    return sorted(_inspect_all(paths - used), key=lambda file: file.path)


def is_in_use(path: Path) -> bool:
    """Whether the settings of this process name the file."""
    return path.resolve() in _used_files()


def inspect_file(path: Path) -> UnusedFile | None:
    """What a database file holds; None if it is no database of ours."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                return None
        with closing(open_read_only(path)) as file:
            tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            held = [name for name in VIEW_TABLES if name in tables]
            if held:
                counts = [file.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in held]  # noqa: S608
                return UnusedFile(path, Content.VIEWS, sum(counts))
            return UnusedFile(path, Content.STAFF) if "django_migrations" in tables else None
    except (OSError, sqlite3.Error):
        return UnusedFile(path, Content.VIEWS)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file without creating anything beside it, unless it has a journal that has to be read."""
    has_journal = any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-journal"))
    return sqlite3.connect(f"{path.resolve().as_uri()}?{'mode=ro' if has_journal else 'immutable=1'}", uri=True)


def wipe(path: Path) -> None:
    """Overwrite a database file and its journals, and remove them with their locks.

    On disks that copy on write only the removal has an effect.
    """
    for file in [*(Path(f"{path}{suffix}") for suffix in COMPANIONS), path]:
        if file.is_file():
            with file.open("r+b", buffering=0) as stream:
                for _ in range(0, file.stat().st_size, _WIPE_BYTES):
                    stream.write(secrets.token_bytes(min(_WIPE_BYTES, file.stat().st_size - stream.tell())))
                os.fsync(stream.fileno())
            file.unlink()
    fsync_directory(path.parent)


def _used_files() -> set[Path]:
    names = [Path(str(one.settings_dict["NAME"])) for one in connections.all() if one.vendor == "sqlite"]
    names.append(settings.SPOOL_DIRECTORY / "spool.sqlite3")
    return {path.resolve() for path in names} | {
        Path(f"{path}{suffix}").resolve() for path in names for suffix in COMPANIONS
    }


def _inspect_all(paths: set[Path]) -> Iterator[UnusedFile]:
    for path in paths:
        if path.name.endswith(("-wal", "-journal")):
            base = path.with_name(path.name.rpartition("-")[0])
            if not base.exists():  # otherwise it goes with its database
                yield UnusedFile(path, Content.JOURNAL)
        elif (file := inspect_file(path)) is not None:
            yield file
