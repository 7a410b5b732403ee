"""The pages that stop a message, lift the stop, and pause or resume an arm. Each asks for a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from campaign.kill_switch import stop as kill_switch_stop
from campaign.kill_switch.forms import ReasonForm
from campaign.lifecycle import arm_pauses
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Arm, Campaign, Placement
from campaign.staff_site.access import campaign_for
from messages.accounts.form_recovery import says_if_lost
from messages.accounts.step_up import confirmation_required
from messages.models import Message
from messages.roles import current_user, require_role


@dataclass(frozen=True, slots=True)
class ArmPlacement:
    """A placement of an arm, and whether it has a fallback for when the whole campaign is paused."""

    placement: Placement
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class ArmUsage:
    """An arm that shows the message, and what replaces it."""

    arm: Arm
    replacement: Arm | None  # the control's words; None if this is the control itself
    placements: tuple[ArmPlacement, ...]


@says_if_lost(gettext_lazy("Nothing was stopped yet."))
@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Show where a message is used and what replaces it, or stop it everywhere."""
    message = _message(request, key)
    form = ReasonForm(request.POST or None)
    step = partial(kill_switch_stop.stop_message, message, by=current_user(request), now=timezone.now())
    if request.method == "POST" and _carry_out(form, lambda reason: step(reason=reason)):
        flash.success(request, _("Stopped. Within seconds, nobody will see this message."))
        return redirect("messages:message", message.key)
    shown = kill_switch_stop.message_usage(message)
    context = {
        "message": message,
        "form": form,
        "shown": shown,
        "uses": [_arm_usage(arm, message) for arm in (*shown.arms, *shown.control_arms)],
        "waits": Campaign.objects.filter(arms__texts__revision__message=message, launched_at=None).distinct().count(),
    }
    return render(request, "campaign/kill_switch/stop.html", context)


@says_if_lost(gettext_lazy("The message is still stopped."))
@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def lift(request: HttpRequest, key: str) -> HttpResponse:
    """Lift the stop of a message; another person than the one who stopped it has to."""
    message = _message(request, key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and _carry_out(
        form, lambda reason: kill_switch_stop.lift_stop(message, by=current_user(request), reason=reason)
    ):
        flash.success(
            request,
            _("Allowed again. It is not shown until someone resumes it in a campaign or chooses it for a new one."),
        )
        return redirect("messages:message", message.key)
    own = message.stopped_by == request.user
    context = {"message": message, "form": form, "own": own}
    return render(request, "campaign/kill_switch/lift.html", context)


@says_if_lost(gettext_lazy("Nothing was stopped or resumed yet."))
@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def pause_or_resume_arm(request: HttpRequest, slug: str, arm: str) -> HttpResponse:
    """Pause one arm of a campaign, or show it again."""
    campaign = campaign_for(request.user, slug, write=True)
    shown = get_object_or_404(campaign.arms.prefetch_related("texts__revision__message__theme"), key=arm)
    form, resumes = ReasonForm(request.POST or None), shown.paused_at is not None
    if request.method == "POST":
        if resumes != (request.POST.get("step") == "resume"):
            flash.info(request, _("A colleague has changed this. You see it as it is now."))
            return redirect("campaign:arm", slug, arm)
        if _carry_out(form, lambda reason: _pause_or_resume(shown, resumes, current_user(request), reason)):
            sentence = _("“%(arm)s” is shown again.") if resumes else _("“%(arm)s” is paused.")
            flash.success(request, sentence % {"arm": shown.name})
            return redirect("campaign:detail", slug)
    context = {
        "campaign": campaign,
        "arm": shown,
        "form": form,
        "resumes": resumes,
        "control": campaign.arms.filter(is_control=True).first(),
        "launched": campaign.state in Campaign.OPEN,
    }
    return render(request, "campaign/kill_switch/arm.html", context)


def _pause_or_resume(arm: Arm, resumes: bool, by: User, reason: str) -> None:
    action = arm_pauses.resume_arm if resumes else arm_pauses.pause_arm
    action(arm, by=by, reason=reason, now=timezone.now())


def _carry_out(form: ReasonForm, action: Callable[[str], object]) -> bool:
    """Carry out an action with the reason of a form; on refusal add the error to the form and return False."""
    if not form.is_valid():
        return False
    try:
        action(form.cleaned_data["reason"])
    except ActionRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _message(request: HttpRequest, key: str) -> Message:
    require_role(request.user, *kill_switch_stop.STOP_ROLES)
    return get_object_or_404(Message.objects.select_related("theme", "stopped_by"), key=key)


def _arm_usage(arm: Arm, message: Message) -> ArmUsage:
    instead = None if arm.is_control else arm.campaign.arms.filter(is_control=True).first()
    places = arm.campaign.placements.select_related("fallback")
    return ArmUsage(
        arm, instead, tuple(ArmPlacement(p, p.fallback is not None and p.fallback.message != message) for p in places)
    )
