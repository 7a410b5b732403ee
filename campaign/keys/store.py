"""Secrets as files in a directory of mode 0700, outside databases and backups; made on first use, never printed.

    receipt-001.key                          the first receipt key
    receipt-002-from-20261125T013000Z.key    a later one, and when it begins to sign: the same for all
    campaign-7.key                           the secret under which the subjects of campaign 7 are assigned
    django.key                               signs staff sessions
    second-factor.key                        encrypts what second factors are made of

A receipt key verifies from the moment it is there, signs from its time on until the next one's comes, and is needed
until the last receipt it signed has closed. docs/decisions/0011-key-rotation.md says why.
"""

from __future__ import annotations

import fcntl
import math
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from campaign.assignment.receipts import SECONDS_PER_HOUR

KEY_BYTES = 32
# So long before it signs, a new key is there: every process looks each second, other machines have time to copy it.
ROTATION_LEAD_SECONDS = 60
# No receipt closes later after its hour began, whatever its unit; a constraint of the audience database holds it too.
MAX_RECEIPT_HOURS = 25
_SLACK_HOURS = 1  # for a process that goes on signing a little longer, because it could not read the directory
_SUBJECT_SECRET = re.compile(r"campaign-(\d+)\.key")
_RECEIPT_KEY = re.compile(r"receipt-(\d{3})(?:-from-(\d{8}T\d{6}Z))?\.key")
_TIME = "%Y%m%dT%H%M%SZ"
_NUMBERS = 256


class KeyRefused(Exception):
    """What was asked for would do harm; the message says why, for a person."""


class ReceiptKeyFile(NamedTuple):
    """One receipt key's file, in the order in which they sign; its bytes are not here, so they cannot be printed."""

    signs_from: int  # seconds since 1970; 0: since ever
    number: int
    path: Path

    @property
    def title(self) -> str:
        return f"receipt-{self.number:03}"


def read_or_create_secret(directory: Path, name: str) -> bytes:
    """The bytes of one secret file, created whole with mode 0600 if it is not there yet."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / name
    if not path.exists():
        draft = directory / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: its secret is the one that counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        fsync_directory(directory)  # or a power cut may take the name away, and with it every receipt signed so far
    return path.read_bytes()


def destroy_secret_file(directory: Path, name: str) -> bool:
    """Overwrite and remove a secret and its drafts; whether there was one. On disks that copy, removal is what counts.

    Overwritten with random bytes: whoever reads it at that moment holds a secret that nobody knows.
    """
    there = (directory / name).exists()
    for path in [directory / name, *directory.glob(f".{name}.*")]:
        with suppress(FileNotFoundError), path.open("r+b", buffering=0) as stream:
            stream.write(secrets.token_bytes(path.stat().st_size))
            os.fsync(stream.fileno())
            path.unlink()
    if there:
        fsync_directory(directory)
    return there


def fsync_directory(directory: Path) -> None:
    """The names of the files in it outlive a power cut from here on."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def key_directory_problems(directory: Path) -> list[str]:
    """What is wrong with the directory and its keys, in sentences: whose they are, who else may read them."""
    found = []
    for path in [directory, *sorted(directory.glob("*.key"))] if directory.exists() else []:
        status = path.stat()
        if status.st_uid != os.geteuid():
            found.append(f"{path} belongs to another user. Run this as the user who runs the server.")
        if status.st_mode & 0o077:
            mode = "700" if path is directory else "600"
            found.append(f"Others may read or change {path} ({stat.filemode(status.st_mode)}): chmod {mode} it.")
        if path is not directory and status.st_size < KEY_BYTES:
            found.append(f"{path} holds {status.st_size} bytes, not {KEY_BYTES}: it is not a key.")
    numbers = [key.number for key in receipt_key_files(directory)]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    found += [f"Two files in {directory} hold receipt key {number}: rotate on one machine only." for number in twice]
    return found


# Subjects


def subject_secret(directory: Path, campaign: int) -> bytes:
    """The secret under which one campaign's subjects are assigned; made on first use."""
    return read_or_create_secret(directory, _subject_name(campaign))


def campaigns_with_subject_secret(directory: Path) -> list[int]:
    """The campaigns that have a secret here."""
    return sorted(int(match.group(1)) for name in _names(directory) if (match := _SUBJECT_SECRET.fullmatch(name)))


def destroy_subject_secret(directory: Path, campaign: int) -> bool:
    """Overwrite and remove a campaign's secret; whether there was one."""
    return destroy_secret_file(directory, _subject_name(campaign))


def _subject_name(campaign: int) -> str:
    return f"campaign-{campaign}.key"


def _names(directory: Path) -> list[str]:
    return os.listdir(directory) if directory.exists() else []


# Receipt keys


def receipt_key_files(directory: Path) -> list[ReceiptKeyFile]:
    """Every receipt key that is there, in the order in which they sign."""
    return sorted(
        ReceiptKeyFile(_seconds(match.group(2)), int(match.group(1)), directory / name)
        for name in _names(directory)
        if (match := _RECEIPT_KEY.fullmatch(name)) and int(match.group(1)) < _NUMBERS
    )


def receipt_keys(directory: Path) -> dict[int, bytes]:
    """The bytes of every receipt key by its number; the first is made if there is none."""
    if not receipt_key_files(directory):
        read_or_create_secret(directory, "receipt-001.key")
    return read_keys(receipt_key_files(directory))


def read_keys(files: Sequence[ReceiptKeyFile]) -> dict[int, bytes]:
    """Their bytes by number, without those that were destroyed meanwhile or are not written to the end yet."""
    found = {}
    for key in files:
        with suppress(FileNotFoundError):
            content = key.path.read_bytes()
            if len(content) >= KEY_BYTES:
                found[key.number] = content
    return found


def signing_key(keys: Sequence[ReceiptKeyFile], *, now: float) -> ReceiptKeyFile:
    """The one that signs now; if none has begun, because a clock went back, the first."""
    return max((key for key in keys if key.signs_from <= now), default=min(keys))


def needed_until(key: ReceiptKeyFile, keys: Sequence[ReceiptKeyFile]) -> int | None:
    """When the last receipt that it can have signed has closed (seconds since 1970); None as long as nothing tells.

    It stops signing when the next one begins. One that was put there by hand has no time, and so ends nothing.
    """
    stops = min((other.signs_from for other in keys if other > key and other.signs_from), default=None)
    if stops is None:
        return None
    return (stops // SECONDS_PER_HOUR + MAX_RECEIPT_HOURS + _SLACK_HOURS) * SECONDS_PER_HOUR


def rotate_receipt_key(directory: Path, *, now: float, lead_seconds: float = ROTATION_LEAD_SECONDS) -> ReceiptKeyFile:
    """A new key, there at once, that signs `ahead` seconds from now; the ones before go on verifying."""
    with _alone(directory):
        keys = receipt_key_files(directory)
        if keys and keys[-1].signs_from > now:
            raise KeyRefused(f"Receipt key {keys[-1].number} is new and waits to sign: rotate again when it does.")
        taken = {key.number for key in keys}
        after = keys[-1].number if keys else 0
        free = (
            number % _NUMBERS for number in range(after + 1, after + 1 + _NUMBERS) if number % _NUMBERS not in taken
        )
        number, signs_from = next(free, None), math.ceil(now + lead_seconds)
        if number is None:
            raise KeyRefused(f"All {_NUMBERS} numbers are in use: destroy keys that nothing needs (keys prune).")
        name = f"receipt-{number:03}-from-{datetime.fromtimestamp(signs_from, UTC).strftime(_TIME)}.key"
        read_or_create_secret(directory, name)
        return ReceiptKeyFile(signs_from, number, directory / name)


def unneeded_receipt_keys(directory: Path, *, now: float) -> list[ReceiptKeyFile]:
    """The receipt keys of which no receipt can be open any more."""
    keys = receipt_key_files(directory)
    return [key for key in keys if (until := needed_until(key, keys)) is not None and until <= now]


def format_utc(moment: int) -> str:
    """A time in seconds since 1970, for a person."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(time: str | None) -> int:
    return int(datetime.strptime(time, _TIME).replace(tzinfo=UTC).timestamp()) if time else 0


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One rotation at a time on this machine."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
