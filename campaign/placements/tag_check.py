"""Whether a placement works, tried by the people who put it there: "we have seen your page 12 s ago".

Somebody here begins a test; for ten minutes, requests that carry its mark are noted: when the last one came, and what
was wrong with it. A mark is signed and says of itself which test it is of and until when, so that the audience surface
knows it without a database. What nobody marked is never noted. Notes stand in memory until the served counter's thread
writes them; when the test is over, its row is deleted with everything in it.
"""

from __future__ import annotations

import re
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from django.core import signing
from django.db import DatabaseError
from django.db.models import Q

from campaign.models import Placement, PlacementTest

MINUTES = 10
FRAGMENT = "second-thought="  # how the embed finds a mark in its page's address; no browser sends that part on
_SALT = "campaign.placetest"
_MOST = 100  # notes in memory: one for each open test and kind
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,160}(:[0-9]{1,5})?|https?://\[[0-9a-f:]{2,45}\](:[0-9]{1,5})?")

Way: TypeAlias = PlacementTest.Way
Problem: TypeAlias = PlacementTest.Problem


class Mark(NamedTuple):
    """What a mark says: the test's random number, the placement that is tested, the end in seconds since 1970."""

    test: str
    placement: int
    until: int


def begin(placement: Placement, *, now: datetime) -> PlacementTest:
    """A new test; one that is open is over, and what it heard is gone."""
    now = now.replace(microsecond=0)
    PlacementTest.objects.filter(placement=placement).delete()
    return PlacementTest.objects.create(
        placement=placement, mark=secrets.token_hex(8), until=now + timedelta(minutes=MINUTES)
    )


def end(placement: Placement) -> None:
    """Forget the test and what it heard."""
    PlacementTest.objects.filter(placement=placement).delete()


def open_test(placement: Placement, *, now: datetime) -> PlacementTest | None:
    """The test that is open; one that has run out is deleted on sight."""
    PlacementTest.objects.filter(placement=placement, until__lte=now).delete()
    return PlacementTest.objects.filter(placement=placement).first()


def prune(*, now: datetime) -> int:
    """Delete the tests that have run out; how many there were."""
    gone, _ = PlacementTest.objects.filter(until__lte=now).delete()
    return gone


def marked(test: PlacementTest) -> str:
    """The mark as a request carries it."""
    told = [test.mark, test.placement_id, int(test.until.timestamp())]
    return signing.dumps(told, salt=_SALT, compress=False)


def opened(text: str, *, now: float) -> Mark | None:
    """The mark, if we signed it and its test is not over."""
    try:
        told = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    mark = Mark(*told)
    return mark if now < mark.until else None


class Heard(NamedTuple):
    """One note: when, and how it came or why it was refused."""

    at: int
    what: str
    origin: str = ""


class PlaceTests:
    """What was heard of the tests that are open, in memory until `flush`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: dict[tuple[Mark, bool], Heard] = {}  # by mark, and whether it came through

    def seen(self, mark: Mark, *, way: Way, now: float) -> None:
        """A marked request was answered."""
        self._note(mark, True, Heard(int(now), way.value))

    def refused(self, mark: Mark, *, problem: Problem, now: float, origin: str | None = None) -> None:
        """A marked request was refused; of its origin only what looks like one."""
        named = origin if origin is not None and _ORIGIN.fullmatch(origin) else ""
        self._note(mark, False, Heard(int(now), problem.value, named))

    def _note(self, mark: Mark, came_through: bool, heard: Heard) -> None:
        with self._lock:
            if (mark, came_through) in self._heard or len(self._heard) < _MOST:
                self._heard[mark, came_through] = heard

    def flush(self) -> int:
        """Write the notes to the tests that are still there; what cannot be written is dropped."""
        with self._lock:
            heard, self._heard = self._heard, {}
        try:
            return sum(_written(mark, came_through, note) for (mark, came_through), note in heard.items())
        except DatabaseError:
            return 0


def _written(mark: Mark, came_through: bool, note: Heard) -> int:
    """Only onto the test that the mark is of, and never over something later from another process."""
    at = datetime.fromtimestamp(note.at, UTC)
    moment = "seen_at" if came_through else "failed_at"
    values: dict[str, Any] = {moment: at}
    values |= {"seen_by": note.what} if came_through else {"problem": note.what, "origin": note.origin}
    tests = PlacementTest.objects.filter(placement=mark.placement, mark=mark.test, until__gt=at)
    return tests.filter(Q(**{f"{moment}__isnull": True}) | Q(**{f"{moment}__lte": at})).update(**values)
