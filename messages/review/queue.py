"""The review queue: texts to review, texts that were sent back, and texts that wait for a colleague."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messages.i18n.languages import language_name
from messages.models import Rendition, Review, Revision
from messages.review import authorship, workflow
from messages.review.wording import review_url, was_sent_back
from messages.roles import STAFF_ROLES, current_user, has_role, require_role
from messages.text.language_tags import direction_of

RevisionState = Revision.State
MAX_PER_LIST = 40


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One rendition, and the last review of it."""

    rendition: Rendition
    language: str
    direction: str
    last_review: Review | None
    url: str


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List first what this person can do, then what waits for somebody else."""
    require_role(request.user, *STAFF_ROLES)
    person, submitted = current_user(request), list(_in_state(RevisionState.SUBMITTED))
    may_decide, may_write = has_role(person, *workflow.MAY_DECIDE), has_role(person, *workflow.MAY_SUBMIT)
    to_review = _decidable(submitted, person)
    elsewhere = [rendition for rendition in submitted if rendition not in to_review]
    drafts = _in_state(RevisionState.DRAFT).exclude(Exists(_newer_renditions())) if may_write else []
    sent_back = [rendition for rendition in drafts if was_sent_back(rendition, list(rendition.reviews.all()))]
    context = {
        "decides": may_decide,
        "writes": may_write,
        "to_review": _rows(to_review),
        "sent_back": _rows(sent_back),
        "elsewhere": _rows(elsewhere),
        "further": sum(max(0, len(found) - MAX_PER_LIST) for found in (to_review, sent_back, elsewhere)),
    }
    return render(request, "messages/review/queue.html", context)


def reviewable_renditions(person: User) -> list[Rendition]:
    """Return the submitted renditions on which this person may decide."""
    return _decidable(list(_in_state(RevisionState.SUBMITTED)), person)


def _decidable(submitted: list[Rendition], person: User) -> list[Rendition]:
    if not has_role(person, *workflow.MAY_DECIDE):
        return []
    own = authorship.own_rendition_ids(submitted, person)
    return [rendition for rendition in submitted if rendition.pk not in own]


def _in_state(state: Revision.State) -> QuerySet[Rendition]:
    """Renditions in a state, oldest revisions first."""
    renditions = Rendition.objects.filter(state=state)
    renditions = renditions.select_related("revision__message__theme", "revision__author")
    return renditions.prefetch_related("reviews__by").order_by("revision_id", "locale")


def _newer_renditions() -> QuerySet[Rendition]:
    """A subquery of later revisions of the same text."""
    return Rendition.objects.filter(
        revision__message=OuterRef("revision__message"),
        revision__number__gt=OuterRef("revision__number"),
        locale=OuterRef("locale"),
    )


def _rows(renditions: list[Rendition]) -> list[QueueRow]:
    return [_row(rendition) for rendition in renditions[:MAX_PER_LIST]]


def _row(rendition: Rendition) -> QueueRow:
    reviews = list(rendition.reviews.all())
    return QueueRow(
        rendition=rendition,
        language=language_name(rendition.locale),
        direction=direction_of(rendition.locale),
        last_review=reviews[-1] if reviews else None,
        url=review_url(rendition),
    )
