"""Store acknowledged events on this machine's disk while the audience database is away, and move them there later.

The spool is one SQLite file, shared by all processes of the machine under one lock. It holds the same rows as the table
of open views, merges them in the same way, and is deleted once it is empty. Moving can be interrupted anywhere: rows
are written to the database first and deleted here after its commit, and writing a row twice changes nothing.

The lock file holds one line of text: the closing hours that take no more events. Fold writes it before it empties the
spool and shuts the hour in the database, so that no event can be added in between.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from analytics import file_lock
from analytics.ingest.open_views import COLUMNS, NonceRange, OpenViewRow, merge_sql, sqlite_upsert_sql
from messages.secret_files import fsync_directory

MAX_SHUT_HOURS = 400  # the latest ones, in order of shutting: a clock may have jumped ten years ahead and back
_CHUNK_SIZE = 2_000
_TABLE = """
    CREATE TABLE IF NOT EXISTS spooled (
        closes INTEGER NOT NULL, nonce BLOB NOT NULL, campaign INTEGER NOT NULL, arm INTEGER NOT NULL,
        placement INTEGER NOT NULL, locale TEXT NOT NULL, hour INTEGER NOT NULL, bits INTEGER NOT NULL,
        rating INTEGER, dwell INTEGER, left_out BOOLEAN NOT NULL DEFAULT 0,
        text INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (closes, nonce),
        CHECK (typeof(closes) = 'integer' AND typeof(hour) = 'integer' AND closes > hour AND closes <= hour + 25),
        CHECK (hour BETWEEN 0 AND 9999999 AND length(nonce) = 16)
    ) WITHOUT ROWID
"""
_UPSERT_SQL = sqlite_upsert_sql("spooled")
# Columns that a file from before an update lacks: its views all count, and are of the only text of their arm.
_ADDED = {
    "left_out": "ALTER TABLE spooled ADD COLUMN left_out BOOLEAN NOT NULL DEFAULT 0",
    "text": "ALTER TABLE spooled ADD COLUMN text INTEGER NOT NULL DEFAULT 0",
}


class Spool:
    """The spool in one directory. After OSError or sqlite3.Error nothing was stored."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "spool.sqlite3"
        self._lock = directory / "spool.lock"

    @property
    def holds_events(self) -> bool:
        """Whether any events wait: the file exists only while some do."""
        return self._file.exists()

    def add(self, select: Callable[[set[int]], Sequence[OpenViewRow]]) -> None:
        """Store the rows that `select` returns, given the shut hours; they are on disk when this returns."""
        with self._lock_held() as descriptor:
            views = select(set(_read_hours(descriptor)))
            if views:
                with closing(self._open()) as file, file:
                    file.executemany(_UPSERT_SQL, views)

    def shut_hour(self, closes: int) -> None:
        """Take no more events for views that close at this hour."""
        with self._lock_held() as descriptor:
            hours = _read_hours(descriptor)
            if closes not in hours:
                _append_hour(descriptor, closes, before=hours)

    def waiting_hours(self) -> list[int]:
        """The closing hours of the waiting rows."""
        if not self.holds_events:
            return []
        with self._lock_held(), closing(self._open()) as file:
            return [row[0] for row in file.execute("SELECT DISTINCT closes FROM spooled ORDER BY closes")]

    def count_views(self) -> int:
        """The number of waiting views."""
        if not self.holds_events:
            return 0
        with self._lock_held(), closing(self._open()) as file:
            return int(file.execute("SELECT COUNT(*) FROM spooled").fetchone()[0])

    def adopt(self, other: sqlite3.Connection, table: str, ranges: Sequence[NonceRange]) -> int:
        """Take these views over from a table of another file, in one transaction over both; how many there were.

        The other file must have a rollback journal and no transaction: SQLite commits to several files at once in no
        other mode. Its other views stay.
        """
        with self._lock_held():
            self._open().close()
            other.execute("ATTACH DATABASE ? AS spool", [str(self._file)])
            other.execute("PRAGMA spool.synchronous = EXTRA")
            present = {row[1] for row in other.execute(f"PRAGMA main.table_info({table})")}
            columns = ", ".join(name for name in OpenViewRow._fields if name in present)
            other.execute("BEGIN IMMEDIATE")
            total = 0
            for part in ranges:
                condition, values = part.sql_condition()
                where = f"WHERE {condition.replace('%s', '?')}"
                rows = f"SELECT {columns} FROM main.{table} {where}"  # noqa: S608  (names from the code alone)
                other.execute(f"INSERT INTO spool.spooled ({columns}) {rows} {merge_sql('spooled')}", values)
                total += other.execute(f"DELETE FROM main.{table} {where}", values).rowcount  # noqa: S608
            other.execute("COMMIT")
            other.execute("DETACH DATABASE spool")
            if total == 0:
                self._delete_if_empty()
        return total

    def drain(self, store: Callable[[list[OpenViewRow]], None]) -> int:
        """Pass every row to `store`, which returns once it is on disk, and delete it; how many there were.

        An error of `store` leaves the rest in the spool. The lock is released between chunks, so others can write.
        """
        total = 0
        while self.holds_events:
            with self._lock_held():
                count = self._drain_chunk(store)
            if count == 0:
                break
            total += count
        return total

    def _drain_chunk(self, store: Callable[[list[OpenViewRow]], None]) -> int:
        if not self.holds_events:
            return 0
        with closing(self._open()) as file:
            rows = file.execute(f"SELECT {COLUMNS} FROM spooled ORDER BY closes, nonce LIMIT ?", [_CHUNK_SIZE])  # noqa: S608
            views = [row._replace(left_out=bool(row.left_out)) for row in map(OpenViewRow._make, rows.fetchall())]
            if views:
                store(views)
                self._delete_through(file, views[-1])
            if len(views) == _CHUNK_SIZE:
                return len(views)
        self._delete()
        return len(views)

    def _delete_through(self, file: sqlite3.Connection, last: OpenViewRow) -> None:
        with file:
            file.execute("DELETE FROM spooled WHERE (closes, nonce) <= (?, ?)", last[:2])

    def _delete_if_empty(self) -> None:
        with closing(self._open()) as file:
            is_empty = file.execute("SELECT 1 FROM spooled LIMIT 1").fetchone() is None
        if is_empty:
            self._delete()

    def _delete(self) -> None:
        """Delete the empty file; secure_delete has overwritten its rows."""
        for suffix in ("", "-journal"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def _lock_held(self) -> Iterator[int]:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock.hold_lock(self._lock) as descriptor:
            assert descriptor is not None
            yield descriptor

    def _open(self) -> sqlite3.Connection:
        if not self._file.exists():
            # The directory may be new: without syncing its parent, a crash could lose the directory itself.
            fsync_directory(self.directory.parent)
            self._file.touch(mode=0o600)
        file = sqlite3.connect(self._file)
        # EXTRA also syncs the directory after deleting the journal, so that a crash cannot undo the commit.
        file.execute("PRAGMA synchronous = EXTRA")
        file.execute("PRAGMA secure_delete = ON")
        file.execute(_TABLE)
        present = {column[1] for column in file.execute("PRAGMA table_info(spooled)")}
        for statement in (statement for name, statement in _ADDED.items() if name not in present):
            file.execute(statement)
        return file


def _read_hours(descriptor: int) -> list[int]:
    """The shut hours, in the order in which they were shut."""
    text = os.pread(descriptor, 65_536, 0).decode("ascii", "replace")
    return [int(word) for word in text.split() if word.isdigit()]


def _append_hour(descriptor: int, closes: int, *, before: list[int]) -> None:
    """Append one hour. Earlier ones are not rewritten, so a crash cannot lose them.

    From time to time the older half is removed. A crash during that leaves some old hours at the end, which is safe.
    """
    if len(before) >= 2 * MAX_SHUT_HOURS:
        recent = "".join(f" {hour}" for hour in before[-MAX_SHUT_HOURS:]).encode()
        os.pwrite(descriptor, recent, 0)
        os.ftruncate(descriptor, len(recent))
    os.pwrite(descriptor, f" {closes}".encode(), os.fstat(descriptor).st_size)
    os.fsync(descriptor)
