"""What the real verbs have made once is put there again as rows: hundreds of tests begin with the same world.

A maker runs for real whenever it finds the tables as it has not found them yet in this process. The rows that it adds
are kept as the database wrote them, and put there when it is called again with the same arguments, in the same
language, on the same day, on tables that hold the same; what was to be done on commit is put off till then again.
A maker that changes or removes what was there runs for real each time; so does any outside of a transaction.
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

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, models, router, transaction
from django.utils import timezone, translation

Made = TypeVar("Made", bound=models.Model)
P = ParamSpec("P")
InsertRow = tuple[str, str]  # a table, and values as they stand in an INSERT
PersonKey = tuple[str, tuple[str, ...]]  # a name and roles

_APPS = ("messaging", "campaign", "analytics")
_MOST = 2_000  # what comes after what is never the same twice would else be kept for nothing


@dataclass(frozen=True, slots=True)
class _Addition:
    """What one call added, and the row that it answered with."""

    people: tuple[PersonKey, ...]
    statements: tuple[str, ...]
    on_commit: tuple[Callable[[], object], ...]
    model: type[models.Model]
    key: object


_kept: dict[object, _Addition] = {}
_asked: list[list[PersonKey]] = []  # who was asked for by each maker that runs now


def record_people(person: Callable[..., User]) -> Callable[..., User]:
    """People are looked for by name each time: a test may have made them before, with other roles."""

    @wraps(person)
    def asked(name: str, *roles: str) -> User:
        for people in _asked:
            people.append((name, roles))
        return person(name, *roles)

    return asked


def cache_rows(person: Callable[..., User]) -> Callable[[Callable[P, Made]], Callable[P, Made]]:
    """A maker that remembers; `person` makes the people that its rows name."""

    def remembering(make: Callable[P, Made]) -> Callable[P, Made]:
        @wraps(make)
        def made(*args: P.args, **kwargs: P.kwargs) -> Made:
            said = _said([args, kwargs])
            if said is None or not connection.in_atomic_block:
                return make(*args, **kwargs)
            before = _rows()
            held = hashlib.sha256(repr(sorted(before)).encode()).digest()
            asked = (make, said, translation.get_language(), timezone.localdate(), held)
            if asked not in _kept:
                waiting = len(connection.run_on_commit)
                with _listening() as people:
                    answer = make(*args, **kwargs)
                after, later = _rows(), [told[1] for told in connection.run_on_commit[waiting:]]
                if before <= after and len(_kept) < _MOST:
                    _kept[asked] = _Addition(
                        people=tuple(dict.fromkeys(people)),
                        statements=tuple(_inserts(after - before)),
                        on_commit=tuple(later),
                        model=type(answer),
                        key=answer.pk,
                    )
                return answer
            addition = _kept[asked]
            for name, roles in addition.people:
                person(name, *roles)
            with connection.cursor() as cursor:
                for statement in addition.statements:
                    cursor.execute(statement)
            for function in addition.on_commit:
                transaction.on_commit(function)
            return addition.model._default_manager.get(pk=addition.key)  # type: ignore[return-value]  # the same type

        return made

    return remembering


@contextmanager
def _listening() -> Iterator[list[PersonKey]]:
    people: list[PersonKey] = []
    _asked.append(people)
    try:
        yield people
    finally:
        _asked.pop()


def _said(value: object) -> str | None:
    """Words that tell it apart from any other; None for what has no such words. A row is told by its key."""
    if isinstance(value, models.Model):
        return None if value.pk is None else f"{value._meta.label} {value.pk if type(value) is not User else value}"
    if isinstance(value, Mapping):
        return _said([*value.items()])
    if isinstance(value, str | int | float | date | None):
        return repr(value)
    parts = [_said(one) for one in value] if isinstance(value, Sequence) else [None]
    return None if None in parts else repr(parts)


def _rows() -> frozenset[InsertRow]:
    """Everything in our tables; who a row names stands in it as a question for whoever has this name."""
    with connection.cursor() as cursor:
        cursor.execute(_everything(connection.vendor))
        return frozenset(cursor.fetchall())


def _inserts(rows: Collection[InsertRow]) -> Iterator[str]:
    columns = {model._meta.db_table: _columns(model) for model in _models()}
    for table, found in groupby(sorted(rows), key=lambda row: row[0]):
        named = ", ".join(f'"{field.column}"' for field in columns[table])
        yield f'INSERT INTO "{table}" ({named}) VALUES {", ".join(values for _, values in found)}'


@cache
def _everything(vendor: str) -> str:
    def of(model: type[models.Model]) -> str:
        values = " || ',' || ".join(_quoted(field, vendor) for field in _columns(model))
        return f"""SELECT '{model._meta.db_table}', '(' || {values} || ')' FROM "{model._meta.db_table}" """

    return "UNION ALL ".join(map(of, _models()))


def _quoted(field: models.Field[Any, Any], vendor: str) -> str:
    """SQL for a value as it would stand in SQL."""
    column = f'"{field.model._meta.db_table}"."{field.column}"'
    quote = "quote({})" if vendor == "sqlite" else "quote_nullable(({})::text)"
    if field.remote_field is None or field.remote_field.model is not User:
        return quote.format(column)
    name = quote.format(f"(SELECT username FROM auth_user WHERE id = {column})")
    return f"'(SELECT id FROM auth_user WHERE username = ' || {name} || ')'"


@cache
def _models() -> list[type[models.Model]]:
    ours = [one for one in apps.get_models(include_auto_created=True) if one._meta.app_label in _APPS]
    return [one for one in ours if one._meta.managed and router.allow_migrate_model("default", one)]


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)
