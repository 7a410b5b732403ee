"""Render hosted pages once per snapshot, split where the receipt and the key of the placement are inserted."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from campaign.models import Placement
from campaign.outcomes import PAGE_ADDRESSES, REPORTED, SECTIONS, Outcome, OutcomeAction, offered_outcomes
from campaign.serving.help_page_services import help_behind_doors
from campaign.serving.locales import interface_language, locale_query
from campaign.serving.page_paths import PAGES, page_path
from messages.i18n.languages import local_name
from messages.models import HelpLink
from messages.text.language_tags import direction_of
from messages.text.rendering import RenderedMessage

_RECEIPT = "RECEIPT-STANDS-HERE"
_SECTIONS = "<sections>"  # no message can hold it: its characters are escaped
_LANGUAGES = re.compile(rb"<languages ([\w-]+)>")  # with the locale of the message
_KEY = "PLACEMENT-STANDS-HERE"
# Fields of a help link that pages show: a change of one of them needs a new snapshot.
HELP_LINK_FIELDS = (
    *("id", "name", "url", "lane", "audience", "country", "language"),
    *("note", "source", "contact", "hours", "cost", "verified_on"),
)

PageParts = tuple[bytes, ...]  # split at the key of the placement: `key.join(parts)`
PAGE_SECTIONS = "sections"  # among the pages by path, and no page: it stands in that of the message
HostedPages = Mapping[str, PageParts]


def split_at_key(text: str) -> PageParts:
    """Split a page that was rendered for a placeholder at each key of the placement."""
    return tuple(part.encode() for part in text.split(_KEY))


def placeholder_placement(placement: Placement) -> Placement:
    """A placement with the addresses of this one and a placeholder as its key, to split pages at."""
    return Placement(key=_KEY, leave_url=placement.leave_url, continue_url=placement.continue_url)


def message_payload(words: RenderedMessage, placement: Placement) -> dict[str, Any]:
    """The message as the API returns it, with the same shape for every arm."""
    with translation.override(interface_language(words.locale)):
        return _payload(words, placement)


def _payload(words: RenderedMessage, placement: Placement) -> dict[str, Any]:
    return {
        "headline": words.headline,
        "body_html": words.body_html,
        "locale": words.locale,
        "dir": words.direction,
        "actions": [_action(outcome, offer, placement, words.locale) for outcome, offer in offered_outcomes()],
        "crisis": {
            "label": gettext("In crisis, or not safe?"),
            "note": gettext("Talk to someone now"),
            "href": page_path(placement.key, "help/crisis", words.locale),
        },
        "exit": {"label": gettext("Leave now"), "href": settings.EXIT_URL},
        "privacy": gettext("We count how many people see and leave this page, never who."),
    }


def _action(outcome: Outcome, offer: OutcomeAction, placement: Placement, locale: str) -> dict[str, Any]:
    """One action of the API's answer. Keys appear in the order in which partners have always received them."""
    action: dict[str, Any] = {"outcome": outcome.key, "label": gettext(offer.label)}
    if offer.note:
        action["note"] = gettext(offer.note)
    if offer.page and not offer.stays:
        url = getattr(placement, offer.placement_url) if offer.placement_url else ""
        page = "" if offer.closes else page_path(placement.key, offer.page, locale)
        action["href"] = url or page
    if outcome.values:
        action["values"] = list(outcome.values)
    for name in ("low", "high", "thanks"):
        if text := getattr(offer, name):
            action[name] = gettext(text)
    return action


def render_message_page(message: dict[str, Any], placement: Placement) -> list[str]:
    """Render the hosted page, split at each receipt: `receipt.join(parts)` is the page, without its sections."""
    return _page(message, placement, _RECEIPT, preview=False).split(_RECEIPT)


def render_uncounted_page(message: dict[str, Any], placement: Placement) -> str:
    """Render the page without a receipt: it neither asks for feedback nor says that it counts."""
    return _page(message, placement, "", preview=False)


def render_preview_page(message: dict[str, Any], placement: Placement) -> str:
    """Render the page as a preview for staff, which counts nothing."""
    return _page(message, placement, "", preview=True)


def insert_sections(page: bytes, sections: bytes, languages: Mapping[str, bytes] = MappingProxyType({})) -> bytes:
    """The page of a message with help and "About" in it, so that reading them leads to no other page.

    `languages` is the choice of another language, by the locale of the page.
    """
    page = _LANGUAGES.sub(lambda found: languages.get(found[1].decode(), b""), page, count=1)
    return page.replace(_SECTIONS.encode(), sections, 1)


@lru_cache(maxsize=len(settings.AUDIENCE_LANGUAGES))
def page_of_no_placement(language: str) -> bytes:
    """The page at an address that no placement has: it says no more than that, and has the way out."""
    with translation.override(language):
        context = {"message": {"locale": language, "dir": direction_of(language)}}
        return render_to_string("campaign/serving/nowhere.html", context).encode()


@lru_cache(maxsize=256)  # placements have the languages of their campaigns, which are few
def language_choices(locales: tuple[str, ...]) -> Mapping[str, bytes]:
    """For each of these locales, buttons that lead to the others; none where there is one alone."""
    if len(locales) < 2:
        return MappingProxyType({})
    return MappingProxyType({locale: _language_choice(locale, locales) for locale in locales})


def _language_choice(current: str, locales: tuple[str, ...]) -> bytes:
    others = [(code, local_name(code), direction_of(code)) for code in locales if code != current]
    with translation.override(interface_language(current)):
        return render_to_string("campaign/serving/languages.html", {"languages": others}).encode()


def _page(message: dict[str, Any], placement: Placement, receipt: str, *, preview: bool) -> str:
    marks = {"sections": _SECTIONS, "languages": f"<languages {message['locale']}>"}
    context = message_context(message, placement, receipt, preview=preview) | marks
    with translation.override(interface_language(message["locale"])):
        return render_to_string("campaign/serving/message.html", context)


def message_context(message: dict[str, Any], placement: Placement, receipt: str, *, preview: bool) -> dict[str, Any]:
    """The template context of the hosted page."""
    return {
        "message": message,
        "actions": _by_section(message, placement),
        "crisis_id": PAGE_ADDRESSES["help/crisis"],
        "placement": placement.key,
        "in_language": locale_query(message["locale"]),
        "receipt": receipt,
        "counted": bool(receipt) or preview,
        "preview": preview,
    }


def _by_section(message: dict[str, Any], placement: Placement) -> dict[str, list[dict[str, Any]]]:
    """Group actions by their section of the page, leaving out those that the catalogue does not offer.

    Each gets the section of the page that it opens, and the page of ours to which it leads, if any.
    """
    sections: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS}
    for action in message["actions"]:
        outcome = REPORTED.get(action["outcome"])
        if outcome and outcome.action:
            offer = outcome.action
            is_ours = offer.page and not (offer.placement_url and getattr(placement, offer.placement_url))
            page = page_path(placement.key, offer.page, message["locale"]) if is_ours else ""
            section = "" if offer.stays else PAGE_ADDRESSES.get(offer.page, "")
            sections[offer.section].append(action | {"section": section, "page": page})
    return sections


class FollowUpPages:
    """The pages after a message, by language, split at the placement's key, shared where they say the same.

    Those of the last snapshot are shared as well, unless a help link changed: to render them takes half of the time of
    a snapshot with one placement.
    """

    _last: ClassVar[tuple[tuple[object, ...], dict[tuple[str, ...], HostedPages]]] = ((), {})

    def __init__(self, links: Sequence[HelpLink]) -> None:
        self._links = links
        shown = tuple(tuple(getattr(link, name) for name in HELP_LINK_FIELDS) for link in links)
        all_show = (shown, settings.ORGANISATION, settings.ORGANISATION_CONTACT, tuple(settings.AUDIENCE_LANGUAGES))
        last, pages = FollowUpPages._last
        self._shared = pages if last == all_show else {}
        FollowUpPages._last = (all_show, self._shared)

    def for_placement(self, placement: Placement) -> HostedPages:
        """The pages by language and path below /m/<placement>/, such as "es:help/self"."""
        partner, countries = placement.partner.name, placement.countries
        key = (partner, *countries)
        if key not in self._shared:
            self._shared[key] = MappingProxyType(
                {
                    f"{locale}:{path}": split_at_key(page)
                    for locale in settings.AUDIENCE_LANGUAGES
                    for path, page in self._in(locale, partner, countries)
                }
            )
        return self._shared[key]

    def _in(self, locale: str, partner: str, countries: Sequence[str]) -> Iterator[tuple[str, str]]:
        with translation.override(locale):
            doors = help_behind_doors(_KEY, self._links, countries=countries, language=locale)
            context = {
                "placement": _KEY,
                "partner": partner,
                "organisation": settings.ORGANISATION,
                "contact": settings.ORGANISATION_CONTACT,
                "message": {"locale": locale, "dir": direction_of(locale)},
                "crisis": doors[0].crisis,
                "crisis_href": page_path(_KEY, "help/crisis", locale),
                "doors": doors,
            }
            by_page = {f"help/{door.key}": door for door in doors}
            for name in (*PAGES, "unavailable"):
                door = by_page.get(name)
                others = [other for other in doors if other is not door]
                template = "help" if door else name.replace("/", "-")
                more = {"door": door, "doors": others, "crisis_first": not name.startswith("help/")}
                yield name, render_to_string(f"campaign/serving/{template}.html", context | more)
            ids = {"about_id": PAGE_ADDRESSES["about"], "crisis_id": PAGE_ADDRESSES["help/crisis"]}
            yield PAGE_SECTIONS, render_to_string("campaign/serving/sections.html", context | ids)


def content_security_policy(placement: Placement) -> str:
    """The content security policy of the page, but for styles and scripts (page_bytes.py).

    Chromium applies form-action to redirects, so it lists their targets.
    """
    origins = {
        f"{parts.scheme}://{parts.netloc}"
        for url in (placement.leave_url, placement.continue_url)
        if (parts := urlsplit(url)).netloc
    }
    allowed = sorted(o for o in origins if settings.LOCAL_HTTP or o.startswith("https:"))
    targets = " ".join(["'self'", "https:", *allowed])
    return (
        "default-src 'none'; img-src 'self'; connect-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
