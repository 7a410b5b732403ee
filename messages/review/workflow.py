"""The review of one language of a message: submit, comment, approve, send back, withdraw.

Nobody approves their own words. An approval is bound to the digest of the exact words, so that any edit voids it. An
administrator may make an exception, with a reason that stays on record. The verbs of a person take what this person
has `read`: if the words have changed since, they are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from messages.audit import log
from messages.models import Comment, Rendition, Review, Revision
from messages.review import checklist as review_checklist
from messages.review import message_lint
from messages.roles import ADMINISTRATOR, MANAGER, REVIEWER, has_role

MAY_SUBMIT, MAY_COMMENT, MAY_DECIDE, MAY_WITHDRAW = (MANAGER,), (MANAGER, REVIEWER), (REVIEWER,), (MANAGER, REVIEWER)
RevisionState, ReviewDecision = Revision.State, Review.Decision
# A revision is as far as the furthest of its languages.
_FURTHEST = (RevisionState.APPROVED, RevisionState.WITHDRAWN, RevisionState.SUBMITTED, RevisionState.DRAFT)


class ReviewRefused(Exception):
    """The step is not allowed; the message says why, for a person, and `fields` where."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


@dataclass(frozen=True, slots=True)
class ReviewObstacles:
    """What stands in the way of a step, and what only an administrator may pass."""

    sentences: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return " ".join(self.sentences)


def is_own(rendition: Rendition, by: User) -> bool:
    """Whether these words are a person's own."""
    return rendition.pk in own_rendition_ids([rendition], by)


def own_rendition_ids(renditions: Iterable[Rendition], by: User) -> set[int]:
    """Those that a person wrote or has a part in: the claim, or a headline or body kept from an earlier revision."""
    theirs = Q(author=by) | Q(author=None, revision__author=by)
    same = Q(headline=OuterRef("headline")) | Q(body=OuterRef("body"))
    of_message = Rendition.objects.filter(revision__message=OuterRef("revision__message"), locale=OuterRef("locale"))
    own = Q(revision__author=by) | Q(Exists(of_message.filter(theirs, same)))
    return set(Rendition.objects.filter(own, pk__in=[words.pk for words in renditions]).values_list("pk", flat=True))


@transaction.atomic
def submit(rendition: Rendition, *, by: User | None = None, now: datetime, override: str = "") -> Review:
    """A draft asks for review. `by` is None only for the starter library."""
    _expect_role(by, *MAY_SUBMIT)
    _take(rendition, RevisionState.DRAFT)
    passed = _past(obstacles_to_review(rendition), by, override)
    return _decide(rendition, ReviewDecision.SUBMITTED, by=by, now=now, override=override, passed=passed)


@transaction.atomic
def approve(
    rendition: Rendition,
    *,
    by: User | None,
    now: datetime,
    read_digest: str = "",
    checklist: Mapping[str, str] | None = None,
    comment: str = "",
    override: str = "",
) -> Review:
    """A second person approves the exact words. `by` is None only for the starter library, which ships reviewed."""
    _expect_role(by, *MAY_DECIDE)
    _take(rendition, RevisionState.SUBMITTED)
    answers = checklist or {}
    if by is not None:
        _expect_unchanged(rendition, read_digest)
        if missing := review_checklist.validate_answers(answers):
            raise ReviewRefused(_("The checklist is not complete."), missing)
    passed = _past(obstacles_to_approval(rendition, by), by, override)
    return _decide(
        rendition,
        ReviewDecision.APPROVED,
        by=by,
        now=now,
        comment=_short(comment, "comment"),
        override=override,
        passed=passed,
        checklist=review_checklist.serialize_answers(answers) if by is not None else {},
    )


@transaction.atomic
def send_back(
    rendition: Rendition,
    *,
    by: User,
    now: datetime,
    read_digest: str,
    reason: str,
    checklist: Mapping[str, str] | None = None,
) -> Review:
    """The words are a draft again; the reason says what to change."""
    _expect_role(by, *MAY_DECIDE)
    _take(rendition, RevisionState.SUBMITTED)
    _expect_unchanged(rendition, read_digest)
    said = _expect_reason(reason, _("Please say what should change: it is all that the writer gets."))
    kept = review_checklist.serialize_answers(checklist) if checklist else {}
    return _decide(rendition, ReviewDecision.SENT_BACK, by=by, now=now, comment=said, checklist=kept)


@transaction.atomic
def withdraw(rendition: Rendition, *, by: User, now: datetime, reason: str) -> Review:
    """Approved words are taken back, and no longer shown; what was counted under them stays on record."""
    _expect_role(by, *MAY_WITHDRAW)
    _take(rendition, RevisionState.APPROVED)
    said = _expect_reason(reason, _("Please say why: the reason stays on record."))
    return _decide(rendition, ReviewDecision.WITHDRAWN, by=by, now=now, comment=said)


@transaction.atomic
def comment(rendition: Rendition, *, by: User, now: datetime, text: str) -> Comment:
    """Something to say about the words, whatever their state."""
    _expect_role(by, *MAY_COMMENT)
    said = text.strip()
    if not said:
        raise ReviewRefused(_("There is no comment yet."), {"text": _("Please write something first.")})
    _short(said, "text", most=1000)
    words = rendition.words_digest()
    made = Comment.objects.create(rendition=rendition, by=by, text=said, digest=words, at=now)
    log.record_rendition(log.Action.WORDS_COMMENT, rendition, by=by, words=words)
    return made


def is_approval_valid(rendition: Rendition) -> bool:
    """Whether the approval still covers the words as they are now."""
    return rendition.state == RevisionState.APPROVED and rendition.digest == rendition.words_digest()


def approved_locales(revision: Revision) -> set[str]:
    """The languages in which a revision may be shown."""
    return {rendition.locale for rendition in revision.renditions.all() if is_approval_valid(rendition)}


def servable_revisions() -> QuerySet[Revision]:
    """Revisions that may be shown: approved, and their message not stopped everywhere."""
    return Revision.objects.filter(state=RevisionState.APPROVED, message__stopped_at=None)


def approval_of(rendition: Rendition) -> Review | None:
    """The approval that covers the words as they are; none if they changed or were withdrawn."""
    if not is_approval_valid(rendition):
        return None
    return next((r for r in reversed(rendition.reviews.all()) if r.decision == ReviewDecision.APPROVED), None)


def exceptions(rendition: Rendition) -> list[Review]:
    """What an administrator let pass on the way to these words: shown wherever they are used, for ever."""
    return [decided for decided in rendition.reviews.all() if decided.override]


def obstacles_to_review(rendition: Rendition) -> ReviewObstacles:
    """Words that have to change are no use to a reviewer."""
    fields = message_lint.blocking_errors(rendition)
    if not fields:
        return ReviewObstacles()
    return ReviewObstacles((_("Some of these words cannot be shown as they stand."),), fields)


def obstacles_to_approval(rendition: Rendition, by: User | None) -> ReviewObstacles:
    """Remarks are asked for again, because submitted words can still be edited."""
    remarks = obstacles_to_review(rendition)
    if by is None or not is_own(rendition, by):
        return remarks
    own = _("Nobody approves their own words. Please ask a colleague.")
    return ReviewObstacles((own, *remarks.sentences), remarks.fields)


def _past(obstacles: ReviewObstacles, by: User | None, override: str) -> tuple[str, ...]:
    """What an administrator passes with a reason: nothing, as a rule. Everybody else is refused."""
    if not obstacles.sentences:
        return ()
    if by is None or not has_role(by, ADMINISTRATOR):
        raise ReviewRefused(obstacles.message, obstacles.fields)
    _expect_reason(override, _("To make an exception, please say why: the reason is shown for ever."), "override")
    return (*obstacles.sentences, *obstacles.fields.values())


def _decide(
    rendition: Rendition,
    decision: Review.Decision,
    *,
    by: User | None,
    now: datetime,
    comment: str = "",
    override: str = "",
    passed: tuple[str, ...] = (),
    checklist: Mapping[str, object] | None = None,
) -> Review:
    """Write down what was decided, and let the words and their revision follow."""
    words = rendition.words_digest()
    rendition.state = _LEADS_TO[decision]
    if decision == ReviewDecision.APPROVED:
        rendition.digest = words
    rendition.save(update_fields=["state", "digest"])
    _follow(rendition.revision)
    decided = Review.objects.create(
        rendition=rendition,
        by=by,
        decision=decision,
        digest=words,
        comment=comment,
        checklist=dict(checklist or {}),
        override=override.strip() if passed else "",
        overridden=list(passed),
        at=now,
    )
    action, actor = log.Action(_ACTIONS[decision]), by or log.STARTER_LIBRARY
    reason = {"reason": comment} if decision in (ReviewDecision.SENT_BACK, ReviewDecision.WITHDRAWN) else {}
    log.record_rendition(action, rendition, by=actor, words=words, **reason)
    if decided.override:
        log.record_rendition(
            log.Action.WORDS_EXCEPTION, rendition, by=actor, words=words, step=decision, reason=decided.override
        )
    return decided


_LEADS_TO = {
    ReviewDecision.SUBMITTED: RevisionState.SUBMITTED,
    ReviewDecision.APPROVED: RevisionState.APPROVED,
    ReviewDecision.SENT_BACK: RevisionState.DRAFT,
    ReviewDecision.WITHDRAWN: RevisionState.WITHDRAWN,
}
_ACTIONS = {
    ReviewDecision.SUBMITTED: log.Action.WORDS_SUBMIT,
    ReviewDecision.APPROVED: log.Action.WORDS_APPROVE,
    ReviewDecision.SENT_BACK: log.Action.WORDS_SEND_BACK,
    ReviewDecision.WITHDRAWN: log.Action.WORDS_WITHDRAW,
}


def _follow(revision: Revision) -> None:
    """A revision's own state and digest are those of its languages together."""
    states = set(revision.renditions.values_list("state", flat=True))
    revision.state = next(state for state in _FURTHEST if state in states)
    if revision.state == RevisionState.APPROVED:
        revision.digest = revision.words_digest()
    revision.save(update_fields=["state", "digest"])


def _take(rendition: Rendition, state: Revision.State) -> None:
    """The locks keep the words as they are until the step is done: an edit waits for them (see migration 0005)."""
    Revision.objects.select_for_update(no_key=True).get(pk=rendition.revision_id)
    rendition.refresh_from_db(from_queryset=Rendition.objects.select_for_update(no_key=True))
    if rendition.state != state:
        now, wanted = rendition.get_state_display(), state.label
        raise ReviewRefused(_("These words are “%(now)s”, not “%(wanted)s”.") % {"now": now, "wanted": wanted})


def _expect_unchanged(rendition: Rendition, read: str) -> None:
    if read != rendition.words_digest():
        raise ReviewRefused(_("These words changed while you were reading. Please read them again; nothing is lost."))


def _expect_role(by: User | None, *roles: str) -> None:
    if by is not None and not has_role(by, *roles):
        raise ReviewRefused(_("Your role does not allow this step."))


def _expect_reason(reason: str, otherwise: str, where: str = "reason") -> str:
    if not reason.strip():
        raise ReviewRefused(_("A reason is missing."), {where: otherwise})
    return _short(reason, where)


def _short(text: str, where: str, most: int = 500) -> str:
    said = text.strip()
    if len(said) > most:
        told = {"most": most, "count": len(said)}
        raise ReviewRefused(
            _("This is too long."), {where: _("This has %(count)s characters; up to %(most)s are kept.") % told}
        )
    return said
