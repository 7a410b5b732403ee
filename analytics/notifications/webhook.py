"""One note to an address that a plan names: over HTTPS, to public addresses alone, and the very one looked at.

The guards are those of messages.help_links.link_checker. It is sent on nowhere, and what comes back is not read beyond
its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from messages.help_links import link_checker
from messages.help_links.link_checker import Connector, Resolver

TIMEOUT_SECONDS = 10.0


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
    host, path = link_checker.split_url(url)
    address = link_checker.choose_public_address((resolve or link_checker.resolve_host)(host))
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": idempotency_key,
        "User-Agent": "SecondThought",
        "Accept-Encoding": "identity",
    }
    connect = connect or link_checker.open_connection
    reply = link_checker.send_request("POST", host, path, address, connect, seconds, body=body, headers=headers)
    if not 200 <= reply.status < 300:
        raise WebhookRejected(f"status {reply.status}")
