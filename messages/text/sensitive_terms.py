"""Find distressing terms in a text, so that staff pages can hide them until someone asks to see them."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_TERMS_FILE = Path(__file__).with_name("terms.toml")


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a text; `is_sensitive` if it is one of the terms."""

    text: str
    is_sensitive: bool


@lru_cache(maxsize=1)
def default_terms() -> re.Pattern[str]:
    """The pattern of the terms in `terms.toml`."""
    return compile_terms(_TERMS_FILE.read_text(encoding="utf-8"))


def compile_terms(toml: str) -> re.Pattern[str]:
    """Match any term of the list as whole words; * matches any ending."""
    terms = {term for entry in tomllib.loads(toml)["term"] for term in entry["say"]}
    longest_first = sorted(terms, key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_term_pattern, longest_first))})(?!\w)", re.IGNORECASE)


def _term_pattern(term: str) -> str:
    words = r"[\s\-]+".join(re.escape(word) for word in term.removesuffix("*").split())
    return words + (r"\w*" if term.endswith("*") else "")


def split_sensitive(text: str, pattern: re.Pattern[str]) -> Iterator[TextSpan]:
    """Split a text at its terms; the parts add up to the text."""
    end = 0
    for match in pattern.finditer(text):
        if match.start() > end:
            yield TextSpan(text[end : match.start()], is_sensitive=False)
        yield TextSpan(match[0], is_sensitive=True)
        end = match.end()
    if end < len(text):
        yield TextSpan(text[end:], is_sensitive=False)
