"""The yardsticks: applications that answer every request with the same bytes, on the interface of production.

`CONSTANT_BYTES` is the length of the body. The headers are those that the audience surface sends to a partner's page.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from granian.rsgi import HTTPProtocol, Scope

_BODY = b"x" * int(os.environ.get("CONSTANT_BYTES", "1024"))
_HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Access-Control-Allow-Origin", "https://partner.example"),
    ("Vary", "Origin"),
]


async def application(scope: Scope, protocol: HTTPProtocol) -> None:
    """Answer without looking at the request."""
    protocol.response_bytes(200, _HEADERS, _BODY)


async def reading_application(scope: Scope, protocol: HTTPProtocol) -> None:
    """Read the request's body, then answer: the limit that a handler can be judged by."""
    await protocol()
    protocol.response_bytes(200, _HEADERS, _BODY)
