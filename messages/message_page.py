"""The page of one message: its words in every revision and language, what was decided, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages import advice, review
from messages.lint import Remark
from messages.models import Message, Rendition, Review, Revision
from messages.render import direction_of
from messages.review_words import history, language_name, next_step, optional_url, review_url, state_of
from messages.roles import MANAGER, ROLES, has_role


@dataclass(frozen=True, slots=True)
class Words:
    """One language of a revision."""

    rendition: Rendition
    language: str
    direction: str
    state: str
    remarks: tuple[Remark, ...]
    approval: Review | None
    exceptions: tuple[Review, ...]
    url: str


@dataclass(frozen=True, slots=True)
class Version:
    """One revision with its languages, and where to see what it changed."""

    revision: Revision
    words: tuple[Words, ...]
    compare: str


@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """The newest revision open, older ones folded, the history below."""
    if not has_role(request.user, *ROLES):
        raise PermissionDenied
    assert isinstance(request.user, User)
    found = get_object_or_404(Message.objects.select_related("theme"), key=key)
    revisions = list(_revisions(found))
    renditions = [rendition for revision in revisions for rendition in revision.renditions.all()]
    versions = [_version(revision) for revision in revisions]
    newest = list(revisions[0].renditions.all()) if revisions else []
    context = {
        "message": found,
        "newest": versions[0] if versions else None,
        "older": versions[1:],
        "step": next_step(newest, request.user),
        "events": history(renditions),
        "exceptions": [made for rendition in renditions for made in review.exceptions(rendition)],
        "may_write": has_role(request.user, MANAGER),
    }
    return render(request, "messages/message.html", context)


def _revisions(message: Message) -> list[Revision]:
    """Newest first, with everything that the page tells at hand."""
    words = Rendition.objects.select_related("author").prefetch_related("reviews__by", "comments__by")
    revisions = list(
        message.revisions.select_related("author").prefetch_related(Prefetch("renditions", words)).order_by("-number")
    )
    for revision in revisions:
        revision.message = message
    return revisions


def _version(revision: Revision) -> Version:
    before = revision.number - 1
    compare = optional_url("messages:compare", revision.message.key, before, revision.number) if before else ""
    return Version(revision, tuple(_words(rendition) for rendition in revision.renditions.all()), compare)


def _words(rendition: Rendition) -> Words:
    return Words(
        rendition=rendition,
        language=language_name(rendition.locale),
        direction=direction_of(rendition.locale),
        state=state_of(rendition, list(rendition.reviews.all())),
        remarks=advice.on_rendition(rendition),
        approval=review.approval_of(rendition),
        exceptions=tuple(review.exceptions(rendition)),
        url=review_url(rendition),
    )
