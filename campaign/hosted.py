"""The hosted pages: rendered once per snapshot, with a placeholder where each receipt will stand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string

from campaign.models import Placement
from messages.models import HelpLink
from messages.render import Rendered

_PLACEHOLDER = "RECEIPT-STANDS-HERE"
LANES = {"self": "help_self", "affected": "help_affected"}
# What visitors are told about a help link: when one of these changes, the pages are rendered anew.
OF_A_LINK = (
    "id",
    "name",
    "url",
    "lane",
    "audience",
    "country",
    "language",
    "note",
    "source",
    "contact",
    "hours",
    "cost",
    "verified_on",
)

# The interface words around every message, the same in every arm.
CHROME = {
    "en": {
        "left": "Leave this page",
        "continued": "Continue",
        "help_self": ("I want to stop", "Free, and without judgement"),
        "help_affected": ("This happened to me", "Get an image taken down"),
        "rating": ("Did this make you think?", "Not at all", "A lot"),
        "thanks": "Thank you.",
        "annoyed": "This message annoyed me",
        "learn_more": "About this message",
        "privacy": "We count how many people see and leave this page, never who.",
    },
}


def payload(words: Rendered, placement: Placement) -> dict[str, Any]:
    """The message as the embed and the API get it; every arm has exactly this shape."""
    chrome: dict[str, Any] = CHROME.get(words.locale, CHROME["en"])
    base = f"/m/{placement.key}"
    question, low, high = chrome["rating"]
    return {
        "headline": words.headline,
        "body_html": words.body_html,
        "locale": words.locale,
        "dir": words.direction,
        "actions": [
            {"outcome": "left", "label": chrome["left"], "href": placement.leave_url or f"{base}/left"},
            {"outcome": "continued", "label": chrome["continued"], "href": placement.continue_url},
            *(
                {
                    "outcome": outcome,
                    "label": chrome[outcome][0],
                    "note": chrome[outcome][1],
                    "href": f"{base}/help/{lane}",
                }
                for lane, outcome in LANES.items()
            ),
            {
                "outcome": "rating",
                "label": question,
                "values": [1, 2, 3, 4, 5],
                "low": low,
                "high": high,
                "thanks": chrome["thanks"],
            },
            {"outcome": "annoyed", "label": chrome["annoyed"]},
            {"outcome": "learn_more", "label": chrome["learn_more"], "href": f"{base}/about"},
        ],
        "privacy": chrome["privacy"],
    }


def message_page(message: dict[str, Any], placement: Placement) -> tuple[bytes, ...]:
    """The hosted page cut at each receipt: `receipt.join(parts)` is the page."""
    return tuple(part.encode() for part in _page(message, placement, _PLACEHOLDER, preview=False).split(_PLACEHOLDER))


def preview_page(message: dict[str, Any], placement: Placement) -> bytes:
    """The same page for staff: nothing is counted."""
    return _page(message, placement, "", preview=True).encode()


def _page(message: dict[str, Any], placement: Placement, receipt: str, *, preview: bool) -> str:
    context = {
        "message": message,
        "act": {action["outcome"]: action for action in message["actions"]},
        "placement": placement.key,
        "receipt": receipt,
        "preview": preview,
    }
    return render_to_string("audience/message.html", context)


def fixed_pages(placement: Placement, links: list[HelpLink]) -> dict[str, bytes]:
    """The placement's other pages by their path under /m/<placement>/."""
    common = {"placement": placement.key, "runner": placement.partner.name}
    pages = {
        name: render_to_string(f"audience/{name}.html", common)
        for name in ("left", "continued", "about", "thanks", "unavailable")
    }
    for lane in LANES:
        chosen = [link for link in links if link.lane == lane]
        pages[f"help/{lane}"] = render_to_string("audience/help.html", common | {"lane": lane, "links": chosen})
    return {name: page.encode() for name, page in pages.items()}


def policy(placement: Placement) -> str:
    """The page's content security policy. Chromium holds form-action against redirects too, so they are named."""
    origins = {
        f"{parts.scheme}://{parts.netloc}"
        for url in (placement.leave_url, placement.continue_url)
        if (parts := urlsplit(url)).netloc
    }
    targets = " ".join(
        ["'self'", "https:", *sorted(o for o in origins if settings.LOCAL_HTTP or o.startswith("https:"))]
    )
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
