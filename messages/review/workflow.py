"""The review of a rendition: submit, comment, approve, send back, withdraw.

Nobody approves their own text. An approval is bound to the digest of the exact text, so any edit voids it. An
administrator may override an obstacle, with a reason that is recorded. Decisions about changed text are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from messages.audit import log
from messages.models import ClaimStrength, Comment, Rendition, Review, Revision
from messages.review import authorship, message_lint, withdrawn_texts
from messages.review import checklist as review_checklist
from messages.roles import ADMINISTRATOR, MANAGER, REVIEWER, has_role

MAY_SUBMIT, MAY_COMMENT, MAY_DECIDE, MAY_WITHDRAW = (MANAGER,), (MANAGER, REVIEWER), (REVIEWER,), (MANAGER, REVIEWER)
_WITHOUT_CLAIM = (ClaimStrength.NONE, ClaimStrength.VALUE)
RevisionState, ReviewDecision = Revision.State, Review.Decision
# The state of a revision is the first of these that one of its languages has.
_STATE_PRECEDENCE = (RevisionState.APPROVED, RevisionState.WITHDRAWN, RevisionState.SUBMITTED, RevisionState.DRAFT)


class ReviewRefused(Exception):
    """The step is not allowed; the message says why, for staff, and `fields` holds errors by field."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


@dataclass(frozen=True, slots=True)
class ReviewObstacles:
    """What prevents a step, unless an administrator overrides it."""

    sentences: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return " ".join(self.sentences)


def points_with_evidence(rendition: Rendition) -> frozenset[str]:
    """Return the points of the checklist that need a note or a link: a claim its source, a translation its reader."""
    revision = rendition.revision
    points = {"accurate"} if revision.claim_strength not in _WITHOUT_CLAIM else set[str]()
    first = revision.renditions.order_by("pk").values_list("locale", flat=True).first()
    return frozenset(points | ({"speaker"} if first != rendition.locale else set()))


@transaction.atomic
def submit(rendition: Rendition, *, by: User | None = None, now: datetime, override: str = "") -> Review:
    """Submit a draft for review. `by` is None only for the starter library."""
    _require_role(by, *MAY_SUBMIT)
    _lock_in_state(rendition, RevisionState.DRAFT)
    overridden = _check_obstacles(obstacles_to_review(rendition), by, override)
    return _save_decision(rendition, ReviewDecision.SUBMITTED, by=by, now=now, override=override, overridden=overridden)


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
    """Approve the exact text as a second person. `by` is None only for the starter library."""
    _require_role(by, *MAY_DECIDE)
    _lock_in_state(rendition, RevisionState.SUBMITTED)
    answers = checklist or {}
    if by is not None:
        _require_unchanged(rendition, read_digest)
        if missing := review_checklist.validate_answers(answers, points_with_evidence(rendition)):
            raise ReviewRefused(_("The checklist is not complete."), missing)
    if by is not None and authorship.is_own(rendition, by):  # no exception: an administrator would be two persons
        raise ReviewRefused(_("You cannot approve your own text. Ask a colleague."))
    if by is not None and not authorship.is_writing_recorded(rendition):
        raise ReviewRefused(
            _("The audit record does not say who wrote this text. Save it again, then send it for review again.")
        )
    overridden = _check_obstacles(obstacles_to_review(rendition), by, override)  # submitted text can still be edited
    return _save_decision(
        rendition,
        ReviewDecision.APPROVED,
        by=by,
        now=now,
        comment=_limit_length(comment, "comment"),
        override=override,
        overridden=overridden,
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
    """Make the rendition a draft again; the reason says what to change."""
    _require_role(by, *MAY_DECIDE)
    _lock_in_state(rendition, RevisionState.SUBMITTED)
    _require_unchanged(rendition, read_digest)
    reason = _require_reason(reason, _("Say what should change, so that the author knows what to do."))
    answers = review_checklist.serialize_answers(checklist) if checklist else {}
    return _save_decision(rendition, ReviewDecision.SENT_BACK, by=by, now=now, comment=reason, checklist=answers)


@transaction.atomic
def withdraw(rendition: Rendition, *, by: User, now: datetime, reason: str) -> Review:
    """Withdraw an approved rendition, so that it is no longer shown; its counts remain.

    An arm that has other texts goes on with these.
    """
    _require_role(by, *MAY_WITHDRAW)
    _lock_in_state(rendition, RevisionState.APPROVED)
    reason = _require_reason(reason, _("Enter a reason. It stays on record."))
    withdrawn_texts.stop_texts(rendition, by=by, now=now, reason=reason)  # campaigns are locked before the audit record
    return _save_decision(rendition, ReviewDecision.WITHDRAWN, by=by, now=now, comment=reason)


@transaction.atomic
def comment(rendition: Rendition, *, by: User, now: datetime, text: str) -> Comment:
    """Comment on a rendition in any state."""
    _require_role(by, *MAY_COMMENT)
    text = text.strip()
    if not text:
        raise ReviewRefused(_("There is no comment yet."), {"text": _("Enter a comment.")})
    _limit_length(text, "text", limit=1000)
    digest = rendition.words_digest()
    comment = Comment.objects.create(rendition=rendition, by=by, text=text, digest=digest, at=now)
    log.record_rendition(log.Action.WORDS_COMMENT, rendition, by=by, words=digest)
    return comment


def is_approval_valid(rendition: Rendition) -> bool:
    """Whether the approval covers the current text."""
    return rendition.state == RevisionState.APPROVED and rendition.digest == rendition.words_digest()


def approved_locales(revision: Revision) -> set[str]:
    """The locales in which a revision may be shown."""
    return {rendition.locale for rendition in revision.renditions.all() if is_approval_valid(rendition)}


def servable_revisions() -> QuerySet[Revision]:
    """Revisions that may be shown: approved, of messages that are not stopped."""
    return Revision.objects.filter(state=RevisionState.APPROVED, message__stopped_at=None)


def approval_of(rendition: Rendition) -> Review | None:
    """The review that approved the current text; None if it changed or was withdrawn."""
    if not is_approval_valid(rendition):
        return None
    return next((r for r in reversed(rendition.reviews.all()) if r.decision == ReviewDecision.APPROVED), None)


def exceptions(rendition: Rendition) -> list[Review]:
    """The reviews in which an administrator overrode an obstacle, which are always shown with the text."""
    return [review for review in rendition.reviews.all() if review.override]


def obstacles_to_review(rendition: Rendition) -> ReviewObstacles:
    """Remarks of the lint that block review."""
    fields = message_lint.blocking_errors(rendition)
    if not fields:
        return ReviewObstacles()
    return ReviewObstacles((_("Part of this text cannot be shown as it is."),), fields)


def _check_obstacles(obstacles: ReviewObstacles, by: User | None, override: str) -> tuple[str, ...]:
    """Refuse the step if there are obstacles, unless an administrator overrides them; return the overridden ones."""
    if not obstacles.sentences:
        return ()
    if by is None or not has_role(by, ADMINISTRATOR):
        raise ReviewRefused(obstacles.message, obstacles.fields)
    _require_reason(override, _("Enter a reason for the exception. It is shown for good."), "override")
    return (*obstacles.sentences, *obstacles.fields.values())


def _save_decision(
    rendition: Rendition,
    decision: Review.Decision,
    *,
    by: User | None,
    now: datetime,
    comment: str = "",
    override: str = "",
    overridden: tuple[str, ...] = (),
    checklist: Mapping[str, object] | None = None,
) -> Review:
    """Store and record a decision, and update the states of the rendition and its revision."""
    digest = rendition.words_digest()
    rendition.state = _STATE_AFTER[decision]
    if decision == ReviewDecision.APPROVED:
        rendition.digest = digest
    rendition.save(update_fields=["state", "digest"])
    _update_revision(rendition.revision)
    review = Review.objects.create(
        rendition=rendition,
        by=by,
        decision=decision,
        digest=digest,
        comment=comment,
        checklist=dict(checklist or {}),
        override=override.strip() if overridden else "",
        overridden=list(overridden),
        at=now,
    )
    action, actor = log.Action(_ACTIONS[decision]), by or log.STARTER_LIBRARY
    reason = {"reason": comment} if decision in (ReviewDecision.SENT_BACK, ReviewDecision.WITHDRAWN) else {}
    log.record_rendition(action, rendition, by=actor, words=digest, **reason)
    if review.override:
        log.record_rendition(
            log.Action.WORDS_EXCEPTION, rendition, by=actor, words=digest, step=decision, reason=review.override
        )
    return review


_STATE_AFTER = {
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


def _update_revision(revision: Revision) -> None:
    """Derive the state and digest of a revision from its renditions."""
    states = set(revision.renditions.values_list("state", flat=True))
    revision.state = next(state for state in _STATE_PRECEDENCE if state in states)
    if revision.state == RevisionState.APPROVED:
        revision.digest = revision.words_digest()
    revision.save(update_fields=["state", "digest"])


def _lock_in_state(rendition: Rendition, state: Revision.State) -> None:
    """Lock the revision and the rendition, which edits wait for (see migration 0005), and check the state."""
    Revision.objects.select_for_update(no_key=True).get(pk=rendition.revision_id)
    rendition.refresh_from_db(from_queryset=Rendition.objects.select_for_update(no_key=True))
    if rendition.state != state:
        labels = {"now": rendition.get_state_display(), "wanted": state.label}
        raise ReviewRefused(_("The status of this text is “%(now)s”, not “%(wanted)s”.") % labels)


def _require_unchanged(rendition: Rendition, read_digest: str) -> None:
    if read_digest != rendition.words_digest():
        raise ReviewRefused(_("This text changed while you were reading. Nothing is lost. Read it again."))


def _require_role(by: User | None, *roles: str) -> None:
    if by is not None and not has_role(by, *roles):
        raise ReviewRefused(_("Your role does not allow this step."))


def _require_reason(reason: str, error: str, field_name: str = "reason") -> str:
    if not reason.strip():
        raise ReviewRefused(_("Enter a reason."), {field_name: error})
    return _limit_length(reason, field_name)


def _limit_length(text: str, field_name: str, limit: int = 500) -> str:
    text = text.strip()
    if len(text) > limit:
        error = _("This has %(count)s characters. The limit is %(most)s.") % {"most": limit, "count": len(text)}
        raise ReviewRefused(_("This is too long."), {field_name: error})
    return text
