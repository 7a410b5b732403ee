"""Does this database go on from what this machine has signed, or is it an older one: a backup that was restored?

An older database has lost what was stopped, paused and closed since. Until `manage.py restored` has been run, nobody
signs in, nothing is shown, and the worker does nothing but forget views.
"""

from functools import partial

from django.db import transaction

from messages.audit import log, signed_head
from messages.audit.hash_chain import Head
from messages.audit.signed_head import NoNote, Note
from messages.models import AuditEntry

OLDER_DATABASE = "The database is older than what was signed here: run manage.py restored."


def is_older_database() -> bool:
    """Whether this machine has signed an entry that the database lacks, or vouches for none of those it holds."""
    note = log.current_note()
    if isinstance(note, Note):
        return not log.continues(note)
    if note == NoNote.NOTHING_SIGNED:  # a new installation, one from before seals, or a new machine
        return AuditEntry.objects.exclude(seal="").exists()
    return True


@transaction.atomic
def go_on(*, by: str, **detail: str | int) -> AuditEntry:
    """Put on record that an older database is used from now on, and let signing go on from there."""
    note = log.current_note()
    last = log.last_entry()
    entry = log.record(
        log.Action.DATABASE_RESTORE,
        by=by,
        kind=log.ObjectKind.RECORD,
        ref="record",
        label="the audit record",
        noted=str(note.head) if isinstance(note, Note) else "nothing",
        ended=last.number if last else 0,
        **detail,
    )
    sealed_from = note.sealed_from if isinstance(note, Note) and _has_own_seals(note) else entry.number
    goes_on = Note(Head(entry.number, entry.digest), sealed_from)
    transaction.on_commit(partial(signed_head.write_note, goes_on))
    return entry


def _has_own_seals(note: Note) -> bool:
    """Whether the entries of the database have seals of this machine's key from where they should."""
    first = next(log.entries(since=note.sealed_from), None)
    return first is not None and first.number == note.sealed_from and signed_head.seal_check()(first)
