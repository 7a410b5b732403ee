"""Read whole numbers that a query string, a form or a file brings. No code but this converts them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import InvalidPage, Page, Paginator
from django.http import Http404

_MOST_DIGITS = 18  # no column holds more, and int() refuses thousands of them


def parse_whole_number(text: str | None) -> int | None:
    """The number; None for anything else, and for one with more digits than any of ours.

    >>> [parse_whole_number(text) for text in ("7", "007", "-1", "²", "9" * 19, "", None)]
    [7, 7, None, None, None, None, None]
    """
    return int(text) if text and len(text) <= _MOST_DIGITS and text.isascii() and text.isdigit() else None


def find_page(pages: Paginator[Any], text: str) -> Page[Any]:
    """The page of this number; 404 if there is none."""
    try:
        return pages.page(parse_whole_number(text) or 0)
    except InvalidPage:
        raise Http404 from None
