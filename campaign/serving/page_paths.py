"""The addresses of the pages behind a message: neither the browser's history nor the network sees which page it is.

Each address ends in two characters that say nothing, and that HTTP/2 sends in as many bits (RFC 7541, appendix B), so
that all requests are alike in length. A page also answers at its name, which was its address before.
"""

from campaign.outcomes import PAGE_ADDRESSES
from campaign.serving.locales import locale_query

PAGES = tuple(PAGE_ADDRESSES)
_NAMES = {address: name for name, address in PAGE_ADDRESSES.items()} | {name: name for name in PAGES}


def page_path(key: str, page: str, locale: str) -> str:
    """The path of a page at the placement with this key, in the language of this locale."""
    return f"/m/{key}/{PAGE_ADDRESSES[page]}{locale_query(locale)}"


def page_at(path: str) -> str | None:
    """The name of the page at this path below /m/<placement>/, or None."""
    return _NAMES.get(path)
