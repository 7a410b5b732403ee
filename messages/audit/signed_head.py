"""What this machine signs about the audit record: a seal on each entry, and a note of the last one.

Both are signed with a key of the key directory, which no database and no backup holds. An entry that somebody inserts
by SQL has no seal; a note that somebody rewrites has no signature. The note reveals an end that was cut off, a record
that was emptied, and a database that was replaced by an older one.

audit.key       the key, made with the first entry
audit.head      the note: number and digest of the last entry, the first entry that has a seal, the signature
audit.accounts  a signature: accounts are on record. A file of its own, because a server that goes on running while a
                later version is put in its place has to read the note: else it takes the database for an older one
"""

import fcntl
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

from django.conf import settings

from messages.audit.hash_chain import BEGINNING, ChainEntry, Head
from messages.secret_files import KEY_BYTES, fsync_directory, read_or_create_secret

KEY_NAME = "audit.key"
_ACCOUNTS = ("accounts", "are on record")  # what is signed, and of what kind
SealCheck = Callable[[ChainEntry], bool]
_NOTE = re.compile(r"([0-9]{1,18}):([0-9a-f]{64}) ([1-9][0-9]{0,17}) ([0-9a-f]{64})\n?")


class SealedRow(Protocol):
    """A row with a seal of this machine."""

    @property
    def seal(self) -> str: ...


RowT = TypeVar("RowT", bound=SealedRow)


class NoNote(Enum):
    """Why there is no note that this machine vouches for."""

    NOTHING_SIGNED = "this machine has signed nothing yet"
    REMOVED = "the note was removed, its key is there"
    NOT_GENUINE = "the note cannot be read, or its signature is not of this machine's key"


@dataclass(frozen=True, slots=True)
class Note:
    """The last entry that this machine has signed; entries from number `sealed_from` on have a seal of its key."""

    head: Head  # number 0: the key is made, and no entry is committed
    sealed_from: int

    def __str__(self) -> str:
        return f"{self.head} {self.sealed_from}"


NOTHING = Note(Head(0, BEGINNING), sealed_from=1)


def begin(note: Note) -> None:
    """Make the key, and note where signing begins, as yet without accounts."""
    read_or_create_secret(settings.KEY_DIRECTORY, KEY_NAME)
    _accounts_path().unlink(missing_ok=True)
    write_note(note)


def seal(digest: str, *, of: str = "entry") -> str:
    """The seal of the entry with this digest, or of another kind of thing; the key is made if there is none."""
    read_or_create_secret(settings.KEY_DIRECTORY, KEY_NAME)
    return _sign(_require_key(), of, digest)


def subkey(purpose: str) -> bytes:
    """A key of its own for one purpose, derived from this machine's; that one is made if there is none."""
    read_or_create_secret(settings.KEY_DIRECTORY, KEY_NAME)
    return hmac.digest(_require_key(), f"subkey {purpose}".encode(), "sha256")


def is_sealed(digest: str, seal: str, *, of: str) -> bool:
    """Whether this is the seal that this machine gave to the thing of this kind with this digest."""
    key = _key()
    return key is not None and hmac.compare_digest(seal.encode(), _sign(key, of, digest).encode())


def is_sealed_chain(rows: Iterable[RowT], digest: Callable[[RowT, str], str], *, of: str) -> bool:
    """Whether each row has its seal, which is of the row and of the seal before it: none was put in or taken out.

    `digest` is given a row and the seal before it. Nothing shows that rows are missing at the end.
    """
    before, key = "", _key()
    for row in rows:
        if key is None or not hmac.compare_digest(row.seal.encode(), _sign(key, of, digest(row, before)).encode()):
            return False
        before = row.seal
    return True


def seal_check() -> SealCheck:
    """A function that says whether an entry has a seal of this machine's key."""
    key = _key()
    if key is None:
        return lambda entry: False
    return lambda entry: hmac.compare_digest(entry.seal.encode(), _sign(key, "entry", entry.digest).encode())


def read_note() -> Note | NoNote:
    """The note, or the reason why there is none."""
    try:
        text = _path().read_text("ascii", "replace")
    except FileNotFoundError:
        return NoNote.NOTHING_SIGNED if _key() is None else NoNote.REMOVED
    match = _NOTE.fullmatch(text)
    if match is None or _key() is None:
        return NoNote.NOT_GENUINE
    note = Note(Head(int(match[1]), match[2]), sealed_from=int(match[3]))
    return note if hmac.compare_digest(match[4], _signature(note)) else NoNote.NOT_GENUINE


def standing() -> tuple[bytes, int | NoNote]:
    """Return all that a check of seals rests on beside rows: this machine's key, and since when entries have seals."""
    note = read_note()
    return sha256(_key() or b"").digest(), note.sealed_from if isinstance(note, Note) else note


def write_note(note: Note) -> None:
    """Write the note atomically and durably."""
    _write(_path(), f"{note} {_signature(note)}\n")


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    fsync_directory(path.parent)


def advance_note(head: Head) -> None:
    """Note a later entry, unless another process noted one that is later still."""
    with note_lock():
        note = read_note()
        if isinstance(note, Note) and note.head.number < head.number:
            write_note(replace(note, head=head))


def has_accounts() -> bool:
    """Whether each account has to be as the record says."""
    key = _key()
    try:
        text = _accounts_path().read_text("ascii", "replace")
    except FileNotFoundError:
        return False
    return key is not None and hmac.compare_digest(text.strip().encode(), _sign(key, *_ACCOUNTS).encode())


def note_accounts() -> None:
    """Note that each account has to be as the record says from now on."""
    _write(_accounts_path(), f"{_sign(_require_key(), *_ACCOUNTS)}\n")


@contextmanager
def note_lock() -> Iterator[None]:
    """Let one process at a time write the note."""
    descriptor = os.open(_path().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _path() -> Path:
    directory: Path = settings.KEY_DIRECTORY
    return directory / "audit.head"


def _accounts_path() -> Path:
    return _path().with_name("audit.accounts")


def _signature(note: Note) -> str:
    return _sign(_require_key(), "head", str(note))


def _sign(key: bytes, purpose: str, text: str) -> str:
    return hmac.digest(key, f"{purpose} {text}".encode(), "sha256").hex()


def _require_key() -> bytes:
    key = _key()
    if key is None:
        raise FileNotFoundError(f"{KEY_NAME} is not in the key directory, or not whole")
    return key


def _key() -> bytes | None:
    try:
        key = (_path().parent / KEY_NAME).read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) >= KEY_BYTES else None
