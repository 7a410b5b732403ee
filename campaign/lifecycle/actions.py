"""What every action on a campaign shares: its refusal, and its entry in the audit record."""

from django.contrib.auth.models import User

from campaign.models import Campaign
from messages.audit import log


class ActionRefused(Exception):
    """The action is not allowed; the message says why, for staff."""


def record_campaign_action(action: log.Action, campaign: Campaign, *, by: User | str, **detail: str | int) -> None:
    """Write an audit entry about a campaign, as the last step of the transaction."""
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)
