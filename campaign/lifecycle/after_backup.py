"""Campaigns in a backup that was restored: each waits until a manager says that it may go on.

The database does not know what was stopped, paused, taken back or closed after the backup was made.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction

from campaign.lifecycle.actions import record_campaign_action, record_campaign_as_it_is
from campaign.lifecycle.placement_authors import CHANGES, field_digests, last_seal, record_change
from campaign.lifecycle.secret_destruction import destroy_campaign_secret
from campaign.models import Campaign, Placement
from messages.audit import log
from messages.models import AuditEntry

_STEPS = (log.Action.CAMPAIGN_PAUSE, log.Action.CAMPAIGN_RESUME)


@transaction.atomic
def hold_campaigns(*, by: str, backup_of: str, as_they_are: bool = False) -> list[Campaign]:
    """Pause each launched campaign, take back each that was sent or approved, and return them.

    `as_they_are`: the record is of another key, so from now on it says that they are what the backup holds.
    """
    held = []
    for campaign in Campaign.objects.select_for_update(no_key=True).order_by("pk"):
        if campaign.state in Campaign.OPEN:
            campaign.state = Campaign.State.PAUSED
            campaign.save(update_fields=["state", "changed_at"])
            record = record_campaign_as_it_is if as_they_are else record_campaign_action
            record(log.Action.CAMPAIGN_PAUSE, campaign, by=by, backup_of=backup_of)
        elif campaign.state in (Campaign.State.SUBMITTED, Campaign.State.APPROVED):
            campaign.state, campaign.approved_by, campaign.approved_fingerprint = Campaign.State.DRAFT, None, ""
            campaign.queued_at = campaign.queued_by = None
            fields = ("approved_by", "approved_fingerprint", "queued_at", "queued_by")
            campaign.save(update_fields=["state", *fields, "changed_at"])
            record_campaign_action(log.Action.CAMPAIGN_TAKE_BACK, campaign, by=by)
        else:
            continue
        held.append(campaign)
    return held


@transaction.atomic
def remove_fallbacks(*, by: User | str, at: Iterable[int] | None = None) -> list[Placement]:
    """Take the fallback from each placement that has one, or from those named, and return these placements.

    Somebody has to choose it again.
    """
    chosen = Placement.objects.exclude(fallback=None)
    chosen = chosen if at is None else chosen.filter(pk__in=list(at))
    placements = list(chosen.select_for_update(no_key=True).order_by("pk"))
    for placement in placements:
        before = field_digests(placement)
        placement.fallback = None
        placement.save(update_fields=["fallback"])
        record_change(placement, before, by=None)
        log.record(
            log.Action.PLACEMENT_CHANGE,
            by=by,
            kind=log.ObjectKind.PLACEMENT,
            ref=placement.key,
            label=placement.name,
            fields="fallback",
            **{CHANGES: last_seal(placement)},
        )
    return placements


@transaction.atomic
def close_again(campaign: Campaign, *, by: str, now: datetime) -> None:
    """Close a campaign that was closed after the backup was made, and destroy its secret."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    campaign.state = Campaign.State.CLOSED
    campaign.ends_at = now if campaign.starts_at is None or now > campaign.starts_at else None
    campaign.save(update_fields=["state", "ends_at", "changed_at"])
    record_campaign_action(log.Action.CAMPAIGN_CLOSE, campaign, by=by)
    transaction.on_commit(partial(destroy_campaign_secret, campaign, by=by))


def unconfirmed_backup(campaign: Campaign) -> str:
    """The day of the backup whose restoration paused this campaign, until somebody resumes it; else empty."""
    about = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, ref=campaign.slug, action__in=_STEPS)
    entry = about.order_by("-number").first()
    return str(entry.detail.get("backup_of", "")) if entry is not None else ""
