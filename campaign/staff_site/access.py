"""Find campaigns and placements that a person may see or change."""

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from campaign.models import Campaign, Placement
from messages.roles import MANAGER, OUTSIDE_REVIEWER, PARTNER_CONTACT, STAFF_ROLES, has_role, require_role


def campaign_for(user: AbstractUser | AnonymousUser, slug: str, *, write: bool = False) -> Campaign:
    """Return a campaign that this person may see or, with `write`, change; raise Http404 or PermissionDenied."""
    require_role(user, *STAFF_ROLES)
    campaign = (
        Campaign.objects.select_related("plan", "created_by", "approved_by", "based_on").filter(slug=slug).first()
    )
    if campaign is None:
        raise Http404
    if write and not has_role(user, MANAGER):
        raise PermissionDenied
    return campaign


def reviewable_campaign_for(user: AbstractUser | AnonymousUser, slug: str) -> Campaign:
    """Return a campaign that this person may see, as staff or as an outside reviewer of it."""
    if has_role(user, *STAFF_ROLES):
        return campaign_for(user, slug)
    require_role(user, OUTSIDE_REVIEWER)
    campaign = campaigns_to_review(user).filter(slug=slug).first()
    if campaign is None:
        raise Http404
    return campaign


def campaigns_to_review(user: AbstractUser | AnonymousUser) -> QuerySet[Campaign]:
    """Return the campaigns for which this person was asked as an outside reviewer, the newest first."""
    asked = Campaign.objects.filter(outside_reviewers=user.pk).order_by("-pk")
    return asked.select_related("plan", "created_by", "approved_by")


def placements_for(user: AbstractUser | AnonymousUser) -> QuerySet[Placement]:
    """Return all placements for staff, and those of their partners for partner contacts; else PermissionDenied."""
    require_role(user, *STAFF_ROLES, PARTNER_CONTACT)
    placements = Placement.objects.select_related("partner", "fallback__message")
    return placements if has_role(user, *STAFF_ROLES) else placements.filter(partner__contacts=user.pk).distinct()


def placement_for(user: AbstractUser | AnonymousUser, key: str, *, write: bool = False) -> Placement:
    """Return a placement that this person may see or, with `write`, change; raise Http404 or PermissionDenied."""
    if write:
        require_role(user, MANAGER)
    placement = placements_for(user).filter(key=key).first()
    if placement is None:
        raise Http404
    return placement
