"""Read routes as an administrator does: everything that staff are shown about the campaign "pilot"."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from django.test import Client

from analytics.shared_links import links, opened
from tests import permissions, world

# Drawn anew for each request: CSRF tokens, the mark of a form, a passkey's challenge, preview links; and the time.
_VARIES = re.compile(
    r'value="\w{64}"|name="once" value="[\w-]+"|csrf-token="\w+"|data-options="[^"]*"|href="/m/[^"]*"|As of \d\d:\d\d'
)


def read_routes(routes: Iterable[str]) -> dict[str, str]:
    """The body that each route answers with, without what varies from request to request."""
    client = Client()
    world.sign_in(client, world.person("adam", "administrator"))
    open_shared_link(client)
    paths = {route: permissions.example_path(route) for route in routes}
    with permissions.undrawn_plans():
        return {route: _read(client, path) for route, path in paths.items()}


def open_shared_link(client: Client) -> None:
    """Open the link that tests/permissions.py gives, as its code does."""
    session, name = client.session, links.digest_of(permissions.SHARED_TOKEN)[:16]
    session[opened.OPENED_KEY] = {name: int(time.time())}
    session.save()


def _read(client: Client, path: str) -> str:
    response = client.get(path, {"page_size": 200} if "/tallies/" in path else {})
    has_nothing_yet = response.status_code == 404 and ("/published/" in path or "/files/" in path)
    assert response.status_code < 400 or has_nothing_yet, (
        f"{path} answers {response.status_code}: fill in its arguments in tests/permissions.py"
    )
    body = b"".join(response) if response.streaming else response.content
    return _VARIES.sub("", body.decode("utf-8", "surrogateescape"))
