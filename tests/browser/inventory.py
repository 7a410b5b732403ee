"""List every page from the matrix of routes and roles, so that a new route is proven without being listed here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests import route_matrix

# The role that opens a page when several may is the one that sees the most on it.
_ROLES_BY_VIEW = ("administrator", "manager", "reviewer", "analyst", "no role", "stranger")
PAGES_FILE = Path(__file__).with_name("pages.toml")
ADVICE = (
    "add it to tests/browser/cast.py, or name another address under [addresses] in tests/browser/pages.toml, "
    "or say with not_a_page in campaign/permissions.toml why it is no page."
)


@cache
def page_settings() -> Any:
    with PAGES_FILE.open("rb") as stream:
        return tomllib.load(stream)


def roles_allowed(route: str) -> list[str]:
    """The roles that may GET a route, by the matrix."""
    cells = route_matrix.expected_outcomes()
    return [role for role in _ROLES_BY_VIEW if cells[route, "GET", role] == "allowed"]


def routes() -> list[str]:
    """The routes that somebody may GET and that are neither the API nor Django's administration."""
    known = {route for route, _, _ in route_matrix.expected_outcomes()} - set(route_matrix.reasons_not_a_page())
    return sorted(
        route for route in known if not route.startswith(("/api/v", "/api/schema", "/admin/")) and roles_allowed(route)
    )


def admin_routes() -> list[str]:
    """Django's own pages, held to the content security policy and to a silent console alone."""
    return sorted(
        {
            r
            for r, _, _ in route_matrix.expected_outcomes()
            if r.startswith("/admin/") and "administrator" in roles_allowed(r)
        }
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one of its states, as one role sees it; `send` names a button to press first."""

    route: str
    role: str
    state: str = ""
    address: str = ""  # empty: the address of the route
    send: str = ""
    made: str = ""  # the name of a page that tests/browser/cast.py makes
    status: int = 200

    def __str__(self) -> str:
        return " ".join(filter(None, (self.route, self.state, f"as {self.role}")))


def pages() -> list[Page]:
    """Each page in each of its states, as the role that sees the most on it."""
    listed = []
    for route in routes():
        # The sign-in page sends on whoever is signed in.
        role = "stranger" if "stranger" in roles_allowed(route) else roles_allowed(route)[0]
        listed.append(Page(route, role))
        listed += [
            Page(route, role, state, address) for state, address in page_settings()["states"].get(route, {}).items()
        ]
        if button := page_settings()["sent-empty"].get(route):
            listed.append(Page(route, role, "sent empty", send=button))
    return [
        *listed,
        *(Page("", state=state, **({"role": "stranger"} | how)) for state, how in page_settings()["others"].items()),
    ]


def other_roles() -> list[Page]:
    """The same pages as every other role that may open them."""
    return [
        Page(route, role)
        for route in routes()
        if "stranger" not in roles_allowed(route)
        for role in roles_allowed(route)[1:]
    ]


def address(page: Page, cast: Mapping[str, Any]) -> str:
    """The path of a page. Raise LookupError, with what to do, for a route whose arguments are not filled in."""
    if page.made:
        return str(cast["made"].get(page.made, f"/drawn/{page.made}/"))
    path = str(
        page.address or page_settings()["addresses"].get(page.route) or cast["addresses"].get(page.route, page.route)
    )
    if "<" in path or "(?P" in path:
        raise LookupError(
            f"The page {page.route} has no recipe for its arguments: fill them in in `address` of "
            f"tests/permissions.py, or name an address for it under [addresses] in tests/browser/{PAGES_FILE.name}."
        )
    return path
