"""The page of a message: its revisions, their history, and the next step."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from messages.i18n.languages import language_name
from messages.models import Message, Rendition, Review, Revision
from messages.review import message_lint, workflow
from messages.review.wording import compare_url, history, next_step, review_url, state_label
from messages.roles import MANAGER, REVIEWER, STAFF_ROLES, current_user, has_role, require_role
from messages.text.language_tags import direction_of
from messages.text.lint import Remark


@dataclass(frozen=True, slots=True)
class RenditionRow:
    """A rendition as the page shows it."""

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
    """A revision with its renditions, and the page that shows what it changed."""

    revision: Revision
    renditions: tuple[RenditionRow, ...]
    compare_url: str


@dataclass(frozen=True, slots=True)
class EarlierRevision:
    """An earlier revision, whose text is on other pages."""

    revision: Revision
    pages: tuple[tuple[str, str], ...]  # language and URL
    compare_url: str


@require_safe
def message(request: HttpRequest, key: str) -> HttpResponse:
    """Show the newest revision, links to earlier ones, and the history."""
    require_role(request.user, *STAFF_ROLES)
    stored = get_object_or_404(Message.objects.select_related("theme", "stopped_by"), key=key)
    revisions = list(_revisions(stored))
    renditions = [rendition for revision in revisions for rendition in revision.renditions.all()]
    newest = [rendition for rendition in renditions if rendition.revision == revisions[0]]
    earlier_submitted = [
        rendition for rendition in renditions if rendition not in newest and rendition.state == Revision.State.SUBMITTED
    ]
    context = {
        "message": stored,
        "newest": _revision_row(revisions[0]) if revisions else None,
        "earlier": [_earlier_revision(revision) for revision in revisions[1:]],
        "step": next_step([*newest, *earlier_submitted], current_user(request)),
        "events": history(renditions),
        "may_write": has_role(request.user, MANAGER),
        "may_stop": has_role(request.user, MANAGER, REVIEWER),
    }
    return render(request, "messages/library/message.html", context)


def _revisions(message: Message) -> list[Revision]:
    """The revisions, newest first, with everything that the page shows."""
    renditions = Rendition.objects.select_related("author").prefetch_related("reviews__by", "comments__by")
    stored = message.revisions.select_related("author").prefetch_related(Prefetch("renditions", renditions))
    revisions = list(stored.order_by("-number"))
    for revision in revisions:
        revision.message = message
    return revisions


def _revision_row(revision: Revision) -> RevisionRow:
    return RevisionRow(revision, tuple(map(_rendition_row, revision.renditions.all())), _previous_diff_url(revision))


def _earlier_revision(revision: Revision) -> EarlierRevision:
    pages = tuple((language_name(r.locale), review_url(r)) for r in revision.renditions.all())
    return EarlierRevision(revision, pages, _previous_diff_url(revision))


def _previous_diff_url(revision: Revision) -> str:
    before = revision.number - 1
    return compare_url(revision, before) if before else ""


def _rendition_row(rendition: Rendition) -> RenditionRow:
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
