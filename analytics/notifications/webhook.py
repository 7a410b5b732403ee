"""One note to an address that a plan names: over HTTPS, to public addresses alone, and the very one looked at.

The guards are those of messages.help_links.link_checker. It is sent on nowhere, and what comes back is not read beyond
its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from messages.help_links import link_checker
from messages.help_links.link_checker import Connect, Resolve

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
    host, path = link_checker.parted(url)
    address = link_checker.public_of((resolve or link_checker.resolved)(host))
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": once,
        "User-Agent": "SecondThought",
        "Accept-Encoding": "identity",
    }
    connect = connect or link_checker.connected
    reply = link_checker.once("POST", host, path, address, connect, seconds, body=body, headers=headers)
    if not 200 <= reply.status < 300:
        raise NotTaken(f"status {reply.status}")
