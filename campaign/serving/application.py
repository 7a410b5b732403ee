"""The audience surface: a handful of routes in front of Django, so that no session, cookie, middleware or error
report ever meets a visitor. Each route is named by string, as in urls.py.

It knows neither server nor thread: a door (campaign.rsgi in production, campaign.wsgi anywhere) makes a Request,
asks for the answer, and stores the events that the answer waits for.

    POST /api/v1/decide            which message, and its receipt
    POST /api/v1/events            what was done with it
    GET  /m/<placement>/...        the hosted page and its quiet neighbours; POST: its form, without JavaScript
    GET  /static/campaign/...      the assets of the above, from memory
    GET  /favicon.ico              nothing, quietly
    GET  /health/..., /metrics     how the installation is, for whoever runs it

Logs of this surface hold the name of an error and nothing of the request.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.utils.module_loading import import_string

from campaign.assignment.receipts import ReceiptSigner

if TYPE_CHECKING:
    from campaign.serving.exclusions import Exclusions
    from campaign.serving.served_counts import ServedCounter
    from campaign.serving.snapshot import Snapshot

log = logging.getLogger(__name__)

ROUTES = {
    "/api/v1/decide": "campaign.serving.endpoints.DECIDE_ROUTE",
    "/api/v1/events": "analytics.ingest.endpoint.EVENTS_ROUTE",
    "/health/live": "analytics.health.LIVE_ROUTE",
    "/health/ready": "analytics.health.READY_ROUTE",
    "/metrics": "analytics.health.METRICS_ROUTE",
}
HOSTED_ROUTE = "campaign.serving.endpoints.HOSTED_ROUTE"
RECORDER_FACTORY = "analytics.ingest.writer.event_writer"
ASSETS = ("tokens.css", "message.css", "page.js", "embed.js")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Reply:
    """What goes back: a status, headers, and the whole body."""

    status: int
    headers: Headers
    body: bytes


class Refusal(Exception):
    """A request that cannot be served, in the one error shape."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.fields = status, code, message, dict(fields or {})

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "fields": self.fields}


def not_recorded_refusal() -> Refusal:
    """The answer when the disk did not take an event: send it again."""
    return Refusal(503, "not_recorded", "This could not be stored just now. Please send it again.")


class OutcomeEvent(NamedTuple):
    """One verified outcome on its way to disk."""

    receipt: Any
    outcome: str
    value: int | None


RecordResults = Sequence["Refusal | None"]


class PendingReply(NamedTuple):
    """Events to put on disk before anyone is answered, and the reply once it is known which of them count."""

    events: list[OutcomeEvent]
    build_reply: Callable[[RecordResults], Reply]


@dataclass(slots=True)
class Request:
    """What came in. `header` finds one by its name in lower case; `peer` tells where the connection came from;
    `body` is None if it is longer than its route takes, and never held then."""

    method: str
    path: str
    query: str
    header: Callable[[str], str | None]
    peer: Callable[[], str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class ServingContext:
    """What a handler may use: the clock, the snapshot in memory, the receipt office, the count of what is sent,
    and what should not count."""

    clock: Callable[[], float]
    snapshot: Callable[[], Snapshot]
    receipt_signer: ReceiptSigner
    receipt_life_hours: int
    served_counter: ServedCounter
    exclusions: Exclusions


Handler = Callable[[Request, ServingContext], Reply | PendingReply]


@dataclass(frozen=True, slots=True)
class Route:
    """A handler, the most bytes it takes, whether it asks a database (then it may not hold up the others), and
    whether it looks at the query: to copy that for nobody costs time."""

    handler: Handler
    max_body_bytes: int = 0
    is_blocking: bool = False
    reads_query: bool = False


class EventRecorder(Protocol):
    """What puts events on disk: while the caller waits, or answering later from a thread of its own."""

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults: ...

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        """Later `deliver` gets the answers to all who wait at it, each with its ticket, in one call."""
        ...


DeliverResults = Callable[[list[tuple[Any, RecordResults]]], object]

JSON_HEADERS: Headers = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]


# Made once: json.dumps builds a new encoder at each call that names separators.
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def json_reply(status: int, value: object, headers: Headers | None = None) -> Reply:
    """A value as JSON that no cache may keep."""
    return Reply(status, [*JSON_HEADERS, *(headers or [])], _ENCODER.encode(value).encode())


def refusal_reply(refusal: Refusal, headers: Headers | None = None) -> Reply:
    """A refusal in the one error shape."""
    return json_reply(refusal.status, {"error": refusal.as_dict()}, headers)


def parse_content_length(text: str | None) -> int | None:
    """What a Content-Length says, so that it can be judged without a wait for what may never come; None if it says
    nothing. More than nine digits are as good as endless, and int() refuses thousands of them."""
    if not text or not (text.isascii() and text.isdigit()):
        return None
    return int(text if len(text) < 10 else text.lstrip("0")[:10] or "0")


def incomplete_body_refusal() -> Refusal:
    """The answer to a body that ends before its announced length."""
    return Refusal(400, "incomplete_body", "The body ended too early.")


def read_body(request: Request, limit: int) -> bytes:
    """The request's body, or Refusal 413 above `limit` bytes."""
    if request.body is None or len(request.body) > limit:
        raise Refusal(413, "body_too_large", f"The body may hold at most {limit} bytes.")
    return request.body


def _no_constant(name: str) -> None:
    raise ValueError(name)


# Made once: json.loads builds a new decoder at each call that names parse_constant.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parse_json(body: bytes) -> Any:
    """The body as JSON in UTF-8, or Refusal 400; NaN, Infinity and endless nesting are not JSON here."""
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None


def cors_headers(request: Request, allowed: frozenset[str]) -> Headers | None:
    """The headers that let this request's origin read the reply; None if it may not use this placement.

    No Origin header means a server or a plain navigation; our own host is always allowed.
    """
    origin = request.header("origin")
    if origin is None:
        return []
    if origin in allowed:
        return _readable_by(origin)
    if origin.split("://", 1)[-1] == request.header("host"):
        return []
    return None


@lru_cache(maxsize=256)
def _readable_by(origin: str) -> Headers:
    return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]


def preflight_reply(allow: str) -> Reply:
    """The answer to OPTIONS: any site may ask; the placement's list decides at the request itself."""
    return Reply(
        204,
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", allow),
            ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Max-Age", "600"),
        ],
        b"",
    )


def has_privacy_signal(request: Request) -> bool:
    """Global Privacy Control or Do Not Track: the message is shown, no receipt is issued, nothing is counted."""
    return request.header("sec-gpc") == "1" or request.header("dnt") == "1"


class AudienceApplication:
    """Finds the route and its answer. Whatever goes wrong, there is a reply in the one error shape."""

    def __init__(self, surroundings: ServingContext, recorder: EventRecorder) -> None:
        self.clock = surroundings.clock
        self.recorder: EventRecorder = recorder
        self.context = surroundings
        self._routes: dict[str, Route] = {path: import_string(name) for path, name in ROUTES.items()}
        self._hosted: Route = import_string(HOSTED_ROUTE)

    def find_route(self, path: str) -> Route | None:
        """The route of this path; None: it is not the audience's."""
        route = self._routes.get(path)
        if route is not None:
            return route
        if path.startswith("/m/"):
            return self._hosted
        if path == "/favicon.ico":
            return _NO_ICON
        if path.startswith("/static/campaign/") and path[17:] in ASSETS:
            return _ASSET
        return None

    def handle(self, route: Route, request: Request) -> Reply | PendingReply:
        """The reply, or what has to be on disk before there is one."""
        try:
            return route.handler(request, self.context)
        except Exception as error:
            return self.error_reply(error)

    def complete(self, recording: PendingReply, answers: RecordResults) -> Reply:
        """The reply once the events are on disk, or are not."""
        try:
            return recording.build_reply(answers)
        except Exception as error:
            return self.error_reply(error)

    def error_reply(self, error: Exception) -> Reply:
        """The last door: a visitor gets one shape, the log gets one word."""
        if isinstance(error, Refusal):
            # A refusal holds nothing of anyone's, so any site may read why: a partner sees a clear line.
            return refusal_reply(error, [("Access-Control-Allow-Origin", "*")])
        log.error("The audience surface failed: %s", type(error).__name__)
        return refusal_reply(Refusal(500, "internal_error", "Something went wrong on our side."))


def _asset(request: Request, surroundings: ServingContext) -> Reply:
    """A style sheet or script, the same for everybody: no validator that could serve as a mark on a device."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "method_not_allowed", "This address answers GET.")
    body, kind = _asset_bytes(request.path[17:])
    headers = [
        ("Content-Type", kind),
        ("Cache-Control", "public, max-age=3600"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    return Reply(200, headers, body)


def _no_icon(request: Request, surroundings: ServingContext) -> Reply:
    """Browsers ask for an icon by themselves; there is none, and that is no error."""
    return Reply(204, [("Cache-Control", "public, max-age=86400")], b"")


@lru_cache(maxsize=len(ASSETS))
def _asset_bytes(name: str) -> tuple[bytes, str]:
    path = Path(__file__).parent.parent / "static" / "campaign" / name
    return path.read_bytes(), _TYPES[path.suffix]


_ASSET, _NO_ICON = Route(_asset), Route(_no_icon)


def create_audience_application(*, clock: Callable[[], float] = time.time) -> AudienceApplication:
    """The audience surface, with its snapshot and its served counter running."""
    from django.conf import settings

    from campaign.keys.reloader import KeyReloader
    from campaign.serving import bots
    from campaign.serving.exclusions import Exclusions
    from campaign.serving.rate_limit import NetworkRateLimit
    from campaign.serving.served_counts import ServedCounter
    from campaign.serving.snapshot import SnapshotRefresher
    from campaign.serving.snapshot_file import SnapshotFile

    served = ServedCounter()
    served.start_flushing(settings.SERVED_FLUSH_SECONDS)
    keeper = SnapshotRefresher(
        SnapshotFile(settings.DATA_DIRECTORY / "snapshot.jsonl", key_directory=settings.KEY_DIRECTORY)
    )
    keeper.refresh()
    keeper.start_refreshing(settings.SNAPSHOT_SECONDS)
    ring = KeyReloader(settings.KEY_DIRECTORY, clock=clock)
    ring.start_refreshing()
    surroundings = ServingContext(
        clock=clock,
        snapshot=lambda: keeper.current,
        receipt_signer=ring.receipt_signer,
        receipt_life_hours=settings.RECEIPT_LIFE_HOURS,
        served_counter=served,
        exclusions=Exclusions(
            bots.load_bot_list(), NetworkRateLimit(settings.NETWORK_LIMIT), behind_proxy=settings.BEHIND_TLS_PROXY
        ),
    )
    return AudienceApplication(surroundings, import_string(RECORDER_FACTORY)())
