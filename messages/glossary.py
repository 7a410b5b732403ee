"""The glossary: the rows of `docs/glossary.md`, in the reader's language.

The file holds the English and the catalogue its translations, so that page and explanations cannot part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import get_language, pgettext

CONTEXT = "glossary"  # in the catalogues: "turned back" is a phrase elsewhere
FILE = settings.BASE_DIR / "docs" / "glossary.md"
_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \|$")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: one word, or several of the same meaning, and what it means. Both as the file writes them."""

    words: str
    meaning: str

    @property
    def anchor(self) -> str:
        return slugify(self.words.partition(",")[0])

    @property
    def translated_words(self) -> list[str]:
        """Its words, in the active language."""
        return _translate(self.words).split(", ")

    @property
    def word(self) -> str:
        """The first of its words, in the active language."""
        return self.translated_words[0]

    @property
    def explanation(self) -> str:
        """What it means in the active language, without links and emphasis."""
        return _LINK.sub(r"\1", _translate(self.meaning)).replace("*", "")


@cache
def entries() -> dict[str, Entry]:
    """Return each word of the glossary with its row."""
    rows = [Entry(*row) for row in map(_cells, _lines()) if row and row[0] != "word"]
    return {word: row for row in rows for word in row.words.split(", ")}


def translatable_strings() -> Iterator[str]:
    """Yield what the catalogues translate: headings, sentences and cells."""
    for line in _lines():
        yield from _cells(line) or ([line.lstrip("# ")] if line.lstrip("# |-") else [])


def source() -> str:
    """Return the file as Markdown in the active language."""
    return "\n".join(map(_translate_line, _lines()))


def _translate(text: str) -> str:
    return _translate_into(get_language(), text)


@cache
def _translate_into(_language: str | None, text: str) -> str:
    """Return a text in the active language: a page looks for terms some thousand times."""
    return pgettext(CONTEXT, text)


def _translate_line(line: str) -> str:
    cells = _cells(line)
    if cells:
        return f"| {_translate(cells[0])} | {_translate(cells[1])} |"
    text = line.lstrip("# ")
    return line.removesuffix(text) + _translate(text) if text.lstrip("|-") else line


def _cells(line: str) -> tuple[str, str] | None:
    row = _ROW.match(line)
    return (row[1], row[2]) if row else None


@cache
def _lines() -> tuple[str, ...]:
    return tuple(FILE.read_text(encoding="utf-8").splitlines())
