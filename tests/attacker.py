"""Who holds every file, and what such a one can find out about subjects: for tests of what is promised to them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from campaign import subject
from campaign.keyring import KEY_BYTES

_FEWEST_VALUES = 18  # of 32 random bytes at least so many differ: one time in 10 million fewer do
_HEX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43}(?![A-Za-z0-9+/_-])")


def files_below(directory: Path) -> list[Path]:
    """Every file, hidden ones too."""
    return sorted(path for path in directory.rglob("*") if path.is_file())


def holders(secret: bytes, directory: Path) -> list[Path]:
    """The files below a directory that hold a secret: raw, as hexadecimal digits, or in either base64."""
    encoded = (base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"="))
    forms = (secret, secret.hex().encode(), secret.hex().upper().encode(), *encoded)
    return [path for path in files_below(directory) if any(form in path.read_bytes() for form in forms)]
