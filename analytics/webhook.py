"""One note to an address that a plan names: over HTTPS, to public addresses alone, and the very one looked at.

The guards are those of messages.help_probe. It is sent on nowhere, and what comes back is not read beyond its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from messages import help_probe
from messages.help_probe import Connect, Resolve

SECONDS = 10.0


class NotTaken(Exception):
    """The address did not take the note; the name says how."""


def post(
    url: str,
    told: Mapping[str, str],
    *,
    once: str,
    resolve: Resolve | None = None,
    connect: Connect | None = None,
    seconds: float = SECONDS,
) -> None:
    """Send `told` as JSON; NotTaken, OSError or Unsafe if it was not taken. `once` is the same if it is sent again."""
    host, path = help_probe.parted(url)
    address = help_probe.public_of((resolve or help_probe.resolved)(host))
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": once,
        "User-Agent": "SecondThought",
        "Accept-Encoding": "identity",
    }
    connect = connect or help_probe.connected
    reply = help_probe.once("POST", host, path, address, connect, seconds, body=body, headers=headers)
    if not 200 <= reply.status < 300:
        raise NotTaken(f"status {reply.status}")
