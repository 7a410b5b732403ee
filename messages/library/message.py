"""The page of one message: its words in every revision and language, what was decided, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages.i18n.languages import language_name
from messages.models import Message, Rendition, Review, Revision
from messages.review import message_lint, workflow
from messages.review.wording import compare_url, history, next_step, review_url, state_label
from messages.roles import MANAGER, REVIEWER, STAFF_ROLES, has_role, require_role
from messages.text.lint import Remark
from messages.text.rendering import direction_of


@dataclass(frozen=True, slots=True)
class RenditionRow:
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
class RevisionRow:
    """One revision with its languages, and where to see what it changed."""

    revision: Revision
    renditions: tuple[RenditionRow, ...]
    compare_url: str


@dataclass(frozen=True, slots=True)
class EarlierRevision:
    """An earlier revision: its words are a page away."""

    revision: Revision
    pages: tuple[tuple[str, str], ...]  # language, where its words are
    compare_url: str


@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """The newest revision, the way to earlier ones, and the history."""
    require_role(request.user, *STAFF_ROLES)
    assert isinstance(request.user, User)
    found = get_object_or_404(Message.objects.select_related("theme", "stopped_by"), key=key)
    revisions = list(_revisions(found))
    renditions = [rendition for revision in revisions for rendition in revision.renditions.all()]
    newest = [words for words in renditions if words.revision == revisions[0]]
    waiting = [words for words in renditions if words not in newest and words.state == Revision.State.SUBMITTED]
    context = {
        "message": found,
        "newest": _version(revisions[0]) if revisions else None,
        "earlier": [_earlier(revision) for revision in revisions[1:]],
        "step": next_step([*newest, *waiting], request.user),
        "events": history(renditions),
        "may_write": has_role(request.user, MANAGER),
        "may_stop": has_role(request.user, MANAGER, REVIEWER),
    }
    return render(request, "messages/library/message.html", context)


def _revisions(message: Message) -> list[Revision]:
    """Newest first, with everything that the page tells at hand."""
    words = Rendition.objects.select_related("author").prefetch_related("reviews__by", "comments__by")
    revisions = list(
        message.revisions.select_related("author").prefetch_related(Prefetch("renditions", words)).order_by("-number")
    )
    for revision in revisions:
        revision.message = message
    return revisions


def _version(revision: Revision) -> RevisionRow:
    return RevisionRow(revision, tuple(_words(words) for words in revision.renditions.all()), _compare(revision))


def _earlier(revision: Revision) -> EarlierRevision:
    pages = tuple((language_name(words.locale), review_url(words)) for words in revision.renditions.all())
    return EarlierRevision(revision, pages, _compare(revision))


def _compare(revision: Revision) -> str:
    before = revision.number - 1
    return compare_url(revision, before) if before else ""


def _words(rendition: Rendition) -> RenditionRow:
    return RenditionRow(
        rendition=rendition,
        language=language_name(rendition.locale),
        direction=direction_of(rendition.locale),
        state=state_label(rendition, list(rendition.reviews.all())),
        remarks=message_lint.lint_rendition(rendition),
        approval=workflow.approval_of(rendition),
        exceptions=tuple(workflow.exceptions(rendition)),
        url=review_url(rendition),
    )
