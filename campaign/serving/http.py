"""Requests, replies and refusals of the audience surface, whatever server carries them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Headers = list[tuple[str, str]]

MAX_HEADER_LENGTH = 1024


@dataclass(slots=True)
class Reply:
    """A status, headers, and the whole body."""

    status: int
    headers: Headers
    body: bytes


@dataclass(slots=True)
class Request:
    """One request.

    `raw_header` looks up a header by its name in lower case, and `peer` returns the address of the connection. `body`
    is None if it exceeds the limit of its route; an oversized body is never held in memory.
    """

    method: str
    path: str
    query: str
    raw_header: Callable[[str], str | None]
    peer: Callable[[], str]
    body: bytes | None

    def header(self, name: str) -> str | None:
        """The beginning of a header: nothing that we understand is longer, so checks need not read on."""
        value = self.raw_header(name)
        return value if value is None or len(value) <= MAX_HEADER_LENGTH else value[:MAX_HEADER_LENGTH]


class Refusal(Exception):
    """A request that cannot be served, in the one error shape."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.fields = status, code, message, dict(fields or {})

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "fields": self.fields}


def not_recorded_refusal() -> Refusal:
    """The answer when an event could not be written to disk: send it again."""
    return Refusal(503, "not_recorded", "This could not be stored just now. Please send it again.")


def incomplete_body_refusal() -> Refusal:
    """The answer to a body that ends before its announced length."""
    return Refusal(400, "incomplete_body", "The body ended too early.")


JSON_HEADERS: Headers = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]


CACHEABLE_JSON_HEADERS: Headers = [
    *(header for header in JSON_HEADERS if header[0] != "Cache-Control"),
    ("Access-Control-Allow-Origin", "*"),
]


# Shared: json.dumps builds a new encoder on each call that passes separators.
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def json_reply(status: int, value: object, headers: Headers | None = None) -> Reply:
    """A value as JSON that no cache may keep."""
    return Reply(status, [*JSON_HEADERS, *(headers or [])], _ENCODER.encode(value).encode())


def refusal_reply(refusal: Refusal, headers: Headers | None = None) -> Reply:
    """A refusal in the one error shape."""
    return json_reply(refusal.status, {"error": refusal.as_dict()}, headers)


def parse_content_length(text: str | None) -> int | None:
    """The announced length of the body, or None without a valid Content-Length.

    Only the first ten digits are read: more are beyond every limit, and int() refuses thousands of them.
    """
    if not text or not (text.isascii() and text.isdigit()):
        return None
    return int(text if len(text) < 10 else text.lstrip("0")[:10] or "0")


def read_body(request: Request, limit: int) -> bytes:
    """The request's body, or Refusal 413 above `limit` bytes."""
    if request.body is None or len(request.body) > limit:
        raise Refusal(413, "body_too_large", f"The body may hold at most {limit} bytes.")
    return request.body


def _reject_constant(name: str) -> None:
    raise ValueError(name)


_NO_SMALL_INTEGER = 0.5


def _parse_fraction(digits: str) -> float:
    """4.0 is 4, as JSON has one kind of number; no other number with a point is converted."""
    whole, _, fraction = digits.partition(".")
    return _parse_small_integer(whole) if fraction == "0" else _NO_SMALL_INTEGER


def _parse_small_integer(digits: str) -> float:
    return int(digits) if len(digits) < 10 else _NO_SMALL_INTEGER


# Shared: json.loads builds a new decoder on each call that passes parse_constant. Fields hold small integers or text,
# so no other number is converted but 4.0: the 18,000 slowest fractions that fit into a body took a tenth of a second.
_DECODER = json.JSONDecoder(
    parse_constant=_reject_constant, parse_float=_parse_fraction, parse_int=_parse_small_integer
)


def parse_json(body: bytes) -> Any:
    """The body as JSON in UTF-8, or Refusal 400; NaN, Infinity and excessive nesting are refused too.

    A number that is no integer of at most nine digits, 4.0 among them, is read as 0.5, which no field takes.
    """
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        raise Refusal(400, "malformed_json", "The body is not valid JSON.") from None
