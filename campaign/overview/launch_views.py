"""The page before a launch: what will happen, the obstacles with links to remove them, and the button."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaign.lifecycle import alert_recipients, launch_checks, launch_queue, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.launch_checks import Obstacle, ObstacleReason
from campaign.lifecycle.placement_sharing import describe_sharing
from campaign.models import AnalysisPlan, Campaign
from campaign.staff_site.access import campaign_for
from campaign.wizard.links import question_url
from campaign.wizard.questions import CHECK, question_for_obstacle
from messages.accounts.step_up import confirmation_required
from messages.i18n.languages import language_name
from messages.roles import current_user
from messages.staff_mail.mail import is_mail_possible

_QUEUE_ACTIONS = ("queue", "leave_queue")


@dataclass(frozen=True, slots=True)
class ObstacleLink:
    """An obstacle, with a link to where it is removed."""

    sentence: str
    url: str
    label: str


@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a launch will do, or launch the campaign."""
    campaign = campaign_for(request.user, slug, write=True)
    now = timezone.now()
    if request.method != "POST":
        return render(request, "campaign/overview/launch.html", _launch_context(campaign, current_user(request), now))
    if action := request.POST.get("action"):
        return _change_queue(request, campaign, now) if action in _QUEUE_ACTIONS else HttpResponseBadRequest()
    try:
        plan = transitions.launch(campaign, by=current_user(request), now=now)
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:launch", slug)
    sentence = _("Launched. The plan is frozen with the fingerprint %(fingerprint)s. You can download it below.")
    flash.success(request, sentence % {"fingerprint": plan.fingerprint[:8]})
    return redirect("campaign:plan", slug)


def _change_queue(request: HttpRequest, campaign: Campaign, now: datetime) -> HttpResponse:
    """Put the campaign in the queue, or take it out."""
    try:
        if request.POST["action"] == "queue":
            launch_queue.join_queue(campaign, by=current_user(request), now=now)
            flash.success(request, _("In the queue. It will be launched automatically once its placements are free."))
        else:
            launch_queue.leave_queue(campaign, by=current_user(request))
            flash.success(request, _("Taken out of the queue. It is still approved."))
    except ActionRefused as reason:
        flash.error(request, str(reason))
        return redirect("campaign:launch", campaign.slug)
    return redirect("campaign:detail", campaign.slug)


def _launch_context(campaign: Campaign, user: User, now: datetime) -> dict[str, object]:
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    obstacles = launch_checks.launch_obstacles(campaign, now=now)
    may_confirm = is_mail_possible() and user in alert_recipients.named_people(campaign)
    return {
        "campaign": campaign,
        "plan": plan,
        "may_queue": bool(obstacles) and {each.reason for each in obstacles} == {ObstacleReason.PLACEMENT_OCCUPIED},
        "ahead": launch_queue.campaigns_ahead(campaign) if campaign.queued_at else [],
        "approved": campaign.state == Campaign.State.APPROVED,
        "later": campaign.starts_at if campaign.starts_at and campaign.starts_at > now else None,
        "trials": _trials_shown_first(campaign),
        "sharing": describe_sharing(campaign),
        "where": campaign.placements.select_related("partner"),
        "languages": [language_name(locale) for locale in launch_checks.common_locales(campaign)],
        "recipients": plan.told.order_by("username") if plan else [],
        "webhook": urlsplit(plan.webhook).hostname if plan and plan.webhook else "",
        "to_check": launch_checks.launch_remarks(campaign),
        "gaps": [obstacle_link(obstacle, campaign, may_confirm=may_confirm) for obstacle in obstacles],
    }


def _trials_shown_first(campaign: Campaign) -> list[str]:
    """Return the names of the trials that keep a message in use from being shown, as long as they run."""
    if not campaign.is_use:
        return []
    running = Campaign.objects.filter(purpose=Campaign.Purpose.TRIAL, state=Campaign.State.RUNNING)
    trials = running.filter(placements__in=campaign.placements.all()).distinct().order_by("name")
    return list(trials.values_list("name", flat=True))


def obstacle_link(obstacle: Obstacle, campaign: Campaign, *, may_confirm: bool) -> ObstacleLink:
    """Return an obstacle with a link to where it is removed. `may_confirm`: the reader's own address would do."""
    match obstacle.reason:
        case ObstacleReason.NOBODY_HEARS if may_confirm:
            url, label = reverse("account:mail"), _("Confirm your email address")
        case ObstacleReason.STALE_HELP_LINK:
            url, label = f"{reverse('help:directory')}?show=due", _("Check the help links")
        case ObstacleReason.UNAPPROVED | ObstacleReason.STOPPED:
            url, label = reverse("messages:message", args=[obstacle.target_key]), _("View the message")
        case ObstacleReason.PLACEMENT_OCCUPIED:
            url, label = reverse("campaign:detail", args=[obstacle.target_key]), _("View that campaign")
        case _other:
            question = question_for_obstacle(obstacle.reason)
            url, label = question_url(campaign, question.key if question else CHECK), _("Fix it in the plan")
    return ObstacleLink(obstacle.sentence, url, label)
