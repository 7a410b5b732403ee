"""Put a campaign that is over, or was given up, where the list leaves it out, and bring it back."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.models import Campaign
from messages.audit import log
from messages.roles import MANAGER, has_role


@transaction.atomic
def archive(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Leave a closed campaign or a draft out of the list. Nothing of it is lost."""
    _lock(campaign, by=by)
    if campaign.state not in Campaign.ARCHIVABLE:
        raise ActionRefused(_("Only a draft or a closed campaign can be archived."))
    if campaign.archived_at is None:
        _move(campaign, now, log.Action.CAMPAIGN_ARCHIVE, by=by)


@transaction.atomic
def bring_back(campaign: Campaign, *, by: User) -> None:
    """Show an archived campaign in the list again."""
    _lock(campaign, by=by)
    if campaign.archived_at is not None:
        _move(campaign, None, log.Action.CAMPAIGN_BRING_BACK, by=by)


def _lock(campaign: Campaign, *, by: User) -> None:
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a manager can archive campaigns."))
    campaign.refresh_from_db(from_queryset=Campaign.objects.select_for_update(no_key=True))


def _move(campaign: Campaign, archived_at: datetime | None, action: log.Action, *, by: User) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(archived_at=archived_at)  # `changed_at` is of what is shown
    campaign.archived_at = archived_at
    record_campaign_action(action, campaign, by=by)
