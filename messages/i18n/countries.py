"""Countries by their two-letter code, as help links name them."""

from functools import cache
from pathlib import Path
from unicodedata import combining, normalize

from django.utils.translation import get_language, gettext

EVERYWHERE = "*"
_FILE = Path(__file__).with_name("countries.tsv")


@cache
def _rows() -> dict[str, tuple[str, str]]:
    """The names in English and in Arabic by code."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {code: (english, arabic) for code, english, arabic in rows}


@cache
def english_names() -> dict[str, str]:
    """English names by code."""
    return {code: english for code, (english, _) in _rows().items()}


def country_name(code: str) -> str:
    """The country's name in the active language, or the code if it is unknown."""
    if code not in _rows():
        return code
    english, arabic = _rows()[code]
    return arabic if (get_language() or "").partition("-")[0] == "ar" else gettext(english)


def choices() -> list[tuple[str, str]]:
    """Codes and names in the active language, sorted by name."""
    return sorted(((code, country_name(code)) for code in english_names()), key=lambda pair: sort_key(pair[1]))


def sort_key(name: str) -> str:
    """The name without accents, for sorting."""
    return "".join(letter for letter in normalize("NFD", name) if not combining(letter))
