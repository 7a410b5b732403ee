"""The text of a message as its audience gets it. It is sanitised here once, and not again for each request."""

import re
from dataclasses import dataclass
from html import escape
from typing import Protocol

import nh3

from messages.text.language_tags import direction_of

MAX_CHARACTERS = 5_000  # several times what a field takes: more is a slip, of which the rest is not read
_ALLOWED_TAGS = {"p", "em", "strong", "br"}


class RenditionText(Protocol):
    """What is rendered: a Rendition of the database, or anything with the same text."""

    @property
    def headline(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def locale(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message in one locale, ready to be served."""

    headline: str
    body_html: str
    locale: str
    direction: str


def paragraphs_of(body: str) -> list[str]:
    """Split plain text into paragraphs, which are separated by blank lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]


def shortened(text: str) -> str:
    """The text as far as it is read; a draft may hold any number of characters."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def body_html(body: str) -> str:
    """Plain paragraphs as HTML; markup in them is escaped. Cleaning takes time that grows with the square of a text."""
    paragraphs = paragraphs_of(shortened(body))
    html = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    return nh3.clean(html, tags=_ALLOWED_TAGS, attributes={})


def render_rendition(text: RenditionText) -> RenderedMessage:
    """Render the text of a message in one locale."""
    return RenderedMessage(text.headline, body_html(text.body), text.locale, direction_of(text.locale))


def normalize_line_endings(text: str) -> str:
    """Replace the line endings of browsers and spreadsheets, CR LF or CR, by LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
