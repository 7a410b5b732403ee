"""The page of one language of a revision: its words beside what is remarked, and every step of its review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from messages.i18n.languages import language_name
from messages.models import Rendition, Revision
from messages.review import checklist, message_lint, workflow
from messages.review.checklist import ChecklistQuestion
from messages.review.wording import compare_url, edit_url, history, review_url, state_label
from messages.review.workflow import ReviewRefused
from messages.roles import ADMINISTRATOR, MANAGER, STAFF_ROLES, has_role, require_role
from messages.text.rendering import body_html, direction_of

RevisionState = Revision.State


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """What came with the form: it stands there again if the step is refused."""

    read_digest: str = ""
    decision_comment: str = ""
    text: str = ""
    override: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_request(cls, request: HttpRequest) -> ReviewInput:
        def value(name: str) -> str:
            return request.POST.get(name, "").replace("\0", "")

        asked = [question.key for question in checklist.VERSIONS[checklist.CURRENT_VERSION]]
        return cls(
            read_digest=value("read"),
            decision_comment=value("said"),
            text=value("text"),
            override=value("override"),
            answers={key: value(f"checklist.{key}") for key in asked},
        )


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One question of the checklist, the answer so far, and what is amiss with it."""

    question: ChecklistQuestion
    answer: str
    error: str


ReviewAction = Callable[[Rendition, User, ReviewInput], object]


@require_safe
def rendition_review(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponse:
    """For everybody with a role; the steps on it are those of whoever looks."""
    require_role(request.user, *STAFF_ROLES)
    return _page(request, _find(key, number, locale), ReviewInput())


@require_POST
def submit(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
    def step(words: Rendition, by: User, typed: ReviewInput) -> None:
        workflow.submit(words, by=by, now=timezone.now(), override=typed.override)

    done = _("A reviewer is asked to read these words.")
    return _take(request, _find_for(request, workflow.MAY_SUBMIT, key, number, locale), step, done)


@require_POST
def comment(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
    def step(words: Rendition, by: User, typed: ReviewInput) -> None:
        workflow.comment(words, by=by, now=timezone.now(), text=typed.text)

    words = _find_for(request, workflow.MAY_COMMENT, key, number, locale)
    return _take(request, words, step, _("Your comment is kept."), to=review_url(words))


@require_POST
def approve(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
    def step(words: Rendition, by: User, typed: ReviewInput) -> None:
        workflow.approve(
            words,
            by=by,
            now=timezone.now(),
            read_digest=typed.read_digest,
            checklist=typed.answers,
            comment=typed.decision_comment,
            override=typed.override,
        )

    done = _("These exact words are approved.")
    return _take(request, _find_for(request, workflow.MAY_DECIDE, key, number, locale), step, done)


@require_POST
def send_back(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
    def step(words: Rendition, by: User, typed: ReviewInput) -> None:
        workflow.send_back(
            words,
            by=by,
            now=timezone.now(),
            read_digest=typed.read_digest,
            reason=typed.decision_comment,
            checklist=typed.answers,
        )

    done = _("The words are back with whoever wrote them, and so is what you said.")
    return _take(request, _find_for(request, workflow.MAY_DECIDE, key, number, locale), step, done)


@require_POST
def withdraw(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
    def step(words: Rendition, by: User, typed: ReviewInput) -> None:
        workflow.withdraw(words, by=by, now=timezone.now(), reason=typed.decision_comment)

    done = _("These words are withdrawn. They are no longer shown.")
    return _take(request, _find_for(request, workflow.MAY_WITHDRAW, key, number, locale), step, done)


def _find_for(request: HttpRequest, roles: tuple[str, ...], key: str, number: int, locale: str) -> Rendition:
    require_role(request.user, *roles)
    return _find(key, number, locale)


def _find(key: str, number: int, locale: str) -> Rendition:
    words = Rendition.objects.select_related("revision__message__theme", "revision__author", "author")
    return get_object_or_404(words, revision__message__key=key, revision__number=number, locale=locale)


def _take(request: HttpRequest, words: Rendition, step: ReviewAction, done: Promise, to: str = "") -> HttpResponseBase:
    """Take the step and go on, or show the page again with what was typed and what is amiss."""
    typed = ReviewInput.from_request(request)
    assert isinstance(request.user, User)
    try:
        step(words, request.user, typed)
    except ReviewRefused as refused:
        return _page(request, _find(words.revision.message.key, words.revision.number, words.locale), typed, refused)
    flash.success(request, str(done))
    return redirect(to or "messages:message", *([] if to else [words.revision.message.key]))


def _page(
    request: HttpRequest, words: Rendition, typed: ReviewInput, refused: ReviewRefused | None = None
) -> HttpResponse:
    person = request.user
    assert isinstance(person, User)
    errors = refused.fields if refused else {}
    waits = words.state == RevisionState.SUBMITTED
    is_own = workflow.is_own(words, person)
    may_decide = waits and has_role(person, *workflow.MAY_DECIDE)
    may_submit = words.state == RevisionState.DRAFT and has_role(person, *workflow.MAY_SUBMIT)
    obstacles = workflow.obstacles_to_approval(words, person) if waits else workflow.obstacles_to_review(words)
    may_pass = has_role(person, ADMINISTRATOR)
    before = _approved_before(words)
    context = {
        "words": words,
        "revision": words.revision,
        "message": words.revision.message,
        "language": language_name(words.locale),
        "direction": direction_of(words.locale),
        "body": body_html(words.body),
        "state": state_label(words, list(words.reviews.all())),
        "digest": words.words_digest(),
        "remarks": message_lint.lint_rendition(words),
        "before": before,
        "compare": compare_url(words.revision, before.revision.number) if before else "",
        "events": history([words]),
        "exceptions": workflow.exceptions(words),
        "is_own": is_own,
        "may_decide": may_decide and (not is_own or may_pass),
        "may_submit": may_submit,
        "may_withdraw": words.state == RevisionState.APPROVED and has_role(person, *workflow.MAY_WITHDRAW),
        "may_comment": has_role(person, *workflow.MAY_COMMENT),
        "obstacles": obstacles,
        "may_pass": may_pass and bool(obstacles.sentences) and (may_decide or may_submit),
        "edit": edit_url(words) if has_role(person, MANAGER) else "",
        "checklist": _asked(typed, errors),
        "typed": typed,
        "refused": refused,
        "errors": errors,
        "summary": _summary(errors),
        "said_error": errors.get("reason") or errors.get("comment", ""),
    }
    return render(request, "messages/review/review.html", context)


def _summary(errors: dict[str, str]) -> list[tuple[str, str]]:
    """Each sentence once, and where on the page it belongs to."""
    fields = {"reason": "said", "comment": "said", "text": "text", "override": "override"}
    places: dict[str, str] = {}
    for where, sentence in errors.items():
        asked = f"{where.removeprefix('checklist.')}-error" if where.startswith("checklist.") else "remarks"
        places.setdefault(sentence, fields.get(where, asked))
    return list(places.items())


def _asked(typed: ReviewInput, errors: dict[str, str]) -> list[ChecklistItem]:
    questions = checklist.VERSIONS[checklist.CURRENT_VERSION]
    return [ChecklistItem(q, typed.answers.get(q.key, ""), errors.get(f"checklist.{q.key}", "")) for q in questions]


def _approved_before(words: Rendition) -> Rendition | None:
    """What is approved in this language so far, to read beside the new words."""
    return (
        Rendition.objects.filter(
            revision__message=words.revision.message_id,
            revision__number__lt=words.revision.number,
            locale=words.locale,
            state=RevisionState.APPROVED,
        )
        .select_related("revision")
        .order_by("-revision__number")
        .first()
    )
