"""The languages that words may be written in, by their own code and name."""

from __future__ import annotations

from functools import cache

from django.conf.locale import LANG_INFO
from django.utils.translation import get_language, get_language_info

_SMALL = {"es"}  # languages that write the names of languages with a small letter
_LONGEST = 8  # as many characters as a rendition's locale holds
CODES = frozenset(code for code, info in LANG_INFO.items() if "name" in info and len(code) <= _LONGEST)


def is_known(locale: str) -> bool:
    """Whether a message may be written in it."""
    return locale in CODES


def language_name(locale: str) -> str:
    """Its name in the language of the page, such as "Arabic"."""
    return mid_sentence_name(str(get_language_info(locale)["name_translated"])) if locale in CODES else locale


def mid_sentence_name(name: str) -> str:
    """A language's name as the language of the page writes it amid a sentence: "inglés", but "English"."""
    return name[:1].lower() + name[1:] if (get_language() or "").partition("-")[0] in _SMALL else name


@cache
def _local_names() -> tuple[tuple[str, str], ...]:
    names = ((code, str(LANG_INFO[code]["name_local"])) for code in CODES)
    return tuple(sorted(names, key=lambda pair: pair[1].casefold()))


def choices() -> list[tuple[str, str]]:
    """For a select: each by its own name, which its speakers find, and by its name here."""
    return [
        (code, local if local == language_name(code) else f"{local} · {language_name(code)}")
        for code, local in _local_names()
    ]
