"""PURE  Letters as a search compares them."""

import unicodedata
from collections.abc import Iterable

_MOST_LETTERS = 2_000


def plain_letters(text: str) -> str:
    """Return a text in small letters without accents.

    >>> plain_letters("Presión sobre ELLA")
    'presion sobre ella'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def search_text(parts: Iterable[str]) -> str:
    """Return what a search looks through, with a separator between the parts."""
    return " ¦ ".join(map(plain_letters, filter(None, parts)))[:_MOST_LETTERS]
