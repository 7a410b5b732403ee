"""Keep SQLite's files from other users of the machine: SQLite creates them with whatever the umask leaves."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_SUFFIXES = ("", "-wal", "-shm")  # the database, its write-ahead log, and the log's index
_OTHERS = 0o077


def restrict_database_files(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receive `connection_created`: let only their owner read and write the files of this database.

    SQLite gives later files the mode of the first. The files of another owner stay as they are; `doctor` tells of them.
    """
    if connection.vendor != "sqlite":
        return
    for suffix in _SUFFIXES:
        path = Path(f"{connection.settings_dict['NAME']}{suffix}")
        with suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mode & _OTHERS:
                path.chmod(0o600)
