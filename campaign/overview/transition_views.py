"""The steps of a campaign's life as buttons and pages: what each does stands beside it, in words."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaign.lifecycle import clone, launch_checks, transitions
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import Campaign
from campaign.overview import plan_views
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required
from messages.roles import REVIEWER, current_user, require_role

State = Campaign.State


@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft is complete: a second person is asked."""
    campaign = campaign_for(request.user, slug, write=True)
    done = _("Sent. A reviewer who did not make it reads the plan and decides.")
    return _taken(request, campaign, lambda: transitions.submit(campaign, by=current_user(request)), done)


@require_POST
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """A second person agrees to what they have read."""
    campaign = campaign_for(request.user, slug)
    require_role(request.user, REVIEWER)
    if not request.POST.get("have_read"):
        return plan_views.render_plan(request, campaign, errors={"have_read": _("Please read it all, then tick this.")})
    read = request.POST.get("read", "") or "nothing"
    done = _("Approved. A manager can launch it now.")
    return _taken(
        request, campaign, lambda: transitions.approve(campaign, by=current_user(request), read_fingerprint=read), done
    )


@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """A second person does not agree yet, and says why."""
    campaign = campaign_for(request.user, slug)
    require_role(request.user, REVIEWER)
    reason = launch_checks.clean_reason(request.POST.get("reason", ""))
    if not 0 < len(reason) <= transitions.SEND_BACK_REASON_LIMIT:
        errors = {"reason": _("Say what has to change, in at most 500 characters.")}
        return plan_views.render_plan(request, campaign, errors=errors, typed={"reason": reason})
    done = _("Sent back. Whoever made it reads your reason.")
    return _taken(
        request, campaign, lambda: transitions.send_back(campaign, by=current_user(request), reason=reason), done
    )


@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Show its messages to nobody for now."""
    campaign = campaign_for(request.user, slug, write=True)
    if request.method == "POST":
        done = _("Paused. Within seconds nobody sees its messages any more.")
        return _taken(request, campaign, lambda: transitions.pause(campaign, by=current_user(request)), done)
    consequences = [
        _("Within seconds nobody sees its messages any more. Where a place has neutral words, those are shown."),
        _("People who have a message on their screen are still counted until its time is up."),
        _("The plan stays as it is. Nothing that was counted is lost."),
        _("You can show it again whenever you like."),
    ]
    return _page(request, campaign, _("Pause this campaign?"), consequences, _("Pause it"), Campaign.LIVE)


@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Show its messages again."""
    campaign = campaign_for(request.user, slug, write=True)
    if request.method == "POST":
        done = _("It is shown again, under the same plan.")
        return _taken(request, campaign, lambda: transitions.resume(campaign, by=current_user(request)), done)
    consequences = [
        _("Within seconds people see its messages again, at all of its places."),
        _("They are counted with those from before, under the same plan."),
        _("A message that was paused on its own because of harm stays paused."),
    ]
    return _page(request, campaign, _("Show this campaign again?"), consequences, _("Show it again"), (State.PAUSED,))


@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """End it for good: its keys are destroyed."""
    campaign = campaign_for(request.user, slug, write=True)
    sure = bool(request.POST.get("sure"))
    if request.method == "POST" and sure:
        done = _("Closed for good. What was counted stays, and can be read.")
        return _taken(
            request, campaign, lambda: transitions.close(campaign, by=current_user(request), now=timezone.now()), done
        )
    consequences = [
        _("Nobody sees its messages any more, and it can never be started again."),
        _("Its keys are destroyed: from then on nobody, not even we, can work out who would see which message.")
        if campaign.unit == Campaign.Unit.SUBJECT
        else _("It has no keys of its own that would have to be destroyed: nobody can work out who saw which message."),
        _("Views that are still open are counted until their time is up. The last look can be taken after that."),
        _("Its plan, its totals and its results stay, and can be read."),
    ]
    return _page(
        request,
        campaign,
        _("Close this campaign for good?"),
        consequences,
        _("Close it for good"),
        (*Campaign.LIVE, State.PAUSED),
        final=True,
        error=_("Please tick this first: it cannot be undone.") if request.method == "POST" else "",
    )


@require_POST
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    """A fresh draft like it: the only way to change what was launched."""
    campaign = campaign_for(request.user, slug, write=True)
    made = clone.clone_campaign(campaign, by=current_user(request))
    flash.success(request, _("This is a new draft like “%(name)s”. Change what you like.") % {"name": campaign.name})
    return redirect("campaign:detail", made.slug)


def _page(
    request: HttpRequest,
    campaign: Campaign,
    question: str,
    consequences: list[str],
    button: str,
    states: tuple[State, ...],
    *,
    final: bool = False,
    error: str = "",
) -> HttpResponse:
    """What would happen, and the button; or that there is nothing to do."""
    context = {
        "campaign": campaign,
        "question": question,
        "consequences": consequences,
        "button": button,
        "possible": campaign.state in states,
        "final": final,
        "error": error,
    }
    return render(request, "campaign/overview/transition.html", context)


def _taken(request: HttpRequest, campaign: Campaign, take: Callable[[], object], done: str) -> HttpResponse:
    """Take the step, say so or why not, and go to the campaign's page."""
    try:
        take()
    except ActionRefused as reason:
        flash.error(request, str(reason))
    else:
        flash.success(request, done)
    return redirect("campaign:detail", campaign.slug)
