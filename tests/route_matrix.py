"""Read campaign/permissions.toml: every route by method and role, and what else a route declares.

`python -m tests.route_matrix` writes docs/permissions.md from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MATRIX = ROOT / "campaign" / "permissions.toml"
PAGE = ROOT / "docs" / "permissions.md"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

MatrixCell = tuple[str, str, str]  # route, method, role


@cache
def load() -> Any:
    """The whole file."""
    with MATRIX.open("rb") as stream:
        return tomllib.load(stream)


@cache
def expected_outcomes() -> dict[MatrixCell, str]:
    """How each staff route answers each method and role."""
    rules, roles = load()["rules"], load()["roles"]
    return {
        (route, method, role): outcome
        for route, entry in load()["staff"].items()
        for method in METHODS
        for role, outcome in zip(roles, rules[_rule(entry, method)], strict=True)
    }


def expected_audience_outcomes() -> dict[tuple[str, str], str]:
    """How each route of the audience surface answers each method, whoever asks."""
    return {(route, method): _rule(entry, method) for route, entry in load()["audience"].items() for method in METHODS}


def _rule(entry: Mapping[str, str], method: str) -> str:
    """HEAD follows the rule of GET."""
    return entry.get("GET" if method == "HEAD" else method, entry["else"])


def readable_routes() -> list[str]:
    """The staff routes that an administrator may GET; nobody may read more of them."""
    cells = expected_outcomes()
    return [route for route in load()["staff"] if cells[route, "GET", "administrator"] == "allowed"]


def routes_with_counts() -> list[str]:
    """The staff routes that declare that counts of visitors leave through them."""
    return [route for route, entry in load()["staff"].items() if entry.get("counts")]


def reasons_not_a_page() -> dict[str, str]:
    """The routes that answer GET and are no page of ours, each with the reason."""
    return {route: entry["not_a_page"] for route, entry in load()["staff"].items() if "not_a_page" in entry}


def permissions_page() -> str:
    """The text of docs/permissions.md; Django's administration is one row."""
    cells, roles = expected_outcomes(), load()["roles"]
    head, rows = PAGE.read_text(encoding="utf-8").partition("| route |")[0], []
    for route, entry in load()["staff"].items():
        if not route.startswith("/admin/") or route == "/admin/":
            methods = [
                [m for m in METHODS if m not in ("HEAD", "OPTIONS") and cells[route, m, role] == "allowed"]
                for role in roles
            ]
            allowed = ["all" if len(some) == len(METHODS) - 2 else ", ".join(some) or "–" for some in methods]
            rows.append([f"`{route}`", *allowed, "yes" if entry.get("counts") else "–"])
    table = [["route", *roles, "counts"], ["---"] * (len(roles) + 2), *rows]
    return head + "".join(f"| {' | '.join(row)} |\n" for row in table)


if __name__ == "__main__":
    PAGE.write_text(permissions_page(), encoding="utf-8")
