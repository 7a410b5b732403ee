"""Secrets as files in a directory of mode 0700, outside databases and backups; created on first use, never printed.

receipt-001.key                          the first receipt key
receipt-002-from-20261125T013000Z.key    a later one, and when every process begins to sign with it
campaign-7.key                           the secret under which the subjects of campaign 7 are assigned
django.key                               signs staff sessions
second-factor.key                        encrypts the second factors of staff
audit.key                                seals the entries of the audit record
results.key                              signs bundles of results
"""

import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from messages.secret_files import KEY_BYTES, destroy_secret_file, read_or_create_secret

MAX_RECEIPT_KEYS = 256  # the key number is one byte of a receipt
_SUBJECT_SECRET = re.compile(r"campaign-(\d+)\.key")
_RECEIPT_KEY = re.compile(r"receipt-(\d{3})(?:-from-(\d{8}T\d{6}Z))?\.key")
_TIME = "%Y%m%dT%H%M%SZ"


class ReceiptKeyFile(NamedTuple):
    """One receipt key's file, without its bytes, so that they cannot be printed. Files sort in order of signing."""

    signs_from: int  # seconds since 1970; 0: always
    number: int
    path: Path

    @property
    def title(self) -> str:
        return f"receipt-{self.number:03}"


def key_directory_problems(directory: Path) -> list[str]:
    """Problems with the owner, the permissions and the size of the directory and its keys, as sentences."""
    problems = []
    for path in [directory, *sorted(directory.glob("*.key"))] if directory.exists() else []:
        status = path.stat()
        if status.st_uid != os.geteuid():
            problems.append(f"{path} belongs to another user. Run this as the user who runs the server.")
        if status.st_mode & 0o077:
            mode = "700" if path is directory else "600"
            problems.append(f"Others may read or change {path} ({stat.filemode(status.st_mode)}): chmod {mode} it.")
        if path is not directory and status.st_size < KEY_BYTES:
            problems.append(f"{path} holds {status.st_size} bytes, not {KEY_BYTES}: it is not a key.")
    numbers = [key.number for key in receipt_key_files(directory)]
    duplicates = sorted({number for number in numbers if numbers.count(number) > 1})
    return problems + [
        f"Two files in {directory} hold receipt key {n}: rotate on one machine only." for n in duplicates
    ]


# Subjects


def subject_secret(directory: Path, campaign: int) -> bytes:
    """The secret under which one campaign's subjects are assigned; created on first use."""
    return read_or_create_secret(directory, _subject_name(campaign))


def campaigns_with_subject_secret(directory: Path) -> list[int]:
    """The ids of the campaigns that have a secret in the directory."""
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
    """Every receipt key in the directory, in order of signing."""
    return sorted(
        ReceiptKeyFile(_seconds(match.group(2)), int(match.group(1)), directory / name)
        for name in _names(directory)
        if (match := _RECEIPT_KEY.fullmatch(name)) and int(match.group(1)) < MAX_RECEIPT_KEYS
    )


def receipt_keys(directory: Path) -> dict[int, bytes]:
    """The bytes of every receipt key by its number; the first key is created if there is none."""
    if not receipt_key_files(directory):
        read_or_create_secret(directory, "receipt-001.key")
    return read_keys(receipt_key_files(directory))


def read_keys(files: Sequence[ReceiptKeyFile]) -> dict[int, bytes]:
    """The bytes of these keys by number, without those destroyed meanwhile or not yet written completely."""
    keys = {}
    for key in files:
        with suppress(FileNotFoundError):
            content = key.path.read_bytes()
            if len(content) >= KEY_BYTES:
                keys[key.number] = content
    return keys


def receipt_key_name(number: int, signs_from: int) -> str:
    """The file name of a receipt key that begins to sign at a time in seconds since 1970."""
    return f"receipt-{number:03}-from-{datetime.fromtimestamp(signs_from, UTC).strftime(_TIME)}.key"


def _seconds(time: str | None) -> int:
    return int(datetime.strptime(time, _TIME).replace(tzinfo=UTC).timestamp()) if time else 0
