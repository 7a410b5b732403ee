"""Keeps acknowledged events on this machine's disk while the audience database is away, and hands them over later.

One SQLite file, shared by all processes of the machine under one lock; it holds the same rows as the table of open
views, grows them in the same way, and is deleted once it is empty. Handing over is safe to interrupt anywhere: rows
are put into the database first and deleted here after its commit, and a row that is put twice changes nothing.

The lock file carries one line of text: the closing hours that take no more events. Fold writes it before it empties
the spool and shuts the hour in the database, so that no event can slip in behind it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from analytics import file_lock
from analytics.ingest.open_views import COLUMNS, OpenViewRow, sqlite_upsert_sql
from campaign.keys.store import fsync_directory

MAX_SHUT_HOURS = 400  # those shut last, whatever their numbers: a clock may have jumped ten years ahead and back
_AT_ONCE = 2_000
_TABLE = """
    CREATE TABLE IF NOT EXISTS spooled (
        closes INTEGER NOT NULL, nonce BLOB NOT NULL, campaign INTEGER NOT NULL, arm INTEGER NOT NULL,
        placement INTEGER NOT NULL, locale TEXT NOT NULL, hour INTEGER NOT NULL, bits INTEGER NOT NULL,
        rating INTEGER, dwell INTEGER, PRIMARY KEY (closes, nonce),
        CHECK (typeof(closes) = 'integer' AND typeof(hour) = 'integer' AND closes > hour AND closes <= hour + 25),
        CHECK (hour BETWEEN 0 AND 9999999 AND length(nonce) = 16)
    ) WITHOUT ROWID
"""
_PUT = sqlite_upsert_sql("spooled")


class Spool:
    """The spool in one directory. Its errors are OSError and sqlite3.Error: then nothing was kept."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file = directory / "spool.sqlite3"
        self._lock = directory / "spool.lock"

    @property
    def holds_events(self) -> bool:
        """Whether anything waits to be handed over: the file is there only while something does."""
        return self._file.exists()

    def add(self, select: Callable[[set[int]], Sequence[OpenViewRow]]) -> None:
        """Keep the rows that `select` returns, given the closing hours that take no more; on disk when it returns."""
        with self._held() as descriptor:
            views = select(set(_read_hours(descriptor)))
            if views:
                with closing(self._open()) as file, file:
                    file.execute(_TABLE)
                    file.executemany(_PUT, views)

    def shut_hour(self, closes: int) -> None:
        """Take no more events for views that close at this hour."""
        with self._held() as descriptor:
            hours = _read_hours(descriptor)
            if closes not in hours:
                _note_hour(descriptor, closes, before=hours)

    def waiting_hours(self) -> list[int]:
        """The closing hours of the rows that wait."""
        if not self.holds_events:
            return []
        with self._held(), closing(self._open()) as file:
            file.execute(_TABLE)
            return [row[0] for row in file.execute("SELECT DISTINCT closes FROM spooled ORDER BY closes")]

    def count_views(self) -> int:
        """How many views wait."""
        if not self.holds_events:
            return 0
        with self._held(), closing(self._open()) as file:
            file.execute(_TABLE)
            return int(file.execute("SELECT COUNT(*) FROM spooled").fetchone()[0])

    def drain(self, take: Callable[[list[OpenViewRow]], None]) -> int:
        """Give every row to `take`, which has it on disk when it returns, and forget it; how many there were.

        An error of `take` leaves the rest here. Others may write in between: the lock is held for one portion.
        """
        total = 0
        while self.holds_events:
            with self._held():
                done = self._hand_over_some(take)
            if done == 0:
                break
            total += done
        return total

    def _hand_over_some(self, take: Callable[[list[OpenViewRow]], None]) -> int:
        if not self.holds_events:
            return 0
        with closing(self._open()) as file:
            file.execute(_TABLE)
            rows = file.execute(f"SELECT {COLUMNS} FROM spooled ORDER BY closes, nonce LIMIT ?", [_AT_ONCE])  # noqa: S608
            views = [OpenViewRow(*row) for row in rows.fetchall()]
            if views:
                take(views)
                self._delete_through(file, views[-1])
            if len(views) == _AT_ONCE:
                return len(views)
        self._delete()
        return len(views)

    def _delete_through(self, file: sqlite3.Connection, last: OpenViewRow) -> None:
        with file:
            file.execute("DELETE FROM spooled WHERE (closes, nonce) <= (?, ?)", last[:2])

    def _delete(self) -> None:
        """The empty file goes; secure_delete has overwritten what it held."""
        for suffix in ("", "-journal"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)

    @contextmanager
    def _held(self) -> Iterator[int]:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock.hold_lock(self._lock) as descriptor:
            assert descriptor is not None
            yield descriptor

    def _open(self) -> sqlite3.Connection:
        if not self._file.exists():
            # The directory may be new too: what is synced inside it is lost with its name unless its parent is synced.
            fsync_directory(self.directory.parent)
            self._file.touch(mode=0o600)
        file = sqlite3.connect(self._file)
        # EXTRA also syncs the directory when the journal goes: the commit cannot be undone by a lost directory entry.
        file.execute("PRAGMA synchronous = EXTRA")
        file.execute("PRAGMA secure_delete = ON")
        return file


def _read_hours(descriptor: int) -> list[int]:
    """In the order in which they were shut."""
    text = os.pread(descriptor, 65_536, 0).decode("ascii", "replace")
    return [int(word) for word in text.split() if word.isdigit()]


def _note_hour(descriptor: int, closes: int, *, before: list[int]) -> None:
    """One more at the end: what was noted is not written again, so a crash takes nothing of it back.

    Now and then the older half goes. A crash in between leaves old ones behind the new, and thus more than needed.
    """
    if len(before) >= 2 * MAX_SHUT_HOURS:
        kept = "".join(f" {hour}" for hour in before[-MAX_SHUT_HOURS:]).encode()
        os.pwrite(descriptor, kept, 0)
        os.ftruncate(descriptor, len(kept))
    os.pwrite(descriptor, f" {closes}".encode(), os.fstat(descriptor).st_size)
    os.fsync(descriptor)
