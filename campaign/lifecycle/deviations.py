"""Record deviations from a frozen plan, with a reason. Every result shows them."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle import recorded_deviations
from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.launch_checks import clean_reason
from campaign.models import AnalysisPlan, Campaign, Deviation
from messages.audit.log import WORKER, Action
from messages.roles import MANAGER, ROLE_NAMES, has_role

DEVIATION_TEXT_LIMIT = 500  # characters of each


@transaction.atomic
def record_deviation(campaign: Campaign, *, what: str, why: str, by: User, now: datetime) -> Deviation:
    """Record a deviation for good. It changes neither the plan nor a result."""
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a %(role)s can record a deviation.") % {"role": str(ROLE_NAMES[MANAGER]).lower()})
    if not AnalysisPlan.objects.filter(campaign=campaign, frozen_at__isnull=False).exists():
        raise ActionRefused(_("This plan is not frozen, so you can change the plan itself."))
    what, why = clean_reason(what), clean_reason(why)
    if not (0 < len(what) <= DEVIATION_TEXT_LIMIT and 0 < len(why) <= DEVIATION_TEXT_LIMIT):
        raise ActionRefused(_("Say what changed from the plan and why, in up to 500 characters each."))
    detail = record_change(campaign, by=by, now=now, what=what, why=why)
    record_campaign_action(Action.CAMPAIGN_DEVIATE, campaign, by=by, what=what, why=why, **detail)
    return campaign.deviations.latest("pk")


def record_change(campaign: Campaign, *, by: User | str, now: datetime, what: str, why: str) -> dict[str, str]:
    """Record what changes the meaning of later results, whoever did it: a person, or the worker by the plan.

    Return what the audit entry of the step has to say, so that nobody takes the deviation away by SQL.
    """
    person = None if isinstance(by, str) else by
    return recorded_deviations.detail_of(
        Deviation.objects.create(campaign=campaign, at=now, by=person, what=what, why=why)
    )


def record_staff_deviation(campaign: Campaign, *, by: User | str, now: datetime, what: str, why: str) -> dict[str, str]:
    """Do the same if a person acted; what the worker does is part of the plan."""
    return {} if isinstance(by, str) else record_change(campaign, by=by, now=now, what=what, why=why)


@transaction.atomic
def record_worker_deviation(campaign: Campaign, *, now: datetime, what: str, why: str) -> None:
    """Record what the worker found, of which no other entry tells."""
    detail = record_change(campaign, by=WORKER, now=now, what=what, why=why)
    record_campaign_action(Action.CAMPAIGN_DEVIATE, campaign, by=WORKER, what=what, why=why, **detail)
