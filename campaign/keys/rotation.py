"""Which receipt key signs, how long each is needed, and how a new one takes over.

A receipt key verifies as soon as it exists. It signs from its time on until the next one's, and is needed until the
last receipt that it signed has closed. docs/decisions/0011-key-rotation.md gives the reasons.
"""

import fcntl
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.keys.store import MAX_RECEIPT_KEYS, ReceiptKeyFile, receipt_key_files, receipt_key_name
from messages.secret_files import read_or_create_secret

# How long a new key exists before it signs: every process reloads each second, other machines have time to copy it.
ROTATION_LEAD_SECONDS = 60
MAX_LEAD_DAYS = 7  # a key that waits to sign blocks the next rotation
# The most hours from the issue hour of a receipt to its end, whatever the unit; also a database constraint.
MAX_RECEIPT_HOURS = 25
_SLACK_HOURS = 1  # for a process that signs a little longer because it could not read the directory


class KeyRefused(Exception):
    """The rotation would do harm; the message gives the reason, for people."""


def signing_key(keys: Sequence[ReceiptKeyFile], *, now: float) -> ReceiptKeyFile:
    """The key that signs now; the first one if a clock was set back so far that none has begun."""
    return max((key for key in keys if key.signs_from <= now), default=min(keys))


def needed_until(key: ReceiptKeyFile, keys: Sequence[ReceiptKeyFile]) -> int | None:
    """When the last receipt that it can have signed has closed (seconds since 1970); None if that is not known.

    A key stops signing when the next one begins. A key that was copied in by hand has no time, so it ends no other.
    """
    stops = min((other.signs_from for other in keys if other > key and other.signs_from), default=None)
    if stops is None:
        return None
    return (stops // SECONDS_PER_HOUR + MAX_RECEIPT_HOURS + _SLACK_HOURS) * SECONDS_PER_HOUR


def rotate_receipt_key(directory: Path, *, now: float, lead_seconds: float = ROTATION_LEAD_SECONDS) -> ReceiptKeyFile:
    """Create a key that signs `lead_seconds` from now; earlier keys go on verifying. KeyRefused if it cannot be."""
    if not 0 <= lead_seconds <= MAX_LEAD_DAYS * 86_400:
        raise KeyRefused(f"A key begins to sign now, or at most {MAX_LEAD_DAYS} days ahead; never in the past.")
    with _lock(directory):
        keys = receipt_key_files(directory)
        if keys and keys[-1].signs_from > now:
            raise KeyRefused(f"Receipt key {keys[-1].number} is new and waits to sign: rotate again when it does.")
        taken = {key.number for key in keys}
        last = keys[-1].number if keys else 0
        candidates = ((last + step) % MAX_RECEIPT_KEYS for step in range(1, MAX_RECEIPT_KEYS + 1))
        number = next((number for number in candidates if number not in taken), None)
        signs_from = math.ceil(now + lead_seconds)
        if number is None:
            raise KeyRefused(
                f"All {MAX_RECEIPT_KEYS} numbers are in use: destroy keys that nothing needs (keys prune)."
            )
        name = receipt_key_name(number, signs_from)
        read_or_create_secret(directory, name)
        return ReceiptKeyFile(signs_from, number, directory / name)


def unneeded_receipt_keys(directory: Path, *, now: float) -> list[ReceiptKeyFile]:
    """The receipt keys whose receipts have all closed."""
    keys = receipt_key_files(directory)
    return [key for key in keys if (until := needed_until(key, keys)) is not None and until <= now]


def format_utc(moment: int) -> str:
    """A time in seconds since 1970 in readable form."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Allow one rotation at a time on this machine."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
