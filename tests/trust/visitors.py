"""Visitors with unique headers, fields and addresses, who call every address of the audience surface.

They provoke every status, and also send malformed HTTP.
"""

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
from campaign.outcomes import OUTCOMES
from tests.fuzz import wire
from tests.fuzz.marks import MarkFactory
from tests.trust.needles import Search, digests_of, needles_of_marks, spellings_of
from tests.trust.site import EMBEDDED, EMPTY, FIRST, HOSTED, HTTPS, SECOND, TABS, TOKEN

DECIDE, EVENTS = "/api/v1/decide", "/api/v1/events"
_TRIES = 3
_RECEIPT = re.compile(rb'name="receipt" value="([\w-]{112})"')
_EXACT_PATHS = {DECIDE, EVENTS, "/favicon.ico", "/health/live", "/health/ready", "/metrics"}
_ASSETS = ("tokens.css", "message.css", "kept.js", "page.js", "embed.js")
_EXPIRED = Receipt(campaign=1, arm=1, placement=1, hour=400_000, closes=400_003, locale="en", nonce=b"n" * 16)
# All statuses of the audience surface; a run must meet each of them.
STATUSES = frozenset({200, 204, 207, 303, 400, 401, 403, 404, 405, 409, 410, 413, 500, 503})


@dataclass(frozen=True, slots=True)
class VisitReply:
    """One reply."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_audience(self) -> bool:
        """Whether the audience surface replied, not a staff page."""
        path = self.path.partition("?")[0]
        asset = path.startswith("/static/campaign/") and path[17:] in _ASSETS
        return path in _EXACT_PATHS or path.startswith("/m/") or asset

    def header(self, name: str) -> str:
        """The value of a header; empty if it is missing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class TlsProxy:
    """A TLS proxy in front of the server: its port, its name, and the trusted certificates."""

    port: int
    name: str
    tls_context: ssl.SSLContext


class _ProxyConnection(HTTPConnection):
    """A connection to the proxy by its name instead of its address."""

    def __init__(self, proxy: TlsProxy, source: str) -> None:
        super().__init__("127.0.0.1", proxy.port, timeout=20, source_address=(source, 0))
        self._proxy = proxy

    def connect(self) -> None:
        super().connect()
        self.sock = self._proxy.tls_context.wrap_socket(self.sock, server_hostname=self._proxy.name)


class MarkedVisitor:
    """A visitor with a loopback address, a browser, cookies, and an account at a partner."""

    def __init__(self, marks: MarkFactory, chance: random.Random) -> None:
        octets = [chance.randrange(100, 256) for _ in range(6)]
        self.address = "127.{}.{}.{}".format(*octets[:3])
        self.forwarded = "10.{}.{}.{}".format(*octets[3:])
        self.agent = f"Mozilla/5.0 (X11; {marks.new()}) Gecko/20100101"
        self.unit = f"unit-{marks.new()}"
        self.marks = marks

    def headers(self) -> dict[str, str]:
        """The headers of a browser and of proxies, each with a new mark."""
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
        """Everything that would identify this visitor."""
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
    """Many visitors, the replies they got, and their receipts."""

    port: int
    people: list[MarkedVisitor]
    marks: MarkFactory
    receipt_signer: ReceiptSigner
    replies: list[VisitReply] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    malformed_count: int = 0
    proxy: TlsProxy | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._expired = self.receipt_signer.issue(_EXPIRED)

    @classmethod
    def of(cls, number: int, *, port: int, keys: Mapping[int, bytes], seed: int = 1) -> VisitorGroup:
        """Create a group of `number` visitors."""
        marks, chance = MarkFactory(), random.Random(seed)
        return cls(port, [MarkedVisitor(marks, chance) for _ in range(number)], marks, ReceiptSigner(keys))

    def search(self) -> Search:
        """A search for all of them."""
        return Search(
            dict([*needles_of_marks(self.marks), *(needle for who in self.people for needle in who.needles())])
        )

    @property
    def statuses(self) -> Counter[int]:
        """How often the audience surface replied with each status."""
        return Counter(reply.status for reply in self.replies if reply.is_audience)

    def run_each(self, visit: Callable[[Visit], None], people: Iterable[MarkedVisitor] | None = None) -> None:
        """Run `visit` for each visitor, eight at a time."""

        def go(who: MarkedVisitor) -> None:
            with closing(self._line(who)) as line:
                visit(Visit(self, who, line))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(go, self.people if people is None else people))

    def _line(self, who: MarkedVisitor) -> HTTPConnection:
        if self.proxy:
            return _ProxyConnection(self.proxy, who.address)
        return HTTPConnection("127.0.0.1", self.port, timeout=20, source_address=(who.address, 0))

    def record_reply(self, reply: VisitReply) -> None:
        with self._lock:
            self.replies.append(reply)

    def send_malformed_requests(self) -> None:
        """Send malformed requests, each from another address."""
        for number, sent in enumerate(wire.MalformedRequests(self.marks, self.receipts[0])):
            who = self.people[number % len(self.people)]
            wire.exchange(self.port, sent, source=who.address)
            self.malformed_count += 1


@dataclass
class Visit:
    """The connection of one visitor."""

    group: VisitorGroup
    visitor: MarkedVisitor
    connection: HTTPConnection

    def request(self, method: str, path: str, body: object = None, **headers: str) -> VisitReply:
        """Send one request with all headers of this visitor; a lost connection gives status 0."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        named = {"Host": self.group.proxy.name} if self.group.proxy else {}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        for _ in range(_TRIES):
            try:
                self.connection.request(method, path, content, {**self.visitor.headers(), **named})
                answer = self.connection.getresponse()
                reply = VisitReply(path, answer.status, tuple(answer.getheaders()), answer.read())
                break
            except (OSError, HTTPException):  # a server that refuses a long body closes the connection
                self.connection.close()
                reply = VisitReply(path, 0, (), b"")
        self.group.record_reply(reply)
        return reply

    def request_message(self, placement: str = EMBEDDED, **more: str) -> str:
        """Request a message as a partner's page does, and return its receipt; empty if there is none."""
        reply = self.request("POST", DECIDE, {"placement": placement, "locale": "en", **more}, Origin=ORIGIN)
        receipt = json.loads(reply.body).get("receipt") if reply.status == 200 else None
        if not receipt:
            return ""
        self.group.receipts.append(receipt)
        return str(receipt)

    def report_outcome(self, receipt: str, *outcomes: str, **headers: str) -> VisitReply:
        """Report outcomes of a message, as one event or a list."""
        events = [{"receipt": receipt, "outcome": outcome} for outcome in outcomes]
        for event in events:
            if (outcome := OUTCOMES.get(event["outcome"])) and outcome.values:
                event["value"] = 3  # type: ignore[assignment]  # the others are strings
        return self.request("POST", EVENTS, events if len(events) > 1 else events[0], Origin=ORIGIN, **headers)

    def press(self, placement: str, query: str = "", **fields: str) -> VisitReply:
        """Submit the form of the hosted page."""
        return self.request("POST", f"/m/{placement}/{query}", urlencode(fields).encode())


# Visits


def visit_everything(visit: Visit) -> None:
    """Call every address of the audience surface with all its replies, then addresses for staff."""
    new = visit.visitor.marks.new
    _visit_hosted_page(visit)
    _call_api(visit)
    _send_invalid_requests(visit)
    for path in ("/health/live", "/health/ready", "/favicon.ico", *(f"/static/campaign/{name}" for name in _ASSETS)):
        visit.request("GET", f"{path}?{new()}={new()}")
        visit.request("DELETE", path)
    visit.request("GET", "/metrics", Authorization=f"Bearer {new()}")
    visit.request("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
    for path in (
        f"/{new()}",
        f"/campaigns/{new()}/",
        f"/api/v1/campaigns/{new()}",
        f"/static/{new()}.js",
        f"/.{new()}",
    ):
        visit.request("GET", f"{path}?{new()}={new()}")
    visit.request("GET", f"/?next={new()}", Host=f"{new().lower()}.example")
    visit.request("GET", f"/m/{HOSTED}/?{new()}", Host=f"{new().lower()}.example")
    visit.request("POST", "/sign-in/", urlencode({"username": new(), "password": new()}).encode())
    visit.request("POST", "/api/v1/token/", {"username": new(), "password": new()})


def _visit_hosted_page(visit: Visit) -> None:
    new = visit.visitor.marks.new
    page = visit.request("GET", f"/m/{HOSTED}/?{new()}={new()}&locale=en-{new()}")
    found = _RECEIPT.search(page.body)
    receipt = found[1].decode() if found else new()
    visit.group.receipts.append(receipt) if found else None
    visit.request("GET", f"/m/{HOSTED}/seen.gif?receipt={receipt}&{new()}={new()}")
    for fields in ({"rating": "4"}, {"outcome": "left"}, {"outcome": "help_self"}, {"outcome": new()}):
        visit.press(HOSTED, f"?{new()}={new()}", receipt=receipt, **{new(): new()}, **fields)
    for rest in (
        "left",
        "continued",
        "about",
        "thanks",
        "help/self",
        "help/affected",
        "help/worried",
        "unavailable",
        new(),
    ):
        visit.request("GET", f"/m/{HOSTED}/{rest}?{new()}")
    visit.request("GET", f"/m/{HOSTED}/?preview={new()}")
    visit.request("GET", f"/m/{new()}/?{new()}")
    visit.request("PUT", f"/m/{HOSTED}/", new().encode())


def _call_api(visit: Visit) -> None:
    new = visit.visitor.marks.new
    receipt = visit.request_message()
    visit.report_outcome(receipt, "exposed")
    visit.report_outcome(receipt, "exposed", "left", "rating", "dwell")
    visit.report_outcome(receipt, "exposed", new())
    for placement in (FIRST, SECOND):
        mine = visit.request_message(placement, unit=visit.visitor.unit)
        visit.report_outcome(mine, "exposed", "continued")
    tab = visit.request_message(TABS, session="new")
    visit.request_message(TABS, session=tab or "new")
    visit.request_message(TABS, session=new())
    for path in (DECIDE, EVENTS):
        visit.request("OPTIONS", f"{path}?{new()}", Origin=f"https://{new()}.example")


def _send_invalid_requests(visit: Visit) -> None:
    new = visit.visitor.marks.new
    fine = {"placement": EMBEDDED}
    for body in (
        {**fine, new(): new()},
        {**fine, "unit": f"{new()}@example.org"},
        {**fine, "locale": new() * 20},
        [new()],
    ):
        visit.request("POST", f"{DECIDE}?{new()}", body, Origin=ORIGIN)
    visit.request("POST", DECIDE, {"placement": new()})
    visit.request("POST", DECIDE, {"placement": EMPTY, "unit": new()})
    visit.request("POST", DECIDE, {**fine, "preview": new()})
    visit.request("POST", DECIDE, fine, Origin=f"https://{new()}.example")
    visit.request("GET", f"{DECIDE}?{quote(new())}")
    visit.request("POST", DECIDE, new().encode() * 400)
    visit.request("POST", DECIDE, f'{{"{new()}'.encode())
    for event in (
        {"receipt": visit.group._expired, "outcome": "exposed"},
        {"receipt": f"{new():A<112}", "outcome": "exposed"},
        {"receipt": new(), "outcome": new()},
        {"receipt": new(), "outcome": "exposed", new(): new()},
    ):
        visit.request("POST", f"{EVENTS}?{new()}", event, Origin=ORIGIN)


def provoke_errors(visit: Visit) -> None:
    """Make the server of tests.trust.application fail with the subject key in the exception."""
    visit.request("POST", DECIDE, {"placement": FIRST, "unit": f"stumble-{visit.visitor.unit}"}, Origin=ORIGIN)


def fail_to_sign_in(visit: Visit) -> None:
    """Sign in, open an invitation and pages while the database is unavailable, so that each fails with the request."""
    fields = {"username": visit.visitor.marks.new(), "password": visit.visitor.marks.new()}
    visit.request("POST", f"/sign-in/?{visit.visitor.marks.new()}", urlencode(fields).encode())
    visit.request("GET", f"/sign-in/?{visit.visitor.marks.new()}")
    for path in ("/welcome/{}/", "/campaigns/{}/", "/api/v1/campaigns/{}/"):
        visit.request("GET", path.format(visit.visitor.marks.new()))


def repeat_events(visit: Visit) -> None:
    """Request a message and report an event."""
    visit.report_outcome(visit.request_message() or visit.group.receipts[0], "exposed")
