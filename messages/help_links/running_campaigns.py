"""What the directory needs of campaigns, which it may not import: campaign registers it when Django starts."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from django.contrib.auth.models import User

Missed = Mapping[int, Collection[str]]  # by campaign, what is not as it was left before a change


class RecordChange(Protocol):
    """Put a confirmed change on the record of each campaign whose visitors meet it."""

    def __call__(self, *, what: str, why: str, about: str, by: User | str, missed: Missed) -> None: ...


_are_links_settled: Callable[[], bool]
_missed: Callable[[], Missed]
_record_change: RecordChange
_record_author: Callable[[User | str], None]


def register(
    are_links_settled: Callable[[], bool],
    missed: Callable[[], Missed],
    record_change: RecordChange,
    record_author: Callable[[User | str], None],
) -> None:
    """Set these functions; safe to call again."""
    global _are_links_settled, _missed, _record_change, _record_author
    _are_links_settled, _missed = are_links_settled, missed
    _record_change, _record_author = record_change, record_author


def are_links_settled() -> bool:
    """Whether a submitted, approved or open campaign relies on the links: one person alone changes none of them."""
    return _are_links_settled()


def missed_parts() -> Missed:
    """Return what of each open campaign is not as it was left, before a link is changed."""
    return _missed()


def record_change(*, what: str, why: str, about: str, by: User | str, missed: Missed) -> None:
    """Put a confirmed change on the record of each open campaign, which vouches for nothing that was missed before."""
    _record_change(what=what, why=why, about=about, by=by, missed=missed)


def record_author(by: User | str) -> None:
    """Make whoever changed what visitors will read one of the authors of each campaign that is still planned."""
    _record_author(by)
