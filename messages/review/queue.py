"""What waits for whom: words to review, words that were sent back, and what a colleague has to read."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messages.i18n.languages import language_name
from messages.models import Rendition, Review, Revision
from messages.review import workflow
from messages.review.wording import review_url, was_sent_back
from messages.roles import ADMINISTRATOR, STAFF_ROLES, has_role, require_role
from messages.text.rendering import direction_of

RevisionState = Revision.State


MAX_PER_LIST = 40  # of each kind: more would be read by nobody


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One language of a revision, and the last thing that was decided about it."""

    rendition: Rendition
    language: str
    direction: str
    last_review: Review | None
    url: str


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """First what this person can do, then what somebody else has to."""
    require_role(request.user, *STAFF_ROLES)
    assert isinstance(request.user, User)
    person, submitted = request.user, list(_in_state(RevisionState.SUBMITTED))
    decides, writes = has_role(person, *workflow.MAY_DECIDE), has_role(person, *workflow.MAY_SUBMIT)
    own = set() if has_role(person, ADMINISTRATOR) else workflow.own_rendition_ids(submitted, person)
    mine = [words for words in submitted if decides and words.pk not in own]
    elsewhere = [words for words in submitted if not decides or words.pk in own]
    drafts = _in_state(RevisionState.DRAFT).exclude(Exists(_newer())) if writes else []
    back = [words for words in drafts if was_sent_back(words, list(words.reviews.all()))]
    context = {
        "decides": decides,
        "writes": writes,
        "to_review": _first(mine),
        "sent_back": _first(back),
        "elsewhere": _first(elsewhere),
        "further": max(0, len(mine) - MAX_PER_LIST)
        + max(0, len(back) - MAX_PER_LIST)
        + max(0, len(elsewhere) - MAX_PER_LIST),
    }
    return render(request, "messages/review/queue.html", context)


def _in_state(state: Revision.State) -> QuerySet[Rendition]:
    """Those that have waited longest come first."""
    words = Rendition.objects.filter(state=state).select_related("revision__message__theme", "revision__author")
    return words.prefetch_related("reviews__by").order_by("revision_id", "locale")


def _newer() -> QuerySet[Rendition]:
    """Words that somebody wrote in place of those that were sent back."""
    return Rendition.objects.filter(
        revision__message=OuterRef("revision__message"),
        revision__number__gt=OuterRef("revision__number"),
        locale=OuterRef("locale"),
    )


def _first(found: list[Rendition]) -> list[QueueRow]:
    return [_waiting(words) for words in found[:MAX_PER_LIST]]


def _waiting(words: Rendition) -> QueueRow:
    reviews = list(words.reviews.all())
    return QueueRow(
        rendition=words,
        language=language_name(words.locale),
        direction=direction_of(words.locale),
        last_review=reviews[-1] if reviews else None,
        url=review_url(words),
    )
