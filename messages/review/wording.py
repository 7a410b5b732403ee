"""What the pages about reviews say: states, steps and the next thing to do, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messages.i18n.languages import language_name
from messages.models import Comment, Rendition, Review, Revision
from messages.review import checklist, workflow
from messages.roles import ADMINISTRATOR, has_role

RevisionState, ReviewDecision = Revision.State, Review.Decision


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the history: who did what, when, to which words, and what was said."""

    at: datetime
    who: str
    action: str
    rendition: Rendition
    text: str
    answers: tuple[tuple[Promise, bool], ...]
    review: Review | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing for this person to do next; a `form` is sent by pressing its button."""

    sentence: str
    button: str = ""
    url: str = ""
    is_form: bool = False


_DID = {
    ReviewDecision.SUBMITTED: gettext_lazy("asked for a review of"),
    ReviewDecision.APPROVED: gettext_lazy("approved"),
    ReviewDecision.SENT_BACK: gettext_lazy("sent back"),
    ReviewDecision.WITHDRAWN: gettext_lazy("withdrew"),
}


def edit_url(rendition: Rendition) -> str:
    """The editor, beginning with these words."""
    revision = rendition.revision
    return f"{reverse('messages:edit', args=[revision.message.key, rendition.locale])}?from={revision.number}"


def compare_url(revision: Revision, before: int) -> str:
    """What changed in a revision since an earlier one."""
    return reverse("messages:compare", args=[revision.message.key, before, revision.number])


def review_url(rendition: Rendition, page: str = "review") -> str:
    """The page of one language of a revision, or one of the steps on it."""
    revision = rendition.revision
    return reverse(f"messages:{page}", args=[revision.message.key, revision.number, rendition.locale])


def state_label(rendition: Rendition, reviews: Sequence[Review]) -> str:
    """The state as people say it: words that were sent back are a draft that somebody waits for."""
    if was_sent_back(rendition, reviews):
        return _("Sent back")
    if rendition.state == RevisionState.APPROVED and not workflow.is_approval_valid(rendition):
        return _("Changed since it was approved")
    return str(rendition.get_state_display())


def was_sent_back(rendition: Rendition, reviews: Sequence[Review]) -> bool:
    """Whether the last thing that was decided about a draft is that it should change."""
    return rendition.state == RevisionState.DRAFT and bool(reviews) and reviews[-1].decision == ReviewDecision.SENT_BACK


def history(renditions: Sequence[Rendition]) -> list[HistoryEntry]:
    """All that was decided and said, newest first; reviews and comments at hand."""
    reviews = [_decided(decided, words) for words in renditions for decided in words.reviews.all()]
    comments = [_said(comment, words) for words in renditions for comment in words.comments.all()]
    return sorted([*reviews, *comments], key=lambda event: event.at)[::-1]


def _decided(decided: Review, words: Rendition) -> HistoryEntry:
    return HistoryEntry(
        at=decided.at,
        who=decided.by.get_username() if decided.by else _("The starter library"),
        action=str(_DID[ReviewDecision(decided.decision)]),
        rendition=words,
        text=decided.comment,
        answers=tuple(checklist.answered_questions(decided.checklist)),
        review=decided,
    )


def _said(comment: Comment, words: Rendition) -> HistoryEntry:
    did = _("commented on")
    return HistoryEntry(comment.at, comment.by.get_username(), did, words, comment.text, answers=(), review=None)


def next_step(renditions: Sequence[Rendition], person: User) -> NextStep:
    """What this person would do first: with the languages of the newest revision, or older ones that still wait."""
    for find in (_to_review, _to_change, _to_submit, _waiting):
        if step := find(renditions, person):
            return step
    if any(workflow.is_approval_valid(words) for words in renditions):
        return NextStep(_("Nothing waits for you here. These words may be used in a campaign."))
    return NextStep(_("Nothing waits for you here."))


def _to_review(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_DECIDE):
        return None
    waiting = [words for words in renditions if words.state == RevisionState.SUBMITTED]
    own = set() if has_role(person, ADMINISTRATOR) else workflow.own_rendition_ids(waiting, person)
    words = next((words for words in waiting if words.pk not in own), None)
    if words is None:
        return None
    language = language_name(words.locale)
    return NextStep(
        _("The words in %(language)s of revision %(number)s wait for a review.")
        % {"language": language, "number": words.revision.number},
        _("Review the words in %(language)s") % {"language": language},
        review_url(words),
    )


def _to_change(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_SUBMIT):
        return None
    for words in renditions:
        reviews = list(words.reviews.all())
        if was_sent_back(words, reviews) and reviews[-1].digest == words.words_digest():
            told = {
                "who": reviews[-1].by.get_username() if reviews[-1].by else "",
                "language": language_name(words.locale),
                "reason": reviews[-1].comment,
            }
            says = _("%(who)s sent the words in %(language)s back: “%(reason)s”") % told
            return _change(words, says)
        if words.state == RevisionState.DRAFT and workflow.obstacles_to_review(words).sentences:
            language = language_name(words.locale)
            says = _("Before a colleague reviews the words in %(language)s, something has to change.")
            return _change(words, says % {"language": language})
    return None


def _change(words: Rendition, says: str) -> NextStep:
    return NextStep(says, _("Change the words"), edit_url(words))


def _to_submit(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not has_role(person, *workflow.MAY_SUBMIT):
        return None
    draft = next((words for words in renditions if words.state == RevisionState.DRAFT), None)
    if draft is None:
        return None
    says = _("The words in %(language)s are a draft. When they are ready, a colleague reads them.")
    return NextStep(
        says % {"language": language_name(draft.locale)},
        _("Ask for a review"),
        review_url(draft, "submit"),
        is_form=True,
    )


def _waiting(renditions: Sequence[Rendition], person: User) -> NextStep | None:
    if not any(words.state == RevisionState.SUBMITTED for words in renditions):
        return None
    if has_role(person, *workflow.MAY_DECIDE):
        return NextStep(_("These words are partly yours, so another reviewer reads them. Nothing waits for you."))
    return NextStep(_("A reviewer reads these words next. Nothing waits for you."))
