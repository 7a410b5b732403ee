"""Template tag that shows the paused arms of a campaign and what the user may decide."""

from dataclasses import dataclass
from typing import Any

from django import template

from analytics.results import paused_arms
from campaign.kill_switch.stop import STOP_ROLES
from campaign.models import Campaign
from messages.roles import MANAGER, has_role

register = template.Library()


@dataclass(frozen=True, slots=True)
class PausedArmsPanel:
    """The paused arms of a campaign, and what one user may do about them."""

    paused_arms: paused_arms.PausedArms
    may_manage: bool  # resume the arm, close the campaign
    may_stop: bool
    is_live: bool


@register.simple_tag(takes_context=True)
def paused_arms_of(context: dict[str, Any], campaign: Campaign) -> PausedArmsPanel | None:
    """Return None if no arm is paused, and no arm or text was stopped by a guardrail."""
    arms = paused_arms.find_paused_arms(campaign)
    if not arms.paused and not arms.resumed_events and not arms.stopped_texts:
        return None
    user = context["user"]
    return PausedArmsPanel(
        paused_arms=arms,
        may_manage=bool(arms.paused) and has_role(user, MANAGER),
        may_stop=bool(arms.paused) and has_role(user, *STOP_ROLES),
        is_live=campaign.state in Campaign.OPEN,
    )
