"""Read all files that a running site has written."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def files_in(places: Iterable[Path]) -> list[Path]:
    """Return these files, and every file below these directories, including hidden ones."""
    return [path for path in _paths_in(places) if path.is_file()]


def contents_of(places: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield each file with its content.

    A running site replaces a file by renaming a new one over it. When a file has vanished before it was read, the
    places are searched again for files that have not been read, as its content may stand under another name now.
    """
    places = list(places)
    seen: set[tuple[Path, int]] = set()
    vanished = True
    while vanished:
        vanished = False
        for path in _paths_in(places):
            try:
                status = path.lstat()
                if stat.S_ISLNK(status.st_mode) and path.exists():
                    status = path.stat()
                file = (path, status.st_ino)
                if file in seen or not stat.S_ISREG(status.st_mode):
                    continue
                content = path.read_bytes()
            except FileNotFoundError:
                vanished = True
                continue
            seen.add(file)
            yield path, content


def _paths_in(places: Iterable[Path]) -> list[Path]:
    return [path for place in places if place.exists() for path in [place, *sorted(place.rglob("*"))]]
