"""What waits for whom: words to review, words that were sent back, and what a colleague has to read."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from messages import review
from messages.models import Rendition, Review, Revision
from messages.render import direction_of
from messages.review_words import language_name, review_url, was_sent_back
from messages.roles import ROLES, has_role

State = Revision.State


@dataclass(frozen=True, slots=True)
class Waiting:
    """One language of a revision, and the last thing that was decided about it."""

    rendition: Rendition
    language: str
    direction: str
    last: Review | None
    url: str


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """First what this person can do, then what somebody else has to."""
    if not has_role(request.user, *ROLES):
        raise PermissionDenied
    assert isinstance(request.user, User)
    person, submitted = request.user, list(_in_state(State.SUBMITTED))
    decides, writes = has_role(person, *review.MAY_DECIDE), has_role(person, *review.MAY_SUBMIT)
    passes = has_role(person, review.ADMINISTRATOR)
    mine = [words for words in submitted if decides and (passes or not review.is_own(words, person))]
    drafts = _in_state(State.DRAFT).exclude(Exists(_newer())) if writes else []
    back = [words for words in drafts if was_sent_back(words, list(words.reviews.all()))]
    context = {
        "decides": decides,
        "writes": writes,
        "to_review": [_waiting(words) for words in mine],
        "sent_back": [_waiting(words) for words in back],
        "elsewhere": [_waiting(words) for words in submitted if words not in mine],
    }
    return render(request, "messages/queue.html", context)


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


def _waiting(words: Rendition) -> Waiting:
    reviews = list(words.reviews.all())
    return Waiting(
        rendition=words,
        language=language_name(words.locale),
        direction=direction_of(words.locale),
        last=reviews[-1] if reviews else None,
        url=review_url(words),
    )
