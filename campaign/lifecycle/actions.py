"""What every action on a campaign shares: its refusal, and its entry in the audit record."""

from collections.abc import Collection, Mapping

from django.contrib.auth.models import User
from django.db import transaction

from campaign.lifecycle.launched_state import state_after
from campaign.models import Campaign
from messages.audit import log


class ActionRefused(Exception):
    """The action is not allowed; the message says why, for staff."""


@transaction.atomic
def record_campaign_action(action: log.Action, campaign: Campaign, *, by: User | str, **detail: str | int) -> None:
    """Write an audit entry about a campaign, as the last step of the transaction: it says what the campaign is then."""
    record_careful_action(action, campaign, by=by, missed=(), detail=detail)


@transaction.atomic
def record_careful_action(
    action: log.Action, campaign: Campaign, *, by: User | str, missed: Collection[str], detail: Mapping[str, str | int]
) -> None:
    """Write an audit entry that does not vouch for parts that were not as they were left before the step: `missed`, of
    `launched_state.missed_parts`."""
    log.lock()  # it goes on from what the entry before says
    _record(action, campaign, by, {**detail, **state_after(action, campaign, missed=missed)})


@transaction.atomic
def record_campaign_as_it_is(action: log.Action, campaign: Campaign, *, by: User | str, **detail: str | int) -> None:
    """Write an entry that vouches for everything, and not only for what this step changes."""
    log.lock()
    _record(action, campaign, by, {**detail, **state_after(action, campaign, goes_on=False)})


def _record(action: log.Action, campaign: Campaign, by: User | str, detail: dict[str, str | int]) -> None:
    log.record(action, by=by, kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, label=campaign.name, **detail)
