"""The page before a launch: what will happen, what is still in the way and where it is mended, and the button."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaign.lifecycle import launch_checks, transitions
from campaign.lifecycle.launch_checks import Obstacle, ObstacleReason
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import AnalysisPlan, Campaign
from campaign.staff_site.access import campaign_for
from campaign.wizard.links import question_url
from campaign.wizard.questions import CHECK, question_for_obstacle
from messages.accounts.step_up import confirmation_required
from messages.i18n.languages import language_name
from messages.roles import current_user


@dataclass(frozen=True, slots=True)
class ObstacleLink:
    """Something in the way, and where it is mended."""

    sentence: str
    url: str
    label: str


@confirmation_required
@require_http_methods(["GET", "HEAD", "POST"])
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Freeze the plan and begin."""
    campaign = campaign_for(request.user, slug, write=True)
    now = timezone.now()
    if request.method == "POST":
        try:
            plan = transitions.launch(campaign, by=current_user(request), now=now)
        except ActionRefused as reason:
            flash.error(request, str(reason))
            return redirect("campaign:launch", slug)
        told = {"fingerprint": plan.fingerprint[:8]}
        flash.success(
            request, _("Launched. The plan is frozen as %(fingerprint)s, and can be downloaded below.") % told
        )
        return redirect("campaign:plan", slug)
    found = AnalysisPlan.objects.filter(campaign=campaign).first()
    context = {
        "campaign": campaign,
        "plan": found,
        "approved": campaign.state == Campaign.State.APPROVED,
        "later": campaign.starts_at if campaign.starts_at and campaign.starts_at > now else None,
        "where": campaign.placements.select_related("partner"),
        "languages": [language_name(locale) for locale in launch_checks.common_locales(campaign)],
        "told": found.told.order_by("username") if found else [],
        "webhook": urlsplit(found.webhook).hostname if found and found.webhook else "",
        "gaps": [obstacle_link(obstacle, campaign) for obstacle in launch_checks.launch_obstacles(campaign, now=now)],
    }
    return render(request, "campaign/overview/launch.html", context)


def obstacle_link(obstacle: Obstacle, campaign: Campaign) -> ObstacleLink:
    """Where something in the way is mended."""
    if obstacle.reason == ObstacleReason.STALE_HELP_LINK:
        return ObstacleLink(obstacle.sentence, f"{reverse('help:directory')}?show=due", _("Check the help links"))
    if obstacle.reason in (ObstacleReason.UNAPPROVED, ObstacleReason.STOPPED):
        return ObstacleLink(
            obstacle.sentence, reverse("messages:message", args=[obstacle.target_key]), _("See the message")
        )
    if obstacle.reason == ObstacleReason.PLACEMENT_OCCUPIED:
        return ObstacleLink(
            obstacle.sentence, reverse("campaign:detail", args=[obstacle.target_key]), _("See that campaign")
        )
    question = question_for_obstacle(obstacle.reason)
    url = question_url(campaign, question.key if question else CHECK)
    return ObstacleLink(obstacle.sentence, url, _("Mend it in the plan"))
