"""The kill switch: stop a message, in all of its revisions, everywhere within seconds.

Only another person can lift a stop. Lifting it does not show the message again: each arm and campaign is resumed
separately, and a placement's fallback has to be chosen again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.lifecycle import arm_pauses, deviations
from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.after_backup import remove_fallbacks
from campaign.models import Arm, ArmText, Campaign, Placement
from messages.audit import log
from messages.audit.verification import genuine_entries
from messages.i18n.recorded_sentences import recorded
from messages.models import Message
from messages.roles import MANAGER, REVIEWER, has_role

STOP_ROLES = (MANAGER, REVIEWER)
_STOPPED_EVERYWHERE = recorded("Stopped everywhere: {reason}")
_CONTROL_STOPPED = recorded("The campaign was paused: its control was stopped.")


@dataclass(frozen=True, slots=True)
class MessageUsage:
    """Where a message is shown.

    By arms that show nothing else, by control arms of this kind, which pause their whole campaign, as one text of
    several of an arm, and as a fallback.
    """

    arms: tuple[Arm, ...]
    control_arms: tuple[Arm, ...]
    texts: tuple[ArmText, ...]
    fallback_placements: tuple[Placement, ...]

    def __bool__(self) -> bool:
        return bool(self.arms or self.control_arms or self.texts or self.fallback_placements)


def message_usage(message: Message) -> MessageUsage:
    """Return where a message is shown now: in open campaigns, except arms that are paused already."""
    texts = ArmText.objects.filter(stopped_at=None, arm__campaign__state__in=Campaign.OPEN)
    own, others = texts.filter(revision__message=message), texts.exclude(revision__message=message)
    named = Arm.objects.filter(pk__in=own.values("arm")).exclude(pk__in=others.values("arm")).filter(paused_at=None)
    arms = list(named.select_related("campaign").prefetch_related("campaign__placements").order_by("campaign", "pk"))
    one_of_several = own.filter(arm__in=others.values("arm")).select_related("arm__campaign")
    return MessageUsage(
        arms=tuple(arm for arm in arms if not arm.is_control),
        control_arms=tuple(arm for arm in arms if arm.is_control and arm.campaign.state in Campaign.LIVE),
        texts=tuple(one_of_several.order_by("arm__campaign", "arm", "position")),
        fallback_placements=tuple(Placement.objects.filter(fallback__message=message).order_by("key")),
    )


@transaction.atomic
def stop_message(message: Message, *, by: User | str, reason: str, now: datetime) -> MessageUsage:
    """Stop a message everywhere, and return where it was shown, without campaigns launched at the same moment.

    `by` is a name if the operator stops it by a command.
    """
    reason = _authorize_and_lock(message, by, reason)
    if message.stopped_at is not None:
        raise ActionRefused(_("This message is already stopped."))
    _lock_usage(message)
    message.stopped_at, message.stopped_reason = now, reason
    message.stopped_by = None if isinstance(by, str) else by
    message.save(update_fields=["stopped_at", "stopped_by", "stopped_reason"])
    _renew_previews(message)
    usage, why = message_usage(message), _STOPPED_EVERYWHERE.format(reason=reason)[: arm_pauses.ARM_REASON_LIMIT]
    for arm in usage.arms:
        arm_pauses.pause_arm(arm, reason=why, now=now, by=by)
    for arm in usage.control_arms:
        _pause_campaign(arm.campaign, by=by, now=now, why=why)
    for text in usage.texts:
        arm_pauses.stop_text(text, reason=why, now=now, by=by)
    remove_fallbacks(by=by, at=[place.pk for place in usage.fallback_placements])
    shown = {"arms": len(usage.arms), "campaigns": len(usage.control_arms)}
    if usage.texts:
        shown["texts"] = len(usage.texts)
    _record(log.Action.MESSAGE_STOP, message, by, reason, **shown)
    return usage


@transaction.atomic
def lift_stop(message: Message, *, by: User, reason: str) -> None:
    """Lift a stop. Refused for the person who stopped the message."""
    reason = _authorize_and_lock(message, by, reason)
    if message.stopped_at is None:
        raise ActionRefused(_("This message is not stopped."))
    if message.stopped_by == by or _stopper_on_record(message) == by.get_username():
        raise ActionRefused(_("You stopped this message, so a colleague has to allow it again."))
    message.stopped_at, message.stopped_by, message.stopped_reason = None, None, ""
    message.save(update_fields=["stopped_at", "stopped_by", "stopped_reason"])
    _renew_previews(message)
    _record(log.Action.MESSAGE_LIFT, message, by, reason)


def _stopper_on_record(message: Message) -> str:
    """The name of who stopped a message, which the row may not say."""
    entry = genuine_entries(log.ObjectKind.MESSAGE, [message.key], (log.Action.MESSAGE_STOP,)).get(message.key)
    return entry.actor if entry is not None else ""


def _authorize_and_lock(message: Message, by: User | str, reason: str) -> str:
    """Check the role, lock and reload the message, and return the cleaned reason."""
    if not isinstance(by, str) and not has_role(by, *STOP_ROLES):
        raise ActionRefused(_("Only a manager or a reviewer can do this."))
    cleaned = arm_pauses.validate_reason(reason)
    message.refresh_from_db(from_queryset=Message.objects.select_for_update(no_key=True))
    return cleaned


def _lock_usage(message: Message) -> None:
    """Lock campaigns, then placements; the audit record is locked last. The order prevents deadlocks."""
    named = Campaign.objects.filter(arms__texts__revision__message=message).values("pk")
    list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk"))
    list(Placement.objects.select_for_update(no_key=True).filter(fallback__message=message).order_by("pk"))


def _renew_previews(message: Message) -> None:
    """Have a new snapshot built, for the previews of each campaign with this message, planned or open."""
    named = Campaign.objects.filter(arms__texts__revision__message=message).exclude(state=Campaign.State.CLOSED)
    Campaign.objects.filter(pk__in=named.values("pk")).update(changed_at=timezone.now())


def _pause_campaign(campaign: Campaign, *, by: User | str, now: datetime, why: str) -> None:
    """Pause a campaign whose control was stopped: it compares nothing without it."""
    campaign.state = Campaign.State.PAUSED
    campaign.save(update_fields=["state", "changed_at"])
    deviation = deviations.record_staff_deviation(campaign, by=by, now=now, what=_CONTROL_STOPPED, why=why)
    record_campaign_action(log.Action.CAMPAIGN_PAUSE, campaign, by=by, **deviation)


def _record(action: log.Action, message: Message, by: User | str, reason: str, **detail: int) -> None:
    log.record_message(action, message, by=by, reason=reason, **detail)
