"""The paths of the pages behind a message, alike in length, so that no request tells the network which page it is for.

Each path is filled up with digits behind a question mark. Over HTTP/1.1 a request is as long as its characters. HTTP/2
sends each character in a number of bits of its own (RFC 7541, appendix B), so the digits are chosen by that as well.
"""

from functools import cache

from campaign.outcomes import help_doors, offered_outcomes
from campaign.serving.locales import locale_query

PAGES = ("left", "continued", "about", "thanks", "withdrawn", "too-late", *(f"help/{door}" for door in help_doors()))
_CHEAP, _DEAR = "0", "3"  # in 5 bits and in 6


def page_path(key: str, page: str, locale: str) -> str:
    """The path of a page at the placement with this key, in the language of this locale."""
    query = locale_query(locale)
    return f"/m/{key}/{page}{query}{'&' if query else '?'}{_filler(page)}"


@cache
def _filler(page: str) -> str:
    """The digits that make this page's name as long as the longest, in characters and in bits."""
    names = {*PAGES, *(action.page for _, action in offered_outcomes())}
    length = max(map(len, names)) + 2  # so many digits make up for the bits of any name
    bits = max(_bits(name) + 5 * (length - len(name)) for name in names)
    digits = length - len(page)
    dear = bits - _bits(page) - 5 * digits
    return _DEAR * dear + _CHEAP * (digits - dear)


def _bits(name: str) -> int:
    """The bits of HTTP/2's code for small letters and slashes."""
    return sum(5 if letter in "aceiost" else 7 if letter in "jkqvwxyz" else 6 for letter in name)
