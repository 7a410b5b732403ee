"""Refuse a request whose address or headers are longer than any of ours, before Django reads them.

Django parses some headers before any middleware runs, and takes quadratic time for a long Content-Type.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.utils.http import parse_header_parameters

from campaign.serving.http import Refusal, Reply, refusal_reply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# deploy/nginx.conf lets no line of a header through that is longer than 8 KiB.
MAX_ADDRESS_LENGTH = 8_192
MAX_HEADER_LENGTH = 8_192
MAX_LENGTH_OF_ALL = 32_768
# What parse_header_parameters reads; a boundary has at most 70 characters.
SHORTER_LIMITS = {"CONTENT_TYPE": 256, "HTTP_ACCEPT": 1_024}

# RFC 2231, which no client needs in these headers: Django and DRF raise errors for a character set that is unknown.
_EXTENDED_PARAMETER = re.compile(r"\*\s*=")


def check_headers(environ: WSGIEnvironment) -> None:
    """Raise Refusal 414, 431 or 400 for an address or headers that are too long or malformed."""
    if len(environ["PATH_INFO"]) + len(environ.get("QUERY_STRING", "")) > MAX_ADDRESS_LENGTH:
        raise Refusal(414, "address_too_long", f"An address may hold at most {MAX_ADDRESS_LENGTH:,} characters.")
    length_of_all = 0
    for name, value in environ.items():
        if name.startswith("HTTP_") or name == "CONTENT_TYPE":
            length_of_all += len(name) + len(value)
            if len(value) > SHORTER_LIMITS.get(name, MAX_HEADER_LENGTH) or length_of_all > MAX_LENGTH_OF_ALL:
                raise Refusal(431, "headers_too_long", "The headers of this request are too long.")
    for name in SHORTER_LIMITS:
        if _EXTENDED_PARAMETER.search(environ.get(name, "")):
            raise Refusal(400, "malformed_header", "A header of this request is malformed.")
    _, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal(400, "unsupported_charset", "The body of a request is read as UTF-8.")


def limit_headers(downstream: WSGIApplication) -> WSGIApplication:
    """An application that checks the headers of a request before `downstream` sees it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            check_headers(environ)
        except Refusal as refusal:
            return start_reply(refusal_reply(refusal), environ, start_response)
        return downstream(environ, start_response)

    return application


def start_reply(reply: Reply, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """Send a reply's status and headers; return its body, which HEAD has not."""
    length = ("Content-Length", str(len(reply.body)))
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", [*reply.headers, length])
    return [reply.body] if environ["REQUEST_METHOD"] != "HEAD" else []
