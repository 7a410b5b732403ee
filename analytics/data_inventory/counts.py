"""Count what this installation holds, by the privacy schema: what a seizure would find. Only numbers are read."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connections
from django.db.models import Max, Min, Q

from analytics.data_inventory import schema
from analytics.db_timeout import DatabaseTimeout
from analytics.ingest import database_files, writer
from analytics.ingest.database_files import UnusedFile
from analytics.models import OpenView, Tally
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.checks import database_location
from campaign.models import ServedCount

T = TypeVar("T")

# The schema has no field for any of it: tests/analytics/data_inventory/test_schema.py.
NEVER_STORED = (
    "an address",
    "a browser or a device",
    "a cookie",
    "the page someone came from",
    "free text from a visitor",
    "a name or an account of a visitor",
    "a time finer than the hour of an open view, or than the day of a total",
)
_TIMEOUT = DatabaseTimeout(seconds=5.0)


@dataclass(frozen=True, slots=True)
class DatabaseInventory:
    """Location of one database, rows by table (None: no answer) and differences from the schema."""

    location: str
    rows: Mapping[str, int] | None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenViewCounts:
    """The oldest hour of an open view, and how many views are overdue for folding."""

    oldest_hour: datetime | None
    overdue: int


@dataclass(frozen=True, slots=True)
class DaySpan:
    """The days that daily totals cover."""

    days: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything held at one moment. Parts are None if their database did not answer."""

    counted_at: datetime
    databases: Mapping[str, DatabaseInventory]
    open_views: OpenViewCounts | None
    tally_days: DaySpan | None
    served: DaySpan | None
    staff_signed_in: int | None
    spooled_views: int | None  # None: the spool cannot be read
    files: Mapping[str, int]  # "keys/receipt-*.key" -> how many
    undeclared_files: tuple[str, ...]
    unused_files: tuple[UnusedFile, ...]  # databases that the settings do not name
    log_destinations: tuple[str, ...]

    @property
    def matches_schema(self) -> bool:
        """Whether every database answered and holds exactly what the schema declares."""
        return all(one.rows is not None and not one.differences for one in self.databases.values())

    def row_count(self, name: str) -> int | None:
        """The number of rows of a table in either database; None if there is no answer or no such table."""
        where = next(table.database for table in schema.tables() if table.name == name)
        rows = self.databases[where].rows
        return None if rows is None else rows.get(name)


def take_inventory(*, now: datetime) -> Inventory:
    """Count rows and files, with a short timeout. Changes nothing."""
    at = schema.directories()
    return Inventory(
        counted_at=now,
        databases={alias: _inspect_database(alias) for alias in ("audience", "default")},
        open_views=_query("audience", lambda: _count_open_views(now)),
        tally_days=_query("default", lambda: _day_span(Tally)),
        served=_query("default", lambda: _day_span(ServedCount)),
        staff_signed_in=_query("default", lambda: Session.objects.filter(expire_date__gte=now).count()),
        spooled_views=_count_spooled_views(),
        files=_count_files(at),
        undeclared_files=tuple(str(path) for path in schema.undeclared_files(at)),
        unused_files=tuple(database_files.unused_files()),
        log_destinations=_log_destinations(),
    )


def _query(alias: str, question: Callable[[], T]) -> T | None:
    """Run a query with a timeout; None if the database does not answer."""
    connection = connections[alias]
    try:
        with _TIMEOUT.enforce(connection):
            return question()
    except DatabaseError:
        if not connection.in_atomic_block:
            connection.close()
        return None


def _inspect_database(alias: str) -> DatabaseInventory:
    where = database_location(connections[alias].settings_dict)
    told = "a file on this machine" if len(where) == 1 else f"PostgreSQL on {where[0]}"
    found = _query(alias, lambda: schema.read_catalogue(connections[alias]))
    if found is None:
        return DatabaseInventory(told, None)
    rows = _query(alias, lambda: {table: _count(alias, table) for table in found})
    return DatabaseInventory(told, rows, tuple(schema.schema_differences(alias, found)))


def _count(alias: str, table: str) -> int:
    with connections[alias].cursor() as cursor:
        name = ".".join(connections[alias].ops.quote_name(part) for part in table.split("."))
        cursor.execute(f"SELECT COUNT(*) FROM {name}")  # noqa: S608  (a name from the database's own catalogue)
        return int(cursor.fetchone()[0])


def _count_open_views(now: datetime) -> OpenViewCounts:
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    facts = OpenView.objects.aggregate(oldest=Min("hour"))
    oldest = None if facts["oldest"] is None else datetime.fromtimestamp(facts["oldest"] * SECONDS_PER_HOUR, UTC)
    return OpenViewCounts(oldest, overdue=OpenView.objects.filter(Q(closes__lt=hour)).count())


def _day_span(counts: type[Tally] | type[ServedCount]) -> DaySpan:
    facts = counts.objects.aggregate(first=Min("day"), last=Max("day"))
    return DaySpan(counts.objects.order_by().values("day").distinct().count(), facts["first"], facts["last"])


def _count_spooled_views() -> int | None:
    """The number of views in the spool; None if it cannot be read."""
    try:
        return writer.local_spool().count_views()
    except (OSError, sqlite3.Error):
        return None


def _count_files(at: Mapping[str, Path]) -> dict[str, int]:
    """The number of files of each declared kind."""
    names = {key: [path.name for path in where.iterdir()] if where.exists() else [] for key, where in at.items()}
    return {
        f"{file.directory}/{file.pattern}": sum(fnmatch(name, file.pattern) for name in names[file.directory])
        for file in schema.files()
    }


def _log_destinations() -> tuple[str, ...]:
    """The destinations of our own log records; a file by its path."""
    logging: dict[str, Any] = settings.LOGGING
    return tuple(str(told.get("filename", told["class"])) for told in logging["handlers"].values())


def as_dict(held: Inventory) -> dict[str, Any]:
    """The inventory as JSON values."""
    return {
        "at": held.counted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "databases": {
            name: {
                "where": one.location,
                "answers": one.rows is not None,
                "rows": None if one.rows is None else dict(sorted(one.rows.items())),
                "not_as_declared": list(one.differences),
            }
            for name, one in held.databases.items()
        },
        "open_views": held.open_views
        and {
            "oldest_hour": held.open_views.oldest_hour and held.open_views.oldest_hour.strftime("%Y-%m-%dT%HZ"),
            "overdue": held.open_views.overdue,
        },
        "totals": _day_span_as_dict(held.tally_days),
        "sent": _day_span_as_dict(held.served),
        "spool": held.spooled_views,
        "staff_signed_in": held.staff_signed_in,
        "files": dict(held.files),
        "files_not_declared": list(held.undeclared_files),
        "databases_not_in_use": [
            {"file": str(file.path), "holds": str(file.content), "views": file.views} for file in held.unused_files
        ],
        "logs": list(held.log_destinations),
        "never_stored": list(NEVER_STORED),
    }


def _day_span_as_dict(days: DaySpan | None) -> dict[str, Any] | None:
    if days is None:
        return None
    return {
        "days": days.days,
        "first": None if days.first is None else days.first.isoformat(),
        "last": None if days.last is None else days.last.isoformat(),
    }
