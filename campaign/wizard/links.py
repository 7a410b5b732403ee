"""URLs of a draft's questions, and the one at which planning continues."""

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import reverse

from campaign.models import Campaign
from campaign.wizard.questions import CHECK, answered_keys, key_to_continue_at
from messages.roles import MANAGER, has_role


def continue_planning_url(user: AbstractUser | AnonymousUser, campaign: Campaign) -> str:
    """Return the page where this person continues planning; empty if they may not, or after submission."""
    if campaign.state != Campaign.State.DRAFT or not has_role(user, MANAGER):
        return ""
    return question_url(campaign, key_to_continue_at(answered_keys(campaign)))


def question_url(campaign: Campaign, key: str) -> str:
    """Return the page of a question, or the page with all answers."""
    if key == CHECK:
        return reverse("campaign:plan-check", args=[campaign.slug])
    return reverse("campaign:plan-step", args=[campaign.slug, key])
