"""The yardstick: a WSGI application that answers every request with the same bytes and looks at nothing.

`CONSTANT_BYTES` says how long the body is. The headers are as many as the audience surface sends.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

_BODY = [b"x" * int(os.environ.get("CONSTANT_BYTES", "1024"))]
_HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Access-Control-Allow-Origin", "https://partner.example"),
    ("Vary", "Origin"),
    ("Content-Length", str(len(_BODY[0]))),
]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The same reply to everything; a list, which granian sends without a detour."""
    start_response("200 OK", _HEADERS)
    return _BODY
