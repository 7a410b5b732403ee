"""The navigation of the staff pages, and the choice of language and of blurred words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from messages.roles import ADMINISTRATOR, MANAGER, PARTNER_CONTACT, REVIEWER, STAFF_ROLES, roles_held
from messages.templatetags.sensitive_text import SHOW_COOKIE, shows_sensitive_terms

_YEAR = 31_536_000
Text = Any  # a string, or one that is translated when it is shown


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the navigation: its route, and the roles that see it."""

    name: Text
    route: str
    roles: frozenset[str] = frozenset(STAFF_ROLES)
    route_prefixes: tuple[str, ...] = ()  # of the pages below it


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """An entry as a page shows it; `current` is the value of aria-current, or empty."""

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
    """Context processor: the navigation, the languages, and whether sensitive terms are shown."""
    return {
        "places": _links(request),
        "tongues": settings.LANGUAGES,
        "is_partly_translated": get_language() in settings.PARTIAL_LANGUAGES,
        "shows_terms": shows_sensitive_terms(request),
    }


def _links(request: HttpRequest) -> list[NavigationLink]:
    user = getattr(request, "user", None)
    held = frozenset() if user is None else roles_held(user)
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        NavigationLink(item.name, url, _aria_current(item, here))
        for item in NAVIGATION_ITEMS
        if item.roles & held and (url := _url(item.route))
    ]


def _url(route: str) -> str:
    """Return the URL of a route; empty on an installation without it."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _aria_current(item: NavigationItem, here: str) -> str:
    if here == item.route:
        return "page"
    is_below = here.startswith(item.route_prefixes) and all(here != other.route for other in NAVIGATION_ITEMS)
    return "true" if is_below else ""


choose_language: Callable[..., Any] = login_not_required(require_POST(set_language))


@require_POST
def set_sensitive_terms(request: HttpRequest) -> HttpResponse:
    """Show sensitive terms from now on, or blur them again, in this browser."""
    next_url = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(next_url if is_safe else reverse("campaign:list"))
    if request.POST.get("show") == "1":
        response.set_cookie(SHOW_COOKIE, "1", max_age=_YEAR, secure=request.is_secure(), httponly=True, samesite="Lax")
    else:
        response.delete_cookie(SHOW_COOKIE)
    return response
