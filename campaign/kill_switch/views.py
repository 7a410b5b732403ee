"""The pages that stop and show again: one message everywhere, and one arm of a campaign. Each asks for a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaign.kill_switch import stop as kill_switch_stop
from campaign.kill_switch.forms import ReasonForm
from campaign.lifecycle import transitions
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import Arm, Campaign, Placement
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required
from messages.models import Message
from messages.roles import current_user, require_role


@dataclass(frozen=True, slots=True)
class ArmPlacement:
    """Where an arm is shown, and whether words are left for its visitors when the whole campaign pauses."""

    placement: Placement
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class ArmUsage:
    """One arm that shows the message now, and what its visitors get instead."""

    arm: Arm
    replacement: Arm | None  # the control's words; None if this is the control itself
    placements: tuple[ArmPlacement, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Stop a message everywhere: first where it is shown and what visitors get instead, then the reason."""
    message = _message(request, key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and _taken(
        form,
        lambda reason: kill_switch_stop.stop_message(
            message, by=current_user(request), reason=reason, now=timezone.now()
        ),
    ):
        flash.success(request, _("Stopped. Within seconds nobody sees these words any more."))
        return redirect("messages:message", message.key)
    shown = kill_switch_stop.message_usage(message)
    context = {
        "message": message,
        "form": form,
        "shown": shown,
        "uses": [_use(arm, message) for arm in (*shown.arms, *shown.control_arms)],
        "waits": Campaign.objects.filter(arms__revision__message=message, launched_at=None).distinct().count(),
    }
    return render(request, "campaign/kill_switch/stop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def lift(request: HttpRequest, key: str) -> HttpResponse:
    """Let a stopped message be shown again, by another person than the one who stopped it."""
    message = _message(request, key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and _taken(
        form, lambda reason: kill_switch_stop.lift_stop(message, by=current_user(request), reason=reason)
    ):
        flash.success(request, _("Lifted. It is shown again where somebody resumes an arm or chooses it anew."))
        return redirect("messages:message", message.key)
    own = message.stopped_by == request.user
    context = {"message": message, "form": form, "own": own}
    return render(request, "campaign/kill_switch/lift.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@confirmation_required
def pause_or_resume_arm(request: HttpRequest, slug: str, arm: str) -> HttpResponse:
    """Pause one arm of a campaign, or show it again."""
    campaign = campaign_for(request.user, slug, write=True)
    found = get_object_or_404(campaign.arms.select_related("revision__message__theme"), key=arm)
    form, resumes = ReasonForm(request.POST or None), found.paused_at is not None
    if request.method == "POST":
        if resumes != (request.POST.get("step") == "resume"):
            flash.info(request, _("Somebody else was here meanwhile. This is how it stands now."))
            return redirect("campaign:arm", slug, arm)
        if _taken(form, lambda reason: _step(found, resumes, current_user(request), reason)):
            told = _("“%(arm)s” is shown again.") if resumes else _("“%(arm)s” is paused.")
            flash.success(request, told % {"arm": found.name})
            return redirect("campaign:detail", slug)
    context = {
        "campaign": campaign,
        "arm": found,
        "form": form,
        "resumes": resumes,
        "control": campaign.arms.filter(is_control=True).first(),
        "launched": campaign.state in transitions.OPEN_STATES,
    }
    return render(request, "campaign/kill_switch/arm.html", context)


def _step(arm: Arm, resumes: bool, by: User, reason: str) -> None:
    take = transitions.resume_arm if resumes else transitions.pause_arm
    take(arm, by=by, reason=reason, now=timezone.now())


def _taken(form: ReasonForm, step: Callable[[str], object]) -> bool:
    """Whether the step was taken; if not, the form says why."""
    if not form.is_valid():
        return False
    try:
        step(form.cleaned_data["reason"])
    except ActionRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _message(request: HttpRequest, key: str) -> Message:
    require_role(request.user, *kill_switch_stop.STOP_ROLES)
    return get_object_or_404(Message.objects.select_related("theme", "stopped_by"), key=key)


def _use(arm: Arm, message: Message) -> ArmUsage:
    instead = None if arm.is_control else arm.campaign.arms.filter(is_control=True).first()
    places = arm.campaign.placements.select_related("fallback")
    return ArmUsage(
        arm, instead, tuple(ArmPlacement(p, p.fallback is not None and p.fallback.message != message) for p in places)
    )
