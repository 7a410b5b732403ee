"""Who may do what with which campaign: query and permission in one place."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from campaign.models import Campaign
from messages.roles import MANAGER, ROLES, has_role, require_role


def campaign_for(user: AbstractUser | AnonymousUser, slug: str, *, write: bool = False) -> Campaign:
    """The campaign, if this person may see it (or, with `write`, change it); else 404 or PermissionDenied."""
    require_role(user, *ROLES)
    campaign = Campaign.objects.select_related("plan", "created_by", "approved_by").filter(slug=slug).first()
    if campaign is None:
        raise Http404
    if write and not has_role(user, MANAGER):
        raise PermissionDenied
    return campaign
