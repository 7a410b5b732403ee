"""Search all files of an installation for secrets and for subjects that can be linked, as whoever seizes it could."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from campaign.assignment import subject_ids
from messages.secret_files import KEY_BYTES
from tests.written_files import contents_of, files_in

_FEWEST_VALUES = 22  # of 32 random bytes at least so many differ: one time in 14 million fewer do
_NUMBER_BYTES = 16
_PIECE = 4096
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_HEX_NUMBER = re.compile("[0-9a-fA-F]{32}")
_HEX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43}(?![A-Za-z0-9+/_-])")


def files_containing(secret: bytes, directory: Path) -> list[Path]:
    """Return the files that contain a secret: raw, in hexadecimal, or in either base64 alphabet."""
    encoded = (base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"="))
    forms = (secret, secret.hex().encode(), secret.hex().upper().encode(), *encoded)
    return [path for path, content in contents_of([directory]) if any(form in content for form in forms)]


def linkable_subjects(subjects: Sequence[str], *, held: Sequence[Path], days: Iterable[int], witness: str) -> set[str]:
    """Return the subjects that can be linked to stored numbers, given the directories and the list of all subjects.

    Tried as a campaign's secret: every 32 bytes in a row of every file, and what stands there in hexadecimal or base64.
    A secret is known when it turns `witness`, whom the attacker saw with their own eyes, into a number that is stored;
    then everyone's number is looked up. `days` are those on which messages were shown (since 1970).
    """
    stored = {number for directory in held for number in stored_numbers(directory)}
    hours = [day * subject_ids.DAY_HOURS for day in days]
    found = {key for key in subjects if any(number in stored for number in _without_a_secret(key))}
    found |= _find_named(subjects, held)
    for secret in _candidates(held):
        if any(subject_ids.nonce(witness, secret, hour=hour) in stored for hour in hours):
            found |= {key for key in subjects for hour in hours if subject_ids.nonce(key, secret, hour=hour) in stored}
    return found


def stored_numbers(directory: Path) -> set[bytes]:
    """Return every 16-byte value in any database below the directory."""
    found = set()
    with tempfile.TemporaryDirectory() as aside:  # looking must not change what is looked at
        for path in files_in([directory]):
            if path.suffix == ".sqlite3":
                for part in path.parent.glob(f"{path.name}*"):
                    shutil.copy(part, aside)
                with closing(sqlite3.connect(Path(aside) / path.name)) as database:
                    found |= set(_values(database))
    return {value for value in found if len(value) == _NUMBER_BYTES}


def _values(database: sqlite3.Connection) -> Iterator[bytes]:
    for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for row in database.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, bytes):
                    yield value
                elif isinstance(value, str) and _HEX_NUMBER.fullmatch(value):
                    yield bytes.fromhex(value)


def _without_a_secret(key: str) -> Iterator[bytes]:
    for name in ("md5", "sha1", "sha256", "blake2b"):
        yield hashlib.new(name, key.encode(), usedforsecurity=False).digest()[:_NUMBER_BYTES]


def _find_named(subjects: Iterable[str], held: Iterable[Path]) -> set[str]:
    everything = b"\0".join(content for _, content in contents_of(held))
    return {
        key
        for key in subjects
        if any(
            form in everything for form in (key.encode(), key.encode().hex().encode(), base64.b64encode(key.encode()))
        )
    }


def _candidates(held: Iterable[Path]) -> Iterator[bytes]:
    """Yield each possible secret once. What two copies have in common is yielded once."""
    seen: set[bytes] = set()
    yield b""
    for _, content in contents_of(held):
        yield from (bytes.fromhex(found.decode()) for found in _HEX.findall(content))
        yield from (base64.b64decode(found.translate(_TO_STANDARD) + b"=") for found in _BASE64.findall(content))
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE + KEY_BYTES - 1]
            if piece not in seen and any(piece):
                seen.add(piece)
                yield from _random_looking(piece)


def _random_looking(piece: bytes) -> Iterator[bytes]:
    if len(piece) >= KEY_BYTES:
        windows = np.sort(sliding_window_view(np.frombuffer(piece, dtype=np.uint8), KEY_BYTES), axis=1)
        values = 1 + np.count_nonzero(np.diff(windows, axis=1), axis=1)
        for start in np.flatnonzero(values >= _FEWEST_VALUES):
            yield piece[start : start + KEY_BYTES]
