"""The audit record: who decided what, and when, in one chain that shows whatever is done to it later.

An entry is written in the transaction of what it tells, as its last step: until that ends, nobody else can add one.
The last entry's number and digest are noted in a file of the data directory once they are committed. A crash between
the two leaves the note behind by an entry, which is no fault: the next entry, or `audit verify`, brings it up to date.
"""

from __future__ import annotations

import fcntl
import logging
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from messages.audit.hash_chain import (
    BEGINNING,
    ChainEntry,
    ChainVerification,
    Head,
    digest_of,
    parse_head,
    verify_chain,
)
from messages.models import AuditEntry

log = logging.getLogger(__name__)

WORKER = "worker"
STARTER_LIBRARY = "starter library"
_ADVISORY = 0xA0D17  # our lock's number on PostgreSQL
_FIELDS = [field.attname for field in AuditEntry._meta.concrete_fields]


class Action(StrEnum):
    """All that is ever recorded; messages.audit_pages.wording says each in a sentence."""

    WORDS_WRITE = "words-write"
    WORDS_TRANSLATE = "words-translate"
    WORDS_SUBMIT = "words-submit"
    WORDS_APPROVE = "words-approve"
    WORDS_WITHDRAW = "words-withdraw"
    WORDS_COMMENT = "words-comment"
    WORDS_SEND_BACK = "words-send-back"
    WORDS_EXCEPTION = "words-exception"
    CAMPAIGN_SUBMIT = "campaign-submit"
    CAMPAIGN_APPROVE = "campaign-approve"
    CAMPAIGN_TAKE_BACK = "campaign-take-back"
    CAMPAIGN_SEND_BACK = "campaign-send-back"
    CAMPAIGN_LAUNCH = "campaign-launch"
    CAMPAIGN_SCHEDULE = "campaign-schedule"
    CAMPAIGN_OPEN = "campaign-open"
    CAMPAIGN_PAUSE = "campaign-pause"
    CAMPAIGN_RESUME = "campaign-resume"
    CAMPAIGN_CLOSE = "campaign-close"
    CAMPAIGN_DEVIATE = "campaign-deviate"
    CAMPAIGN_COPY = "campaign-copy"
    ARM_PAUSE = "arm-pause"
    ARM_RESUME = "arm-resume"
    MESSAGE_STOP = "message-stop"
    MESSAGE_LIFT = "message-lift"
    LOOK_EARLY = "look-early"
    CAMPAIGN_REHEARSE = "campaign-rehearse"
    SUBJECTS_CREATE = "subjects-create"
    SUBJECTS_DESTROY = "subjects-destroy"
    KEY_CREATE = "key-create"
    KEY_ROTATE = "key-rotate"
    KEY_DESTROY = "key-destroy"
    HELP_ADD = "help-add"
    HELP_CHANGE = "help-change"
    HELP_CHECK = "help-check"
    HELP_RETIRE = "help-retire"
    HELP_RESTORE = "help-restore"
    WORDS_IMPORT = "words-import"
    PLACEMENT_ADD = "placement-add"
    PLACEMENT_CHANGE = "placement-change"
    PARTNER_ADD = "partner-add"
    PARTNER_CHANGE = "partner-change"
    PARTNER_CONTACTS = "partner-contacts"
    RECORD_ACCEPT = "record-accept"
    PERSON_INVITE = "person-invite"
    INVITATION_RENEW = "invitation-renew"
    INVITATION_REVOKE = "invitation-revoke"
    PERSON_JOIN = "person-join"
    PERSON_ROLE = "person-role"
    PERSON_DEACTIVATE = "person-deactivate"
    PERSON_REACTIVATE = "person-reactivate"
    SESSIONS_END = "sessions-end"
    FACTOR_ADD = "factor-add"
    FACTOR_REMOVE = "factor-remove"
    FACTOR_RESET = "factor-reset"
    CODES_MAKE = "codes-make"
    CODE_USE = "code-use"
    PASSWORD_CHANGE = "password-change"  # noqa: S105  (a name, no password)
    TOKEN_CREATE = "token-create"  # noqa: S105
    TOKEN_DELETE = "token-delete"  # noqa: S105


class ObjectKind(StrEnum):
    """What an entry is about."""

    MESSAGE = "message"
    CAMPAIGN = "campaign"
    KEY = "key"
    HELP = "help"
    PLACEMENT = "placement"
    PARTNER = "partner"
    RECORD = "record"
    PERSON = "person"


class NothingToAccept(Exception):
    """The record ends as it was noted; the message says so, for a person."""


def command_line_actor() -> str:
    """The actor of a command: the system's user who runs it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return f"command line ({name})"


@transaction.atomic
def record(
    action: Action, *, by: AbstractUser | str, kind: ObjectKind, ref: str, label: str, **detail: str | int
) -> AuditEntry:
    """Add one entry, in the transaction of what it tells. Whoever else has one to add waits until that ends."""
    if connection.vendor == "postgresql":  # SQLite lets one transaction write at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY])
    last = AuditEntry.objects.order_by("-number").first()
    entry = ChainEntry(
        number=last.number + 1 if last else 1,
        at=timezone.now().replace(microsecond=0),
        actor=by if isinstance(by, str) else by.get_username(),
        action=action,
        kind=kind,
        ref=ref[:160],
        label=label[:200],
        detail=detail,
        previous=last.digest if last else BEGINNING,
    )
    entry = replace(entry, digest=digest_of(entry))
    transaction.on_commit(partial(_note, entry.number))
    return AuditEntry.objects.create(**{name: getattr(entry, name) for name in _FIELDS})


def entries() -> Iterator[ChainEntry]:
    """The whole record, from its beginning."""
    for row in AuditEntry.objects.order_by("number").values(*_FIELDS).iterator():
        yield ChainEntry(**row)


def verify(*, external_head: Head | None = None) -> ChainVerification:
    """Walk along the chain and compare it with the head that this machine noted, and with one noted elsewhere."""
    text = _noted_text()  # before the entries: it only moves forward
    noted = parse_head(text) if text is not None else None
    verdict = verify_chain(entries(), heads=[head for head in (noted, external_head) if head is not None])
    if text is not None and noted is None:
        return replace(verdict, problems=(*verdict.problems, "The note of the last entry cannot be read."))
    if text is None and verdict.count:
        problem = "There is no note of the last entry on this machine, so nothing tells whether the end is cut off."
        return replace(verdict, problems=(*verdict.problems, problem))
    if not verdict.problems and verdict.head is not None and verdict.head != noted:
        _write(verdict.head)
    return verdict


@transaction.atomic
def accept(*, by: str, why: str) -> AuditEntry:
    """Go on from the record as it is, although it is not the one that was noted; that stands on it for ever."""
    text = _noted_text()
    noted = parse_head(text or "")
    last = AuditEntry.objects.order_by("-number").first()
    if noted is not None and AuditEntry.objects.filter(number=noted.number, digest=noted.digest).exists():
        raise NothingToAccept(f"The record holds entry {noted.number} as it was noted.")
    if text is None and last is None:
        raise NothingToAccept("The record is empty, and nothing was noted.")
    accepted = record(
        Action.RECORD_ACCEPT,
        by=by,
        kind=ObjectKind.RECORD,
        ref="record",
        label="the audit record",
        reason=why,
        noted=str(noted or "nothing"),
        ended=last.number if last else 0,
    )
    transaction.on_commit(partial(_write, Head(accepted.number, accepted.digest)))
    return accepted


def _note(number: int) -> None:
    """After entry `number` is committed: note the record's head, if it still holds what was noted before."""
    try:
        with _alone():
            text = _noted_text()
            noted = parse_head(text) if text is not None else None
            if noted is None and (text is not None or number > 1):
                return  # something is amiss: it stays as it is, for verify to say
            if noted is not None:
                held = AuditEntry.objects.filter(number=noted.number, digest=noted.digest).exists()
                if noted.number >= number or not held:
                    return
            last = AuditEntry.objects.order_by("-number").first()
            if last is not None:
                _write(Head(last.number, last.digest))
    except (OSError, DatabaseError) as error:  # what was recorded is committed: the next entry's note catches up
        log.warning("The end of the audit record could not be noted: %s", type(error).__name__)


def _file() -> Path:
    directory: Path = settings.DATA_DIRECTORY
    return directory / "audit.head"


def _noted_text() -> str | None:
    try:
        return _file().read_text("ascii", "replace")
    except FileNotFoundError:
        return None


def _write(head: Head) -> None:
    """Whole or not at all, and on disk."""
    path = _file()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{head}\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


@contextmanager
def _alone() -> Iterator[None]:
    """One process of this machine at a time."""
    descriptor = os.open(_file().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
