"""Comments on a campaign. Whoever may read its plan may read and write them, and a person who is named gets a mail.

The mail leads to the comment and does not hold it: what was written may be for this site alone.
"""

from datetime import datetime

from django.contrib import messages as flash
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaign.lifecycle.launch_checks import clean_reason
from campaign.models import Campaign, CampaignComment
from campaign.overview import plan_views
from campaign.staff_site.access import reviewable_campaign_for
from messages.roles import OUTSIDE_REVIEWER, STAFF_ROLES, current_user, users_with_role
from messages.staff_mail.mentions import Mentions, mail_mentioned_people


@require_POST
def add_comment(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a comment."""
    campaign, text = reviewable_campaign_for(request.user, slug), clean_reason(request.POST.get("comment", ""))
    if not 0 < len(text) <= CampaignComment.LONGEST:
        errors = {"comment": _("Enter a comment of up to 1,000 characters.")}
        return plan_views.render_plan(request, campaign, errors=errors, typed={"comment": text})
    mentions = write_comment(campaign, text, by=current_user(request), now=timezone.now())
    flash.success(request, mentions.describe())
    return redirect(_address(campaign))


@require_POST
def delete_comment(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Delete one's own comment: that there was one stays."""
    campaign = reviewable_campaign_for(request.user, slug)
    if not CampaignComment.objects.filter(campaign=campaign, pk=pk, by=current_user(request)).update(text=""):
        raise Http404
    flash.success(request, _("Your comment is deleted."))
    return redirect(_address(campaign))


@transaction.atomic
def write_comment(campaign: Campaign, text: str, *, by: User, now: datetime) -> Mentions:
    """Store a comment, and mail the people whom it names."""
    CampaignComment.objects.create(campaign=campaign, by=by, at=now.replace(microsecond=0), text=text)
    return mail_mentioned_people(
        text, among=readers(campaign), by=by, about=campaign.name, path=_address(campaign), now=now
    )


def readers(campaign: Campaign) -> QuerySet[User]:
    """Everybody who may read the comments on a campaign: staff, and whoever was asked from outside."""
    asked = users_with_role(OUTSIDE_REVIEWER).filter(pk__in=campaign.outside_reviewers.values("pk"))
    return users_with_role(*STAFF_ROLES) | asked


def _address(campaign: Campaign) -> str:
    return reverse("campaign:plan", args=[campaign.slug]) + "#comments"
