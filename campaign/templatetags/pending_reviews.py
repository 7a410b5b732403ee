"""Campaigns that wait for a review, for templates of apps that must not import campaign."""

from django import template
from django.contrib.auth.models import AbstractUser, AnonymousUser

from campaign.models import Campaign
from messages.roles import REVIEWER, has_role

register = template.Library()
MAX_LISTED = 40  # on one page


@register.simple_tag
def campaigns_waiting(user: AbstractUser | AnonymousUser) -> list[Campaign]:
    """Return campaigns that this person may approve, which others made, the longest waiting first."""
    if not has_role(user, REVIEWER):
        return []
    waiting = Campaign.objects.filter(state=Campaign.State.SUBMITTED).exclude(created_by_id=user.pk)
    return list(waiting.select_related("created_by").order_by("changed_at")[:MAX_LISTED])
