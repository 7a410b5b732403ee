"""What templates need to say which arms were stopped, and who may decide what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from analytics.results import paused_arms
from campaign.kill_switch.stop import STOP_ROLES
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.roles import MANAGER, has_role

register = template.Library()


@dataclass(frozen=True, slots=True)
class PausedArmsPanel:
    """What is told of harm to one person."""

    paused_arms: paused_arms.PausedArms
    may_manage: bool  # resume the arm, close the campaign
    may_stop: bool
    is_live: bool


@register.simple_tag(takes_context=True)
def harm_of(context: dict[str, Any], campaign: Campaign) -> PausedArmsPanel | None:
    """None if nothing of this campaign was ever stopped."""
    found = paused_arms.find_paused_arms(campaign)
    if not found.paused and not found.resumed_events:
        return None
    user = context["user"]
    return PausedArmsPanel(
        paused_arms=found,
        may_manage=bool(found.paused) and has_role(user, MANAGER),
        may_stop=bool(found.paused) and has_role(user, *STOP_ROLES),
        is_live=campaign.state in transitions.OPEN_STATES,
    )
