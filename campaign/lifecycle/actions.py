"""What every action on a campaign shares: its refusal, and its entry in the audit record."""

from django.contrib.auth.models import User
from django.db import transaction

from campaign.lifecycle.launched_state import state_after
from campaign.models import Campaign
from messages.audit import log


class ActionRefused(Exception):
    """The action is not allowed; the message says why, for staff."""


@transaction.atomic
def record_campaign_action(
    action: log.Action, campaign: Campaign, *, by: User | str, as_it_is: bool = False, **detail: str | int
) -> None:
    """Write an audit entry about a campaign, as the last step of the transaction: it says what the campaign is then.

    `as_it_is`: of everything, and not only of what this step changes.
    """
    log.lock()  # it goes on from what the entry before says
    detail |= state_after(action, campaign, as_it_is=as_it_is)
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)
