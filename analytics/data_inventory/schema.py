"""Read `privacy_schema.toml`, which declares every stored field, and compare it with the system catalogues.

Django's models would not show a column that was added outside Django.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from campaign.outcomes import OUTCOMES

SCHEMA = Path(__file__).with_name("privacy_schema.toml")

# Granularity of a field: its name in the schema, and the kinds of column that may hold it.
GRAINS: dict[str, set[str]] = {
    "hour": {"integer"},  # since 1970 UTC
    "day": {"date"},
    "moment": {"moment"},  # to the microsecond
    "random 128 bits": {"bytes"},
    "salt": {"text"},  # random, and no secret
    "secret": {"text", "json"},  # hashed, or opens something
    "number": {"integer"},  # of a row, or a small one
    "count": {"integer"},
    "choice": {"integer", "text"},  # from a closed list
    "flag": {"boolean"},
    "share": {"real"},
    "words": {"text"},  # written by staff or by us
    "list": {"json", "text"},
    "file": {"bytes"},  # made of what was released
    "person": {"text"},  # tells who someone is
}
# The grains of tables that the audience writes: no exact time, no free text, no person.
AUDIENCE_GRAINS = {"hour", "day", "random 128 bits", "number", "count", "choice", "flag"}
WRITERS = {"audience", "worker", "staff", "setup"}
OWNERS = {"operator", "administrator", "manager", "reviewer", "analyst"}

_KINDS = {
    **dict.fromkeys(("integer", "bigint", "smallint"), "integer"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("bytea", "blob"), "bytes"),
    **dict.fromkeys(("datetime", "timestamp", "time"), "moment"),
    "date": "date",
    **dict.fromkeys(("real", "double"), "real"),
    **dict.fromkeys(("text", "varchar", "char", "character"), "text"),
    **dict.fromkeys(("json", "jsonb"), "json"),
}
# Table, column and type from the system catalogue, including views and generated columns.
CATALOGUE_QUERIES = {
    "sqlite": """
        SELECT m.name, x.name, x.type FROM sqlite_master m LEFT JOIN pragma_table_xinfo(m.name) x
        WHERE m.type IN ('table', 'view') AND m.name NOT GLOB 'sqlite_*'
    """,
    "postgresql": """
        SELECT CASE WHEN s.nspname = current_schema() THEN c.relname ELSE s.nspname || '.' || c.relname END,
               a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND s.nspname !~ '^(pg_|information_schema$)'
    """,
}


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One column, or one key of a file's JSON."""

    name: str
    grain: str
    what: str
    reason: str
    owner: str
    expiry: str


@dataclass(frozen=True, slots=True)
class SchemaTable:
    """One table of a database; `place` is `default`, `audience` or `spool`."""

    database: str
    name: str
    written_by: str
    what: str
    fields: Mapping[str, SchemaField]


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """Files of one pattern in the data, key or spool directory."""

    directory: str
    pattern: str
    written_by: str
    what: str
    grain: str
    reason: str
    owner: str
    expiry: str
    fields: Mapping[str, SchemaField]


Columns = dict[str, dict[str, str]]  # table -> column -> kind


@cache
def tables() -> tuple[SchemaTable, ...]:
    """All declared tables."""
    return tuple(
        SchemaTable(place, name, told["written_by"], told["what"], _fields(told))
        for place in ("audience", "default", "spool")
        for name, told in read_schema()[place].items()
    )


@cache
def files() -> tuple[SchemaFile, ...]:
    """All declared kinds of file."""
    said = ("written_by", "what", "grain", "reason", "owner", "expiry")
    return tuple(
        SchemaFile(directory=place, pattern=pattern, fields=_fields(told), **{key: told[key] for key in said})
        for place, patterns in read_schema()["files"].items()
        for pattern, told in patterns.items()
    )


def read_catalogue(connection: BaseDatabaseWrapper) -> Columns:
    """All tables and columns in the catalogue of a database, with their kinds."""
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE_QUERIES[connection.vendor])
        return group_by_table(cursor.fetchall())


def group_by_table(rows: Iterable[tuple[str, str | None, str | None]]) -> Columns:
    """Group (table, column, type) rows by table, keeping tables without columns."""
    found: Columns = {}
    for table, column, told in rows:
        columns = found.setdefault(table, {})
        if column is not None:
            columns[column] = column_kind(told or "")
    return found


def column_kind(told: str) -> str:
    """The kind of a column from its type; an unknown type is returned as it is."""
    words = told.lower().replace("(", " ").split()
    return _KINDS.get(words[0] if words else "", told or "no type")


def schema_differences(place: str, found: Columns) -> list[str]:
    """Differences between a catalogue and the schema, one sentence each; empty if they agree."""
    declared = {table.name: table for table in tables() if table.database == place}
    told = [f"The table {name} is not declared." for name in found.keys() - declared.keys()]
    told += [f"The table {name} is declared and not there." for name in declared.keys() - found.keys()]
    for name in declared.keys() & found.keys():
        fields, columns = declared[name].fields, found[name]
        told += [f"The column {name}.{column} is not declared." for column in columns.keys() - fields.keys()]
        told += [f"The column {name}.{column} is declared and not there." for column in fields.keys() - columns.keys()]
        told += [
            f"The column {name}.{column} is declared as {fields[column].grain}, and is {columns[column]}."
            for column in fields.keys() & columns.keys()
            if columns[column] not in GRAINS[fields[column].grain]
        ]
    return sorted(told)


def directories() -> dict[str, Path]:
    """The directories of files, by their names in the schema."""
    return {"data": settings.DATA_DIRECTORY, "keys": settings.KEY_DIRECTORY, "spool": settings.SPOOL_DIRECTORY}


def undeclared_files(at: Mapping[str, Path]) -> list[Path]:
    """Files and directories that match no pattern of the schema and no setting."""
    known = {path.resolve() for path in at.values()}
    named = [f"{Path(c.settings_dict['NAME']).name}*" for c in connections.all() if c.vendor == "sqlite"]
    patterns = {place: [*named, *(file.pattern for file in files() if file.directory == place)] for place in at}
    return sorted(
        path
        for place, directory in at.items()
        if directory.exists()
        for path in directory.iterdir()
        if path.resolve() not in known and not any(fnmatch(path.name, pattern) for pattern in patterns[place])
    )


@cache
def read_schema() -> Any:
    with SCHEMA.open("rb") as stream:
        return tomllib.load(stream)


def _fields(told: Mapping[str, Any]) -> dict[str, SchemaField]:
    """A field has the reason, owner and expiry of its table unless it declares its own."""
    common = {key: told[key] for key in ("what", "reason", "owner", "expiry")}
    fields = {}
    for name, value in told.get("fields", {}).items():
        own = common | (value if isinstance(value, dict) else {"grain": value})
        own["what"] = own["what"].replace("{outcomes}", ", ".join(o.name for o in OUTCOMES.values() if o.mask))
        fields[name] = SchemaField(name=name, **own)
    return fields
