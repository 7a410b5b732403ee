"""What review pages say: states, history and the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messages.i18n.languages import language_name
from messages.models import Comment, Rendition, Review, Revision
from messages.review import authorship, checklist, workflow
from messages.roles import has_role

RevisionState, ReviewDecision = Revision.State, Review.Decision


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the history: a review or a comment."""

    at: datetime
    who: str
    action: str
    rendition: Rendition
    text: str
    answers: tuple[checklist.AnsweredQuestion, ...]
    review: Review | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step for a person; with `is_form` its button sends a POST request."""

    sentence: str
    button: str = ""
    url: str = ""
    is_form: bool = False


_REVIEW_VERBS = {
    ReviewDecision.SUBMITTED: gettext_lazy("asked for a review of"),
    ReviewDecision.APPROVED: gettext_lazy("approved"),
    ReviewDecision.SENT_BACK: gettext_lazy("sent back"),
    ReviewDecision.WITHDRAWN: gettext_lazy("withdrew"),
}


def edit_url(rendition: Rendition) -> str:
    """The editor, beginning with a rendition."""
    revision = rendition.revision
    return f"{reverse('messages:edit', args=[revision.message.key, rendition.locale])}?from={revision.number}"


def compare_url(revision: Revision, before: int) -> str:
    """The page that compares a revision with an earlier one."""
    return reverse("messages:compare", args=[revision.message.key, before, revision.number])


def review_url(rendition: Rendition, page: str = "review") -> str:
    """The review page of a rendition, or one of its steps."""
    revision = rendition.revision
    return reverse(f"messages:{page}", args=[revision.message.key, revision.number, rendition.locale])


def state_label(rendition: Rendition, reviews: Sequence[Review]) -> str:
    """The state for people, with more detail than the stored one."""
    if was_sent_back(rendition, reviews):
        return _("Sent back")
    if rendition.state == RevisionState.APPROVED and not workflow.is_approval_valid(rendition):
        return _("Changed since it was approved")
    return str(rendition.get_state_display())


def was_sent_back(rendition: Rendition, reviews: Sequence[Review]) -> bool:
    """Whether a draft was sent back by its last review."""
    return rendition.state == RevisionState.DRAFT and bool(reviews) and reviews[-1].decision == ReviewDecision.SENT_BACK


def history(renditions: Sequence[Rendition]) -> list[HistoryEntry]:
    """Reviews and comments of the renditions, newest first."""
    reviews = [_review_entry(review, rendition) for rendition in renditions for review in rendition.reviews.all()]
    comments = [_comment_entry(comment, rendition) for rendition in renditions for comment in rendition.comments.all()]
    return sorted([*reviews, *comments], key=lambda entry: entry.at)[::-1]


def _review_entry(review: Review, rendition: Rendition) -> HistoryEntry:
    return HistoryEntry(
        at=review.at,
        who=review.by.get_username() if review.by else _("The starter library"),
        action=str(_REVIEW_VERBS[ReviewDecision(review.decision)]),
        rendition=rendition,
        text=review.comment,
        answers=tuple(checklist.answered_questions(review.checklist)),
        review=review,
    )


def _comment_entry(comment: Comment, rendition: Rendition) -> HistoryEntry:
    action = _("commented on")
    return HistoryEntry(comment.at, comment.by.get_username(), action, rendition, comment.text, answers=(), review=None)


def next_step(renditions: Sequence[Rendition], person: User) -> NextStep:
    """The first applicable step for a person: review, change, submit, wait."""
    for step_of in (_review_step, _change_step, _submit_step, _waiting_step):
        if step := step_of(renditions, person):
            return step
    if any(workflow.is_approval_valid(rendition) for rendition in renditions):
        return NextStep(_("You have nothing to do here. This text can be used in a campaign."))
    return NextStep(_("You have nothing to do here."))


def _review_step(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_DECIDE):
        return None
    waiting = [rendition for rendition in renditions if rendition.state == RevisionState.SUBMITTED]
    own = authorship.own_rendition_ids(waiting, person)
    rendition = next((rendition for rendition in waiting if rendition.pk not in own), None)
    if rendition is None:
        return None
    language = language_name(rendition.locale)
    return NextStep(
        _("The text in %(language)s of version %(number)s is waiting for a review.")
        % {"language": language, "number": rendition.revision.number},
        _("Review the text in %(language)s") % {"language": language},
        review_url(rendition),
    )


def _change_step(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_SUBMIT):
        return None
    for rendition in renditions:
        reviews = list(rendition.reviews.all())
        if was_sent_back(rendition, reviews) and reviews[-1].digest == rendition.words_digest():
            params = {
                "who": reviews[-1].by.get_username() if reviews[-1].by else "",
                "language": language_name(rendition.locale),
                "reason": reviews[-1].comment,
            }
            sentence = _("%(who)s sent back the text in %(language)s: “%(reason)s”") % params
            return _editor_step(rendition, sentence)
        if rendition.state == RevisionState.DRAFT and workflow.obstacles_to_review(rendition).sentences:
            language = language_name(rendition.locale)
            sentence = _("Something has to change before a colleague can review the text in %(language)s.")
            return _editor_step(rendition, sentence % {"language": language})
    return None


def _editor_step(rendition: Rendition, sentence: str) -> NextStep:
    return NextStep(sentence, _("Edit the text"), edit_url(rendition))


def _submit_step(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_SUBMIT):
        return None
    draft = next((rendition for rendition in renditions if rendition.state == RevisionState.DRAFT), None)
    if draft is None:
        return None
    sentence = _("The text in %(language)s is a draft. Ask for a review when it is ready.")
    return NextStep(
        sentence % {"language": language_name(draft.locale)},
        _("Ask for a review"),
        review_url(draft, "submit"),
        is_form=True,
    )


def _waiting_step(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not any(rendition.state == RevisionState.SUBMITTED for rendition in renditions):
        return None
    if has_role(person, *workflow.MAY_DECIDE):
        return NextStep(_("Part of this text is yours, so another reviewer reads it. You have nothing to do."))
    return NextStep(_("A reviewer will read this text next. You have nothing to do."))
