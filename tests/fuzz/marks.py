"""Marks put into whatever a request may hold, and the search for them in all that the installation keeps."""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Iterable
from pathlib import Path


class Marks:
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
        """How a mark may stand in a file: as it is, in other cases and encodings, in hexadecimal or base64."""
        plain = self._root.encode()
        forms = {
            "plain": plain,
            "lower case": plain.lower(),
            "upper case": plain.upper(),
            "UTF-16": self._root.encode("utf-16-le"),
            "hexadecimal": plain.hex().encode(),
        }
        for shift in range(3):  # base64 looks different at each of three places; its edges depend on the neighbours
            encoded = base64.b64encode(b"\0" * shift + plain)
            forms[f"base64 at {shift}"] = encoded[4 if shift else 0 : len(encoded) // 4 * 4 - 4]
        return forms

    def kept_in(self, places: Iterable[Path]) -> list[str]:
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
