"""The audit record: who did what and when, in a hash chain that reveals later changes.

An entry is written as the last step of the transaction it describes, sealed with this machine's key; until that ends,
nobody else can add one. After the commit, the head of the chain is noted. If a crash leaves the note an entry behind,
the next entry or `audit verify` updates it.
"""

import logging
import os
import pwd
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from messages.audit import signed_head
from messages.audit.hash_chain import BEGINNING, ChainEntry, Head, digest_of, parse_head
from messages.models import AuditEntry, Message, Rendition

logger = logging.getLogger(__name__)

WORKER = "worker"
STARTER_LIBRARY = "starter library"
_ADVISORY_LOCK = 0xA0D17  # on PostgreSQL
_UNSIGNED_NOTE = "audit.head"  # in the data directory, of an installation that began before entries were sealed
KeyT = TypeVar("KeyT", bound=Hashable)
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
    CAMPAIGN_QUEUE = "campaign-queue"
    CAMPAIGN_UNQUEUE = "campaign-unqueue"
    CAMPAIGN_OPEN = "campaign-open"
    CAMPAIGN_PAUSE = "campaign-pause"
    CAMPAIGN_RESUME = "campaign-resume"
    CAMPAIGN_CLOSE = "campaign-close"
    CAMPAIGN_DEVIATE = "campaign-deviate"
    CAMPAIGN_ADDRESS = "campaign-address"
    CAMPAIGN_CHANGE = "campaign-change"
    CAMPAIGN_COUNTS = "campaign-counts"
    CAMPAIGN_COPY = "campaign-copy"
    CAMPAIGN_PUT_BACK = "campaign-put-back"
    CAMPAIGN_ASK = "campaign-ask"
    CAMPAIGN_DELETE = "campaign-delete"
    CAMPAIGN_ARCHIVE = "campaign-archive"
    CAMPAIGN_BRING_BACK = "campaign-bring-back"
    CAMPAIGN_OUTSIDE = "campaign-outside-reviewers"
    ARM_PAUSE = "arm-pause"
    ARM_RESUME = "arm-resume"
    TEXT_STOP = "text-stop"
    MESSAGE_STOP = "message-stop"
    MESSAGE_LIFT = "message-lift"
    LOOK_EARLY = "look-early"
    CAMPAIGN_COST = "campaign-cost"
    RESULTS_PROPOSE = "results-propose"
    RESULTS_PUBLISH = "results-publish"
    RESULTS_TAKE_DOWN = "results-take-down"
    SIGNER_CONFIRM = "signer-confirm"
    SIGNER_REMOVE = "signer-remove"
    BUNDLE_IMPORT = "bundle-import"
    BUNDLE_REMOVE = "bundle-remove"
    CAMPAIGN_REHEARSE = "campaign-rehearse"
    SUBJECTS_CREATE = "subjects-create"
    SUBJECTS_DESTROY = "subjects-destroy"
    KEY_CREATE = "key-create"
    KEY_ROTATE = "key-rotate"
    KEY_DESTROY = "key-destroy"
    HELP_ADD = "help-add"
    HELP_CHANGE = "help-change"
    HELP_PROPOSE = "help-propose"
    HELP_CONFIRM = "help-confirm"
    HELP_WITHDRAW = "help-withdraw"
    HELP_CHECK = "help-check"
    HELP_RETIRE = "help-retire"
    HELP_RESTORE = "help-restore"
    WORDS_IMPORT = "words-import"
    PLACEMENT_ADD = "placement-add"
    PLACEMENT_CHANGE = "placement-change"
    PLACEMENT_PROPOSE = "placement-propose"
    PLACEMENT_CONFIRM = "placement-confirm"
    PLACEMENT_WITHDRAW = "placement-withdraw"
    PARTNER_ADD = "partner-add"
    PARTNER_CHANGE = "partner-change"
    PARTNER_CONTACTS = "partner-contacts"
    RECORD_ACCEPT = "record-accept"
    DATABASE_RESTORE = "database-restore"
    ROWS_LOAD = "rows-load"
    PERSON_INVITE = "person-invite"
    INVITATION_RENEW = "invitation-renew"
    INVITATION_REVOKE = "invitation-revoke"
    PERSON_JOIN = "person-join"
    PERSON_ROLE = "person-role"
    PERSON_VOUCH = "person-vouch"
    PERSON_DEACTIVATE = "person-deactivate"
    PERSON_REACTIVATE = "person-reactivate"
    SESSIONS_END = "sessions-end"
    FACTOR_ADD = "factor-add"
    FACTOR_REMOVE = "factor-remove"
    FACTOR_RESET = "factor-reset"
    CODES_MAKE = "codes-make"
    CODE_USE = "code-use"
    CODES_GUESS = "codes-guess"
    ADDRESS_CONFIRM = "address-confirm"
    PASSWORD_CHANGE = "password-change"  # noqa: S105  (a name, no password)
    PASSWORD_REHASH = "password-rehash"  # noqa: S105
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
    ORGANISATION = "organisation"
    PERSON = "person"


def command_line_actor() -> str:
    """The actor of a management command: the operating system user who runs it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return f"command line ({name})"


def lock() -> None:
    """Wait for other writers, and let them wait until the transaction ends. Nothing else is locked after this."""
    if connection.vendor == "postgresql":  # SQLite allows one writer at a time anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])


@transaction.atomic
def record(
    action: Action, *, by: AbstractUser | str, kind: ObjectKind, ref: str, label: str, **detail: str | int
) -> AuditEntry:
    """Add an entry in the current transaction. Other writers wait until it ends."""
    lock()
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
    begin_signing()
    entry = replace(entry, digest=digest_of(entry))
    entry = replace(entry, seal=signed_head.seal(entry.digest))
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


def entries(*, since: int = 1) -> Iterator[ChainEntry]:
    """The record in order, from the entry with this number on."""
    for row in AuditEntry.objects.filter(number__gte=since).order_by("number").values(*_FIELDS).iterator():
        yield ChainEntry(**row)


def entries_about(
    kind: ObjectKind, refs: Sequence[str], actions: Sequence[str], *, key: Callable[[ChainEntry], KeyT]
) -> dict[KeyT, ChainEntry]:
    """The last entry of these actions with each key, on some things that `refs` names."""
    return {key(entry): entry for entry in all_entries_about(kind, refs, actions)}


def all_entries_about(kind: ObjectKind, refs: Sequence[str], actions: Sequence[str]) -> list[ChainEntry]:
    """All entries of these actions on some things that `refs` names, in turn."""
    rows = AuditEntry.objects.filter(kind=kind, ref__in=refs, action__in=actions).order_by("number").values(*_FIELDS)
    return [ChainEntry(**row) for row in rows]


def last_entry() -> ChainEntry | None:
    """The last entry of the record."""
    row = AuditEntry.objects.order_by("-number").values(*_FIELDS).first()
    return ChainEntry(**row) if row else None


def current_note() -> signed_head.Note | signed_head.NoNote:
    """The signed note; an installation that has an unsigned one signs it now, and seals its entries from now on."""
    note, old = signed_head.read_note(), Path(settings.DATA_DIRECTORY, _UNSIGNED_NOTE)
    if note is signed_head.NoNote.NOTHING_SIGNED and old.exists():
        head, last = parse_head(old.read_text("ascii", "replace")), AuditEntry.objects.order_by("-number").first()
        if head is not None and last is not None and has_entry(head):
            note = signed_head.Note(Head(last.number, last.digest), sealed_from=last.number + 1)
            signed_head.begin(note)
            old.unlink()
    return note


def begin_signing() -> None:
    """Note where signing begins, unless this machine has signed before: a key alone looks like a note removed."""
    if current_note() is signed_head.NoNote.NOTHING_SIGNED:
        signed_head.begin(signed_head.NOTHING)


def has_entry(head: Head) -> bool:
    """Whether the record holds this very entry."""
    return AuditEntry.objects.filter(number=head.number, digest=head.digest).exists()


def continues(note: signed_head.Note) -> bool:
    """Whether the record goes on from the noted entry; if none is noted, whether no other machine's key began it."""
    return has_entry(note.head) if note.head.number else not is_begun_by_another_key()


def is_begun_by_another_key() -> bool:
    """Whether the first entry has a seal, and not of this machine's key."""
    first = AuditEntry.objects.order_by("number").values(*_FIELDS).first()
    return first is not None and bool(first["seal"]) and not signed_head.seal_check()(ChainEntry(**first))


def _note_head(number: int) -> None:
    """Note the head after entry `number` was committed, provided that the record still holds the noted entry."""
    try:
        with signed_head.note_lock():
            note = signed_head.read_note()
            if not isinstance(note, signed_head.Note):
                return  # left as it is, for verify to report
            last = AuditEntry.objects.order_by("-number").first()
            if last is not None and note.head.number < number and continues(note):
                signed_head.write_note(replace(note, head=Head(last.number, last.digest)))
    except (OSError, DatabaseError) as error:  # the entry itself is committed, and the next one repeats the note
        logger.warning("The end of the audit record could not be noted: %s", type(error).__name__)
