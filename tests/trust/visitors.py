"""Visitors whose every header, field and address is theirs alone, and all that they send: each address of the audience
surface, each status, and what is no HTTP at all."""

from __future__ import annotations

import json
import random
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlencode

from benchmarks.installation import ORIGIN
from campaign.assignment.receipts import Receipt, ReceiptSigner
from tests.fuzz import wire
from tests.fuzz.marks import MarkFactory
from tests.trust.needles import Search, digests_of, needles_of_marks, spellings_of
from tests.trust.site import EMBEDDED, EMPTY, FIRST, HOSTED, HTTPS, SECOND, TABS, TOKEN

DECIDE, EVENTS = "/api/v1/decide", "/api/v1/events"
_TRIES = 3
_RECEIPT = re.compile(rb'name="receipt" value="([\w-]{103})"')
_EXACT_PATHS = {DECIDE, EVENTS, "/favicon.ico", "/health/live", "/health/ready", "/metrics"}
_ASSETS = ("tokens.css", "message.css", "page.js", "embed.js")
_EXPIRED = Receipt(campaign=1, arm=1, placement=1, hour=400_000, closes=400_003, locale="en", nonce=b"n" * 16)
# What the audience surface can answer; each must have been met, or the run proves less than it says.
STATUSES = frozenset({200, 204, 207, 303, 400, 401, 403, 404, 405, 409, 410, 413, 500, 503})


@dataclass(frozen=True, slots=True)
class VisitReply:
    """What came back."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def audience(self) -> bool:
        """Whether the audience surface answered, not a page for staff."""
        path = self.path.partition("?")[0]
        asset = path.startswith("/static/campaign/") and path[17:] in _ASSETS
        return path in _EXACT_PATHS or path.startswith("/m/") or asset

    def header(self, name: str) -> str:
        """The value of a header, empty without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class TlsProxy:
    """A proxy that speaks TLS in front of the server: its port, the name it goes by, and whom to trust."""

    port: int
    name: str
    tls_context: ssl.SSLContext


class _ThroughTheDoor(HTTPConnection):
    """A connection to the proxy, by its name and not by its address."""

    def __init__(self, door: TlsProxy, source: str) -> None:
        super().__init__("127.0.0.1", door.port, timeout=20, source_address=(source, 0))
        self._door = door

    def connect(self) -> None:
        super().connect()
        self.sock = self._door.tls_context.wrap_socket(self.sock, server_hostname=self._door.name)


class MarkedVisitor:
    """Someone with an address of the loopback network, a browser, a past, and an account at a partner's."""

    def __init__(self, marks: MarkFactory, chance: random.Random) -> None:
        octets = [chance.randrange(100, 256) for _ in range(6)]
        self.address = "127.{}.{}.{}".format(*octets[:3])
        self.forwarded = "10.{}.{}.{}".format(*octets[3:])
        self.agent = f"Mozilla/5.0 (X11; {marks.new()}) Gecko/20100101"
        self.unit = f"unit-{marks.new()}"
        self.marks = marks

    def headers(self) -> dict[str, str]:
        """What a browser and the proxies before us tell, each with a new mark."""
        new = self.marks.new
        return {
            **HTTPS,
            "User-Agent": self.agent,
            "Referer": f"https://{new()}.example/a-page?of={new()}",
            "Cookie": f"sessionid={new()}; visitor={new()}",
            "X-Forwarded-For": f"{self.forwarded}, {self.address}",
            "Forwarded": f'for="{self.forwarded}";by={new()}',
            "X-Real-IP": self.forwarded,
            "True-Client-IP": self.forwarded,
            "Accept-Language": f"en-{new()},de;q=0.5",
            "X-Request-Id": new(),
            "traceparent": f"00-{new()}-{new()}-01",
            "From": f"{new()}@example.org",
            "Sec-CH-UA": f'"{new()}";v="1"',
            "If-None-Match": f'"{new()}"',
        }

    def needles(self) -> Iterator[tuple[bytes, str]]:
        """All that would give this visitor away."""
        for address in (self.address, self.forwarded):
            packed = socket.inet_aton(address)
            yield from spellings_of(address, "an address")
            yield packed.hex().encode(), "an address, packed"
            yield b"\0\0\xff\xff" + packed, "an address, packed"
            yield from digests_of(address, "an address")
            for between in ("", " ", "|", ":", ",", "-"):
                yield from digests_of(f"{address}{between}{self.agent}", "address and agent")
        yield from digests_of(self.agent, "an agent")
        yield from digests_of(self.unit, "a subject key")


@dataclass
class VisitorGroup:
    """Many visitors, what they were answered, and the receipts that they hold."""

    port: int
    people: list[MarkedVisitor]
    marks: MarkFactory
    office: ReceiptSigner
    replies: list[VisitReply] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    broken: int = 0
    proxy: TlsProxy | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._expired = self.office.issue(_EXPIRED)

    @classmethod
    def of(cls, number: int, *, port: int, keys: Mapping[int, bytes], seed: int = 1) -> VisitorGroup:
        """So many people."""
        marks, chance = MarkFactory(), random.Random(seed)
        return cls(port, [MarkedVisitor(marks, chance) for _ in range(number)], marks, ReceiptSigner(keys))

    def search(self) -> Search:
        """What finds any of them."""
        return Search(
            dict([*needles_of_marks(self.marks), *(needle for who in self.people for needle in who.needles())])
        )

    @property
    def statuses(self) -> Counter[int]:
        """How often the audience surface answered what."""
        return Counter(reply.status for reply in self.replies if reply.audience)

    def each(self, visit: Callable[[Visit], None], people: Iterable[MarkedVisitor] | None = None) -> None:
        """Each of them does this, eight at a time."""

        def go(who: MarkedVisitor) -> None:
            with closing(self._line(who)) as line:
                visit(Visit(self, who, line))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(go, self.people if people is None else people))

    def _line(self, who: MarkedVisitor) -> HTTPConnection:
        if self.proxy:
            return _ThroughTheDoor(self.proxy, who.address)
        return HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(who.address, 0))

    def keep(self, reply: VisitReply) -> None:
        with self._lock:
            self.replies.append(reply)

    def send_what_is_no_http(self) -> None:
        """Broken and strange requests, each from another address."""
        for number, sent in enumerate(wire.MalformedRequests(self.marks, self.receipts[0])):
            who = self.people[number % len(self.people)]
            wire.exchange(self.port, sent, source=who.address)
            self.broken += 1


@dataclass
class Visit:
    """One visitor's connection."""

    crowd: VisitorGroup
    who: MarkedVisitor
    line: HTTPConnection

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> VisitReply:
        """One request with all that this visitor's browser tells; a lost connection is an answer of status 0."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        named = {"Host": self.crowd.proxy.name} if self.crowd.proxy else {}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        for _ in range(_TRIES):
            try:
                self.line.request(method, path, content, {**self.who.headers(), **named})
                answer = self.line.getresponse()
                reply = VisitReply(path, answer.status, tuple(answer.getheaders()), answer.read())
                break
            except (OSError, HTTPException):  # a server that refuses a long body hangs up behind its answer
                self.line.close()
                reply = VisitReply(path, 0, (), b"")
        self.crowd.keep(reply)
        return reply

    def shown(self, placement: str = EMBEDDED, **more: str) -> str:
        """The receipt of a message that a partner's page asked for; empty if there is none."""
        reply = self.ask("POST", DECIDE, {"placement": placement, "locale": "en", **more}, Origin=ORIGIN)
        receipt = json.loads(reply.body).get("receipt") if reply.status == 200 else None
        if not receipt:
            return ""
        self.crowd.receipts.append(receipt)
        return str(receipt)

    def report_outcome(self, receipt: str, *outcomes: str, **headers: str) -> VisitReply:
        """What was done with a message, one event or a list."""
        events = [{"receipt": receipt, "outcome": outcome} for outcome in outcomes]
        for event in events:
            if event["outcome"] in ("rating", "dwell"):
                event["value"] = 3  # type: ignore[assignment]  # the others are strings
        return self.ask("POST", EVENTS, events if len(events) > 1 else events[0], Origin=ORIGIN, **headers)

    def press(self, placement: str, query: str = "", **fields: str) -> VisitReply:
        """The hosted page's form."""
        return self.ask("POST", f"/m/{placement}/{query}", urlencode(fields).encode())


# What they do


def everything(at: Visit) -> None:
    """Every address of the audience surface, with each answer that it has; then what belongs to staff."""
    new = at.who.marks.new
    _as_a_reader(at)
    _as_a_partner(at)
    _wrongly(at)
    for path in ("/health/live", "/health/ready", "/favicon.ico", *(f"/static/campaign/{name}" for name in _ASSETS)):
        at.ask("GET", f"{path}?{new()}={new()}")
        at.ask("DELETE", path)
    at.ask("GET", "/metrics", Authorization=f"Bearer {new()}")
    at.ask("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
    for path in (
        f"/{new()}",
        f"/campaigns/{new()}/",
        f"/api/v1/campaigns/{new()}",
        f"/static/{new()}.js",
        f"/.{new()}",
    ):
        at.ask("GET", f"{path}?{new()}={new()}")
    at.ask("GET", f"/?next={new()}", Host=f"{new().lower()}.example")
    at.ask("GET", f"/m/{HOSTED}/?{new()}", Host=f"{new().lower()}.example")
    at.ask("POST", "/sign-in/", urlencode({"username": new(), "password": new()}).encode())
    at.ask("POST", "/api/v1/token/", {"username": new(), "password": new()})


def _as_a_reader(at: Visit) -> None:
    new = at.who.marks.new
    page = at.ask("GET", f"/m/{HOSTED}/?{new()}={new()}&locale=en-{new()}")
    found = _RECEIPT.search(page.body)
    receipt = found[1].decode() if found else new()
    at.crowd.receipts.append(receipt) if found else None
    at.ask("GET", f"/m/{HOSTED}/seen.gif?receipt={receipt}&{new()}={new()}")
    for fields in ({"rating": "4"}, {"outcome": "left"}, {"outcome": "help_self"}, {"outcome": new()}):
        at.press(HOSTED, f"?{new()}={new()}", receipt=receipt, **{new(): new()}, **fields)
    for rest in ("left", "continued", "about", "thanks", "help/self", "help/affected", "unavailable", new()):
        at.ask("GET", f"/m/{HOSTED}/{rest}?{new()}")
    at.ask("GET", f"/m/{HOSTED}/?preview={new()}")
    at.ask("GET", f"/m/{new()}/?{new()}")
    at.ask("PUT", f"/m/{HOSTED}/", new().encode())


def _as_a_partner(at: Visit) -> None:
    new = at.who.marks.new
    receipt = at.shown()
    at.report_outcome(receipt, "exposed")
    at.report_outcome(receipt, "exposed", "left", "rating", "dwell")
    at.report_outcome(receipt, "exposed", new())
    for placement in (FIRST, SECOND):
        mine = at.shown(placement, unit=at.who.unit)
        at.report_outcome(mine, "exposed", "continued")
    tab = at.shown(TABS, session="new")
    at.shown(TABS, session=tab or "new")
    at.shown(TABS, session=new())
    for path in (DECIDE, EVENTS):
        at.ask("OPTIONS", f"{path}?{new()}", Origin=f"https://{new()}.example")


def _wrongly(at: Visit) -> None:
    new = at.who.marks.new
    fine = {"placement": EMBEDDED}
    for body in (
        {**fine, new(): new()},
        {**fine, "unit": f"{new()}@example.org"},
        {**fine, "locale": new() * 20},
        [new()],
    ):
        at.ask("POST", f"{DECIDE}?{new()}", body, Origin=ORIGIN)
    at.ask("POST", DECIDE, {"placement": new()})
    at.ask("POST", DECIDE, {"placement": EMPTY, "unit": new()})
    at.ask("POST", DECIDE, {**fine, "preview": new()})
    at.ask("POST", DECIDE, fine, Origin=f"https://{new()}.example")
    at.ask("GET", f"{DECIDE}?{quote(new())}")
    at.ask("POST", DECIDE, new().encode() * 400)
    at.ask("POST", DECIDE, f'{{"{new()}'.encode())
    for event in (
        {"receipt": at.crowd._expired, "outcome": "exposed"},
        {"receipt": f"{new():A<103}", "outcome": "exposed"},
        {"receipt": new(), "outcome": new()},
        {"receipt": new(), "outcome": "exposed", new(): new()},
    ):
        at.ask("POST", f"{EVENTS}?{new()}", event, Origin=ORIGIN)


def provoke_errors(at: Visit) -> None:
    """What makes the server of tests.trust.application fail, with the subject's key in the error."""
    at.ask("POST", DECIDE, {"placement": FIRST, "unit": f"stumble-{at.who.unit}"}, Origin=ORIGIN)


def sign_in(at: Visit) -> None:
    """A page of the staff's, while its database is away: it fails, with all that it was sent at hand."""
    fields = {"username": at.who.marks.new(), "password": at.who.marks.new()}
    at.ask("POST", f"/sign-in/?{at.who.marks.new()}", urlencode(fields).encode())
    at.ask("GET", f"/sign-in/?{at.who.marks.new()}")


def repeat_events(at: Visit) -> None:
    """A message, and an event for it."""
    at.report_outcome(at.shown() or at.crowd.receipts[0], "exposed")
