"""A rendition as what the audience gets: sanitised once, when it is compiled, never per request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import nh3

from messages.models import Rendition

_ALLOWED_TAGS = {"p", "em", "strong", "br"}
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """The words of one message in one locale, ready to send."""

    headline: str
    body_html: str
    locale: str
    direction: str


def direction_of(locale: str) -> str:
    """ "rtl" for the languages written from right to left, else "ltr"."""
    return "rtl" if locale.split("-")[0] in _RIGHT_TO_LEFT else "ltr"


def body_html(body: str) -> str:
    """Plain paragraphs parted by blank lines as HTML; any markup in them is shown, not obeyed."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
    html = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    return nh3.clean(html, tags=_ALLOWED_TAGS, attributes={})


def render_rendition(rendition: Rendition) -> RenderedMessage:
    """The payload's words for one rendition."""
    return RenderedMessage(
        headline=rendition.headline,
        body_html=body_html(rendition.body),
        locale=rendition.locale,
        direction=direction_of(rendition.locale),
    )
