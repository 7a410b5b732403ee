"""Verify once, and again only what changed since: an answer holds while every row that it rests on is as it was.

To verify some campaigns takes a hundred times as long as to read their rows. What a verification asked of the database
is kept with a digest of each reply. When it is asked for again, the same queries are sent again: as long as each reply
is the same, row by row, the verification would see what it saw, and say what it said. A row that somebody changed by
SQL gives another reply, so the verification runs anew in the very request that shows it. No row is kept, nothing
expires, and a process that starts has verified nothing (decision 0061).

For functions of rows, of this machine's key and of their argument alone: a language or a setting belongs to the
argument, and a function that reads a clock may not be kept.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from hashlib import sha256
from threading import Lock
from typing import Any, TypeVar

from django.db import connections

from messages.audit import signed_head

_MOST_ANSWERS = 256
_READS, _LOCKS = ("SELECT", "WITH"), " FOR "  # SELECT ... FOR UPDATE is more than a question
ArgumentT = TypeVar("ArgumentT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class _RecordedQuery:
    """One query of a verification, and the digest of the rows that it was given."""

    alias: str
    sql: str
    values: Any
    digest: bytes

    def still_holds(self) -> bool:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(self.sql, self.values)
            return _digest(cursor.fetchall()) == self.digest


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a verification answered, and all that it asked."""

    answer: Any
    queries: tuple[_RecordedQuery, ...]


@dataclass(slots=True)
class _Recording:
    """The queries of a verification while it runs."""

    queries: list[_RecordedQuery] = field(default_factory=list)
    is_whole: bool = True  # whether it only read, so that asking again is all there is to it


class _FetchedRows:
    """A cursor whose rows were fetched already: the caller gets the very rows that the digest is of."""

    def __init__(self, cursor: Any, rows: list[Any]) -> None:
        self.cursor, self._rows = cursor, iter(rows)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[Any]:
        return [row for _, row in zip(range(size), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


_answers: OrderedDict[Hashable, _Verified] = OrderedDict()
_lock = Lock()


def verified_before(verify: Callable[[ArgumentT], AnswerT]) -> Callable[[ArgumentT], AnswerT]:
    """Let a verification run only where a row that it rests on is not as it was when it ran last in this process."""

    @wraps(verify)
    def ask(argument: ArgumentT) -> AnswerT:
        name = (verify, argument, signed_head.standing())
        with _lock:
            known = _answers.get(name)
        if known is None or not all(query.still_holds() for query in known.queries):
            with _record_queries() as recording:
                answer = verify(argument)
            known = _Verified(answer, tuple(recording.queries))
            if not recording.is_whole or name[-1] != signed_head.standing():
                return answer
        _keep(name, known)
        kept: AnswerT = known.answer
        return kept if isinstance(kept, frozenset) else deepcopy(kept)

    return ask


def _keep(name: Hashable, known: _Verified) -> None:
    """Keep an answer as the one that was asked for last, and forget the one not asked for longest."""
    with _lock:
        _answers[name] = known
        _answers.move_to_end(name)
        while len(_answers) > _MOST_ANSWERS:
            _answers.popitem(last=False)


@contextmanager
def _record_queries() -> Iterator[_Recording]:
    recording = _Recording()

    def record(execute: Any, sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        cursor = context["cursor"]
        while isinstance(cursor.cursor, _FetchedRows):
            cursor.cursor = cursor.cursor.cursor
        done = execute(sql, values, many, context)
        if many or not sql.startswith(_READS) or _LOCKS in sql:
            recording.is_whole = False
            return done
        rows = cursor.cursor.fetchall()
        cursor.cursor = _FetchedRows(cursor.cursor, rows)
        recording.queries.append(_RecordedQuery(context["connection"].alias, sql, values, _digest(rows)))
        return done

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(record))
        yield recording


def _digest(rows: list[Any]) -> bytes:
    """Return the SHA-256 of rows: their text form names each value with its type."""
    return sha256(repr(rows).encode("utf-8", "surrogatepass")).digest()
