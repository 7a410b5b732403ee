"""Read a bundle strictly: a ZIP archive of named files, each with its checksum, and a signature of the checksums."""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.export import signature
from analytics.export.bundle import CHECKSUMS, SIGNATURE

MAX_BYTES = 100_000_000  # of all files together, unpacked
MAX_FILES = 5_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for any amount of memory
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


class UnreadableBundle(Exception):
    """Raised where a file is no bundle, or not whole. The message is shown to the user."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle by name, and the fingerprint of the key that signed them."""

    files: Mapping[str, bytes]
    fingerprint: str

    def json(self, name: str) -> Any:
        """Return the values of a JSON file."""
        if name not in self.files:
            raise UnreadableBundle(f"It does not contain {name}.")
        try:
            return json.loads(self.files[name])
        except (ValueError, RecursionError):
            raise UnreadableBundle(f"{name} is not JSON.") from None


def open_bundle(content: bytes, *, max_bytes: int = MAX_BYTES) -> Bundle:
    """Return the files of a bundle whose checksums and signature hold; else raise UnreadableBundle."""
    files = _unpack(content, max_bytes)
    for name in (CHECKSUMS, SIGNATURE):
        if name not in files:
            raise UnreadableBundle(f"It does not contain {name}.")
    try:
        signed = signature.from_json(files[SIGNATURE])
        signature.check(files[CHECKSUMS], signed)
    except signature.BadSignature as reason:
        raise UnreadableBundle(str(reason)) from None
    _compare_checksums(files)
    return Bundle(files, signed.fingerprint)


def _unpack(content: bytes, max_bytes: int) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(names) > MAX_FILES or sum(entry.file_size for entry in entries) > max_bytes:
                raise UnreadableBundle("It is too large to be a bundle.")
            if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
                raise UnreadableBundle(
                    "It contains a file twice, or a file with a name that does not belong in a bundle."
                )
            if any(entry.compress_type not in _METHODS for entry in entries):
                raise UnreadableBundle("It is compressed in a way that a bundle is not.")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise UnreadableBundle("It is not a ZIP archive, or it is damaged.") from None


def _compare_checksums(files: Mapping[str, bytes]) -> None:
    """Raise UnreadableBundle unless exactly the files with a checksum are there, each as it was."""
    lines = files[CHECKSUMS].decode("ascii", "replace").splitlines()
    listed = {match[2]: match[1] for line in lines if (match := _CHECKSUM_LINE.fullmatch(line))}
    if len(listed) != len(lines) or set(listed) != set(files) - {CHECKSUMS, SIGNATURE}:
        raise UnreadableBundle("Its files are not the ones that were signed.")
    for name, digest in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise UnreadableBundle(f"{name} was changed.")
