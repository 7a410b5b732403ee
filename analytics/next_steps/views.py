"""The page that a verdict leads to, and its two actions: put a message to use, plan the next trial."""

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from analytics.next_steps.advice import Advice, advise, smallest_found
from analytics.next_steps.forms import BY_PERIOD, UseForm
from campaign.follow_up.next_trial import plan_next_trial
from campaign.follow_up.use import put_to_use
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from campaign.staff_site.access import campaign_for
from messages.accounts.step_up import confirmation_required_for_button
from messages.roles import MANAGER, current_user, has_role


@require_http_methods(["GET", "HEAD"])
def next_steps(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the latest look at a campaign leads to."""
    campaign = campaign_for(request.user, slug)
    advice = advise(campaign)
    return _render(request, campaign, advice, UseForm(campaign=campaign, working=advice.working, gains=advice.gains))


@confirmation_required_for_button("analytics:next-steps", about_the_same=True)
@require_POST
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan the use of a message that worked, and send it to a second person."""
    campaign = campaign_for(request.user, slug, write=True)
    advice = advise(campaign)
    form = UseForm(request.POST, campaign=campaign, working=advice.working, gains=advice.gains)
    if not form.is_valid():
        return _render(request, campaign, advice, form)
    chosen = form.cleaned_data
    by_period = chosen["holdout"] == BY_PERIOD
    try:
        made = put_to_use(
            campaign,
            chosen["message"],
            holdout=0 if by_period else int(chosen["holdout"]),
            by_period=by_period,
            placements=list(chosen["places"]),
            by=current_user(request),
        )
    except ActionRefused as reason:
        form.add_error(None, str(reason))
        return _render(request, campaign, advice, form)
    if made.state == Campaign.State.SUBMITTED:
        flash.success(request, _("Sent. A reviewer who did not work on this campaign will read the plan and decide."))
    return redirect("campaign:detail", made.slug)


@require_POST
def next_trial(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan a trial in which a message that worked is the control."""
    campaign = campaign_for(request.user, slug, write=True)
    key = request.POST.get("message", "")
    if key not in {arm.key for arm in advise(campaign).working}:
        flash.error(request, _("Only a message that worked can be the control of the next trial."))
        return redirect("analytics:next-steps", slug)
    draft = plan_next_trial(campaign, key, by=current_user(request))
    flash.success(
        request,
        _("The new trial is a draft. Choose the messages to compare with “%(name)s”.")
        % {"name": draft.arms.get(is_control=True).name},
    )
    return redirect("campaign:plan-step", draft.slug, "words")


def _render(request: HttpRequest, campaign: Campaign, advice: Advice, form: UseForm) -> HttpResponse:
    context = {
        "campaign": campaign,
        "advice": advice,
        "report": advice.report,
        "form": form,
        "may_plan": has_role(request.user, MANAGER),
        "found": smallest_found(advice),
        "uses": campaign.follow_ups.filter(purpose=Campaign.Purpose.USE).order_by("pk"),
        "is_open": campaign.state in Campaign.OPEN,
        "control": campaign.arms.filter(is_control=True).first(),
    }
    return render(request, "analytics/next_steps/next_steps.html", context)
