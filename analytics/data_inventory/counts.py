"""Everything that a seizure of this installation would find right now: counted, and said in plain words.

Which tables and files there are to count stands in the privacy schema, so nothing is left out; what is found and not
declared there is named. It says how many rows there are and never what a row says: no message, placement or outcome.
"""

from __future__ import annotations

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
from analytics.db_timeout import Patience
from analytics.ingest import writer
from analytics.models import OpenView, Tally
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.checks import place
from campaign.models import ServedCount

T = TypeVar("T")

# The schema has no field for any of it: tests/analytics/data_inventory/test_schema.py.
NEVER = (
    "an address",
    "a browser or a device",
    "a cookie",
    "the page someone came from",
    "free text from a visitor",
    "a name or an account of a visitor",
    "a time finer than the hour of an open view, or than the day of a total",
)
_PATIENCE = Patience(seconds=5.0)


@dataclass(frozen=True, slots=True)
class Database:
    """One database: where it is, what its tables hold (None: it did not answer) and how it differs from the schema."""

    where: str
    rows: Mapping[str, int] | None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Views:
    """Open views: the first hour in which one was shown, and how many should have been forgotten by now."""

    oldest_hour: datetime | None
    overdue: int


@dataclass(frozen=True, slots=True)
class Days:
    """The days that totals cover."""

    days: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Held:
    """What is held at one moment. Parts are None where their database did not answer."""

    at: datetime
    databases: Mapping[str, Database]
    views: Views | None
    tallies: Days | None
    served: Days | None
    signed_in: int | None
    spooled: int | None  # None: there is a spool, and it cannot be read
    files: Mapping[str, int]  # "keys/receipt-*.key" -> how many
    undeclared_files: tuple[str, ...]
    logs: tuple[str, ...]

    @property
    def as_declared(self) -> bool:
        """Whether every database answered and holds what the schema declares, and nothing else."""
        return all(one.rows is not None and not one.differences for one in self.databases.values())

    def rows(self, name: str) -> int | None:
        """How many rows a table holds, in whichever database; None if that did not answer, or has no such table."""
        where = next(table.place for table in schema.tables() if table.name == name)
        rows = self.databases[where].rows
        return None if rows is None else rows.get(name)


def look(*, now: datetime) -> Held:
    """Ask the databases, with little patience, and the disk. Nothing is changed."""
    at = schema.directories()
    return Held(
        at=now,
        databases={alias: _database(alias) for alias in ("audience", "default")},
        views=_ask("audience", lambda: _views(now)),
        tallies=_ask("default", lambda: _days(Tally)),
        served=_ask("default", lambda: _days(ServedCount)),
        signed_in=_ask("default", lambda: Session.objects.filter(expire_date__gte=now).count()),
        spooled=_spooled(),
        files=_files(at),
        undeclared_files=tuple(str(path) for path in schema.undeclared_files(at)),
        logs=_logs(),
    )


def _ask(alias: str, question: Callable[[], T]) -> T | None:
    """The answer, or None if the database gives none."""
    connection = connections[alias]
    try:
        with _PATIENCE.at_an_end(connection):
            return question()
    except DatabaseError:
        if not connection.in_atomic_block:
            connection.close()
        return None


def _database(alias: str) -> Database:
    where = place(connections[alias].settings_dict)
    told = "a file on this machine" if len(where) == 1 else f"PostgreSQL on {where[0]}"
    found = _ask(alias, lambda: schema.catalogue(connections[alias]))
    if found is None:
        return Database(told, None)
    rows = _ask(alias, lambda: {table: _count(alias, table) for table in found})
    return Database(told, rows, tuple(schema.differences(alias, found)))


def _count(alias: str, table: str) -> int:
    with connections[alias].cursor() as cursor:
        name = ".".join(connections[alias].ops.quote_name(part) for part in table.split("."))
        cursor.execute(f"SELECT COUNT(*) FROM {name}")  # noqa: S608  (a name from the database's own catalogue)
        return int(cursor.fetchone()[0])


def _views(now: datetime) -> Views:
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    facts = OpenView.objects.aggregate(oldest=Min("hour"))
    oldest = None if facts["oldest"] is None else datetime.fromtimestamp(facts["oldest"] * SECONDS_PER_HOUR, UTC)
    return Views(oldest, overdue=OpenView.objects.filter(Q(closes__lt=hour)).count())


def _days(counts: type[Tally] | type[ServedCount]) -> Days:
    facts = counts.objects.aggregate(first=Min("day"), last=Max("day"))
    return Days(counts.objects.order_by().values("day").distinct().count(), facts["first"], facts["last"])


def _spooled() -> int | None:
    """How many views wait in the spool."""
    try:
        return writer.spool().count()
    except (OSError, sqlite3.Error):
        return None


def _files(at: Mapping[str, Path]) -> dict[str, int]:
    """How many files of each declared kind there are."""
    names = {key: [path.name for path in where.iterdir()] if where.exists() else [] for key, where in at.items()}
    return {
        f"{file.place}/{file.pattern}": sum(fnmatch(name, file.pattern) for name in names[file.place])
        for file in schema.files()
    }


def _logs() -> tuple[str, ...]:
    """Where this program's own log lines go; a file is named by its path."""
    logging: dict[str, Any] = settings.LOGGING
    return tuple(str(told.get("filename", told["class"])) for told in logging["handlers"].values())


def as_dict(held: Held) -> dict[str, Any]:
    """The same for programs."""
    return {
        "at": held.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "databases": {
            name: {
                "where": one.where,
                "answers": one.rows is not None,
                "rows": None if one.rows is None else dict(sorted(one.rows.items())),
                "not_as_declared": list(one.differences),
            }
            for name, one in held.databases.items()
        },
        "open_views": held.views
        and {
            "oldest_hour": held.views.oldest_hour and held.views.oldest_hour.strftime("%Y-%m-%dT%HZ"),
            "overdue": held.views.overdue,
        },
        "totals": _days_as_dict(held.tallies),
        "sent": _days_as_dict(held.served),
        "spool": held.spooled,
        "staff_signed_in": held.signed_in,
        "files": dict(held.files),
        "files_not_declared": list(held.undeclared_files),
        "logs": list(held.logs),
        "never_stored": list(NEVER),
    }


def _days_as_dict(days: Days | None) -> dict[str, Any] | None:
    if days is None:
        return None
    return {
        "days": days.days,
        "first": None if days.first is None else days.first.isoformat(),
        "last": None if days.last is None else days.last.isoformat(),
    }
