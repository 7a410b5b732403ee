"""PURE  Words that hurt to read, found in a text, so that a page can veil them until someone asks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text; `hard` if it should not meet the eye unasked."""

    text: str
    hard: bool


def pattern_from(toml: str) -> re.Pattern[str]:
    """One pattern of every term in the list, as whole words; * stands for any ending."""
    terms = {term for entry in tomllib.loads(toml)["term"] for term in entry["say"]}
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_one, longest_first))})(?!\w)", re.IGNORECASE)


def _one(term: str) -> str:
    words = r"[\s\-]+".join(re.escape(word) for word in term.removesuffix("*").split())
    return words + (r"\w*" if term.endswith("*") else "")


def parts(text: str, pattern: re.Pattern[str]) -> Iterator[Part]:
    """The text in order; joined again it is the same text."""
    end = 0
    for found in pattern.finditer(text):
        if found.start() > end:
            yield Part(text[end : found.start()], hard=False)
        yield Part(found[0], hard=True)
        end = found.end()
    if end < len(text):
        yield Part(text[end:], hard=False)
