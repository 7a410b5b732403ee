"""Choose the locale of a message, and the language of the page around it."""

from collections.abc import Mapping
from typing import TypeVar

from django.conf import settings

from messages.text.language_tags import best_match

T = TypeVar("T")


def best_locale(offered: tuple[str, ...], wanted: str | None) -> str:
    """The offered locale that fits a tag, or a list like Accept-Language, best; the first offered if none does."""
    if wanted is None or wanted in offered:
        return wanted or offered[0]
    return best_match(offered, wanted) or offered[0]


def rendition_in_locale(renditions: Mapping[str, T], locale: str | None) -> T:
    """The rendition in the wanted locale, or the nearest there is; English before others."""
    return renditions[best_locale(tuple(sorted(renditions, key=lambda name: (name != "en", name))), locale)]


def interface_language(locale: str | None) -> str:
    """The language around a message in this locale: its own if the interface speaks it, else English."""
    return best_match(settings.AUDIENCE_LANGUAGES, locale or "") or "en"


def locale_query(locale: str) -> str:
    """The query that keeps the language of this page on those behind it."""
    return f"?locale={interface_language(locale)}"
