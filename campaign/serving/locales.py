"""Choose the locale of a message, and the language of the page around it."""

from collections.abc import Mapping
from typing import TypeVar

from django.conf import settings

T = TypeVar("T")


def best_locale(offered: tuple[str, ...], wanted: str | None) -> str:
    """The wanted locale, else its language, else the first offered: "pt-BR" finds "pt-br" or "pt"."""
    if wanted is not None and wanted not in offered:
        exact = wanted.lower()
        language = exact.split("-", 1)[0]
        wanted = exact if exact in offered else language
    return wanted if wanted in offered else offered[0]


def rendition_in_locale(renditions: Mapping[str, T], locale: str | None) -> T:
    """The rendition in the wanted locale, or the nearest there is; English before others."""
    return renditions[best_locale(tuple(sorted(renditions, key=lambda name: (name != "en", name))), locale)]


def interface_language(locale: str | None) -> str:
    """The language around a message in this locale: its own if the interface speaks it, else English."""
    language = (locale or "").lower().split("-", 1)[0]
    return language if language in settings.AUDIENCE_LANGUAGES else "en"


def locale_query(locale: str) -> str:
    """The query that keeps this page's language; empty for English, since the next page may know the visitor's."""
    return "" if interface_language(locale) == "en" else f"?locale={interface_language(locale)}"
