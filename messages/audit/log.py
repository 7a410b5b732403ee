"""The audit record: who did what and when, in a hash chain that reveals later changes.

An entry is written as the last step of the transaction it describes; until that ends, nobody else can add one. After
the commit, the head of the chain is noted in a file of the data directory. If a crash leaves the note an entry behind,
the next entry or `audit verify` updates it.
"""

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

from messages.audit.hash_chain import BEGINNING, ChainEntry, Head, Verification, digest_of, parse_head, verify_chain
from messages.models import AuditEntry, Message, Rendition

logger = logging.getLogger(__name__)

WORKER = "worker"
STARTER_LIBRARY = "starter library"
_ADVISORY_LOCK = 0xA0D17  # on PostgreSQL
_FIELDS = [field.attname for field in AuditEntry._meta.concrete_fields]


class Action(StrEnum):
    """Everything that is recorded; messages.audit_pages.wording has a sentence for each."""

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
    CAMPAIGN_PUT_BACK = "campaign-put-back"
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
    ROWS_LOAD = "rows-load"
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
    CODES_GUESS = "codes-guess"
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
    """The record already matches the note; the message says so, for staff."""


def command_line_actor() -> str:
    """The actor of a management command: the operating system user who runs it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return f"command line ({name})"


@transaction.atomic
def record(
    action: Action, *, by: AbstractUser | str, kind: ObjectKind, ref: str, label: str, **detail: str | int
) -> AuditEntry:
    """Add an entry in the current transaction. Other writers wait until it ends."""
    if connection.vendor == "postgresql":  # SQLite allows one writer at a time anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
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
    transaction.on_commit(partial(_note_head, entry.number))
    return AuditEntry.objects.create(**{name: getattr(entry, name) for name in _FIELDS})


def record_user(action: Action, user: AbstractUser, *, by: AbstractUser | str, **detail: str | int) -> AuditEntry:
    """Record an action on somebody's account."""
    name = user.get_username()
    return record(action, by=by, kind=ObjectKind.PERSON, ref=name, label=name, **detail)


def record_message(action: Action, message: Message, *, by: AbstractUser | str, **detail: str | int) -> AuditEntry:
    """Record an action on a message."""
    return record(action, by=by, kind=ObjectKind.MESSAGE, ref=message.key, label=message.theme.name, **detail)


def record_rendition(
    action: Action, rendition: Rendition, *, by: AbstractUser | str, words: str, **detail: str | int
) -> AuditEntry:
    """Record an action on one language of a revision; `words` is the digest of its text."""
    revision, locale = rendition.revision, rendition.locale
    detail = {"revision": revision.number, "locale": locale, "words": words, **detail}
    return record_message(action, revision.message, by=by, **detail)


def entries() -> Iterator[ChainEntry]:
    """The whole record in order."""
    for row in AuditEntry.objects.order_by("number").values(*_FIELDS).iterator():
        yield ChainEntry(**row)


def verify(*, external_head: Head | None = None) -> Verification:
    """Verify the chain against the head noted on this machine, and against one noted elsewhere."""
    text = _read_note()  # before the entries, because the note only moves forward
    noted = parse_head(text) if text is not None else None
    verdict = verify_chain(entries(), heads=[head for head in (noted, external_head) if head is not None])
    if text is not None and noted is None:
        return replace(verdict, problems=(*verdict.problems, "The note of the last entry cannot be read."))
    if text is None and verdict.count:
        problem = "There is no note of the last entry on this machine, so nothing tells whether the end is cut off."
        return replace(verdict, problems=(*verdict.problems, problem))
    if not verdict.problems and verdict.head is not None and verdict.head != noted:
        _write_note(verdict.head)
    return verdict


@transaction.atomic
def accept(*, by: str, why: str) -> AuditEntry:
    """Accept the record although it differs from the noted one, and record that."""
    text = _read_note()
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
    transaction.on_commit(partial(_write_note, Head(accepted.number, accepted.digest)))
    return accepted


def _note_head(number: int) -> None:
    """Note the head after entry `number` was committed, provided that the record still holds the noted entry."""
    try:
        with _note_lock():
            text = _read_note()
            noted = parse_head(text) if text is not None else None
            if noted is None and (text is not None or number > 1):
                return  # left as it is, for verify to report
            if noted is not None:
                exists = AuditEntry.objects.filter(number=noted.number, digest=noted.digest).exists()
                if noted.number >= number or not exists:
                    return
            last = AuditEntry.objects.order_by("-number").first()
            if last is not None:
                _write_note(Head(last.number, last.digest))
    except (OSError, DatabaseError) as error:  # the entry itself is committed, and the next one repeats the note
        logger.warning("The end of the audit record could not be noted: %s", type(error).__name__)


def _note_file() -> Path:
    directory: Path = settings.DATA_DIRECTORY
    return directory / "audit.head"


def _read_note() -> str | None:
    try:
        return _note_file().read_text("ascii", "replace")
    except FileNotFoundError:
        return None


def _write_note(head: Head) -> None:
    """Write the note atomically and durably."""
    path = _note_file()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{head}\n")
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


@contextmanager
def _note_lock() -> Iterator[None]:
    """Let one process at a time write the note."""
    descriptor = os.open(_note_file().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
