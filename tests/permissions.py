"""The matrix of campaign/permissions.toml beside what the routes really answer, cell by cell."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache as throttles
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from campaign.keys import store
from campaign.serving import application
from campaign.serving.routing import registered_routes
from tests import world

MATRIX = Path(application.__file__).parent.with_name("permissions.toml")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

MatrixCell = tuple[str, str, str]  # route, method, role


@cache
def _told() -> Any:
    with MATRIX.open("rb") as stream:
        return tomllib.load(stream)


def expected_outcomes() -> dict[MatrixCell, str]:
    """What each cell of a staff route should answer."""
    rules, routes = _told()["rules"], _told()["staff"]
    return {
        (route, method, role): answer
        for route, told in routes.items()
        for method in METHODS
        for role, answer in zip(_told()["roles"], rules[_of(told, method)], strict=True)
    }


def expected_audience_outcomes() -> dict[tuple[str, str], str]:
    """What each route of the audience surface should answer, whoever asks."""
    return {(route, method): _of(told, method) for route, told in _told()["audience"].items() for method in METHODS}


def _of(told: Mapping[str, str], method: str) -> str:
    """HEAD has the rule of GET."""
    return told.get("GET" if method == "HEAD" else method, told["else"])


def staff_routes() -> set[str]:
    """Every pattern of the URLconf, included ones as well."""

    def below(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield path
            else:
                yield from below(pattern, path)

    return set(below(get_resolver(), "/"))


def audience_routes() -> set[str]:
    """Every route that stands in front of Django."""
    return {
        *application.ROUTES,
        *registered_routes(),
        "/m/<placement>/",
        *(f"/static/campaign/{a}" for a in application.ASSETS),
    }


def classify_response(status: int, location: str = "") -> str:
    """The class of an answer. Whatever was let through counts as allowed, also if it then could not be done."""
    if status == 401 or (status == 302 and "login/?next=" in location) or location.startswith("/sign-in/?next="):
        return "sign in"
    known = {403: "forbidden", 404: "not found", 405: "no such method"}
    return known.get(status, "allowed" if status < 404 or status in (409, 413, 415) else f"status {status}")


def actual_outcomes(route: str) -> dict[MatrixCell, str]:
    """What a staff route answers to each method and role; nothing that was done stays."""
    path = example_path(route)
    return {
        (route, method, role): _ask(client, method, path)
        for role, client in clients_by_role().items()
        for method in METHODS
    }


def actual_audience_outcomes(route: str, site: world.AudienceSite) -> dict[tuple[str, str], str]:
    """What a route of the audience surface answers to each method."""
    path = route.replace("<placement>", "quiet-page")
    return {(route, method): classify_response(site.request(method, path, b"{}").status) for method in METHODS}


def differences(route: str) -> list[str]:
    """The cells of a route that do not answer as declared, each as a sentence."""
    told = expected_outcomes()
    return [
        f"{method} {route} as {role}: {answer}, declared {told.get((route, method, role))}"
        for (_, method, role), answer in actual_outcomes(route).items()
        if answer != told.get((route, method, role))
    ]


def table() -> list[str]:
    """Who may do what, as rows of Markdown for docs/architecture.md; the administration as one row."""
    cells, roles = expected_outcomes(), _told()["roles"]
    rows = ["| route | " + " | ".join(roles) + " |", "|---" * (len(roles) + 1) + "|"]
    for route in _told()["staff"]:
        if not route.startswith("/admin/") or route == "/admin/":
            lets_in = [
                [m for m in METHODS if m not in ("HEAD", "OPTIONS") and cells[(route, m, role)] == "allowed"]
                for role in roles
            ]
            told = ["all" if len(found) == len(METHODS) - 2 else ", ".join(found) or "–" for found in lets_in]
            rows.append(f"| `{route}` | " + " | ".join(told) + " |")
    return rows


def _ask(client: Client, method: str, path: str) -> str:
    throttles.clear()
    mine = SimpleCookie(client.cookies)  # signing out takes them away
    with transaction.atomic():
        response = client.generic(method, path, b"", "application/json" if path.startswith("/api/") else "text/plain")
        transaction.set_rollback(True)
    client.cookies = mine
    return classify_response(response.status_code, response.headers.get("Location", ""))


def clients_by_role() -> dict[str, Client]:
    people: dict[str, User | None] = {"stranger": None, "no role": world.person("nobody")}
    people |= {role: world.person(f"the {role}", role) for role in _told()["roles"][2:]}
    clients = {}
    for role, person in people.items():
        clients[role] = Client(raise_request_exception=False)
        if person is not None:
            world.sign_in(clients[role], person)
    return clients


UNKNOWN = 999_999  # a campaign that no database knows


def example_path(route: str) -> str:
    """A path that the route matches, of things that are there: an account, a key, a factor that is somebody else's."""
    if route.startswith("/keys/<"):
        store.subject_secret(settings.KEY_DIRECTORY, UNKNOWN)
    somebody = world.person("somebody else", "analyst")
    world.second_factor(somebody)
    kept = {"second-factor": Authenticator.objects.get(user=somebody).pk, "user": somebody.pk, "people": somebody.pk}
    place = world.placement()  # whose contact is the one who asks
    place.partner.contacts.add(world.person("the partner contact", "partner contact"))
    kept["partners"] = place.partner.pk
    pk = str(next((pk for name, pk in kept.items() if f"/{name}/" in route), 1))
    for placeholder, value in {
        "<slug:slug>": "pilot",
        "/keys/<slug:key>/": f"/keys/campaign-{UNKNOWN}/",
        "<slug:key>/<int:number>/<locale>": "neutral-0/1/en",
        "<slug:key>": "neutral-0",
        "<str:locale>": "en",
        "<int:a>": "1",
        "<int:b>": "1",
        "<slug:link>": "help-self",
        "<slug:step>": "learn",
        "<slug:arm>": "both",
        "<slug:place>": place.key,
        "<int:look>": "1",
        "<str:token>": "not-one-of-ours",
        "<int:pk>": pk,
        "<path:object_id>": pk,
        "^(?P<app_label>auth)/$": "auth/",
        "(?P<url>.*)$": "nothing-here/",
    }.items():
        route = route.replace(placeholder, value)
    return route
