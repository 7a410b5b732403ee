"""What templates need to say which arms were stopped, and who may decide what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from analytics.results import paused_arms
from campaign.kill_switch.stop import MAY
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.roles import MANAGER, has_role

register = template.Library()


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of harm to one person."""

    harm: paused_arms.Harm
    may_manage: bool  # resume the arm, close the campaign
    may_stop: bool
    goes_on: bool


@register.simple_tag(takes_context=True)
def harm_of(context: dict[str, Any], campaign: Campaign) -> Told | None:
    """None if nothing of this campaign was ever stopped."""
    found = paused_arms.of(campaign)
    if not found.standing and not found.resumed:
        return None
    user = context["user"]
    return Told(
        harm=found,
        may_manage=bool(found.standing) and has_role(user, MANAGER),
        may_stop=bool(found.standing) and has_role(user, *MAY),
        goes_on=campaign.state in transitions.SHOWN,
    )
