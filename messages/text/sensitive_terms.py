"""PURE  Words that hurt to read, found in a text, so that a page can veil them until someone asks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A stretch of a text; `hard` if it should not meet the eye unasked."""

    text: str
    is_sensitive: bool


def compile_terms(toml: str) -> re.Pattern[str]:
    """One pattern of every term in the list, as whole words; * stands for any ending."""
    terms = {term for entry in tomllib.loads(toml)["term"] for term in entry["say"]}
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_one, longest_first))})(?!\w)", re.IGNORECASE)


def _one(term: str) -> str:
    words = r"[\s\-]+".join(re.escape(word) for word in term.removesuffix("*").split())
    return words + (r"\w*" if term.endswith("*") else "")


def split_sensitive(text: str, pattern: re.Pattern[str]) -> Iterator[TextSpan]:
    """The text in order; joined again it is the same text."""
    end = 0
    for found in pattern.finditer(text):
        if found.start() > end:
            yield TextSpan(text[end : found.start()], is_sensitive=False)
        yield TextSpan(found[0], is_sensitive=True)
        end = found.end()
    if end < len(text):
        yield TextSpan(text[end:], is_sensitive=False)
