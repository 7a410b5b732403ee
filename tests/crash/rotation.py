"""Receipt keys rotated and destroyed under load: whoever was shown a message must be able to say what they did.

Subjects, whose receipts live longest, ask one connection and tell another, at once or just before it closes.
"""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from django.conf import settings
from django.core.management import call_command

from benchmarks.installation import ORIGIN, PLACEMENT
from benchmarks.load import post
from campaign.keys.rotation import needed_until, signing_key
from campaign.keys.store import ReceiptKeyFile, receipt_key_files
from campaign.management.commands import keys as command
from tests.crash.ledger import TrackedView
from tests.crash.site import CrashSite
from tests.crash.visitors import ReconnectingConnection

INVALID, EXPIRED, ACCEPTED = "receipt_invalid", "receipt_expired", "accepted"
_LINES = 3  # to each server


class DelayedEvent(NamedTuple):
    """Something to be told of a shown message when its time has come."""

    due: float  # by the site's clock
    view: TrackedView


@dataclass(slots=True)
class EventAnswers:
    """How the events of honest visitors were answered; whose signature was on those that were accepted."""

    answers: Counter[str] = field(default_factory=Counter)
    signed: Counter[int] = field(default_factory=Counter)
    by_old_keys: int = 0  # accepted after a newer key had signed
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, answer: str, number: int) -> None:
        """One answer about a receipt that this key has signed."""
        with self._lock:
            self.answers[answer] += 1
            if answer == ACCEPTED:
                self.signed[number] += 1
                self.by_old_keys += number < max(self.signed)

    @property
    def refused(self) -> int:
        """Honest receipts that were called forged."""
        return self.answers[INVALID]

    def __str__(self) -> str:
        signed = dict(sorted(self.signed.items()))
        return f"{dict(self.answers)}, accepted by key {signed}, {self.by_old_keys} after a newer one had signed"


class SubjectVisitors(threading.Thread):
    """Subjects in one thread, at a steady pace."""

    def __init__(self, site: CrashSite, told: EventAnswers, *, seed: int, stop: threading.Event, pace: float) -> None:
        super().__init__(name=f"visitors-{seed}", daemon=True)
        self._site, self._stopping, self._pause = site, stop, 1 / pace
        self._signer = site.receipt_signer()
        self._random = random.Random(seed)
        self._lines = [ReconnectingConnection(port) for port in site.ports for _ in range(_LINES)]
        self._held: list[DelayedEvent] = []
        self._reported = told
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            due = time.monotonic()
            while not self._stopping.is_set():
                self._visit()
                due = max(due + self._pause, time.monotonic() - 0.2)
                time.sleep(max(due - time.monotonic(), 0))
        except BaseException as failure:
            self.failure = failure
            raise
        finally:
            for line in self._lines:
                line.close()

    def _visit(self) -> None:
        asked = {"placement": PLACEMENT, "unit": f"subject-{self._random.randrange(10_000)}"}
        status, body = self._ask("decide", asked)
        assert status == 200, body
        view = TrackedView.of(json.loads(body)["receipt"], self._signer)
        self._tell(view, "exposed")
        now, closing = self._site.clock(), view.closes * 3600.0
        first = closing - 1800 if self._random.random() < 0.5 else now  # half of them come as late as one can
        self._held.append(DelayedEvent(self._random.uniform(first, closing), view))
        for held in [held for held in self._held if held.due <= now]:
            self._held.remove(held)
            self._tell(held.view, "left")

    def _tell(self, view: TrackedView, outcome: str) -> None:
        status, body = self._ask("events", {"receipt": view.receipt, "outcome": outcome})
        answer = ACCEPTED if status == 200 else json.loads(body)["error"]["code"]
        if answer == INVALID and self._site.clock() >= view.closes * 3600:
            answer = EXPIRED  # it was on its way so long that its key may be gone, as it should
        self._reported.add(answer, base64.urlsafe_b64decode(view.receipt[:4])[0])

    def _ask(self, path: str, value: Mapping[str, str]) -> tuple[int, bytes]:
        return self._random.choice(self._lines).ask(post(f"/api/v1/{path}", json.dumps(value).encode(), origin=ORIGIN))


@contextmanager
def subject_load(site: CrashSite, *, threads: int = 3, pace: float = 150.0) -> Iterator[EventAnswers]:
    """Visitors come as long as this lasts; what they are told is counted as it comes."""
    stop, told = threading.Event(), EventAnswers()
    crowd = [SubjectVisitors(site, told, seed=seed, stop=stop, pace=pace / threads) for seed in range(threads)]
    for visitors in crowd:
        visitors.start()
    try:
        yield told
    finally:
        stop.set()
        for visitors in crowd:
            visitors.join(timeout=30)
    for visitors in crowd:
        if visitors.failure is not None:
            raise RuntimeError(f"{visitors.name} failed:\n{site.logs()}") from visitors.failure


def keys(site: CrashSite, *arguments: str) -> None:
    """`manage.py keys` by the site's clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "KEY_DIRECTORY", site.directory / "keys")
        patch.setattr(command, "time", SimpleNamespace(time=site.clock))
        call_command("keys", *arguments, stdout=_Silence())


def rotate(site: CrashSite, *, seconds: float) -> ReceiptKeyFile:
    """A new key that signs `seconds` from now by an ordinary clock; returns when it does, with the one before it."""
    before = signing_key(receipt_key_files(site.directory / "keys"), now=site.clock())
    keys(site, "rotate", "--ahead", str(round(seconds * site.clock.speed)))
    new = receipt_key_files(site.directory / "keys")[-1]
    time.sleep(max((new.signs_from - site.clock()) / site.clock.speed, 0))
    return before


def wait_until(happened: Callable[[], bool], told: EventAnswers, *, seconds: float = 60.0) -> None:
    """However busy the machine is: what counts is not when."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, told
        time.sleep(0.02)


def wait_until_destroyed(site: CrashSite, key: ReceiptKeyFile, *, seconds: float = 60.0) -> None:
    """The worker destroys it in its time, not sooner."""
    until = needed_until(key, receipt_key_files(site.directory / "keys"))
    assert until is not None
    end = time.monotonic() + seconds
    while key.path.exists():
        assert time.monotonic() < end, f"{key.path.name} is still there\n{site.logs()}"
        time.sleep(0.02)
    assert site.clock() >= until


class _Silence:
    def write(self, text: str) -> None:
        """Nobody listens."""
