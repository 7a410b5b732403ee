"""The review page of a rendition, and the steps on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from messages.i18n.languages import language_name
from messages.models import HelpLink, Rendition, Revision
from messages.review import authorship, checklist, message_lint, workflow
from messages.review.checklist import ChecklistQuestion
from messages.review.wording import compare_url, edit_url, history, review_url, state_label
from messages.review.workflow import ReviewRefused
from messages.roles import ADMINISTRATOR, MANAGER, STAFF_ROLES, current_user, has_role, require_role, users_with_role
from messages.staff_mail.mentions import mail_mentioned_people
from messages.text.language_tags import direction_of
from messages.text.rendering import body_html

RevisionState = Revision.State


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """What was typed into the form, which is shown again if the step is refused."""

    read_digest: str = ""
    decision_comment: str = ""
    text: str = ""
    override: str = ""
    answers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_request(cls, request: HttpRequest) -> "ReviewInput":
        def value(name: str) -> str:
            return request.POST.get(name, "")

        questions = checklist.VERSIONS[checklist.CURRENT_VERSION]
        return cls(
            read_digest=value("read"),
            decision_comment=value("said"),
            text=value("text"),
            override=value("override"),
            answers={
                name: value(f"checklist.{name}")
                for question in questions
                for name in (question.key, checklist.evidence_key(question.key))
            },
        )


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One question of the checklist, with the answer so far and its error."""

    question: ChecklistQuestion
    answer: str
    error: str
    needs_evidence: bool
    evidence: str
    evidence_error: str


ReviewAction = Callable[[Rendition, User, datetime, ReviewInput], object]
StepView = Callable[[HttpRequest, str, int, str], HttpResponseBase]


@require_safe
def rendition_review(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponse:
    """Show a rendition, with the steps that the current user may take."""
    require_role(request.user, *STAFF_ROLES)
    return _page(request, _find(key, number, locale), ReviewInput())


def _step_view(step: ReviewAction, *, roles: tuple[str, ...], done: Promise | None = None) -> StepView:
    """A view that takes a step and redirects, or shows the page again with what was typed and the errors.

    Without `done` it says what the step returns, and stays on the page.
    """

    @require_POST
    def view(request: HttpRequest, key: str, number: int, locale: str) -> HttpResponseBase:
        require_role(request.user, *roles)
        words, typed = _find(key, number, locale), ReviewInput.from_request(request)
        try:
            outcome = step(words, current_user(request), timezone.now(), typed)
        except ReviewRefused as refused:
            return _page(request, _find(key, number, locale), typed, refused)
        flash.success(request, str(done or outcome))
        return redirect("messages:message", key) if done else redirect(review_url(words))

    return view


def _approve(words: Rendition, by: User, now: datetime, typed: ReviewInput) -> None:
    workflow.approve(
        words,
        by=by,
        now=now,
        read_digest=typed.read_digest,
        checklist=typed.answers,
        comment=typed.decision_comment,
        override=typed.override,
    )


def _send_back(words: Rendition, by: User, now: datetime, typed: ReviewInput) -> None:
    workflow.send_back(
        words, by=by, now=now, read_digest=typed.read_digest, reason=typed.decision_comment, checklist=typed.answers
    )


submit = _step_view(
    lambda words, by, now, typed: workflow.submit(words, by=by, now=now, override=typed.override),
    roles=workflow.MAY_SUBMIT,
    done=_("A reviewer has been asked to read this text."),
)


def _comment(words: Rendition, by: User, now: datetime, typed: ReviewInput) -> str:
    workflow.comment(words, by=by, now=now, text=typed.text)
    about, path = words.revision.message.theme.name, f"{review_url(words)}#history"
    staff = users_with_role(*STAFF_ROLES)
    return mail_mentioned_people(typed.text, among=staff, by=by, about=about, path=path, now=now).describe()


comment = _step_view(_comment, roles=workflow.MAY_COMMENT)
approve = _step_view(_approve, roles=workflow.MAY_DECIDE, done=_("This text is approved."))
send_back = _step_view(_send_back, roles=workflow.MAY_DECIDE, done=_("Sent back to the author with your comment."))
withdraw = _step_view(
    lambda words, by, now, typed: workflow.withdraw(words, by=by, now=now, reason=typed.decision_comment),
    roles=workflow.MAY_WITHDRAW,
    done=_("This text is withdrawn and no longer shown."),
)


def _find(key: str, number: int, locale: str) -> Rendition:
    words = Rendition.objects.select_related("revision__message__theme", "revision__author", "author")
    return get_object_or_404(words, revision__message__key=key, revision__number=number, locale=locale)


def _page(
    request: HttpRequest, words: Rendition, typed: ReviewInput, refused: ReviewRefused | None = None
) -> HttpResponse:
    person = current_user(request)
    errors = refused.fields if refused else {}
    is_submitted = words.state == RevisionState.SUBMITTED
    is_own = authorship.is_own(words, person)
    may_decide = is_submitted and not is_own and has_role(person, *workflow.MAY_DECIDE)
    may_submit = words.state == RevisionState.DRAFT and has_role(person, *workflow.MAY_SUBMIT)
    obstacles = workflow.obstacles_to_review(words)
    may_override = has_role(person, ADMINISTRATOR)
    before = _previous_approved(words)
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
        "may_decide": may_decide,
        "may_submit": may_submit,
        "may_withdraw": words.state == RevisionState.APPROVED and has_role(person, *workflow.MAY_WITHDRAW),
        "may_comment": has_role(person, *workflow.MAY_COMMENT),
        "obstacles": obstacles,
        "may_pass": may_override and bool(obstacles.sentences) and (may_decide or may_submit),
        "edit": edit_url(words) if has_role(person, MANAGER) else "",
        "checklist": _checklist_items(words, typed, errors),
        "evidence_limit": checklist.EVIDENCE_LIMIT,
        "original": _original(words),
        "help_links": _help_links(words.locale),
        "typed": typed,
        "refused": refused,
        "errors": errors,
        "summary": _error_summary(errors),
        "said_error": errors.get("reason") or errors.get("comment", ""),
    }
    return render(request, "messages/review/review.html", context)


def _error_summary(errors: dict[str, str]) -> list[tuple[str, str]]:
    """Each error once, with the anchor of its place on the page."""
    anchors = {"reason": "said", "comment": "said", "text": "text", "override": "override"}
    summary: dict[str, str] = {}
    for field_name, sentence in errors.items():
        question = field_name.removeprefix("checklist.").replace(".", "-")
        default = "remarks" if "." not in field_name else f"{question}-error"
        summary.setdefault(sentence, anchors.get(field_name, default))
    return list(summary.items())


def _checklist_items(words: Rendition, typed: ReviewInput, errors: dict[str, str]) -> list[ChecklistItem]:
    needed = workflow.points_with_evidence(words)
    return [
        ChecklistItem(
            question=question,
            answer=typed.answers.get(question.key, ""),
            error=errors.get(f"checklist.{question.key}", ""),
            needs_evidence=question.key in needed,
            evidence=typed.answers.get(checklist.evidence_key(question.key), ""),
            evidence_error=errors.get(f"checklist.{checklist.evidence_key(question.key)}", ""),
        )
        for question in checklist.VERSIONS[checklist.CURRENT_VERSION]
    ]


def _help_links(locale: str) -> list[HelpLink]:
    """The links that visitors may find behind the doors, those in the language of the text first."""
    language = locale.split("-", 1)[0]
    links = HelpLink.objects.for_visitors().order_by("lane", "name")
    return sorted(links, key=lambda link: link.language.split("-", 1)[0] != language)


def _original(words: Rendition) -> Rendition | None:
    """The text that these words translate; None if they are the original."""
    first = words.revision.renditions.order_by("pk").first()
    return None if first is None or first.pk == words.pk else first


def _previous_approved(words: Rendition) -> Rendition | None:
    """The last approved text in this language, to compare with the new one."""
    message, number = words.revision.message_id, words.revision.number
    earlier = Rendition.objects.filter(revision__message=message, revision__number__lt=number, locale=words.locale)
    earlier = earlier.filter(state=RevisionState.APPROVED).select_related("revision")
    return earlier.order_by("-revision__number").first()
