"""The queue of approved campaigns at a place: the worker launches each once no other campaign runs at its places.

Who presses the button launches the campaign, later: until then it stays approved, may be taken back, and a launch from
the queue checks everything that a launch checks. A campaign that is to start later is launched at its start, so that it
holds no place before: others run there until then.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.lifecycle import launch_checks, placement_sharing, transitions
from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.lifecycle.recorded_steps import is_queue_recorded
from campaign.models import Campaign, Placement
from messages.audit import log

logger = logging.getLogger(__name__)


@transaction.atomic
def join_queue(campaign: Campaign, *, by: User, now: datetime) -> None:
    """Have a campaign launched as soon as its places are free. Nothing else may be in the way of its launch."""
    transitions.begin(campaign, "queue", by)
    if campaign.queued_at is not None and is_queue_recorded(campaign):
        raise ActionRefused(_("It is already in the queue."))
    others = [
        obstacle
        for obstacle in launch_checks.launch_obstacles(campaign, now=now)
        if obstacle.reason != ObstacleReason.PLACEMENT_OCCUPIED
    ]
    if others:
        raise ActionRefused(" ".join(obstacle.sentence for obstacle in others))
    campaign.queued_at, campaign.queued_by = now, by
    campaign.save(update_fields=["queued_at", "queued_by", "changed_at"])
    record_campaign_action(log.Action.CAMPAIGN_QUEUE, campaign, by=by)


@transaction.atomic
def leave_queue(campaign: Campaign, *, by: User) -> None:
    """Take a campaign out of the queue; it stays approved."""
    transitions.begin(campaign, "leave_queue", by)
    if campaign.queued_at is None:
        raise ActionRefused(_("It is not in the queue."))
    campaign.queued_at = campaign.queued_by = None
    campaign.save(update_fields=["queued_at", "queued_by", "changed_at"])
    record_campaign_action(log.Action.CAMPAIGN_UNQUEUE, campaign, by=by)


def queued_campaigns() -> QuerySet[Campaign]:
    """Return the campaigns in the queue, the longest waiting first."""
    waiting = Campaign.objects.filter(state=Campaign.State.APPROVED, queued_at__isnull=False, queued_by__isnull=False)
    return waiting.select_related("queued_by").order_by("queued_at", "pk")


def queue_at(placement: Placement) -> Sequence[Campaign]:
    """Return the queue of one place."""
    return list(queued_campaigns().filter(placements=placement))


def campaigns_ahead(campaign: Campaign) -> Sequence[Campaign]:
    """Return what a queued campaign waits for: what runs at its places, then who queued there before it."""
    sooner = Q(queued_at__lt=campaign.queued_at) | Q(queued_at=campaign.queued_at, pk__lt=campaign.pk)
    earlier = _due(timezone.now()).filter(sooner, placement_sharing.conflicts_with(campaign))
    there = earlier.filter(placements__in=campaign.placements.all()).distinct()
    return [
        *placement_sharing.campaigns_in_the_way(campaign),
        *placement_sharing.paused_campaigns_in_the_way(campaign),
        *there,
    ]


def launch_queued_campaigns(*, now: datetime) -> list[Campaign]:
    """Launch each campaign whose start has come and whose places are free, the longest waiting first; return these.

    One that something else keeps from its launch, such as a help link that nobody checked lately, lets the next go
    first; its own page says what.
    """
    launched = []
    for campaign in _due(now):
        if campaign.queued_by is None or placement_sharing.paused_campaigns_in_the_way(campaign):
            continue
        if not is_queue_recorded(campaign):
            logger.error("Campaign %s is in the queue, and the audit record does not say so.", campaign.pk)
            continue
        try:
            transitions.launch(campaign, by=campaign.queued_by, now=now)
        except ActionRefused:
            continue
        launched.append(campaign)
    return launched


def _due(now: datetime) -> QuerySet[Campaign]:
    """The campaigns in the queue that are not to start later."""
    return queued_campaigns().filter(Q(starts_at=None) | Q(starts_at__lte=now))
