"""The table of open views, on SQLite and PostgreSQL: rows are upserted in groups, and an hour is shut before folding.

Rows are merged, never replaced: bits are added, the first rating and the first duration stay, and a view counts if any
of its receipts counts. So writing a row again, in any order and from any process, changes nothing. Exactly-once
counting depends on that.

Who asks not to be counted has all of their row overwritten but the random number and the campaign, whatever comes
before or after: without the number, an event that is sent again would bring the view back. When views are folded, the
campaign's total of withdrawals is one more, and nothing else is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from analytics import file_lock
from analytics.db_timeout import DatabaseTimeout
from analytics.models import OpenView, ShutHour
from campaign.checks import CAN_SWITCH_WAL_SQL
from campaign.outcomes import EXPOSED_BIT, REPORTED, WITHDRAWAL

if TYPE_CHECKING:
    from campaign.serving.routing import OutcomeEvent

DATABASE_ALIAS = "audience"
TABLE = OpenView._meta.db_table
_SHUT_HOURS = ShutHour._meta.db_table
_SHUT_LOCK = 0x5EC0ED  # key of an advisory lock: shared by writers, exclusive to shut an hour
_TIMEOUT = DatabaseTimeout(seconds=2.0)
# While the table is rewritten, nothing can be inserted. Spooling the events is faster than waiting for that.
_SHORT_LOCK_TIMEOUT = "set_config('lock_timeout', '300ms', true)"


class OpenViewRow(NamedTuple):
    """One row: a shown message and its outcomes so far."""

    closes: int
    nonce: bytes
    campaign: int
    arm: int
    placement: int
    locale: str
    hour: int
    bits: int
    rating: int | None
    dwell: int | None
    left_out: bool = False
    text: int = 0


COLUMNS = ", ".join(OpenViewRow._fields)


_WITHDRAWN = WITHDRAWAL.mask


def merge_sql(table: str) -> str:
    """The clause that merges a row into an existing one; `merge_events` does the same in Python."""
    is_withdrawn = f"({table}.bits | excluded.bits) >= {_WITHDRAWN}"  # its bit is the highest

    def unless_withdrawn(value: str, otherwise: str) -> str:
        return f"CASE WHEN {is_withdrawn} THEN {otherwise} ELSE {value} END"

    return f"""
        ON CONFLICT (closes, nonce) DO UPDATE SET
            arm = {unless_withdrawn(f"{table}.arm", "0")},
            placement = {unless_withdrawn(f"{table}.placement", "0")},
            locale = {unless_withdrawn(f"{table}.locale", "''")},
            hour = {unless_withdrawn(f"{table}.hour", f"{table}.closes - 1")},
            text = {unless_withdrawn(f"{table}.text", "0")},
            bits = {unless_withdrawn(f"{table}.bits | excluded.bits", str(_WITHDRAWN))},
            rating = {unless_withdrawn(f"COALESCE({table}.rating, excluded.rating)", "NULL")},
            dwell = {unless_withdrawn(f"COALESCE({table}.dwell, excluded.dwell)", "NULL")},
            left_out = {table}.left_out AND excluded.left_out
    """


def withdrawn_row(row: OpenViewRow) -> OpenViewRow:
    """What is left of a view whose visitor asked not to be counted."""
    return OpenViewRow(
        row.closes, row.nonce, row.campaign, 0, 0, "", row.closes - 1, _WITHDRAWN, None, None, row.left_out
    )


def sqlite_upsert_sql(table: str) -> str:
    """The statement that upserts one row on SQLite."""
    return f"INSERT INTO {table} ({COLUMNS}) VALUES ({', '.join('?' * len(OpenViewRow._fields))}) {merge_sql(table)}"  # noqa: S608


_UPSERT_SQLITE = sqlite_upsert_sql(TABLE)
_UPSERT_POSTGRESQL = f"""
    INSERT INTO {TABLE} ({COLUMNS}) SELECT * FROM unnest(
        %s::int[], %s::bytea[], %s::int[], %s::int[], %s::int[], %s::text[], %s::int[],
        %s::smallint[], %s::smallint[], %s::smallint[], %s::boolean[], %s::smallint[]
    ) {merge_sql(TABLE)}
"""  # noqa: S608  (only constants are interpolated)


class DatabaseCompacting(OperationalError):
    """The file is being compacted. This is no failure, but spooling the events is faster than waiting."""


def merge_events(events: Iterable[OutcomeEvent]) -> list[OpenViewRow]:
    """The events as one row for each view, sorted by key so that concurrent writers cannot deadlock."""
    views: dict[tuple[int, bytes], OpenViewRow] = {}
    for receipt, outcome, value in events:
        campaign, arm, placement, hour, closes, locale, nonce, left_out, text = receipt
        bits = EXPOSED_BIT | REPORTED[outcome].mask
        rating = value if outcome == "rating" else None
        dwell = value if outcome == "dwell" else None
        key = (closes, nonce)
        row = views.get(key)
        if row is not None:
            bits |= row.bits
            rating = rating if row.rating is None else row.rating
            dwell = dwell if row.dwell is None else row.dwell
            left_out = left_out and row.left_out
        row = OpenViewRow(closes, nonce, campaign, arm, placement, locale, hour, bits, rating, dwell, left_out, text)
        views[key] = withdrawn_row(row) if bits & _WITHDRAWN else row
    return [views[key] for key in sorted(views)]


@contextmanager
def write_transaction(connection: BaseDatabaseWrapper | None = None) -> Iterator[BaseDatabaseWrapper]:
    """A transaction that upserts rows. Raises OperationalError if the database is away or DatabaseCompacting."""
    connection = connection or connections[DATABASE_ALIAS]
    if connection.vendor == "sqlite":
        with (
            file_lock.hold_lock(_lock_path("turn")),
            file_lock.hold_lock(_lock_path("compacting"), wait=False, shared=True) as lock,
        ):
            if lock is None:
                raise DatabaseCompacting("the audience database is being compacted")
            with _transaction(connection):
                yield connection
        return
    with _TIMEOUT.enforce(connection), _transaction(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_SHORT_LOCK_TIMEOUT}, pg_advisory_xact_lock_shared({_SHUT_LOCK})")
        yield connection


@contextmanager
def _transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction by means of the driver.

    Django's `atomic` doubles the time of a commit on SQLite. After a lost connection to PostgreSQL it would open
    another one to roll back, and wait for a frozen server again.
    """
    if connection.in_atomic_block:  # in a test, which has a transaction of its own
        with transaction.atomic(using=DATABASE_ALIAS):
            yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = connection.connection
        if connection.vendor == "postgresql":
            with raw.transaction():
                yield
            return
        raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            raw.execute("COMMIT")
        finally:
            if raw.in_transaction:
                raw.execute("ROLLBACK")


def check_reachable() -> None:
    """Run a small query with a short timeout; an error means that rows cannot be written either."""
    connection = connections[DATABASE_ALIAS]
    with _TIMEOUT.enforce(connection), ExitStack() as stack:
        if connection.vendor == "postgresql":
            stack.enter_context(_transaction(connection))
        cursor = stack.enter_context(connection.cursor())
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT {_SHORT_LOCK_TIMEOUT}")
        cursor.execute(f"SELECT closes FROM {TABLE} LIMIT 1")  # noqa: S608
        cursor.fetchall()


def find_shut_hours(connection: BaseDatabaseWrapper, closes: Sequence[int]) -> set[int]:
    """Those of these closing hours that are shut. Only within `write_transaction`."""
    placeholders = ", ".join(["%s"] * len(closes))
    question = f"SELECT closes FROM {_SHUT_HOURS} WHERE closes IN ({placeholders})"  # noqa: S608
    if connection.vendor == "sqlite":
        return {row[0] for row in connection.connection.execute(question.replace("%s", "?"), list(closes))}
    with connection.cursor() as cursor:
        cursor.execute(question, list(closes))
        return {row[0] for row in cursor.fetchall()}


def upsert_views(connection: BaseDatabaseWrapper, views: Sequence[OpenViewRow]) -> None:
    """Insert rows, or merge them into existing ones. Only within `write_transaction`."""
    if connection.vendor == "sqlite":
        connection.connection.executemany(_UPSERT_SQLITE, views)
        return
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT_POSTGRESQL, [list(column) for column in zip(*views, strict=True)])


def shut_hour(closes: int) -> None:
    """Take no more events for views that close at `closes`; transactions in progress finish first."""
    connection = connections[DATABASE_ALIAS]
    with _write_lock(), transaction.atomic(using=DATABASE_ALIAS):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_xact_lock({_SHUT_LOCK})")
        ShutHour.objects.get_or_create(closes=closes)


def closed_hours(*, hour: int) -> list[int]:
    """The closing hours up to `hour` that have views, each found by one lookup in the index."""
    hours: list[int] = []
    while (closes := oldest_closed_hour(hour=hour, after=hours[-1] if hours else -1)) is not None:
        hours.append(closes)
    return hours


def oldest_closed_hour(*, hour: int, after: int = -1) -> int | None:
    """The first closing hour after `after` and up to `hour` that still has views."""
    with connections[DATABASE_ALIAS].cursor() as cursor:
        question = f"SELECT MIN(closes) FROM {TABLE} WHERE closes > %s AND closes <= %s"  # noqa: S608
        cursor.execute(question, [after, hour])
        row = cursor.fetchone()
    return None if row is None else row[0]


def count_views(closes: int) -> int:
    """The number of views that closed at this hour."""
    return OpenView.objects.filter(closes=closes).count()


NONCE_PREFIXES = 65_536  # nonces are partitioned by their first two bytes


class NonceRange(NamedTuple):
    """Views of one closing hour whose nonces begin with a number from `start` to `end` - 1, out of 65,536."""

    closes: int
    start: int
    end: int

    def sql_condition(self) -> tuple[str, list[int | bytes]]:
        condition = "closes = %s AND nonce >= %s"
        values: list[int | bytes] = [self.closes, self.start.to_bytes(2, "big")]
        if self.end < NONCE_PREFIXES:
            return f"{condition} AND nonce < %s", [*values, self.end.to_bytes(2, "big")]
        return condition, values


class ViewGroup(NamedTuple):
    """How many views of a range are alike."""

    hour: int
    arm: int
    placement: int
    locale: str
    bits: int
    rating: int | None
    dwell: int | None
    text: int
    views: int


GroupedCounts = list[ViewGroup]


def group_views(nonce_range: NonceRange) -> GroupedCounts:
    """The groups of a range, without views that are left out or withdrawn."""
    condition, values = nonce_range.sql_condition()
    columns = ", ".join(ViewGroup._fields[:-1])
    with connections[DATABASE_ALIAS].cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, COUNT(*) FROM {TABLE} WHERE {condition} AND NOT left_out AND bits < {_WITHDRAWN} "  # noqa: S608
            f"GROUP BY {columns}",
            values,
        )
        return [ViewGroup(*row) for row in cursor.fetchall()]


def count_withdrawals(nonce_range: NonceRange) -> dict[int, int]:
    """By campaign, how many views of a range were withdrawn, without those that are left out."""
    condition, values = nonce_range.sql_condition()
    with connections[DATABASE_ALIAS].cursor() as cursor:
        cursor.execute(
            f"SELECT campaign, COUNT(*) FROM {TABLE} "  # noqa: S608
            f"WHERE {condition} AND NOT left_out AND bits = {_WITHDRAWN} GROUP BY campaign",
            values,
        )
        return dict(cursor.fetchall())


def delete_views(nonce_range: NonceRange) -> int:
    """Delete the views of a range; how many there were. On SQLite `secure_delete` overwrites their bytes."""
    condition, values = nonce_range.sql_condition()
    with _write_lock(), transaction.atomic(using=DATABASE_ALIAS), connections[DATABASE_ALIAS].cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE {condition}", values)  # noqa: S608
        return int(cursor.rowcount)


def compact() -> bool:
    """Remove the bytes of deleted rows from disk; False if a reader prevented it, so that it has to be repeated.

    SQLite overwrites deleted rows, but may leave copies of rows that it moved between pages; PostgreSQL leaves deleted
    rows in place. Rewriting the table removes both, and sorts the remaining rows by their random key. Writers spool
    their events meanwhile (analytics.ingest.spool). PostgreSQL's write-ahead log is discarded too, if permitted.
    """
    connection = connections[DATABASE_ALIAS]
    if connection.in_atomic_block:
        return True  # a test: VACUUM cannot run inside a transaction
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"CLUSTER {TABLE} USING {TABLE}_pkey")
            cursor.execute(f"SELECT {CAN_SWITCH_WAL_SQL}")
            row = cursor.fetchone()
            if row is not None and row[0]:
                # A checkpoint deletes the files that recovery no longer needs.
                cursor.execute("SELECT pg_switch_wal()")
                cursor.execute("CHECKPOINT")
        return True
    with _compacting(), connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        return row is not None and row[0] == 0


@contextmanager
def _write_lock() -> Iterator[None]:
    """The lock of the processes that write to the SQLite file; PostgreSQL needs none."""
    if connections[DATABASE_ALIAS].vendor != "sqlite":
        yield
        return
    with file_lock.hold_lock(_lock_path("turn")):
        yield


@contextmanager
def _compacting() -> Iterator[None]:
    """Keep writers out of the SQLite file; `write_transaction` raises DatabaseCompacting meanwhile."""
    with ExitStack() as stack:
        with file_lock.hold_lock(_lock_path("turn")):
            stack.enter_context(file_lock.hold_lock(_lock_path("compacting")))
        yield


_use_lock = ExitStack()  # never closed: the system releases it with the process


def declare_in_use() -> None:
    """Let it be known, for the life of this process, that it uses the SQLite file; a move waits for nobody."""
    if connections[DATABASE_ALIAS].vendor == "sqlite":
        path = use_lock_path(connections[DATABASE_ALIAS].settings_dict["NAME"])
        with suppress(OSError):  # a disk that is full or read-only: messages are shown all the same
            _use_lock.enter_context(file_lock.hold_lock(path, shared=True))


def use_lock_path(database: Path | str) -> str:
    """The lock that each server and worker shares while it uses this file."""
    return f"{database}-use.lock"


def _lock_path(purpose: str) -> str:
    return f"{connections[DATABASE_ALIAS].settings_dict['NAME']}-{purpose}.lock"
