"""Campaigns that wait for a review, for templates of apps that must not import campaign."""

from django import template
from django.contrib.auth.models import AbstractUser, AnonymousUser

from campaign.lifecycle.draft_versions import may_approve
from campaign.models import Campaign
from messages.roles import REVIEWER, has_role

register = template.Library()
MAX_LISTED = 40  # on one page


@register.simple_tag
def campaigns_waiting(user: AbstractUser | AnonymousUser) -> list[Campaign]:
    """Return campaigns that this person may approve, the longest waiting first."""
    if not has_role(user, REVIEWER):
        return []
    waiting = Campaign.objects.filter(state=Campaign.State.SUBMITTED).select_related("created_by")
    return [one for one in waiting.order_by("changed_at") if may_approve(one, user)][:MAX_LISTED]
