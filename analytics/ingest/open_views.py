"""The table of open views, on either engine: rows are put in whole groups, and an hour is shut before it is counted.

What a row says only ever grows: bits are added, the first rating and the first duration stand. So the same row may be
put twice, in any order, by anyone, and changes nothing the second time. All that is exactly once here rests on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from analytics import file_lock
from analytics.db_timeout import DatabaseTimeout
from analytics.models import FoldedHour, OpenView
from campaign.checks import CAN_SWITCH_WAL_SQL
from campaign.outcomes import EXPOSED_BIT, OUTCOMES

if TYPE_CHECKING:
    from campaign.serving.routing import OutcomeEvent

DATABASE_ALIAS = "audience"
TABLE = OpenView._meta.db_table
_FOLDED = FoldedHour._meta.db_table
_SHUTTING = 0x5EC0ED  # the number of our advisory lock: shared by who writes, held alone by who shuts an hour
_PATIENCE = DatabaseTimeout(seconds=2.0)
# While the table is written anew nobody can put rows. Waiting for that would take longer than keeping events aside.
_HURRIED = "set_config('lock_timeout', '300ms', true)"


class OpenViewRow(NamedTuple):
    """One row: a shown message and what was done with it so far."""

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


COLUMNS = ", ".join(OpenViewRow._fields)


def _grows(table: str) -> str:
    """What becomes of a row that is there already: the rule that all rests on, in SQL; `merged` has it in Python."""
    return f"""
        ON CONFLICT (closes, nonce) DO UPDATE SET
            bits = {table}.bits | excluded.bits,
            rating = COALESCE({table}.rating, excluded.rating),
            dwell = COALESCE({table}.dwell, excluded.dwell)
    """


def sqlite_upsert_sql(table: str) -> str:
    """The statement that puts one row into a table of SQLite."""
    return f"INSERT INTO {table} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {_grows(table)}"  # noqa: S608


_PUT_SQLITE = sqlite_upsert_sql(TABLE)
_PUT_POSTGRESQL = f"""
    INSERT INTO {TABLE} ({COLUMNS}) SELECT * FROM unnest(
        %s::int[], %s::bytea[], %s::int[], %s::int[], %s::int[], %s::text[], %s::int[],
        %s::smallint[], %s::smallint[], %s::smallint[]
    ) {_grows(TABLE)}
"""  # noqa: S608  (only names of our own are put in)


class DatabaseCompacting(OperationalError):
    """The file is being compacted: nothing is wrong, and waiting would take longer than keeping the events aside."""


def merge_events(events: Iterable[OutcomeEvent]) -> list[OpenViewRow]:
    """The events as one row a view, in the order of their key: writers that meet take rows in the same order."""
    views: dict[tuple[int, bytes], OpenViewRow] = {}
    for receipt, outcome, value in events:
        campaign, arm, placement, hour, closes, locale, nonce = receipt
        bits = EXPOSED_BIT | OUTCOMES[outcome].mask
        rating = value if outcome == "rating" else None
        dwell = value if outcome == "dwell" else None
        key = (closes, nonce)
        before = views.get(key)
        if before is not None:
            bits |= before.bits
            rating = rating if before.rating is None else before.rating
            dwell = dwell if before.dwell is None else before.dwell
        views[key] = OpenViewRow(closes, nonce, campaign, arm, placement, locale, hour, bits, rating, dwell)
    return [views[key] for key in sorted(views)]


@contextmanager
def write_transaction(own: BaseDatabaseWrapper | None = None) -> Iterator[BaseDatabaseWrapper]:
    """One transaction that puts rows, on a connection of one's own or this thread's.

    OperationalError if the database is away or frozen, Busy if it is being compacted.
    """
    connection = own or connections[DATABASE_ALIAS]
    if connection.vendor == "sqlite":
        with (
            file_lock.hold_lock(_beside("turn")),
            file_lock.hold_lock(_beside("compacting"), wait=False, shared=True) as free,
        ):
            if free is None:
                raise DatabaseCompacting("the audience database is being compacted")
            with _transaction(connection):
                yield connection
        return
    with _PATIENCE.enforce(connection), _transaction(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_HURRIED}, pg_advisory_xact_lock_shared({_SHUTTING})")
        yield connection


@contextmanager
def _transaction(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction by the engine's own words.

    Django's costs SQLite as much again as all else that a commit needs. Where PostgreSQL's connection is lost, Django's
    would open another to end what is gone with it, and wait for a frozen server once more.
    """
    if connection.in_atomic_block:  # in a test: this is a part of its transaction
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
    """Ask the table something small, with little patience; an error says that it takes no rows now either."""
    connection = connections[DATABASE_ALIAS]
    with _PATIENCE.enforce(connection), ExitStack() as stack:
        if connection.vendor == "postgresql":
            stack.enter_context(_transaction(connection))
        cursor = stack.enter_context(connection.cursor())
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT {_HURRIED}")
        cursor.execute(f"SELECT closes FROM {TABLE} LIMIT 1")  # noqa: S608
        cursor.fetchall()


def find_shut_hours(connection: BaseDatabaseWrapper, closes: Sequence[int]) -> set[int]:
    """Those of these closing hours that take nothing more. Only within `writing`."""
    marks = ", ".join(["%s"] * len(closes))
    question = f"SELECT closes FROM {_FOLDED} WHERE closes IN ({marks})"  # noqa: S608
    if connection.vendor == "sqlite":
        return {row[0] for row in connection.connection.execute(question.replace("%s", "?"), list(closes))}
    with connection.cursor() as cursor:
        cursor.execute(question, list(closes))
        return {row[0] for row in cursor.fetchall()}


def upsert_views(connection: BaseDatabaseWrapper, views: Sequence[OpenViewRow]) -> None:
    """Add rows, or what they say to the rows that are there. Only within `writing`."""
    if connection.vendor == "sqlite":
        connection.connection.executemany(_PUT_SQLITE, views)
        return
    with connection.cursor() as cursor:
        cursor.execute(_PUT_POSTGRESQL, [list(column) for column in zip(*views, strict=True)])


def shut_hour(closes: int) -> None:
    """From here on no event for a view that closed at `closes` is taken; writers under way finish first."""
    connection = connections[DATABASE_ALIAS]
    with _turn(), transaction.atomic(using=DATABASE_ALIAS):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_xact_lock({_SHUTTING})")
        FoldedHour.objects.get_or_create(closes=closes)


def closed_hours(*, hour: int) -> list[int]:
    """The closing hours up to `hour` that have views, each found by one step through the key."""
    found: list[int] = []
    while (closes := oldest_closed_hour(hour=hour, after=found[-1] if found else -1)) is not None:
        found.append(closes)
    return found


def oldest_closed_hour(*, hour: int, after: int = -1) -> int | None:
    """The first closing hour behind `after` and up to `hour` that still has views."""
    with connections[DATABASE_ALIAS].cursor() as cursor:
        question = f"SELECT MIN(closes) FROM {TABLE} WHERE closes > %s AND closes <= %s"  # noqa: S608
        cursor.execute(question, [after, hour])
        row = cursor.fetchone()
    return None if row is None else row[0]


def count_views(closes: int) -> int:
    """How many views closed at this hour."""
    return OpenView.objects.filter(closes=closes).count()


NONCE_PREFIXES = 65_536  # nonces are cut by their first two bytes


class NonceRange(NamedTuple):
    """Views of one closing hour whose nonces begin with a number from `start` to `end` - 1, of 65,536."""

    closes: int
    start: int
    end: int

    def sql_condition(self) -> tuple[str, list[int | bytes]]:
        condition = "closes = %s AND nonce >= %s"
        values: list[int | bytes] = [self.closes, self.start.to_bytes(2, "big")]
        if self.end < NONCE_PREFIXES:
            return f"{condition} AND nonce < %s", [*values, self.end.to_bytes(2, "big")]
        return condition, values


GroupedCounts = list[tuple[int, int, int, str, int, int | None, int | None, int]]


def group_views(stretch: NonceRange) -> GroupedCounts:
    """What lies in a stretch: (hour, arm, placement, locale, bits, rating, dwell) and how many views are alike."""
    condition, values = stretch.sql_condition()
    alike = "hour, arm, placement, locale, bits, rating, dwell"
    with connections[DATABASE_ALIAS].cursor() as cursor:
        cursor.execute(f"SELECT {alike}, COUNT(*) FROM {TABLE} WHERE {condition} GROUP BY {alike}", values)  # noqa: S608
        rows: GroupedCounts = cursor.fetchall()
        return rows


def delete_views(stretch: NonceRange) -> int:
    """Delete the views of a stretch; how many there were. On SQLite `secure_delete` overwrites their bytes."""
    condition, values = stretch.sql_condition()
    with _turn(), transaction.atomic(using=DATABASE_ALIAS), connections[DATABASE_ALIAS].cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE {condition}", values)  # noqa: S608
        return int(cursor.rowcount)


def compact() -> bool:
    """Leave no bytes of deleted rows behind; False if someone was reading, so that it has to be done again.

    SQLite overwrites what it deletes, and may yet leave a copy of a row that it moved from page to page; PostgreSQL
    leaves deleted rows where they lie. Writing the table anew removes both, and puts the rows that stay in the order of
    their random key. Whoever writes meanwhile keeps its events aside (analytics.ingest.spool).
    PostgreSQL's write-ahead log is left behind too, if we may (campaign.checks warns if not).
    """
    connection = connections[DATABASE_ALIAS]
    if connection.in_atomic_block:
        return True  # only a test folds inside a transaction; nothing may be vacuumed there
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"CLUSTER {TABLE} USING {TABLE}_pkey")
            cursor.execute(f"SELECT {CAN_SWITCH_WAL_SQL}")
            row = cursor.fetchone()
            if row is not None and row[0]:
                # Recovery needs only what came after the start of a checkpoint: the files before it are deleted.
                cursor.execute("SELECT pg_switch_wal()")
                cursor.execute("CHECKPOINT")
        return True
    with _compacting(), connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()
        return row is not None and row[0] == 0


@contextmanager
def _turn() -> Iterator[None]:
    """On SQLite, our turn among the processes that write to the file; PostgreSQL needs none."""
    if connections[DATABASE_ALIAS].vendor != "sqlite":
        yield
        return
    with file_lock.hold_lock(_beside("turn")):
        yield


@contextmanager
def _compacting() -> Iterator[None]:
    """Nobody writes to the SQLite file meanwhile, and nobody waits: `writing` raises Busy."""
    with ExitStack() as stack:
        with file_lock.hold_lock(_beside("turn")):
            stack.enter_context(file_lock.hold_lock(_beside("compacting")))
        yield


def _beside(purpose: str) -> str:
    return f"{connections[DATABASE_ALIAS].settings_dict['NAME']}-{purpose}.lock"
