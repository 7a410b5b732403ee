"""Post a notice to the webhook of a plan, over HTTPS and to public addresses only.

`messages.help_links.link_checker` checks the address and connects to that same address. Redirects are not followed,
and only the status of the response is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from messages.help_links import link_checker
from messages.help_links.link_checker import Connector, Resolver

TIMEOUT_SECONDS = 10.0


class WebhookRejected(Exception):
    """The webhook did not answer with success."""


def post(
    url: str,
    payload: Mapping[str, str],
    *,
    idempotency_key: str,
    resolve: Resolver | None = None,
    connect: Connector | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Send `payload` as JSON. Retries use the same `idempotency_key`.

    Raise WebhookRejected, OSError or UnsafeAddress if it is not accepted.
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
