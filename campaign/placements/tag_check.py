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

TEST_MINUTES = 10
FRAGMENT_PREFIX = "second-thought="  # how the embed finds a mark in its page's address; no browser sends that part on
_SALT = "campaign.placetest"
_MOST = 100  # notes in memory: one for each open test and kind
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,160}(:[0-9]{1,5})?|https?://\[[0-9a-f:]{2,45}\](:[0-9]{1,5})?")

TagCheckChannel: TypeAlias = PlacementTest.Way
TagCheckProblem: TypeAlias = PlacementTest.Problem


class TagCheckMark(NamedTuple):
    """What a mark says: the test's random number, the placement that is tested, the end in seconds since 1970."""

    mark_id: str
    placement_id: int
    until: int


def begin_test(placement: Placement, *, now: datetime) -> PlacementTest:
    """A new test; one that is open is over, and what it heard is gone."""
    now = now.replace(microsecond=0)
    PlacementTest.objects.filter(placement=placement).delete()
    return PlacementTest.objects.create(
        placement=placement, mark=secrets.token_hex(8), until=now + timedelta(minutes=TEST_MINUTES)
    )


def end_test(placement: Placement) -> None:
    """Forget the test and what it heard."""
    PlacementTest.objects.filter(placement=placement).delete()


def current_test(placement: Placement, *, now: datetime) -> PlacementTest | None:
    """The test that is open; one that has run out is deleted on sight."""
    PlacementTest.objects.filter(placement=placement, until__lte=now).delete()
    return PlacementTest.objects.filter(placement=placement).first()


def delete_expired_tests(*, now: datetime) -> int:
    """Delete the tests that have run out; how many there were."""
    gone, _ = PlacementTest.objects.filter(until__lte=now).delete()
    return gone


def sign_mark(test: PlacementTest) -> str:
    """The mark as a request carries it."""
    told = [test.mark, test.placement_id, int(test.until.timestamp())]
    return signing.dumps(told, salt=_SALT, compress=False)


def verify_mark(text: str, *, now: float) -> TagCheckMark | None:
    """The mark, if we signed it and its test is not over."""
    try:
        told = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    mark = TagCheckMark(*told)
    return mark if now < mark.until else None


class TagCheckNote(NamedTuple):
    """One note: when, and how it came or why it was refused."""

    noted_at: int
    code: str
    origin: str = ""


class TagCheckLog:
    """What was heard of the tests that are open, in memory until `flush`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: dict[tuple[TagCheckMark, bool], TagCheckNote] = {}  # by mark, and whether it came through

    def record_success(self, mark: TagCheckMark, *, channel: TagCheckChannel, now: float) -> None:
        """A marked request was answered."""
        self._note(mark, True, TagCheckNote(int(now), channel.value))

    def record_failure(
        self, mark: TagCheckMark, *, problem: TagCheckProblem, now: float, origin: str | None = None
    ) -> None:
        """A marked request was refused; of its origin only what looks like one."""
        named = origin if origin is not None and _ORIGIN.fullmatch(origin) else ""
        self._note(mark, False, TagCheckNote(int(now), problem.value, named))

    def _note(self, mark: TagCheckMark, came_through: bool, heard: TagCheckNote) -> None:
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


def _written(mark: TagCheckMark, came_through: bool, note: TagCheckNote) -> int:
    """Only onto the test that the mark is of, and never over something later from another process."""
    at = datetime.fromtimestamp(note.noted_at, UTC)
    moment = "seen_at" if came_through else "failed_at"
    values: dict[str, Any] = {moment: at}
    values |= {"seen_by": note.code} if came_through else {"problem": note.code, "origin": note.origin}
    tests = PlacementTest.objects.filter(placement=mark.placement_id, mark=mark.mark_id, until__gt=at)
    return tests.filter(Q(**{f"{moment}__isnull": True}) | Q(**{f"{moment}__lte": at})).update(**values)
