"""The speed of the disk and of SQLite by themselves: two yardsticks for `events`.

`sync_each` is a program that takes every event to disk by itself: append 100 bytes, fdatasync, and only then the next.

`bulk` is SQLite's own bulk insert at its best: the rows that our events become, in the very table and indexes that
the installation has, under the same pragmas (write-ahead log, synchronous=FULL, secure_delete), from values that lie
ready in memory; one `executemany` and one transaction for each 5,000 rows, the most that our writer ever puts in one.
It parses no HTTP and no JSON, checks no receipt and looks for no replay.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.ratio_table import Effort

RECORD = b"x" * 100
TABLE = "analytics_openview"
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
Row = tuple[int | bytes | str | None, ...]


def sync_each(directory: Path, *, seconds: float) -> Effort:
    """The number of records that are synced to disk one by one."""
    path = directory / "one-by-one"
    done, cpu, begun = 0, time.process_time(), time.monotonic()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while time.monotonic() < begun + seconds:
            os.write(descriptor, RECORD)
            os.fdatasync(descriptor)
            done += 1
        return Effort(done, time.process_time() - cpu, time.monotonic() - begun)
    finally:
        os.close(descriptor)
        path.unlink()


@contextmanager
def twin(database: Path, copy: Path) -> Iterator[sqlite3.Connection]:
    """A new database file with the table of open views as it is defined in `database`, indexes too, and no rows."""
    with closing(sqlite3.connect(database)) as original:
        found = original.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql NOT NULL", [TABLE])
        definitions = [str(sql) for (sql,) in found]
    with closing(sqlite3.connect(copy)) as connection:
        connection.executescript(";".join([*PRAGMAS.rstrip(";").split(";"), *definitions]))
        yield connection


def rows(columns: Sequence[str], *, count: int, hour: int) -> list[Row]:
    """Seen views as our writer would store them, each under a fresh nonce."""
    values: dict[str, int | str | None] = {"campaign": 1, "placement": 1, "locale": "en", "hour": hour}
    values |= {"closes": hour + 3, "bits": 1}
    return [
        tuple(
            os.urandom(16) if name == "nonce" else 1 + number % 4 if name == "arm" else values.get(name)
            for name in columns
        )
        for number in range(count)
    ]


def columns_of(connection: sqlite3.Connection) -> list[str]:
    """The columns of the table of open views."""
    return [str(row[1]) for row in connection.execute(f"PRAGMA table_info({TABLE})")]


def bulk(connection: sqlite3.Connection, ready: Sequence[Row], *, group: int) -> Effort:
    """Insert the rows, `group` in one transaction."""
    names = columns_of(connection)
    insert = f"INSERT INTO {TABLE} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    cpu, begun = time.process_time(), time.monotonic()
    for start in range(0, len(ready), group):
        with connection:
            connection.executemany(insert, ready[start : start + group])
    return Effort(len(ready), time.process_time() - cpu, time.monotonic() - begun)
