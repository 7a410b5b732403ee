"""Search for thousands of byte patterns (needles) at once, in every encoding.

Needles are indexed by their first eight bytes. The eight bytes at each offset of the haystack are looked up in a bit
table, which excludes nearly all of them; the rest are compared in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.doctor import canaries
from tests.fuzz.marks import MarkFactory
from tests.written_files import contents_of

Needles = Mapping[bytes, str]
_KEY = 8
_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_PORTION = 1 << 22
_DIGESTS = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Hit:
    """A match: what was found, and where."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what} in {self.where}"


class Search:
    """Finds needles in bytes, files and file names."""

    def __init__(self, needles: Needles) -> None:
        short = [needle for needle in needles if len(needle) < _KEY]
        if short:
            raise ValueError(f"{short[0]!r} would be found by chance")
        self._by_key: dict[int, list[bytes]] = {}
        for needle in needles:
            self._by_key.setdefault(int.from_bytes(needle[:_KEY], "little"), []).append(needle)
        self._names = dict(needles)
        self._known = np.zeros(1 << _BITS, dtype=np.bool_)
        self._known[_slots(np.array(list(self._by_key), dtype=np.uint64))] = True
        self.scanned_bytes = 0

    @property
    def pattern_count(self) -> int:
        """The number of needles."""
        return len(self._names)

    def find(self, haystack: bytes) -> list[bytes]:
        """All matches in the haystack, one for each offset."""
        self.scanned_bytes += len(haystack)
        return [needle for start in range(0, len(haystack), _PORTION) for needle in self._portion(haystack, start)]

    def _portion(self, haystack: bytes, start: int) -> Iterator[bytes]:
        portion = haystack[start : start + _PORTION + _KEY - 1]  # a match may end in the next portion
        for shift in range(min(_KEY, len(portion) - _KEY + 1)):
            words = np.frombuffer(portion, dtype="<u8", count=(len(portion) - shift) // _KEY, offset=shift)
            for place in np.flatnonzero(self._known[_slots(words)]):
                at = start + shift + int(place) * _KEY
                for needle in self._by_key.get(int(words[place]), ()):
                    if haystack.startswith(needle, at):
                        yield needle

    def find_hits(self, haystack: bytes, where: str) -> list[Hit]:
        """The distinct matches in the haystack."""
        return [Hit(what, where) for what in sorted({self._names[needle] for needle in self.find(haystack)})]

    def search_files(self, places: Iterable[Path]) -> list[Hit]:
        """What stands in these files, in all files of these directories, and in their names."""
        hits = []
        for place in places:
            for path in [place, *sorted(place.rglob("*"))]:
                name = str(path.relative_to(place.parent))
                hits += self.find_hits(name.encode(), f"the name of {name}")
                if path.is_symlink():
                    hits += self.find_hits(bytes(path.readlink()), name)
            for path, content in contents_of([place]):
                hits += self.find_hits(content, str(path.relative_to(place.parent)))
        return hits


def _slots(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    slots: NDArray[np.uint64] = (words * _SPREAD) >> np.uint64(64 - _BITS)
    return slots


def encodings_of(content: bytes, name: str) -> Iterator[tuple[bytes, str]]:
    """Bytes, plain and encoded."""
    yield content, name
    yield from _with_names(canaries.encodings(content), name)


def spellings_of(text: str, name: str) -> Iterator[tuple[bytes, str]]:
    """All spellings of a text, plain and encoded."""
    for form, spelling in canaries.spellings(text).items():
        yield from encodings_of(spelling, name if form == "plain" else f"{name}, {form}")


def digests_of(text: str, name: str) -> Iterator[tuple[bytes, str]]:
    """Prefixes of the hashes of a text: a truncated hash identifies it as well as the whole."""
    yield from _with_names(canaries.digests(text.encode(), algorithms=_DIGESTS, length=_KEY), name)


def needles_of_marks(marks: MarkFactory) -> Iterator[tuple[bytes, str]]:
    """The forms of the prefix that all marks share."""
    yield from _with_names(marks.forms(), "a mark")


def _with_names(forms: Mapping[str, bytes], name: str) -> Iterator[tuple[bytes, str]]:
    for form, word in forms.items():
        yield word, f"{name}, {form}"
