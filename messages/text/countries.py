"""Countries by their two-letter code, as help links name them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from unicodedata import combining, normalize

from django.utils.translation import gettext

EVERYWHERE = "*"
_FILE = Path(__file__).with_name("countries.tsv")


@cache
def names() -> dict[str, str]:
    """Code to English name."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def name_of(code: str) -> str:
    """The country's name in the language of the page, or the code if it has none here."""
    return gettext(names()[code]) if code in names() else code


def by_name() -> list[tuple[str, str]]:
    """Code and name in the language of the page, in the order of the names; an accent makes no other letter."""
    return sorted(((code, name_of(code)) for code in names()), key=lambda pair: sort_key(pair[1]))


def sort_key(name: str) -> str:
    """Where a name stands in a list: without its accents."""
    return "".join(letter for letter in normalize("NFD", name) if not combining(letter))
