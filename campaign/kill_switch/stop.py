"""The kill switch: one message, in any of its revisions, is shown nowhere any more, within seconds.

The stop stands on the message until another person than the one who stopped it lifts it. Lifting shows nothing by
itself: each arm and each campaign is resumed by its own step, and a placement's fallback is chosen anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.lifecycle import transitions
from campaign.lifecycle.transitions import ActionRefused
from campaign.models import Arm, Campaign, Placement
from messages.audit import log
from messages.models import Message
from messages.roles import MANAGER, REVIEWER, has_role

STOP_ROLES = (MANAGER, REVIEWER)


@dataclass(frozen=True, slots=True)
class MessageUsage:
    """Where a message stands right now: arms of campaigns that show it, arms by which a whole campaign stands or falls,
    and placements that show it while no campaign runs."""

    arms: tuple[Arm, ...]
    control_arms: tuple[Arm, ...]
    fallback_placements: tuple[Placement, ...]

    def __bool__(self) -> bool:
        return bool(self.arms or self.control_arms or self.fallback_placements)


def message_usage(message: Message) -> MessageUsage:
    """What `stop` would take away: everything that is launched, not closed, and not paused already."""
    named = Arm.objects.filter(revision__message=message, campaign__state__in=transitions.OPEN_STATES, paused_at=None)
    arms = list(named.select_related("campaign").prefetch_related("campaign__placements").order_by("campaign", "pk"))
    return MessageUsage(
        arms=tuple(arm for arm in arms if not arm.is_control),
        control_arms=tuple(arm for arm in arms if arm.is_control and arm.campaign.state in Campaign.LIVE),
        fallback_placements=tuple(Placement.objects.filter(fallback__message=message).order_by("key")),
    )


@transaction.atomic
def stop_message(message: Message, *, by: User, reason: str, now: datetime) -> MessageUsage:
    """Show these words to nobody any more: what they were taken from.

    Whatever is launched in the same moment was not seen here; the snapshot shows no words of a stopped message.
    """
    said = _asked(message, by, reason)
    if message.stopped_at is not None:
        raise ActionRefused(_("This message is stopped already."))
    _wait_for_all_that_show(message)
    message.stopped_at, message.stopped_by, message.stopped_reason = now, by, said
    message.save(update_fields=["stopped_at", "stopped_by", "stopped_reason"])
    found, why = message_usage(message), f"Stopped everywhere: {said}"[: transitions.ARM_REASON_LIMIT]
    for arm in found.arms:
        transitions.pause_arm(arm, reason=why, now=now, by=by)
    for arm in found.control_arms:
        _pause_whole(arm.campaign, by=by, now=now, why=why)
    Placement.objects.filter(pk__in=[place.pk for place in found.fallback_placements]).update(fallback=None)
    _record(log.Action.MESSAGE_STOP, message, by, said, arms=len(found.arms), campaigns=len(found.control_arms))
    return found


@transaction.atomic
def lift_stop(message: Message, *, by: User, reason: str) -> None:
    """The message may be shown again where somebody resumes or chooses it; for another person than who stopped it."""
    said = _asked(message, by, reason)
    if message.stopped_at is None:
        raise ActionRefused(_("This message is not stopped."))
    if message.stopped_by == by:
        raise ActionRefused(_("Somebody else has to lift what you stopped. Please ask a colleague."))
    message.stopped_at, message.stopped_by, message.stopped_reason = None, None, ""
    message.save(update_fields=["stopped_at", "stopped_by", "stopped_reason"])
    # Its previews are back: the snapshot notices.
    Campaign.objects.filter(arms__revision__message=message, state__in=Campaign.LIVE).update(changed_at=timezone.now())
    _record(log.Action.MESSAGE_LIFT, message, by, said)


def _asked(message: Message, by: User, reason: str) -> str:
    """The reason, of somebody who may; the message is theirs alone until this step is done."""
    if not has_role(by, *STOP_ROLES):
        raise ActionRefused(_("Only a manager or a reviewer can do this."))
    said = transitions.validate_reason(reason)
    message.refresh_from_db(from_queryset=Message.objects.select_for_update(no_key=True))
    return said


def _wait_for_all_that_show(message: Message) -> None:
    """Locks, always in this order: campaigns, then placements; the record's comes last, in what they lead to."""
    named = Campaign.objects.filter(arms__revision__message=message).values("pk")
    list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk"))
    list(Placement.objects.select_for_update(no_key=True).filter(fallback__message=message).order_by("pk"))


def _pause_whole(campaign: Campaign, *, by: User, now: datetime, why: str) -> None:
    """Without its control a campaign compares nothing: its visitors get the placement's fallback, or nothing."""
    campaign.state = Campaign.State.PAUSED
    campaign.save(update_fields=["state", "changed_at"])
    transitions.record_staff_deviation(
        campaign, by=by, now=now, what="The campaign was paused: its control was stopped.", why=why
    )
    transitions.record_campaign_action(log.Action.CAMPAIGN_PAUSE, campaign, by=by)


def _record(action: log.Action, message: Message, by: User, reason: str, **detail: int) -> None:
    log.record_message(action, message, by=by, reason=reason, **detail)
