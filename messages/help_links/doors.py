"""PURE  Which help stands behind which door, and in which order. The only place that decides it.

Behind a door people choose the part that is theirs, by age or by whom they care for. A part has the services made for
it and those made for anyone: those in the visitor's language first, then those of their countries, then those made for
this part.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeVar

EVERYWHERE = "*"
ANYONE = "anyone"
CRISIS = "crisis"
PARTS: Mapping[str, tuple[str, ...]] = {  # by door, in the order of the page
    "self": ("under18", "adult", "of_minor"),
    "affected": ("under18", "adult"),
    "worried": ("parent", "teacher", ANYONE),
}


class Link(Protocol):
    """What the order needs to know of a help link."""

    @property
    def name(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def language(self) -> str: ...


L = TypeVar("L", bound=Link)


def links_for_part(links: Sequence[L], *, door: str, part: str, countries: Collection[str], language: str) -> list[L]:
    """The services for this part of a door, the most fitting first; without countries, those of all."""
    fitting = [link for link in links if link.lane == door and link.audience in (part, ANYONE)]
    return _sort_links(fitting, countries=countries, language=language)


def crisis_lines(links: Sequence[L], *, countries: Collection[str], language: str) -> list[L]:
    """The lines for somebody in crisis. Those for anyone come first: the page does not know who reads it."""
    lines = _sort_links([link for link in links if link.lane == CRISIS], countries=countries, language=language)
    return sorted(lines, key=lambda link: link.audience != ANYONE)


def _sort_links(links: Sequence[L], *, countries: Collection[str], language: str) -> list[L]:
    here = [link for link in links if not countries or link.country in (EVERYWHERE, *countries)]
    own = {link.name for link in here if link.language == language}
    shown = [link for link in here if link.language == language or link.name not in own]
    return sorted(shown, key=lambda link: _rank(link, countries=countries, language=language))


def _rank(link: Link, *, countries: Collection[str], language: str) -> tuple[bool, bool, bool, str, str]:
    """Lower is shown first. With no country known, what serves everywhere goes before what serves one country."""
    is_elsewhere = link.country == EVERYWHERE if countries else link.country != EVERYWHERE
    return (link.language != language, is_elsewhere, link.audience == ANYONE, link.country, link.name)
