"""The pages of the wizard: one question a page, and a last page that lists all answers."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaign.lifecycle import launch_checks, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from campaign.staff_site import sent_once
from campaign.staff_site.access import campaign_for
from campaign.wizard import answers, arms, questions, revision_choice, sample_campaign, start, text_design
from campaign.wizard.draft import DraftEditConflict, NotADraft, current_plan
from campaign.wizard.links import question_url
from campaign.wizard.questions.base import QuestionForm
from messages.accounts.step_up import confirmation_required_for_button
from messages.models import Frame
from messages.query_numbers import parse_whole_number
from messages.roles import MANAGER, current_user, require_role


@dataclass(frozen=True, slots=True)
class WizardPosition:
    """The number of a question among all of them, and the URL of the page before it."""

    number: int
    total: int
    back: str


@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """Ask the first question; its answer creates the draft."""
    require_role(request.user, MANAGER)
    first, once = questions.QUESTIONS[0], sent_once.form_key(request)
    form, by = start.StartForm(request.POST or None), current_user(request)
    if request.method == "POST" and form.is_valid():
        try:
            if draft := _draft_of_form(request, once):
                answers.save_answer(draft, first, form.answer(), seen_digest=first.read(draft).digest(), by=by)
            else:
                draft = start.start_draft(form, by=by)
                sent_once.remember(request, once, draft.pk)
        except arms.NoApprovedMessage as reason:
            form.add_error("start", _no_text_left(reason))
        else:
            return redirect(question_url(draft, questions.next_key(first.key)))
    position = WizardPosition(1, len(questions.QUESTIONS), reverse("campaign:list"))
    context = {"form": form, "question": first, "position": position, "once": once}
    return render(request, "campaign/wizard/start.html", context)


def _no_text_left(reason: arms.NoApprovedMessage) -> str:
    names = ", ".join(str(Frame(frame).label) for frame in reason.frames)
    return _("There are no approved texts left in: %(frames)s.") % {"frames": names}


def _draft_of_form(request: HttpRequest, once: str) -> Campaign | None:
    """Return the draft that this very form made already: the browser went back to it, and it was sent again."""
    made = sent_once.made_by(request, once)
    return None if made is None else Campaign.objects.filter(pk=made, state=Campaign.State.DRAFT).first()


@require_POST
def new_sample(request: HttpRequest) -> HttpResponse:
    """Create a sample campaign, and show all of its answers."""
    require_role(request.user, MANAGER)
    try:
        draft = sample_campaign.create_sample(by=current_user(request))
    except arms.NoApprovedMessage:
        flash.error(request, _("There are no approved messages yet, so we cannot make a sample."))
        return redirect("campaign:list")
    told = _(
        "This is a sample. Each question but this one has the recommended answer. Once you have answered it, you can "
        "look around, change the plan and rehearse it."
    )
    flash.success(request, told)
    return redirect(f"{question_url(draft, sample_campaign.LEFT_OPEN.key)}?then={questions.CHECK}")


@require_http_methods(["GET", "HEAD", "POST"])
def wizard_step(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """Ask one question of a draft and store the answer. `?then=check` returns to the page with all answers."""
    campaign = campaign_for(request.user, slug, write=True)
    question = questions.QUESTIONS_BY_KEY.get(step)
    if question is None:
        raise Http404
    if campaign.state != Campaign.State.DRAFT:
        return _redirect_to_submitted(request, campaign)
    stored = question.read(campaign)
    posted = request.POST if request.method == "POST" else None
    form = question.build_form(campaign, question.suggest(campaign, stored, user=current_user(request)), posted)
    if posted is None:
        new_place = request.GET.get("new", "")  # a placement that was just added for this campaign
        return _render_question(request, campaign, question, form, seen_digest=stored.digest(), new_place=new_place)
    if not form.is_valid() or posted.get("do") in ("work-out", "use-past") or not question.complete(campaign, form):
        return _render_question(request, campaign, question, form, seen_digest=posted.get("was", ""))
    return _save_and_continue(request, campaign, question, form)


def _save_and_continue(
    request: HttpRequest, campaign: Campaign, question: questions.Question[Any, Any], form: QuestionForm[Any]
) -> HttpResponse:
    """Store a valid answer and go on, or show the question again with the reason why not."""
    seen_digest, by, context = request.POST.get("was", ""), current_user(request), dict[str, Any]()
    try:
        saved = answers.save_answer(campaign, question, form.answer(), seen_digest=seen_digest, by=by)
        url = question.follow_up(saved, request.POST.get("do", ""), by=by)
        return redirect(url or question_url(saved, _returns_to_check(request) or questions.next_key(question.key)))
    except NotADraft:
        return _redirect_to_submitted(request, campaign)
    except DraftEditConflict:
        context = {"overtaken": True, "theirs": question.describe(campaign)}
    except arms.NoApprovedMessage as reason:
        form.add_error(None, _no_text_left(reason))
    except ActionRefused as reason:  # the answer itself may be stored: only the follow-up was refused
        form.add_error(None, str(reason))
    digest = question.read(campaign).digest()
    return _render_question(request, campaign, question, form, seen_digest=digest, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def choose_arm_revision(request: HttpRequest, slug: str, arm: str) -> HttpResponse:
    """List approved revisions for one arm, each with a button that takes it, adds it, or takes it out."""
    campaign = campaign_for(request.user, slug, write=True)
    if campaign.state != Campaign.State.DRAFT:
        return _redirect_to_submitted(request, campaign)
    chosen = campaign.arms.prefetch_related("texts__revision__message__theme").filter(key=arm).first()
    if chosen is None:
        raise Http404
    if request.method == "POST":
        return _take_revision(request, campaign, arm)
    if current_plan(campaign).texts == text_design.MATCHED:
        return redirect("campaign:plan-step", campaign.slug, "texts")
    context = revision_choice.choice_context(campaign, chosen, request.GET)
    return render(request, "campaign/wizard/revision_choice.html", {"campaign": campaign, "arm": chosen, **context})


def _take_revision(request: HttpRequest, campaign: Campaign, arm: str) -> HttpResponse:
    number, seen = (parse_whole_number(request.POST.get(name)) or 0 for name in ("revision", "was"))
    action, by = request.POST.get("do", ""), current_user(request)
    revision = revision_choice.selectable_revisions(Frame.values).filter(pk=number).first()
    if revision is None and action != "remove":
        flash.error(request, _("This text can no longer be shown. Choose another."))
        return redirect("campaign:plan-words", campaign.slug, arm)
    try:
        if revision is None or action == "remove":
            text_design.remove_text(campaign, arm, number, by=by)
        elif action == "add":
            text_design.add_text(campaign, arm, revision, by=by)
        else:
            arms.choose_revision(campaign, arm, revision, seen_revision_id=seen, by=by)
    except NotADraft:
        return _redirect_to_submitted(request, campaign)
    except DraftEditConflict:
        flash.warning(
            request, _("A colleague has chosen another text. Your choice was not saved; check and choose again.")
        )
        return redirect("campaign:plan-words", campaign.slug, arm)
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:plan-words", campaign.slug, arm)
    if action in ("add", "remove"):
        return redirect(request.get_full_path())
    return redirect("campaign:plan-step", campaign.slug, "words")


@require_http_methods(["GET", "HEAD", "POST"])
def check_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """List all answers and what is missing, and submit the draft for approval."""
    campaign = campaign_for(request.user, slug, write=True)
    if campaign.state != Campaign.State.DRAFT:
        return _redirect_to_submitted(request, campaign)
    if request.method == "POST":
        return _submit(request, campaign)
    optional_first = sorted(questions.QUESTIONS, key=lambda question: question.is_required)
    reminders = [(question.key, question.reminder(campaign)) for question in optional_first]
    context = {
        "campaign": campaign,
        "rows": [(question, question.describe(campaign)) for question in questions.QUESTIONS],
        "missing": questions.missing_answers(launch_checks.submission_obstacles(campaign)),
        "shortfall": questions.SAMPLE_SIZE.shortfall(campaign),
        "reminders": [(key, sentence) for key, sentence in reminders if sentence],
        "seen": campaign.changed_at.isoformat(),
        "back": question_url(campaign, questions.previous_key(questions.CHECK)),
    }
    return render(request, "campaign/wizard/check.html", context)


@confirmation_required_for_button("campaign:plan-check", about_the_same=True)
def _submit(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    try:
        answers.submit_draft(campaign, seen_changed_at=request.POST.get("seen", ""), by=current_user(request))
    except DraftEditConflict:
        flash.warning(request, _("A colleague changed an answer while you were reading. Check the answers again."))
    except NotADraft:
        return _redirect_to_submitted(request, campaign)
    except ActionRefused:
        flash.warning(request, _("Not sent yet. See what is missing below."))
    else:
        flash.success(request, _("Sent. A colleague has to approve it."))
        return redirect("campaign:detail", campaign.slug)
    return redirect("campaign:plan-check", campaign.slug)


@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Turn a submitted or approved campaign into a draft again."""
    campaign = campaign_for(request.user, slug, write=True)
    try:
        transitions.take_back(campaign, by=current_user(request))
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:detail", slug)
    flash.success(request, _("This campaign is a draft again. Change it, then send it for approval again."))
    return redirect("campaign:plan-check", slug)


def _render_question(
    request: HttpRequest,
    campaign: Campaign,
    question: questions.Question[Any, Any],
    form: QuestionForm[Any],
    *,
    seen_digest: str,
    **more: Any,
) -> HttpResponse:
    back = _returns_to_check(request) or questions.previous_key(question.key)
    position = WizardPosition(
        questions.QUESTION_KEYS.index(question.key) + 1,
        len(questions.QUESTIONS),
        question_url(campaign, back) if back else reverse("campaign:list"),
    )
    context = {"campaign": campaign, "form": form, "question": question, "was": seen_digest, "position": position}
    return render(request, question.template_name, {**context, **question.context(campaign, form), **more})


def _returns_to_check(request: HttpRequest) -> str:
    return questions.CHECK if request.GET.get("then") == questions.CHECK else ""


def _redirect_to_submitted(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    flash.info(request, _("You cannot change this plan, because it was sent for approval."))
    return redirect("campaign:detail", campaign.slug)
