"""One note to an address that a plan names: over HTTPS, to public addresses alone, and the very one looked at.

The guards are those of messages.public_http. It is sent on nowhere, and what comes back is not read beyond
its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from messages import public_http
from messages.public_http import TIMEOUT_SECONDS, Connector, Resolver


class WebhookRejected(Exception):
    """The address did not take the note; the name says how."""


def post(
    url: str,
    payload: Mapping[str, str],
    *,
    idempotency_key: str,
    resolve: Resolver | None = None,
    connect: Connector | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Send `told` as JSON; `once` is the same if it is sent again.

    Raises WebhookRejected, OSError or Unsafe if it was not accepted.
    """
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": idempotency_key,
        "User-Agent": "SecondThought",
        "Accept-Encoding": "identity",
    }
    reply = public_http.send_request(
        "POST", url, headers=headers, body=body, resolve=resolve, connect=connect, seconds=seconds
    )
    if not 200 <= reply.status < 300:
        raise WebhookRejected(f"status {reply.status}")
