"""Where the questions of a draft are, and where somebody who comes back goes on."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import reverse

from campaign.models import Campaign
from campaign.wizard import answers, questions
from campaign.wizard.questions import CHECK
from messages.roles import MANAGER, has_role


def continue_planning_url(user: AbstractUser | AnonymousUser, campaign: Campaign) -> str:
    """Where this person goes on with planning; empty if they may not, or it is no draft any more."""
    if campaign.state != Campaign.State.DRAFT or not has_role(user, MANAGER):
        return ""
    return step_url(campaign, questions.step_to_continue_at(answers.answered_steps(campaign)))


def step_url(campaign: Campaign, step: str) -> str:
    """The address of a question, or of the page with all answers."""
    if step == CHECK:
        return reverse("campaign:plan-check", args=[campaign.slug])
    return reverse("campaign:plan-step", args=[campaign.slug, step])
