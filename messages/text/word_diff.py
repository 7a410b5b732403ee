"""What changed between two wordings, word by word, so that a person can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

ChangeKind = Literal["same", "gone", "new"]

_PIECES = re.compile(r"\n\s*\n|\n|[^\S\n]+|\w+(?:[-'’]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A stretch of text that stayed, went or came."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Two texts side by side; `parts` without what came is the first, without what went the second."""

    parts: tuple[DiffPart, ...]
    removed_count: int
    added_count: int

    @property
    def is_empty(self) -> bool:
        return not self.removed_count and not self.added_count


def diff_words(before: str, after: str) -> WordDiff:
    """What a reader has to look at: words that went and came, counted."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    parts = tuple(_joined(_steps(old, new)))
    return WordDiff(
        parts=parts,
        removed_count=sum(_words_in(part.text) for part in parts if part.kind == "gone"),
        added_count=sum(_words_in(part.text) for part in parts if part.kind == "new"),
    )


def _steps(old: list[str], new: list[str]) -> Iterator[DiffPart]:
    for step, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            yield DiffPart("same", "".join(old[a:b]))
        else:
            yield DiffPart("gone", "".join(old[a:b]))
            yield DiffPart("new", "".join(new[c:d]))


def _joined(steps: Iterator[DiffPart]) -> Iterator[DiffPart]:
    """Changes with no word between them are one: "~~the old~~ a new", not "~~the~~ a ~~old~~ new"."""
    gone = came = held = ""
    for part in steps:
        if part.kind == "same":
            if (gone or came) and not held and not _words_in(part.text) and "\n" not in part.text:
                held = part.text
                continue
            yield from _changed(gone, came)
            yield from [DiffPart("same", held + part.text)]
            gone = came = held = ""
        elif part.text:
            gone, came = gone + held, came + held
            held = ""
            if part.kind == "gone":
                gone += part.text
            else:
                came += part.text
    yield from _changed(gone, came)
    if held:
        yield DiffPart("same", held)


def _changed(gone: str, came: str) -> Iterator[DiffPart]:
    if gone:
        yield DiffPart("gone", gone)
    if came:
        yield DiffPart("new", came)


def _words_in(text: str) -> int:
    return len(re.findall(r"\w+(?:[-'’]\w+)*", text))
