"""Ask every route by every method as every role, and compare the answers with campaign/permissions.toml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from unittest import mock

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache as throttles
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from analytics.models import PublicPage
from campaign.keys import store
from campaign.lifecycle.draft_versions import assign_outside_reviewers
from campaign.models import Campaign
from campaign.placements.pinned_embed import pinned_embed
from campaign.serving import application, assets
from campaign.serving.routing import registered_routes
from messages.accounts import api_tokens
from messages.audit import log
from tests import world
from tests.route_matrix import METHODS, MatrixCell, expected_outcomes, load


def staff_routes() -> set[str]:
    """Every pattern of the URLconf, those of included ones as well."""

    def below(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield path
            else:
                yield from below(pattern, path)

    return set(below(get_resolver(), "/"))


def audience_routes() -> set[str]:
    """Every route of the audience surface, which answers before Django does."""
    return {
        *application.ROUTES,
        *registered_routes(),
        "/m/<placement>/",
        *(f"/static/campaign/{a}" for a in (*assets.ASSETS, "embed-<digest>.js")),
    }


def classify_response(status: int, location: str = "") -> str:
    """Classify a response. A request that was let in is allowed even if it then could not be carried out."""
    if status == 401 or (status == 302 and "login/?next=" in location) or location.startswith("/sign-in/?next="):
        return "sign in"
    known = {403: "forbidden", 404: "not found", 405: "no such method"}
    return known.get(status, "allowed" if status < 404 or status in (409, 413, 415) else f"status {status}")


def actual_outcomes(
    route: str, cells: Iterable[MatrixCell] | None = None, clients: Mapping[str, Client] | None = None
) -> dict[MatrixCell, str]:
    """Ask a staff route by each method as each role, or some of these cells; every change is rolled back."""
    path, clients = example_path(route), clients or clients_by_role()
    return {
        (route, method, role): _ask(clients[role], method, path)
        for _, method, role in cells or [(route, method, role) for role in clients for method in METHODS]
    }


def representative_cells(route: str) -> list[MatrixCell]:
    """Every role by each method that the matrix names for the route; one other method in turn by two roles in turn.

    The methods that are not named share one answer for each role, `else`, and HEAD is answered as GET is.
    """
    entry, roles = load()["staff"][route], load()["roles"]
    first = sorted(load()["staff"]).index(route)
    named = [(route, method, role) for method in METHODS if method in entry for role in roles]
    others = [method for method in METHODS if method not in entry]
    method = others[first % len(others)]
    return named + [(route, method, roles[(first // len(METHODS) + at) % len(roles)]) for at in (0, 3)]


def other_cells(route: str) -> list[MatrixCell]:
    """Every cell of a route but the representative ones."""
    asked = set(representative_cells(route))
    return [cell for role in load()["roles"] for method in METHODS if (cell := (route, method, role)) not in asked]


def actual_audience_outcomes(route: str, site: world.AudienceSite) -> dict[tuple[str, str], str]:
    """Ask a route of the audience surface by each method."""
    path = route.replace("<placement>", "quiet-page").replace("embed-<digest>.js", pinned_embed().name)
    return {
        (route, method): classify_response(site.request(method, path, b"{}", REMOTE_ADDR="192.0.2.1").status)
        for method in METHODS
    }


def differences(
    route: str, cells: Iterable[MatrixCell] | None = None, clients: Mapping[str, Client] | None = None
) -> list[str]:
    """Describe each cell of a route, or of some of its cells, that does not answer as declared."""
    declared = expected_outcomes()
    return [
        f"{method} {route} as {role}: {answer}, declared {declared.get((route, method, role))}"
        for (_, method, role), answer in actual_outcomes(route, cells, clients).items()
        if answer != declared.get((route, method, role))
    ]


def _ask(client: Client, method: str, path: str) -> str:
    throttles.clear()
    cookies = SimpleCookie(client.cookies)  # signing out deletes them
    with transaction.atomic():
        response = client.generic(method, path, b"", "application/json" if path.startswith("/api/") else "text/plain")
        transaction.set_rollback(True)
    client.cookies = cookies
    return classify_response(response.status_code, response.headers.get("Location", ""))


@contextmanager
def undrawn_plans() -> Iterator[None]:
    """Answer a plan's PDF with the content that would be drawn: a process of its own would draw it, in seconds."""

    with mock.patch("campaign.pdf.render.typeset_apart", lambda template, values: values.encode()):
        yield


def clients_by_role() -> dict[str, Client]:
    """One client for each role of the matrix, signed in."""
    people: dict[str, User | None] = {"stranger": None, "no role": world.person("nobody")}
    people |= {role: world.person(f"the {role}", role) for role in load()["roles"][2:]}
    clients = {}
    for role, person in people.items():
        clients[role] = Client(raise_request_exception=False)
        if person is not None:
            world.sign_in(clients[role], person)
    return clients


UNKNOWN_CAMPAIGN = 999_999


def publish_for_everybody(campaign: Campaign) -> None:
    """Put the first look of a campaign on a public page, if it has one."""
    proposer, second = world.person("root", "administrator"), world.person("somebody else", "analyst")
    fields = {"look": 1, "proposed_by": proposer, "proposed_at": world.NOON}
    _, created = PublicPage.objects.get_or_create(
        campaign=campaign, defaults=fields | {"published_by": second, "published_at": world.NOON}
    )
    if created:  # a page that the audit record does not vouch for is shown to nobody
        kind = log.ObjectKind.CAMPAIGN
        log.record(log.Action.RESULTS_PUBLISH, by=second, kind=kind, ref=campaign.slug, label=campaign.name, look=1)


def example_path(route: str) -> str:
    """Fill in a route's arguments with objects that exist; accounts, factors and tokens are somebody else's."""
    if route.startswith("/keys/<"):
        store.subject_secret(settings.KEY_DIRECTORY, UNKNOWN_CAMPAIGN)
    somebody = world.person("somebody else", "analyst")
    world.second_factor(somebody)
    api_tokens.create(somebody, "cron", today=timezone.localdate())
    keys = {"second-factor": Authenticator.objects.get(user=somebody).pk, "tokens": somebody.api_tokens.get().pk}
    keys |= {"user": somebody.pk, "people": somebody.pk}
    place = world.placement()  # its partner contact is the one who asks
    place.partner.contacts.add(world.person("the partner contact", "partner contact"))
    keys["partners"] = place.partner.pk
    pilot = Campaign.objects.filter(slug="pilot").first()
    if pilot is not None:  # its outside reviewer is the one who asks
        asked = [world.person("the outside reviewer", "outside reviewer")]
        if not pilot.outside_reviewers.exists():
            assign_outside_reviewers(pilot, asked, seen="", by=world.person("root", "administrator"))
    if pilot is not None and ("/published/" in route or "/results/public/" in route):
        publish_for_everybody(pilot)
    pk = str(next((pk for name, pk in keys.items() if f"/{name}/" in route), 1))
    for placeholder, value in {
        "<slug:slug>": "pilot",
        "/keys/<slug:key>/": f"/keys/campaign-{UNKNOWN_CAMPAIGN}/",
        "<slug:key>/<int:number>/<locale>": "neutral-0/1/en",
        "<slug:key>": "neutral-0",
        "<str:locale>": "en",
        "<str:name>": "counts.csv",
        "<int:a>": "1",
        "<int:b>": "1",
        "<slug:link>": "help-self",
        "<slug:step>": "learn",
        "<slug:chapter>": "planning",
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
