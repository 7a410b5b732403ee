"""The wizard: one question a page, each answer stored on the draft at once, and a last page that shows them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaign.lifecycle import launch_checks, transitions
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from campaign.wizard import answers, arms, questions, summary
from campaign.wizard.context import page_context
from campaign.wizard.draft import DraftEditConflict, NotADraft, answer_digest
from campaign.wizard.forms import (
    ArmsForm,
    CompareForm,
    EthicsForm,
    GuardrailsForm,
    HypothesisForm,
    OutcomesForm,
    PlacementsForm,
    PrecisionForm,
    QuestionForm,
    RecipientsForm,
    SampleSizeForm,
)
from campaign.wizard.links import step_url
from campaign.wizard.questions import CHECK, RECOMMENDED_PRESET, STEP_KEYS, STEPS_BY_KEY
from messages.models import Frame
from messages.roles import MANAGER, current_user, require_role

_FORMS: dict[str, type[QuestionForm]] = {
    "learn": HypothesisForm,
    "compare": CompareForm,
    "words": ArmsForm,
    "places": PlacementsForm,
    "success": OutcomesForm,
    "harm": GuardrailsForm,
    "sureness": PrecisionForm,
    "length": SampleSizeForm,
    "ethics": EthicsForm,
    "told": RecipientsForm,
}


@dataclass(frozen=True, slots=True)
class WizardPosition:
    """Where a question stands: its number, what lies before it, and where one goes after it."""

    number: int
    total: int
    back: str


@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """The first question. Its answer makes the draft."""
    require_role(request.user, MANAGER)
    form = HypothesisForm(request.POST or None, campaign=None, initial={"name": "", "hypothesis": ""})
    if request.method == "POST" and form.is_valid():
        made = answers.create_draft(form.answer(), by=current_user(request))
        return redirect("campaign:plan-step", made.slug, "compare")
    context = {
        "form": form,
        "step": STEPS_BY_KEY["learn"],
        "place": WizardPosition(1, len(STEP_KEYS), reverse("campaign:list")),
    }
    return render(request, "campaign/wizard/learn.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def wizard_step(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """One question of a draft. `?then=check` leads back to the page with all answers."""
    campaign = campaign_for(request.user, slug, write=True)
    if step not in _FORMS:
        raise Http404
    if campaign.state != Campaign.State.DRAFT:
        return _not_a_draft(request, campaign)
    stored = answers.read_answer(campaign, step)
    if request.method != "POST":
        return _page(request, campaign, step, _form(request, campaign, step, stored), was=answer_digest(stored))
    form, was = _form(request, campaign, step, stored, request.POST), request.POST.get("was", "")
    do = request.POST.get("do", "")
    if not form.is_valid() or do == "work-out" or not _filled_in(campaign, step, form):
        return _page(request, campaign, step, form, was=was)
    try:
        kept = answers.save_answer(campaign, step, form.answer(), seen_digest=was, by=current_user(request))
        return _onward(request, kept, step, do)
    except NotADraft:
        return _not_a_draft(request, campaign)
    except DraftEditConflict:
        theirs = summary.describe_answer(campaign, step)
        return _page(request, campaign, step, form, was=answer_digest(stored), theirs=theirs, overtaken=True)
    except arms.NoApprovedMessage as reason:
        names = ", ".join(str(Frame(frame).label) for frame in reason.frames)
        form.add_error(None, _("There are no approved words left in: %(frames)s.") % {"frames": names})
    except ActionRefused as reason:
        form.add_error(None, str(reason))
    # What was typed has been stored if it was only the second part that could not be done.
    return _page(request, campaign, step, form, was=answer_digest(answers.read_answer(campaign, step)))


@require_http_methods(["GET", "HEAD", "POST"])
def choose_arm_revision(request: HttpRequest, slug: str, arm: str) -> HttpResponse:
    """Approved words for one arm, each with a button that takes them."""
    campaign = campaign_for(request.user, slug, write=True)
    if campaign.state != Campaign.State.DRAFT:
        return _not_a_draft(request, campaign)
    chosen = campaign.arms.select_related("revision__message__theme").filter(key=arm).first()
    if chosen is None:
        raise Http404
    if request.method == "POST":
        return _take_words(request, campaign, arm)
    context = page_context(campaign, "offers", request, arm=chosen)
    return render(request, "campaign/wizard/offers.html", {"campaign": campaign, "arm": chosen, **context})


@require_http_methods(["GET", "HEAD", "POST"])
def check_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """All answers on one page, what is missing, and the button that asks for an approval."""
    campaign = campaign_for(request.user, slug, write=True)
    if campaign.state != Campaign.State.DRAFT:
        return _not_a_draft(request, campaign)
    if request.method == "POST":
        try:
            answers.submit_draft(campaign, seen_changed_at=request.POST.get("seen", ""), by=current_user(request))
        except DraftEditConflict:
            flash.warning(request, _("A colleague changed an answer while you read. Please look once more."))
        except NotADraft:
            return _not_a_draft(request, campaign)
        except ActionRefused:
            flash.warning(request, _("Not sent yet: something is missing. It is listed below."))
        else:
            flash.success(request, _("Sent. A colleague has to approve it; you cannot approve your own."))
            return redirect("campaign:detail", slug)
        return redirect("campaign:plan-check", slug)
    context = {
        "campaign": campaign,
        "rows": summary.answer_rows(campaign),
        "missing": questions.missing_answers(launch_checks.submission_obstacles(campaign)),
        "reworked": summary.sample_size_warning(campaign),
        "seen": campaign.changed_at.isoformat(),
        "back": step_url(campaign, questions.step_before(CHECK)),
        **page_context(campaign, CHECK, request),
    }
    return render(request, "campaign/wizard/check.html", context)


@require_POST
def take_back(request: HttpRequest, slug: str) -> HttpResponse:
    """A campaign that was sent for approval, or approved, is a draft again."""
    campaign = campaign_for(request.user, slug, write=True)
    try:
        transitions.take_back(campaign, by=current_user(request))
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:detail", slug)
    flash.success(request, _("It is a draft again. Change what you like, then send it for approval once more."))
    return redirect("campaign:plan-check", slug)


def _form(
    request: HttpRequest, campaign: Campaign, step: str, stored: answers.Answer, data: Any = None
) -> QuestionForm:
    """The form of one question, with a suggestion where nothing has been answered yet."""
    more: dict[str, Any] = {}
    primary = answers.read_answer(campaign, "success")["primary"]
    if step == "success":
        harm = answers.read_answer(campaign, "harm")
        more["watched"] = [key for key in answers.GUARDRAIL_OUTCOMES if harm[f"watch_{key}"]]
    if step == "harm":
        more["primary"] = primary
    if step == "length":
        control = campaign.arms.filter(is_control=True).first()
        more = {"today": timezone.localdate(), "primary": primary, "control": control.name if control else ""}
    if step not in ("words", "sureness"):
        stored = {**stored, **_suggested(request, campaign, step, stored)}
    return _FORMS[step](data, campaign=campaign, initial=stored, **more)


def _suggested(request: HttpRequest, campaign: Campaign, step: str, stored: answers.Answer) -> answers.Answer:
    if step == "compare" and not stored["preset"]:
        return {"preset": RECOMMENDED_PRESET}
    if step == "success" and not stored["primary"]:
        return {"primary": "turned_back", "secondary": ["help_self"]}
    if step == "harm" and not {"harm", "length"} & answers.answered_steps(campaign):
        return {"watch_annoyed": True, "margin_annoyed": 5.0}
    if step == "places":
        return {name: number or None for name, number in stored.items() if name != "places"}  # 0: not known
    if step == "told" and not stored["told"]:
        return {"told": [str(current_user(request).pk)]}
    if step == "length" and stored["planned"] and stored["expected"]:
        size = summary.sample_size_for_answer(campaign, stored)
        if getattr(size, "needed", None) == stored["planned"]:
            return {"planned": None}  # it goes along with the other numbers
    return {}


def _filled_in(campaign: Campaign, step: str, form: QuestionForm) -> bool:
    """The number of people is the one that was worked out, unless one was typed."""
    if step != "length" or form.cleaned_data.get("planned"):
        return True
    size = summary.sample_size_for_answer(campaign, form.answer())
    needed = getattr(size, "needed", None)
    if needed is None:
        form.add_error("planned", _("Say how many people should see each message."))
        return False
    form.cleaned_data["planned"] = needed
    return True


def _onward(request: HttpRequest, campaign: Campaign, step: str, do: str) -> HttpResponse:
    """To the next question; on the page of the words, also one message more or less."""
    if step == "words" and do == "add":
        made = arms.add_arm(campaign, by=current_user(request))
        return redirect("campaign:plan-words", campaign.slug, made.key)
    if step == "words" and do.startswith("remove:"):
        arms.remove_arm(campaign, do.removeprefix("remove:"), by=current_user(request))
        return redirect("campaign:plan-step", campaign.slug, "words")
    if step == "words" and do.removeprefix("choose:") in campaign.arms.values_list("key", flat=True):
        return redirect("campaign:plan-words", campaign.slug, do.removeprefix("choose:"))
    then = CHECK if request.GET.get("then") == CHECK else questions.step_after(step)
    return redirect(step_url(campaign, then))


def _take_words(request: HttpRequest, campaign: Campaign, arm: str) -> HttpResponse:
    number, was = (_number(request.POST.get(name)) for name in ("revision", "was"))
    revision = arms.selectable_revisions(Frame.values).filter(pk=number).first()
    if revision is None:
        flash.error(request, _("These words may not be shown any more. Please choose others."))
        return redirect("campaign:plan-words", campaign.slug, arm)
    try:
        arms.choose_revision(campaign, arm, revision, seen_revision_id=was, by=current_user(request))
    except NotADraft:
        return _not_a_draft(request, campaign)
    except DraftEditConflict:
        flash.warning(request, _("A colleague chose other words meanwhile. Nothing was changed; please look again."))
        return redirect("campaign:plan-words", campaign.slug, arm)
    except ActionRefused:
        flash.error(request, _("These words do not fit here. Please choose others."))
        return redirect("campaign:plan-words", campaign.slug, arm)
    return redirect("campaign:plan-step", campaign.slug, "words")


def _page(
    request: HttpRequest, campaign: Campaign, step: str, form: QuestionForm, *, was: str, **more: Any
) -> HttpResponse:
    then = CHECK if request.GET.get("then") == CHECK else ""
    back = then or questions.step_before(step)
    context = {
        "campaign": campaign,
        "form": form,
        "step": STEPS_BY_KEY[step],
        "was": was,
        "place": WizardPosition(
            STEP_KEYS.index(step) + 1, len(STEP_KEYS), step_url(campaign, back) if back else reverse("campaign:list")
        ),
        **page_context(campaign, step, request, form=form),
        **more,
    }
    return render(request, f"campaign/wizard/{step}.html", context)


def _not_a_draft(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    flash.info(request, _("The plan of this campaign is not changed any more: it was sent for approval."))
    return redirect("campaign:detail", campaign.slug)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
