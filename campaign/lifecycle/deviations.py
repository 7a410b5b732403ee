"""What was done otherwise than a frozen plan says: put on record, with its reason, and shown with every result."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.launch_checks import said
from campaign.lifecycle.transitions import StepRefused, record
from campaign.models import AnalysisPlan, Campaign, Deviation
from messages.audit.log import Action
from messages.roles import MANAGER, NAMES, has_role

LIMIT = 500  # characters of each


@transaction.atomic
def deviate(campaign: Campaign, *, what: str, why: str, by: User, now: datetime) -> Deviation:
    """Say once and for ever what differs from the plan. It changes neither the plan nor a number."""
    if not has_role(by, MANAGER):
        raise StepRefused(_("Only a %(role)s can record a deviation.") % {"role": str(NAMES[MANAGER]).lower()})
    if not AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).exists():
        raise StepRefused(_("This plan is not frozen: change the plan itself."))
    what, why = said(what), said(why)
    if not (0 < len(what) <= LIMIT and 0 < len(why) <= LIMIT):
        raise StepRefused(_("Say what was done otherwise and why, each in at most 500 characters."))
    made = Deviation.objects.create(campaign=campaign, at=now, by=by, what=what, why=why)
    record(Action.CAMPAIGN_DEVIATE, campaign, by=by, what=what, why=why)
    return made
