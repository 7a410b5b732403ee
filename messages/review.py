"""Submit, approve, withdraw: nobody approves their own words, and an approval is bound to the exact words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from messages import advice, audit
from messages.models import Review, Revision


class ReviewRefused(Exception):
    """The step is not allowed; the message says why, for a person, and `fields` where."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


@transaction.atomic
def submit(revision: Revision, *, by: User | None = None) -> None:
    """A draft asks for review. `by` is None only for the starter library."""
    _expect(revision, Revision.State.DRAFT)
    if not revision.renditions.exists():
        raise ReviewRefused("There are no words to review yet.")
    _expect_fit_words(revision)
    revision.state = Revision.State.SUBMITTED
    revision.save(update_fields=["state"])
    _record(audit.Action.WORDS_SUBMIT, revision, by, words=revision.words_digest())


@transaction.atomic
def approve(revision: Revision, *, by: User | None, now: datetime, comment: str = "") -> Review:
    """A second person approves the exact words. `by` is None only for the starter library, which ships reviewed."""
    _expect(revision, Revision.State.SUBMITTED)
    if by is not None and by == revision.author:
        raise ReviewRefused("Nobody approves their own words. Please ask a colleague.")
    _expect_fit_words(revision)
    revision.digest = revision.words_digest()
    revision.state = Revision.State.APPROVED
    revision.save(update_fields=["state", "digest"])
    decided = Review.objects.create(
        revision=revision,
        reviewer=by,
        decision=Review.Decision.APPROVED,
        digest=revision.digest,
        comment=comment,
        at=now,
    )
    _record(audit.Action.WORDS_APPROVE, revision, by, words=revision.digest)
    return decided


@transaction.atomic
def withdraw(revision: Revision, *, by: User, now: datetime, comment: str) -> Review:
    """Approved words are taken back; what was counted under them stays on record."""
    _expect(revision, Revision.State.APPROVED)
    revision.state = Revision.State.WITHDRAWN
    revision.save(update_fields=["state"])
    decided = Review.objects.create(
        revision=revision,
        reviewer=by,
        decision=Review.Decision.WITHDRAWN,
        digest=revision.digest,
        comment=comment,
        at=now,
    )
    _record(audit.Action.WORDS_WITHDRAW, revision, by, words=revision.digest)
    return decided


def stands(revision: Revision) -> bool:
    """Whether the approval still covers the words as they are now."""
    return revision.state == Revision.State.APPROVED and revision.digest == revision.words_digest()


def _record(action: audit.Action, revision: Revision, by: User | None, *, words: str) -> None:
    message = revision.message
    audit.record(
        action,
        by=by or audit.STARTER_LIBRARY,
        kind=audit.Kind.MESSAGE,
        ref=message.key,
        label=message.theme.name,
        revision=revision.number,
        words=words,
    )


def _expect(revision: Revision, state: Revision.State) -> None:
    """The lock keeps the words as they are until the step is done: an edit waits for it (see migration 0002)."""
    Revision.objects.select_for_update(no_key=True).get(pk=revision.pk)
    if revision.state != state:
        raise ReviewRefused(f"This revision is “{revision.get_state_display()}”, not “{state.label}”.")


def _expect_fit_words(revision: Revision) -> None:
    """Asked again at approval, because submitted words can still be edited."""
    fields = advice.in_the_way(revision)
    if fields:
        raise ReviewRefused("Some of these words cannot be shown as they stand.", fields)
