"""Marks put into whatever a request may hold, and the search for them in all that the installation keeps."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from pathlib import Path

from analytics.doctor import canaries


class MarkFactory:
    """Unique words that all begin the same, so that one search finds any of them."""

    def __init__(self) -> None:
        self._root = f"Mk{secrets.token_hex(6)}"
        self._numbers = itertools.count()
        self.made = 0

    def new(self) -> str:
        """A word that nobody has used before."""
        self.made += 1
        return f"{self._root}x{next(self._numbers):x}"

    def forms(self) -> dict[str, bytes]:
        """How a mark may stand in a file, as far as all of them look the same."""
        return canaries.spellings(self._root) | canaries.encodings(self._root.encode())

    def find_in(self, places: Iterable[Path]) -> list[str]:
        """Where a mark stands in these files, and in all files of these directories; a line for each."""
        found = []
        files = (file for place in places for file in (sorted(place.rglob("*")) if place.is_dir() else [place]))
        for file in files:
            if file.is_file():
                content = file.read_bytes()
                found += [f"{file.name}: {form}" for form, word in self.forms().items() if word in content]
                if self._root in file.name:
                    found.append(f"{file.name}: its name")
        return found
