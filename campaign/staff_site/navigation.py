"""What stands around every staff page: where one can go, in which language, and how gently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from messages.roles import ADMINISTRATOR, MANAGER, PARTNER_CONTACT, REVIEWER, STAFF_ROLES, roles_held
from messages.templatetags.sensitive_text import SHOW_COOKIE, shows_sensitive_terms

_YEAR = 31_536_000
Text = Any  # a string, or one that is translated when it is shown


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation: where it leads, by name, and who sees it."""

    name: Text
    route: str
    roles: frozenset[str] = frozenset(STAFF_ROLES)
    route_prefixes: tuple[str, ...] = ()  # pages that lie below it


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """A place as a page shows it; `current` is the value of aria-current, or empty."""

    name: Text
    url: str
    current: str


NAVIGATION_ITEMS = (
    NavigationItem(_("Campaigns"), "campaign:list", route_prefixes=("campaign:", "analytics:")),
    NavigationItem(
        _("Placements"),
        "placements:list",
        frozenset({*STAFF_ROLES, PARTNER_CONTACT}),
        route_prefixes=("placements:", "partners:"),
    ),
    NavigationItem(_("Messages"), "messages:library", route_prefixes=("messages:", "stopping:")),
    NavigationItem(_("Reviews"), "reviews:queue", frozenset({REVIEWER, MANAGER}), route_prefixes=("reviews:",)),
    NavigationItem(_("Help links"), "help:directory", route_prefixes=("help:",)),
    NavigationItem(_("People"), "people:list", frozenset({ADMINISTRATOR}), route_prefixes=("people:",)),
    NavigationItem(_("Record"), "audit:record", frozenset({MANAGER}), route_prefixes=("audit:", "keys:")),
)


def staff_page_context(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: the navigation, the languages by their own names, and whether hard words are shown."""
    return {"places": _places(request), "tongues": settings.LANGUAGES, "shows_terms": shows_sensitive_terms(request)}


def _places(request: HttpRequest) -> list[NavigationLink]:
    user = getattr(request, "user", None)
    held = frozenset() if user is None else roles_held(user)
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        NavigationLink(place.name, url, _current(place, here))
        for place in NAVIGATION_ITEMS
        if place.roles & held and (url := _address(place.route))
    ]


def _address(route: str) -> str:
    """Where a route leads; empty on an installation that does not have it."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _current(place: NavigationItem, here: str) -> str:
    if here == place.route:
        return "page"
    return (
        "true"
        if here.startswith(place.route_prefixes) and not any(here == other.route for other in NAVIGATION_ITEMS)
        else ""
    )


choose_language: Callable[..., Any] = login_not_required(require_POST(set_language))


@require_POST
def set_sensitive_terms(request: HttpRequest) -> HttpResponse:
    """Show hard words at once from now on, or blur them again; kept in this browser alone."""
    came_from = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(came_from if safe else reverse("campaign:list"))
    if request.POST.get("show") == "1":
        response.set_cookie(SHOW_COOKIE, "1", max_age=_YEAR, secure=request.is_secure(), httponly=True, samesite="Lax")
    else:
        response.delete_cookie(SHOW_COOKIE)
    return response
