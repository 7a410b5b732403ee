"""Visitors and partners: they ask for messages, tell what was done with them, and tell again what was not answered."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.installation import DECIDE, ORIGIN
from benchmarks.load import Unexpected, body_of, post, reply_size, status_of
from campaign.assignment.receipts import ReceiptSigner
from tests.crash.clock import FastClock
from tests.crash.ledger import Ledger, ReportedOutcome, TrackedView

PATIENCE = 4.0  # seconds: as long as the embed waits for a message
_VISITS = [
    [ReportedOutcome("exposed"), ReportedOutcome("dwell", 1)],
    [ReportedOutcome("exposed"), ReportedOutcome("dwell", 2), ReportedOutcome("left")],
    [ReportedOutcome("exposed"), ReportedOutcome("continued")],
    [ReportedOutcome("left"), ReportedOutcome("rating", 4)],
    [
        ReportedOutcome("exposed"),
        ReportedOutcome("left"),
        ReportedOutcome("continued"),
        ReportedOutcome("dwell", 4),
        ReportedOutcome("rating", 1),
    ],
    [
        ReportedOutcome("exposed"),
        ReportedOutcome("help_self"),
        ReportedOutcome("learn_more"),
        ReportedOutcome("rating", 5),
    ],
    [
        ReportedOutcome("exposed"),
        ReportedOutcome("dwell", 3),
        ReportedOutcome("help_affected"),
        ReportedOutcome("annoyed"),
    ],
]
ViewOutcome = tuple[TrackedView, ReportedOutcome]


class Sample(NamedTuple):
    """One request: when it went out by the monotonic clock, how long the answer took, and what it was."""

    begun: float
    seconds: float
    status: int  # 0: the connection died, or patience was at its end


@dataclass(slots=True)
class RequestSamples:
    """How the server answered one kind of request."""

    samples: list[Sample] = field(default_factory=list)

    def between(self, begin: float, end: float) -> RequestSamples:
        """Those whose request went out in this time."""
        return RequestSamples([sample for sample in self.samples if begin <= sample.begun < end])

    @property
    def statuses(self) -> Counter[int]:
        return Counter(sample.status for sample in self.samples)

    def percentile(self, share: float) -> float:
        """So long did this share of the requests take at most; with 1, all of them."""
        ordered = sorted(sample.seconds for sample in self.samples)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0

    def __str__(self) -> str:
        told = sorted(self.statuses.items(), reverse=True)
        statuses = ", ".join(f"{status or 'no answer'}: {count:,}" for status, count in told)
        p50, p99, most = (self.percentile(share) * 1000 for share in (0.5, 0.99, 1))
        return f"{statuses} (p50 {p50:.0f} ms, p99 {p99:.0f} ms, at most {most:.0f} ms)"


class ReconnectingConnection:
    """One connection, opened anew when it dies. The request goes out once: who calls decides whether it goes again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and body of the answer; OSError or Unexpected if there is none."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            data = b""
            while (size := reply_size(data)) is None or len(data) < size:
                more = self._socket.recv(65_536)
                if not more:
                    raise Unexpected("the server hung up")
                data += more
            return status_of(data), body_of(data)
        except (OSError, Unexpected):
            self.close()
            raise

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class VisitorThread(threading.Thread):
    """Visitors in one thread. Most tell at once, some just as their receipt closes, a few tell everything twice."""

    def __init__(
        self,
        port: int,
        ledger: Ledger,
        clock: FastClock,
        signer: ReceiptSigner,
        *,
        seed: int,
        stop: threading.Event,
        pace: float,
    ) -> None:
        super().__init__(name=f"crowd-{seed}", daemon=True)
        self._ledger, self._clock, self._signer, self._stopping = ledger, clock, signer, stop
        self._random = random.Random(seed)
        self._line = ReconnectingConnection(port)
        self._seconds_per_event = 1 / pace
        self._due = time.monotonic()
        self._held: list[tuple[float, list[ViewOutcome]]] = []  # by the fast clock
        self._last: list[ViewOutcome] = []
        self.decides, self.events = RequestSamples(), RequestSamples()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._round()
            self._tell_held(ending=True)
        except BaseException as failure:  # the run must not pass for want of a load
            self.failure = failure
            raise
        finally:
            self._line.close()

    def _round(self) -> None:
        fresh = [self._request_message() for _ in range(self._random.randint(4, 24))]
        telling: list[ViewOutcome] = []
        for view in fresh:
            visit = self._random.choice(_VISITS)
            view.open = len(visit)
            telling += [(view, told) for told in visit]
        self._random.shuffle(telling)
        late = telling[: self._random.choice([0, 0, 0, 1, 2, 5])]
        if late:
            closing = min(view.closes for view, _ in late) * 3600.0
            # Around the moment at which the hour is shut and counted, by an ordinary clock's few tenths of a second.
            self._held.append((closing + self._random.uniform(-0.6, 0.2) * self._clock.speed, late))
        self._tell(telling[len(late) :])
        self._tell_held()
        if self._last and self._random.random() < 0.1:
            self._repeat(self._last)
        self._last = telling[len(late) :][:20]
        self._rest(len(telling))

    def _rest(self, events: int) -> None:
        self._due += events * self._seconds_per_event
        wait = self._due - time.monotonic()
        if wait > 0:
            self._stopping.wait(wait)
        else:
            self._due = max(self._due, time.monotonic() - 2.0)  # what could not be sent is not made up for at once

    def _request_message(self) -> TrackedView:
        while True:
            status, body = self._ask(DECIDE, self.decides)
            if status == 200:
                receipt = json.loads(body)["receipt"]
                if receipt is not None:
                    return TrackedView.of(receipt, self._signer)
            self._pause()

    def _tell_held(self, *, ending: bool = False) -> None:
        now = self._clock()
        for moment, telling in [held for held in self._held if ending or held[0] <= now]:
            self._held.remove((moment, telling))
            self._tell(telling)

    def _tell(self, telling: list[ViewOutcome]) -> None:
        """Every one of them, singly or in batches, until each is answered."""
        while telling:
            size = self._random.randint(2, 60) if self._random.random() < 0.8 else 1
            self._until_answered(telling[:size])
            telling = telling[size:]

    def _until_answered(self, telling: list[ViewOutcome]) -> None:
        while telling:
            refused = self._send_outcomes(telling)
            if refused is None:
                for view, told in telling:
                    self._ledger.record_unanswered(view, told)
                self._pause()
                continue
            again = []
            for index, (view, told) in enumerate(telling):
                code = refused.get(index)
                if code is None:
                    self._ledger.record_accepted(view, told)
                elif code in ("not_recorded", "internal_error"):
                    self._ledger.record_unanswered(view, told)
                    again.append((view, told))
                elif code == "receipt_expired":
                    self._ledger.record_refused(view, told)
                else:
                    raise AssertionError(f"the server refused a proper event: {code}")
            telling = again
            if again:
                self._pause()

    def _repeat(self, telling: list[ViewOutcome]) -> None:
        """What was answered already, once more: it changes nothing, whatever the answer."""
        self._send_outcomes(telling)

    def _send_outcomes(self, telling: list[ViewOutcome]) -> dict[int, str] | None:
        """Which of them the server refused and why; None if it did not answer."""
        items = [
            {"receipt": view.receipt, "outcome": told.outcome} | ({} if told.value is None else {"value": told.value})
            for view, told in telling
        ]
        body = json.dumps(items if len(items) > 1 else items[0], separators=(",", ":")).encode()
        status, reply = self._ask(post("/api/v1/events", body, origin=ORIGIN), self.events)
        if status == 200:
            return {}
        if status == 207:
            return {entry["index"]: entry["error"]["code"] for entry in json.loads(reply)["rejected"]}
        if status in (0, 500):
            return None
        return dict.fromkeys(range(len(items)), json.loads(reply)["error"]["code"])

    def _ask(self, request: bytes, answers: RequestSamples) -> tuple[int, bytes]:
        begun = time.monotonic()
        try:
            status, body = self._line.ask(request)
        except (OSError, Unexpected):
            status, body = 0, b""
        answers.samples.append(Sample(begun, time.monotonic() - begun, status))
        return status, body

    def _pause(self) -> None:
        time.sleep(self._random.uniform(0.02, 0.2))


class VisitorLoad:
    """Several crowds at once, and their shared ledger."""

    def __init__(
        self, port: int, clock: FastClock, signer: ReceiptSigner, *, threads: int, pace: float, seed: int
    ) -> None:
        self.ledger = Ledger()
        self._stop = threading.Event()
        self._crowds = [
            VisitorThread(
                port, self.ledger, clock, signer, seed=seed * 1000 + number, stop=self._stop, pace=pace / threads
            )
            for number in range(threads)
        ]

    def start(self) -> None:
        for crowd in self._crowds:
            crowd.start()

    def check(self) -> None:
        """RuntimeError if a crowd has gone home early."""
        for crowd in self._crowds:
            if crowd.failure is not None:
                raise RuntimeError(f"{crowd.name} failed") from crowd.failure

    def end(self, seconds: float = 60.0) -> None:
        """Everyone tells what is left to tell, until it is answered."""
        self._stop.set()
        end = time.monotonic() + seconds
        for crowd in self._crowds:
            crowd.join(max(end - time.monotonic(), 0.1))
            if crowd.is_alive():
                raise RuntimeError(f"{crowd.name} still waits for answers")
        self.check()

    def decides(self) -> RequestSamples:
        return _together(crowd.decides for crowd in self._crowds)

    def events(self) -> RequestSamples:
        return _together(crowd.events for crowd in self._crowds)


def _together(parts: Iterable[RequestSamples]) -> RequestSamples:
    return RequestSamples([sample for part in parts for sample in part.samples])
