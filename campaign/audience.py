"""The audience surface: a handful of routes in front of Django, so that no session, cookie, middleware or error
report ever meets a visitor. Each route is named by string, as in urls.py.

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
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.module_loading import import_string

from campaign.receipt import ReceiptOffice

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from campaign.served import ServedCounter
    from campaign.snapshot import Snapshot

log = logging.getLogger(__name__)

ROUTES = {
    "/api/v1/decide": "campaign.surface.decide",
    "/api/v1/events": "analytics.surface.events",
    "/health/live": "analytics.health.live",
    "/health/ready": "analytics.health.ready",
    "/metrics": "analytics.health.metrics",
}
HOSTED = "campaign.surface.hosted"
RECORD = "analytics.ingest.record"
ASSETS = ("tokens.css", "message.css", "page.js", "embed.js")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

STATUS = {
    200: "200 OK",
    204: "204 No Content",
    207: "207 Multi-Status",
    303: "303 See Other",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    409: "409 Conflict",
    410: "410 Gone",
    413: "413 Content Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}

Headers = list[tuple[str, str]]


class Reply(NamedTuple):
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


class Event(NamedTuple):
    """One verified outcome on its way to disk."""

    receipt: Any
    outcome: str
    value: int | None


class Surroundings(NamedTuple):
    """What a handler may use: the clock, the snapshot in memory, the receipt office, and how events are recorded."""

    clock: Callable[[], float]
    snapshot: Callable[[], Snapshot]
    office: ReceiptOffice
    life_hours: int
    record: Callable[[list[Event]], list[Refusal | None]]
    served: ServedCounter


Handler = Callable[["WSGIEnvironment", Surroundings], Reply]

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


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The request's body, or Refusal 413 above `limit` bytes; never more than limit + 1 bytes are held."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        # Judged by what it announces, without a wait for what may never come. int() refuses thousands of digits.
        digits = length.lstrip("0") or "0"
        if len(digits) > 9 or int(digits) > limit:
            raise Refusal(413, "body_too_large", f"The body may hold at most {limit} bytes.")
        body: bytes = environ["wsgi.input"].read(int(digits))
    else:
        body = environ["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise Refusal(413, "body_too_large", f"The body may hold at most {limit} bytes.")
    return body


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


def cross_origin(environ: WSGIEnvironment, allowed: frozenset[str]) -> Headers | None:
    """The headers that let this request's origin read the reply; None if it may not use this placement.

    No Origin header means a server or a plain navigation; our own host is always allowed.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return []
    if origin in allowed:
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    if origin.split("://", 1)[-1] == environ.get("HTTP_HOST"):
        return []
    return None


def preflight(allow: str) -> Reply:
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


def wants_not_to_be_counted(environ: WSGIEnvironment) -> bool:
    """Global Privacy Control or Do Not Track: the message is shown, no receipt is issued, nothing is counted."""
    return environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1"


class Audience:
    """The WSGI application of the audience surface; what it does not know goes on to `downstream`."""

    def __init__(self, downstream: WSGIApplication, surroundings: Surroundings) -> None:
        self._downstream = downstream
        self._surroundings = surroundings
        self._handlers: dict[str, Handler] = {path: import_string(name) for path, name in ROUTES.items()}
        self._hosted: Handler = import_string(HOSTED)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        handler = self._handlers.get(path)
        if handler is None:
            if path.startswith("/m/"):
                handler = self._hosted
            elif path == "/favicon.ico":
                handler = _no_icon
            elif path.startswith("/static/campaign/") and path[17:] in ASSETS:
                handler = _asset
            else:
                return self._downstream(environ, start_response)
        try:
            status, headers, body = handler(environ, self._surroundings)
        except Refusal as refusal:
            # A refusal holds nothing of anyone's, so any site may read why: a partner sees a clear line.
            status, headers, body = refusal_reply(refusal, [("Access-Control-Allow-Origin", "*")])
        except Exception as error:  # the last door: a visitor gets one shape, the log gets one word
            log.error("The audience surface failed: %s", type(error).__name__)
            status, headers, body = refusal_reply(Refusal(500, "internal_error", "Something went wrong on our side."))
        start_response(STATUS[status], [*headers, ("Content-Length", str(len(body)))])
        # A list: granian sends it in one piece, and steps through any other iterable from Python.
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []


def _asset(environ: WSGIEnvironment, surroundings: Surroundings) -> Reply:
    """A style sheet or script, the same for everybody: no validator that could serve as a mark on a device."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        raise Refusal(405, "method_not_allowed", "This address answers GET.")
    body, kind = _asset_bytes(environ["PATH_INFO"][17:])
    headers = [
        ("Content-Type", kind),
        ("Cache-Control", "public, max-age=3600"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
    ]
    return Reply(200, headers, body)


def _no_icon(environ: WSGIEnvironment, surroundings: Surroundings) -> Reply:
    """Browsers ask for an icon by themselves; there is none, and that is no error."""
    return Reply(204, [("Cache-Control", "public, max-age=86400")], b"")


@lru_cache(maxsize=len(ASSETS))
def _asset_bytes(name: str) -> tuple[bytes, str]:
    path = Path(__file__).parent / "static" / "campaign" / name
    return path.read_bytes(), _TYPES[path.suffix]


def mount(downstream: WSGIApplication, *, clock: Callable[[], float] = time.time) -> Audience:
    """The audience surface in front of `downstream`, with its snapshot and its served counter running."""
    from django.conf import settings

    from campaign.ring import Ring
    from campaign.served import ServedCounter
    from campaign.snapshot import Keeper
    from campaign.snapshot_file import SnapshotFile

    served = ServedCounter()
    served.keep_flushing(settings.SERVED_FLUSH_SECONDS)
    keeper = Keeper(SnapshotFile(settings.DATA_DIRECTORY / "snapshot.jsonl", keys=settings.KEY_DIRECTORY))
    keeper.refresh()
    keeper.keep_fresh(settings.SNAPSHOT_SECONDS)
    ring = Ring(settings.KEY_DIRECTORY, clock=clock)
    ring.keep_fresh()
    record = import_string(RECORD)
    surroundings = Surroundings(
        clock=clock,
        snapshot=lambda: keeper.current,
        office=ring.office,
        life_hours=settings.RECEIPT_LIFE_HOURS,
        record=lambda events: record(events, clock=clock),
        served=served,
    )
    return Audience(downstream, surroundings)
