"""Cache the rows that test-data builders create, because hundreds of tests start from the same data.

The first call of a builder runs for real, and the rows that it adds are kept. A later call inserts these rows again if
its arguments, the language, the date, the keys and the content of all tables are the same; its on-commit callbacks are
registered again as well. Rows that it changes are deleted and inserted again, and those that it deletes are deleted.
A builder that changes rows of a table that a trigger protects, or runs outside of a transaction, always runs for real.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache, wraps
from itertools import groupby
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, models, router, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone, translation

from campaign.record_triggers import TRIGGERS

T = TypeVar("T", bound=models.Model)
P = ParamSpec("P")
InsertRow = tuple[str, str]  # a table name, and the SQL values of an INSERT statement
PersonKey = tuple[str, tuple[str, ...]]  # a name and roles

_APPS = ("messaging", "campaign", "analytics")
_MAX_ENTRIES = 2_000  # Bounds memory: some tables never have the same content twice.


@dataclass(frozen=True, slots=True)
class _Change:
    """What one call changed in the tables, and the row that it returned."""

    people: tuple[PersonKey, ...]
    statements: tuple[str, ...]
    on_commit: tuple[Callable[[], object], ...]
    model: type[models.Model]
    key: object


_cache: dict[object, _Change] = {}
_builds_anew = False
_with_plans: WeakSet[Any] = WeakSet()  # connections to PostgreSQL
_requested_people: list[list[PersonKey]] = []  # by each builder that is running


def record_people(person: Callable[..., User]) -> Callable[..., User]:
    """Record which people a builder requests. They may exist already, so they are looked up again on each call."""

    @wraps(person)
    def wrapper(name: str, *roles: str) -> User:
        for people in _requested_people:
            people.append((name, roles))
        return person(name, *roles)

    return wrapper


def cache_rows(person: Callable[..., User], *, reads: str = "") -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that caches the rows of a builder. `person` creates the people that the rows refer to.

    With `reads`, nothing that the builder makes depends on rows of other apps than this one.
    """

    def decorate(build: Callable[P, T]) -> Callable[P, T]:
        @wraps(build)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            arguments = _stable_repr([args, kwargs])
            if arguments is None or _builds_anew or not connection.in_atomic_block:
                return build(*args, **kwargs)
            before = _rows()
            content = hashlib.sha256(repr(sorted(row for row in before if row[0].startswith(reads))).encode()).digest()
            cache_key = (build, arguments, *_surroundings(), content)
            if cache_key not in _cache:
                callbacks_before = len(connection.run_on_commit)
                with _record_people() as people:
                    result = build(*args, **kwargs)
                after, callbacks = _rows(), [entry[1] for entry in connection.run_on_commit[callbacks_before:]]
                if _may_be_deleted(before - after) and len(_cache) < _MAX_ENTRIES:
                    _cache[cache_key] = _Change(
                        people=tuple(dict.fromkeys(people)),
                        statements=(*_deletes(before - after), *_inserts(after - before)),
                        on_commit=tuple(callbacks),
                        model=type(result),
                        key=result.pk,
                    )
                return result
            change = _cache[cache_key]
            for name, roles in change.people:
                person(name, *roles)
            with connection.cursor() as cursor:
                for statement in change.statements:
                    cursor.execute(statement)
            restart_sequences()
            for function in change.on_commit:
                transaction.on_commit(function)
            return change.model._default_manager.get(pk=change.key)  # type: ignore[return-value]  # the same type

        return wrapper

    return decorate


@contextmanager
def building_anew() -> Iterator[None]:
    """Let every builder run for real: for a test that patched what builders call, which the cache does not see."""
    global _builds_anew
    _builds_anew = True
    try:
        yield
    finally:
        _builds_anew = False


def _surroundings() -> tuple[object, ...]:
    """What rows depend on beside arguments and tables: language, date, and the key that seals entries on record."""
    return translation.get_language(), timezone.localdate(), settings.KEY_DIRECTORY


@contextmanager
def _record_people() -> Iterator[list[PersonKey]]:
    people: list[PersonKey] = []
    _requested_people.append(people)
    try:
        yield people
    finally:
        _requested_people.pop()


def _stable_repr(value: object) -> str | None:
    """Return a string that identifies a value, or None if there is none. A row is identified by its primary key."""
    if isinstance(value, models.Model):
        return None if value.pk is None else f"{value._meta.label} {value.pk if type(value) is not User else value}"
    if isinstance(value, Mapping):
        return _stable_repr([*value.items()])
    if isinstance(value, str | int | float | date | None):
        return repr(value)
    parts = [_stable_repr(item) for item in value] if isinstance(value, Sequence) else [None]
    return None if None in parts else repr(parts)


def _rows() -> frozenset[InsertRow]:
    """Return all rows of the project's tables. References to people are subqueries by user name."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _plan_statements(cursor)
            cursor.execute("EXECUTE all_rows")
        else:
            cursor.execute(_select_all(connection.vendor))
        return frozenset(cursor.fetchall())


def restart_sequences() -> None:
    """On PostgreSQL, let each table go on after its last row: a rollback does not, and SQLite does so by itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            _plan_statements(cursor)
            cursor.execute("EXECUTE restart_sequences")


def _plan_statements(cursor: CursorWrapper) -> None:
    """Have both statements planned once for each connection: it takes PostgreSQL much longer than to run them."""
    if connection.connection not in _with_plans:
        cursor.execute(f"PREPARE all_rows AS {_select_all('postgresql')}")
        cursor.execute(f"PREPARE restart_sequences AS SELECT {', '.join(map(_restart_sql, _numbered_tables()))}")
        _with_plans.add(connection.connection)


def _restart_sql(table: str) -> str:
    return f"setval(pg_get_serial_sequence('{table}', 'id'), (SELECT COALESCE(max(id), 0) + 1 FROM {table}), false)"


def _numbered_tables() -> list[str]:
    return [model._meta.db_table for model in _models() if isinstance(model._meta.pk, models.AutoField)]


def _may_be_deleted(rows: Collection[InsertRow]) -> bool:
    """Are these rows of tables that are numbered, and that no trigger protects?"""
    return {table for table, _ in rows} <= set(_numbered_tables()) - {trigger.table for trigger in TRIGGERS}


def _deletes(rows: Collection[InsertRow]) -> Iterator[str]:
    """Return the statements that delete rows, whose first column is their number."""
    for table, values in sorted(rows):
        yield f'DELETE FROM "{table}" WHERE id = {values[1:].partition(",")[0]}'


def _inserts(rows: Collection[InsertRow]) -> Iterator[str]:
    """Return the statements that insert rows. Parents of frozen rows come last: a trigger reads them."""
    parents = {trigger.parent[0] for trigger in TRIGGERS if trigger.parent}
    columns = {model._meta.db_table: _columns(model) for model in _models()}
    for table, table_rows in groupby(sorted(rows, key=lambda row: (row[0] in parents, row)), key=lambda row: row[0]):
        names = ", ".join(f'"{field.column}"' for field in columns[table])
        yield f'INSERT INTO "{table}" ({names}) VALUES {", ".join(values for _, values in table_rows)}'


@cache
def _select_all(vendor: str) -> str:
    def select(model: type[models.Model]) -> str:
        values = " || ',' || ".join(_quoted_sql(field, vendor) for field in _columns(model))
        return f"""SELECT '{model._meta.db_table}', '(' || {values} || ')' FROM "{model._meta.db_table}" """

    return "UNION ALL ".join(map(select, _models()))


def _quoted_sql(field: models.Field[Any, Any], vendor: str) -> str:
    """Return an SQL expression for the SQL literal of a column's value."""
    column = f'"{field.model._meta.db_table}"."{field.column}"'
    quote = "quote({})" if vendor == "sqlite" else "quote_nullable(({})::text)"
    if field.remote_field is None or field.remote_field.model is not User:
        return quote.format(column)
    name = quote.format(f"(SELECT username FROM auth_user WHERE id = {column})")
    return f"'(SELECT id FROM auth_user WHERE username = ' || {name} || ')'"


@cache
def _models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in _APPS and model._meta.managed and router.allow_migrate_model("default", model)
    ]


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)
