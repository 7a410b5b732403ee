"""Secrets as files in a directory of mode 0700, outside databases and backups; made on first use, never printed."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

_SUBJECT_SECRET = re.compile(r"campaign-(\d+)\.key")
_RECEIPT_KEY = re.compile(r"receipt-(\d{3})\.key")


def secret_file(directory: Path, name: str, size: int = 32) -> bytes:
    """The bytes of one secret file, created whole with mode 0600 if it is not there yet."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / name
    if not path.exists():
        draft = directory / f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(size))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)  # fails if another process was first: its secret is the one that counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_directory(directory)  # or a power cut may take the name away, and with it every receipt signed so far
    return path.read_bytes()


def sync_directory(directory: Path) -> None:
    """The names of the files in it outlive a power cut from here on."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def subject_secret(directory: Path, campaign: int) -> bytes:
    """The secret under which one campaign's subjects are assigned; made on first use."""
    return secret_file(directory, f"campaign-{campaign}.key")


def subject_secrets(directory: Path) -> list[int]:
    """The campaigns that have a secret here."""
    names = [path.name for path in directory.iterdir()] if directory.exists() else []
    return sorted(int(match.group(1)) for name in names if (match := _SUBJECT_SECRET.fullmatch(name)))


def destroy_subject_secret(directory: Path, campaign: int) -> bool:
    """Overwrite and remove a campaign's secret; whether there was one. On disks that copy, removal is what counts."""
    path = directory / f"campaign-{campaign}.key"
    try:
        with path.open("r+b") as stream:
            stream.write(bytes(path.stat().st_size))
            stream.flush()
            os.fsync(stream.fileno())
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def receipt_keys(directory: Path) -> dict[int, bytes]:
    """Every receipt key by its number; the highest number signs, all verify."""
    found = {
        int(match.group(1)): path.read_bytes()
        for path in (sorted(directory.iterdir()) if directory.exists() else [])
        if (match := _RECEIPT_KEY.fullmatch(path.name))
    }
    return found or {1: secret_file(directory, "receipt-001.key")}
