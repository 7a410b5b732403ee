"""Compare two texts word by word, for people to read."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

ChangeKind = Literal["same", "gone", "new"]

# Pairs of equal pieces that are looked at. Two pages of prose have a tenth of it; texts that repeat one word hundreds
# of times have more, and would take half a minute.
_MAX_PAIRS = 20_000
_PIECES = re.compile(r"\n\s*\n|\n|[^\S\n]+|\w+(?:[-'’]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A part of the text that stayed, was removed or was added."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True)
class WordDiff:
    """The parts of two texts in order: without the new ones the first text, without the gone ones the second."""

    parts: tuple[DiffPart, ...]
    removed_count: int
    added_count: int

    @property
    def is_empty(self) -> bool:
        return not self.removed_count and not self.added_count


def diff_words(before: str, after: str) -> WordDiff:
    """The difference of two texts, with the number of words removed and added."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    parts = tuple(_merge_changes(_changes(old, new)))
    return WordDiff(
        parts=parts,
        removed_count=sum(_word_count(part.text) for part in parts if part.kind == "gone"),
        added_count=sum(_word_count(part.text) for part in parts if part.kind == "new"),
    )


def _changes(old: list[str], new: list[str]) -> Iterator[DiffPart]:
    """The parts that stayed, by words with the blanks beside them; all is replaced if the words repeat too often."""
    if old == new:
        yield DiffPart("same", "".join(old))
        return
    times = Counter(new)
    if sum(times[piece] for piece in old if not piece.isspace()) > _MAX_PAIRS:
        yield DiffPart("gone", "".join(old))
        yield DiffPart("new", "".join(new))
        return
    for opcode, a, b, c, d in SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        if opcode == "equal":
            yield DiffPart("same", "".join(old[a:b]))
        else:
            yield DiffPart("gone", "".join(old[a:b]))
            yield DiffPart("new", "".join(new[c:d]))


def _merge_changes(parts: Iterator[DiffPart]) -> Iterator[DiffPart]:
    """Merge changes that have no word between them: "~~the old~~ a new", not "~~the~~ a ~~old~~ new"."""
    gone = new = separator = ""
    for part in parts:
        if part.kind == "same":
            if (gone or new) and not separator and not _word_count(part.text) and "\n" not in part.text:
                separator = part.text
                continue
            yield from _change(gone, new)
            yield DiffPart("same", separator + part.text)
            gone = new = separator = ""
        elif part.text:
            gone, new, separator = gone + separator, new + separator, ""
            if part.kind == "gone":
                gone += part.text
            else:
                new += part.text
    yield from _change(gone, new)
    if separator:
        yield DiffPart("same", separator)


def _change(gone: str, new: str) -> Iterator[DiffPart]:
    if gone:
        yield DiffPart("gone", gone)
    if new:
        yield DiffPart("new", new)


def _word_count(text: str) -> int:
    return len(re.findall(r"\w+(?:[-'’]\w+)*", text))
