"""The draft that is planned: who may change it, until when, and how somebody else's change is noticed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib.auth.models import User

from campaign.lifecycle.transitions import ActionRefused
from campaign.models import Campaign
from messages.roles import MANAGER, has_role


class DraftEditConflict(Exception):
    """Somebody has answered this question otherwise since the page was opened."""


class NotADraft(ActionRefused):
    """The campaign has been sent for approval, or further: its plan is not changed any more."""


def require_manager(by: User) -> None:
    if not has_role(by, MANAGER):
        raise ActionRefused("Only a manager can plan a campaign.")


def lock_draft(campaign: Campaign, *, by: User) -> Campaign:
    """The campaign as it stands now, locked until the transaction ends; NotADraft once it has been sent."""
    require_manager(by)
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if locked.state != Campaign.State.DRAFT:
        raise NotADraft("Only a draft can be planned. Take the campaign back first.")
    return locked


def answer_digest(answer: dict[str, Any]) -> str:
    """Differs whenever the answer does."""
    told = json.dumps(answer, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
