"""The yardstick: an application that answers every request with the same bytes and looks at nothing, on the interface
that production uses.

`CONSTANT_BYTES` says how long the body is. The headers are as many as the audience surface sends.
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
    """The same reply to everything."""
    protocol.response_bytes(200, _HEADERS, _BODY)
