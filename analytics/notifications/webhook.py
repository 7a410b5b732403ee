"""Post a notice to the webhook of a plan, over HTTPS, to public addresses only and without following redirects."""

import json
from collections.abc import Mapping

from messages import public_http
from messages.public_http import TIMEOUT_SECONDS, Connector, Resolver


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
    """Send `payload` as JSON. Raise WebhookRejected, OSError or UnsafeAddress if it is not accepted."""
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
