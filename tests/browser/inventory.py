"""Every page there is: from the matrix of routes and roles, so that a new route is looked at without being listed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests import permissions

# Who opens a page when several may: whoever sees the most on it.
_BEST_FIRST = ("administrator", "manager", "reviewer", "analyst", "no role", "stranger")
PAGES_FILE = Path(__file__).with_name("pages.toml")
ADVICE = (
    "add it to tests/browser/cast.py, or name another address under [addresses] in tests/browser/pages.toml, "
    "or say under [elsewhere] why it is no page."
)


@cache
def page_settings() -> Any:
    with PAGES_FILE.open("rb") as stream:
        return tomllib.load(stream)


def roles_allowed(route: str) -> list[str]:
    """The roles that may GET a route, by the matrix."""
    cells = permissions.expected_outcomes()
    return [role for role in _BEST_FIRST if cells[route, "GET", role] == "allowed"]


def routes() -> list[str]:
    """The routes that somebody may GET and that are neither the API nor Django's administration."""
    known = sorted({route for route, _, _ in permissions.expected_outcomes()})
    ours = [
        r
        for r in known
        if not r.startswith(("/api/v", "/api/schema", "/admin/")) and r not in page_settings()["elsewhere"]
    ]
    return [route for route in ours if roles_allowed(route)]


def admin_routes() -> list[str]:
    """Django's own pages: drawn by Django, held to the policy and to silence."""
    return sorted(
        {
            r
            for r, _, _ in permissions.expected_outcomes()
            if r.startswith("/admin/") and "administrator" in roles_allowed(r)
        }
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page as one role sees it; `state` says which of its states, `send` which button to press first."""

    route: str
    role: str
    state: str = ""
    address: str = ""  # the route's own if empty
    send: str = ""
    made: str = ""  # a page that tests/browser/cast.py makes
    status: int = 200

    def __str__(self) -> str:
        return " ".join(filter(None, (self.route, self.state, f"as {self.role}")))


def pages() -> list[Page]:
    """Each page in each of its states, as whoever sees the most on it."""
    found = []
    for route in routes():
        # Somebody who is signed in is sent on from the page to sign in.
        role = "stranger" if "stranger" in roles_allowed(route) else roles_allowed(route)[0]
        found.append(Page(route, role))
        found += [
            Page(route, role, state, address) for state, address in page_settings()["states"].get(route, {}).items()
        ]
        if button := page_settings()["sent-empty"].get(route):
            found.append(Page(route, role, "sent empty", send=button))
    return [
        *found,
        *(Page("", state=state, **({"role": "stranger"} | how)) for state, how in page_settings()["others"].items()),
    ]


def other_roles() -> list[Page]:
    """The same pages for everybody else who may open them."""
    return [
        Page(route, role)
        for route in routes()
        if "stranger" not in roles_allowed(route)
        for role in roles_allowed(route)[1:]
    ]


def address(page: Page, cast: Mapping[str, Any]) -> str:
    """Where to go; a sentence that says what to do for a route whose arguments nobody has filled in."""
    if page.made:
        return str(cast["made"].get(page.made, f"/drawn/{page.made}/"))
    found = str(
        page.address or page_settings()["addresses"].get(page.route) or cast["addresses"].get(page.route, page.route)
    )
    if "<" in found or "(?P" in found:
        raise LookupError(
            f"The page {page.route} has no recipe for its arguments: fill them in in `address` of "
            f"tests/permissions.py, or name an address for it under [addresses] in tests/browser/{PAGES_FILE.name}."
        )
    return found
