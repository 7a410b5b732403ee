"""The navigation of the staff pages, and the rest of the context that every page has."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from campaign.staff_site.manual import chapter_of_route
from campaign.staff_site.site_warning import current_warning
from messages.roles import ADMINISTRATOR, MANAGER, OUTSIDE_REVIEWER, PARTNER_CONTACT, REVIEWER, STAFF_ROLES, roles_held
from messages.templatetags.sensitive_text import shows_sensitive_terms

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
    waiting: int = 0  # how much waits for this person there


NAVIGATION_ITEMS = (
    NavigationItem(
        _("Campaigns"),
        "campaign:list",
        frozenset({*STAFF_ROLES, OUTSIDE_REVIEWER}),
        route_prefixes=("campaign:", "analytics:"),
    ),
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
    NavigationItem(_("Audit"), "audit:record", frozenset({MANAGER}), route_prefixes=("audit:", "keys:")),
)


WaitingCounts = Callable[[User, Collection[str]], Mapping[str, int]]  # of a person with these roles, by route
_waiting_counts: list[WaitingCounts] = []


def register_waiting_counts(count: WaitingCounts) -> None:
    """Have the navigation show what waits for a person: the pages that know it are above this folder."""
    _waiting_counts[:] = [count]


def staff_page_context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the navigation, a warning, the languages, and whether sensitive terms are shown."""
    user = getattr(request, "user", None)
    held = frozenset() if user is None else roles_held(user)
    links = _links(request, held)
    return {
        "places": links,
        "waiting_in_all": sum(link.waiting for link in links),
        "site_warning": current_warning() if held & {*STAFF_ROLES, ADMINISTRATOR} else "",
        "chapter_url": chapter_of_route(request.resolver_match.route) if request.resolver_match else "",
        "tongues": settings.LANGUAGES,
        "is_partly_translated": get_language() in settings.PARTIAL_LANGUAGES,
        "shows_terms": shows_sensitive_terms(request),
    }


def _links(request: HttpRequest, held: frozenset[str]) -> list[NavigationLink]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    user, waiting = getattr(request, "user", None), Counter[str]()
    if isinstance(user, User) and held & set(STAFF_ROLES):
        waiting.update(*(count(user, held) for count in _waiting_counts))
    return [
        NavigationLink(item.name, url, _aria_current(item, here), waiting[item.route])
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
