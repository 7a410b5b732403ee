"""Tag checks: partners try whether their placement works ("we have seen your page 12 s ago").

Staff start a test. For ten minutes, requests that carry its mark are noted: when the last one came, and what was wrong
with it. Requests without a mark are never noted. A mark is signed and names its test and its end, so that the audience
surface can verify it without a database. Notes stay in memory until a background thread writes them
(campaign.serving.periodic_flush); the row of a test is deleted when it is over.
"""

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
# The embed finds the mark behind it in the page's address; browsers do not send fragments.
FRAGMENT_PREFIX = "second-thought="
_SALT = "campaign.placetest"
_MAX_NOTES = 100  # in memory: one for each open test and kind
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,160}(:[0-9]{1,5})?|https?://\[[0-9a-f:]{2,45}\](:[0-9]{1,5})?")

TagCheckChannel: TypeAlias = PlacementTest.Way
TagCheckProblem: TypeAlias = PlacementTest.Problem


class TagCheckMark(NamedTuple):
    """The content of a mark: the test's random id, the tested placement, the end in seconds since 1970."""

    mark_id: str
    placement_id: int
    until: int


def begin_test(placement: Placement, *, now: datetime) -> PlacementTest:
    """Start a test; an open one and its notes are deleted."""
    now = now.replace(microsecond=0)
    PlacementTest.objects.filter(placement=placement).delete()
    return PlacementTest.objects.create(
        placement=placement, mark=secrets.token_hex(8), until=now + timedelta(minutes=TEST_MINUTES)
    )


def end_test(placement: Placement) -> None:
    """Delete the placement's test and its notes."""
    PlacementTest.objects.filter(placement=placement).delete()


def current_test(placement: Placement, *, now: datetime) -> PlacementTest | None:
    """The open test, if any; an expired one is deleted."""
    PlacementTest.objects.filter(placement=placement, until__lte=now).delete()
    return PlacementTest.objects.filter(placement=placement).first()


def delete_expired_tests(*, now: datetime) -> int:
    """Delete the expired tests; how many there were."""
    return PlacementTest.objects.filter(until__lte=now).delete()[0]


def sign_mark(test: PlacementTest) -> str:
    """The mark as a request carries it."""
    fields = [test.mark, test.placement_id, int(test.until.timestamp())]
    return signing.dumps(fields, salt=_SALT, compress=False)


def verify_mark(text: str, *, now: float) -> TagCheckMark | None:
    """The mark, if it is genuine and its test is not over."""
    try:
        mark = TagCheckMark(*signing.loads(text, salt=_SALT))
    except signing.BadSignature:
        return None
    return mark if now < mark.until else None


class TagCheckNote(NamedTuple):
    """When a request came, and its channel or the problem with it."""

    noted_at: int
    code: str
    origin: str = ""


class TagCheckLog:
    """Notes on open tests, in memory until `flush`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[tuple[TagCheckMark, bool], TagCheckNote] = {}  # by mark and whether the request was answered

    def record_success(self, mark: TagCheckMark, *, channel: TagCheckChannel, now: float) -> None:
        """Note a marked request that was answered."""
        self._add(mark, True, TagCheckNote(int(now), channel.value))

    def record_failure(
        self, mark: TagCheckMark, *, problem: TagCheckProblem, now: float, origin: str | None = None
    ) -> None:
        """Note a marked request that was refused, with its origin if that looks like one."""
        origin = origin if origin is not None and _ORIGIN.fullmatch(origin) else ""
        self._add(mark, False, TagCheckNote(int(now), problem.value, origin))

    def _add(self, mark: TagCheckMark, was_answered: bool, note: TagCheckNote) -> None:
        with self._lock:
            if (mark, was_answered) in self._notes or len(self._notes) < _MAX_NOTES:
                self._notes[mark, was_answered] = note

    def flush(self) -> int:
        """Write the notes to the tests that still exist; how many. Notes that cannot be written are dropped."""
        with self._lock:
            notes, self._notes = self._notes, {}
        try:
            return sum(_write(mark, was_answered, note) for (mark, was_answered), note in notes.items())
        except DatabaseError:
            return 0


def _write(mark: TagCheckMark, was_answered: bool, note: TagCheckNote) -> int:
    """Write a note to the mark's own test, unless another process has written a later one."""
    time = datetime.fromtimestamp(note.noted_at, UTC)
    field = "seen_at" if was_answered else "failed_at"
    values: dict[str, Any] = {field: time}
    values |= {"seen_by": note.code} if was_answered else {"problem": note.code, "origin": note.origin}
    tests = PlacementTest.objects.filter(placement=mark.placement_id, mark=mark.mark_id, until__gt=time)
    return tests.filter(Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lte": time})).update(**values)
