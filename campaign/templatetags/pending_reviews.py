"""What waits for somebody, for pages of apps that may not import this one."""

from __future__ import annotations

from django import template
from django.contrib.auth.models import AbstractUser, AnonymousUser

from campaign.models import Campaign
from messages.roles import REVIEWER, has_role

register = template.Library()
MAX_LISTED = 40  # more would be read by nobody


@register.simple_tag
def campaigns_waiting(user: AbstractUser | AnonymousUser) -> list[Campaign]:
    """Campaigns that this person may approve: those that others made. The one that has waited longest comes first."""
    if not has_role(user, REVIEWER):
        return []
    waiting = Campaign.objects.filter(state=Campaign.State.SUBMITTED).exclude(created_by_id=user.pk)
    return list(waiting.select_related("created_by").order_by("changed_at")[:MAX_LISTED])
