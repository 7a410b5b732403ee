"""What the directory needs of campaigns, which it may not import: campaign registers it when Django starts."""

from collections.abc import Callable
from typing import Protocol

from django.contrib.auth.models import User


class RecordChange(Protocol):
    """Put a confirmed change on the record of each campaign whose visitors meet it."""

    def __call__(self, *, what: str, why: str, about: str, by: User | str) -> None: ...


_are_links_settled: Callable[[], bool]
_record_change: RecordChange
_record_author: Callable[[User | str], None]


def register(
    are_links_settled: Callable[[], bool], record_change: RecordChange, record_author: Callable[[User | str], None]
) -> None:
    """Set these functions; safe to call again."""
    global _are_links_settled, _record_change, _record_author
    _are_links_settled, _record_change, _record_author = are_links_settled, record_change, record_author


def are_links_settled() -> bool:
    """Whether a submitted, approved or open campaign relies on the links: one person alone changes none of them."""
    return _are_links_settled()


def record_change(*, what: str, why: str, about: str, by: User | str) -> None:
    """Put a confirmed change on the record of each open campaign."""
    _record_change(what=what, why=why, about=about, by=by)


def record_author(by: User | str) -> None:
    """Make whoever changed what visitors will read one of the authors of each campaign that is still planned."""
    _record_author(by)
