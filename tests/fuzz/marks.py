"""Marks: unique words that are put into requests, and searched for in everything that the installation stores."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from pathlib import Path

from analytics.doctor import canaries
from tests.written_files import contents_of


class MarkFactory:
    """Makes unique words with a common prefix, so that one search finds all of them."""

    def __init__(self) -> None:
        self._root = f"Mk{secrets.token_hex(6)}"
        self._numbers = itertools.count()
        self.made = 0

    def new(self) -> str:
        """Make a new mark."""
        self.made += 1
        return f"{self._root}x{next(self._numbers):x}"

    def forms(self) -> dict[str, bytes]:
        """The forms of the common prefix that a file may contain."""
        return canaries.spellings(self._root) | canaries.encodings(self._root.encode())

    def find_in(self, places: Iterable[Path]) -> list[str]:
        """Search files and directories for marks; one line for each match."""
        found = []
        for file, content in contents_of(places):
            found += [f"{file.name}: {form}" for form, word in self.forms().items() if word in content]
            if self._root in file.name:
                found.append(f"{file.name}: its name")
        return found
