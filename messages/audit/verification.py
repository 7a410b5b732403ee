"""Verify the audit record against what this machine has signed, and against heads that were kept elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction

from messages.audit import continuity, log, signed_head
from messages.audit.hash_chain import ChainEntry, Head, Verification, digest_of, verify_chain
from messages.audit.signed_head import NoNote, Note
from messages.models import AuditEntry, Review

_MISSING_NOTE = {
    NoNote.NOTHING_SIGNED: "This machine has no key and no note for these entries: they were written elsewhere, or "
    "its key directory is new.",
    NoNote.REMOVED: "The note of the last entry was removed from the key directory, so nothing here tells whether the "
    "end is cut off.",
    NoNote.NOT_GENUINE: "The note of the last entry is not one that this machine signed.",
}


_further_checks: list[Callable[[], Iterable[str]]] = []


def register(check: Callable[[], Iterable[str]]) -> None:
    """Have `verify` ask whether rows are as the record says, which this app may not know; safe to call again."""
    if check not in _further_checks:
        _further_checks.append(check)


class AcceptanceRefused(Exception):
    """The record needs no acceptance, or more than that; the message says so, for staff."""


def verify(*, external_heads: Iterable[Head] = ()) -> Verification:
    """Verify the chain, the seals of its entries, and its end; and that rows are as the record says."""
    note = log.current_note()  # before the entries, because the note only moves forward
    is_noted = isinstance(note, Note) and note.head.number > 0
    heads = [*external_heads, *([note.head] if isinstance(note, Note) and is_noted else [])]
    verdict = verify_chain(log.entries(), heads=heads, is_genuine=partial(_is_genuine, note, signed_head.seal_check()))
    problems = list(verdict.problems)
    if isinstance(note, NoNote) and (verdict.count or note != NoNote.NOTHING_SIGNED):
        problems.append(_MISSING_NOTE[note])
    if not verdict.count and not heads:
        problems += _traces_of_a_record()
    if not problems and verdict.head is not None:
        signed_head.advance_note(verdict.head)
    rows = [problem for check in _further_checks for problem in check()]
    return replace(verdict, problems=(*problems, *rows))


@transaction.atomic
def accept(*, by: str, why: str) -> AuditEntry:
    """Accept the record although entries are missing or have no seal, and record that."""
    if continuity.is_older_database():
        raise AcceptanceRefused(
            "This database lacks what this machine has signed, as a backup does that was restored: run "
            "manage.py restored, which also ends what came back to life."
        )
    note, last = log.current_note(), log.last_entry()
    if last is None and not _traces_of_a_record():
        raise AcceptanceRefused("The record is empty, and nothing was noted.")
    check = partial(_is_genuine, note, signed_head.seal_check())
    if last is not None and isinstance(note, Note) and all(map(check, log.entries())):
        raise AcceptanceRefused(
            f"There is nothing to accept. The record holds entry {note.head.number} as it was noted."
        )
    accepted = log.record(
        log.Action.RECORD_ACCEPT,
        by=by,
        kind=log.ObjectKind.RECORD,
        ref="record",
        label="the audit record",
        reason=why,
        noted=str(note.head) if isinstance(note, Note) else "nothing",
        ended=last.number if last else 0,
    )
    begins = Note(Head(accepted.number, accepted.digest), accepted.number)
    transaction.on_commit(partial(signed_head.write_note, begins))
    return accepted


def genuine_entries(kind: log.ObjectKind, refs: Sequence[str], actions: Sequence[str]) -> dict[str, ChainEntry | None]:
    """Return the last of these actions on each thing that has one; None if that entry was not written by this program.

    A few entries are checked each by itself: digest and seal. That none is missing is only told by `verify`.
    """
    return genuine_entries_by(kind, refs, actions, key=lambda entry: entry.ref)


def genuine(kind: log.ObjectKind, refs: Sequence[str], actions: Sequence[str]) -> Iterator[tuple[ChainEntry, bool]]:
    """Yield each entry of these actions on these things, in turn, and whether this program wrote it."""
    entries = log.all_entries_about(kind, refs, actions) if refs else []
    if entries:
        check = partial(_is_genuine, log.current_note(), signed_head.seal_check())
        yield from ((entry, digest_of(entry) == entry.digest and check(entry)) for entry in entries)


def genuine_entries_by(
    kind: log.ObjectKind, refs: Sequence[str], actions: Sequence[str], *, key: Callable[[ChainEntry], log.KeyT]
) -> dict[log.KeyT, ChainEntry | None]:
    """Return the same for parts of these things: `key` says which part an entry is about."""
    found = log.entries_about(kind, refs, actions, key=key)
    if not found:
        return {}
    check = partial(_is_genuine, log.current_note(), signed_head.seal_check())
    return {part: entry if digest_of(entry) == entry.digest and check(entry) else None for part, entry in found.items()}


def is_last_step(
    action: log.Action, *, of: Sequence[log.Action], kind: log.ObjectKind, ref: str, by: str, **detail: str
) -> bool:
    """Whether the last of these actions on a thing is this one, by this person; an older entry lacks some detail."""
    entry = genuine_entries(kind, [ref], of).get(ref)
    if entry is None or (entry.action, entry.actor) != (action, by):
        return False
    return all(entry.detail.get(name, value) == value for name, value in detail.items())


def is_sealed_from_the_start() -> bool:
    """Whether this machine has sealed each entry since the record began, so that nothing is older than its seals."""
    note = log.current_note()
    return isinstance(note, Note) and note.sealed_from == 1


def record_began_at() -> datetime | None:
    """When the part of the record began that this machine has sealed; None if there is no entry of it."""
    note = log.current_note()
    sealed = AuditEntry.objects.filter(number__gte=note.sealed_from if isinstance(note, Note) else 1)
    first = sealed.order_by("number").first()
    return first.at if first is not None else None


def _is_genuine(note: Note | NoNote, is_sealed: signed_head.SealCheck, entry: ChainEntry) -> bool:
    """Whether the entry has its seal, or is older than seals."""
    if isinstance(note, Note):
        return entry.number < note.sealed_from or is_sealed(entry)
    return note == NoNote.NOTHING_SIGNED or not entry.seal or is_sealed(entry)


def _traces_of_a_record() -> list[str]:
    """What says that an empty record is not a new one: each of these comes with an entry."""
    accounts, reviews = User.objects.count(), Review.objects.count()
    if not accounts + reviews:
        return []
    return [f"The record was removed: accounts ({accounts}) and reviews ({reviews}) are there, each with no entry."]
