"""Pause and resume one arm of an open campaign."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused, record_careful_action
from campaign.lifecycle.deviations import record_change, record_staff_deviation
from campaign.lifecycle.launch_checks import approved_locales, clean_reason, common_locales, stopped_message_obstacles
from campaign.lifecycle.launched_state import missed_parts
from campaign.models import Arm, ArmText, Campaign
from messages.audit import log
from messages.i18n.recorded_sentences import recorded
from messages.models import Rendition
from messages.review.recorded_approvals import recorded_locales
from messages.roles import MANAGER, REVIEWER, has_role

ARM_REASON_LIMIT = 300  # as long as its column
_ARM_PAUSED = recorded("The arm “{arm}” was paused.")
_ARM_RESUMED = recorded("The arm “{arm}” was resumed.")
_TEXT_STOPPED = recorded("Text {number} of the arm “{arm}” was stopped.")
_WORDS_WITHDRAWN = recorded("Its words were withdrawn: {reason}")


@transaction.atomic
def pause_arm(arm: Arm, *, reason: str, now: datetime, by: User | str = log.WORKER) -> None:
    """Pause an arm: its units see the control's words and are not counted, and no other assignment changes.

    A pause by a person is recorded as a deviation; a guardrail pause is part of the plan.
    """
    if arm.is_control:
        raise ActionRefused(_("The control cannot be paused on its own. Pause the campaign instead."))
    if not isinstance(by, str) and not has_role(by, MANAGER, REVIEWER):
        raise ActionRefused(_("Only a manager or a reviewer can pause a message."))
    reason = validate_reason(reason)
    missed = _lock_arm(arm)
    if arm.paused_at is not None:
        raise ActionRefused(_("This message is already paused."))
    arm.paused_at, arm.paused_reason, arm.pauses = now, reason, arm.pauses + 1
    _save_pause(arm)
    what = _ARM_PAUSED.format(arm=arm.name)
    deviation = record_staff_deviation(arm.campaign, by=by, now=now, what=what, why=reason)
    detail = {"arm": arm.name, "reason": reason, **deviation}
    record_careful_action(log.Action.ARM_PAUSE, arm.campaign, by=by, missed=missed, detail=detail)


@transaction.atomic
def resume_arm(arm: Arm, *, by: User, reason: str, now: datetime) -> None:
    """Resume an arm. This is always a deviation from the plan, and the reason for the pause stays on record.

    The guardrail still uses all counts, and pauses the arm again once there is evidence of greater harm than before.
    """
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a manager can show a paused message again."))
    reason = validate_reason(reason)
    missed = _lock_arm(arm)
    if arm.paused_at is None:
        raise ActionRefused(_("This message is not paused."))
    if stopped := stopped_message_obstacles(Arm.objects.filter(pk=arm.pk)):
        raise ActionRefused(stopped[0].sentence)
    if not set(common_locales(arm.campaign)) & set(arm.campaign.locales) & approved_locales([arm])[0]:
        raise ActionRefused(_("Its text was withdrawn, so the messages no longer have a language in common."))
    arm.paused_at, arm.paused_reason = None, ""
    _save_pause(arm)
    what = _ARM_RESUMED.format(arm=arm.name)
    deviation = record_staff_deviation(arm.campaign, by=by, now=now, what=what, why=reason)
    detail = {"arm": arm.name, "reason": reason, **deviation}
    record_careful_action(log.Action.ARM_RESUME, arm.campaign, by=by, missed=missed, detail=detail)


@transaction.atomic
def stop_text(text: ArmText, *, reason: str, now: datetime, by: User | str = log.WORKER) -> None:
    """Show one text of an arm to nobody any more; the arm goes on with its others, each as often as the next.

    It is recorded as a deviation, also if the worker did it by the plan: from then on results rest on the others. It is
    not undone: the texts of an arm are compared over all its time.
    """
    arm = text.arm
    if not isinstance(by, str) and not has_role(by, MANAGER, REVIEWER):
        raise ActionRefused(_("Only a manager or a reviewer can stop a text."))
    reason = validate_reason(reason)
    missed = _lock_arm(arm)
    text.refresh_from_db(fields=["stopped_at"])
    if text.stopped_at is not None:
        raise ActionRefused(_("This text is already stopped."))
    if not arm.texts.filter(stopped_at=None).exclude(pk=text.pk).exists():
        raise ActionRefused(
            _("This is the only text left for “%(arm)s”. Pause the message instead.") % {"arm": arm.name}
        )
    text.stopped_at, text.stopped_reason = now, reason
    text.save(update_fields=["stopped_at", "stopped_reason"])
    arm.campaign.save(update_fields=["changed_at"])  # a new snapshot is built
    number = text.position + 1
    what = _TEXT_STOPPED.format(number=number, arm=arm.name)
    deviation = record_change(arm.campaign, by=by, now=now, what=what, why=reason)
    detail: dict[str, str | int] = {"arm": arm.name, "text": number, "reason": reason, **deviation}
    record_careful_action(log.Action.TEXT_STOP, arm.campaign, by=by, missed=missed, detail=detail)


@transaction.atomic
def stop_withdrawn_texts(rendition: Rendition, *, by: User, now: datetime, reason: str) -> None:
    """Stop each text of an open campaign that has no words left once these are withdrawn, if its arm has another.

    The last text of an arm stays as it is: nobody can be shown the campaign then, and it waits for a decision.
    """
    texts = ArmText.objects.filter(revision=rendition.revision_id, stopped_at=None)
    texts = texts.filter(arm__campaign__state__in=Campaign.OPEN).select_related("arm__campaign")
    named = sorted({text.arm.campaign_id for text in texts})
    list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=named).order_by("pk"))
    left = recorded_locales([rendition.revision])[rendition.revision_id] - {rendition.locale}
    for text in texts.order_by("arm__campaign", "arm"):
        others = text.arm.texts.filter(stopped_at=None).exclude(pk=text.pk)
        if others.exists() and not left & set(text.arm.campaign.locales):
            stop_text(text, reason=_WORDS_WITHDRAWN.format(reason=reason)[:ARM_REASON_LIMIT], now=now, by=by)


def validate_reason(reason: str) -> str:
    """Return a reason as it is stored; raise ActionRefused if it is empty or too long."""
    cleaned = clean_reason(reason)
    if not cleaned:
        raise ActionRefused(_("Enter a reason. It stays on record."))
    if len(cleaned) > ARM_REASON_LIMIT:
        raise ActionRefused(_("Your reason must be %(most)s characters or fewer.") % {"most": ARM_REASON_LIMIT})
    return cleaned


def _lock_arm(arm: Arm) -> Collection[str]:
    """Lock the arm's campaign until the transaction ends, and reload the arm; refuse unless the campaign is open.

    Return the parts of the campaign that are not as the last step on record left them.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=arm.campaign_id)
    if campaign.state not in Campaign.OPEN:
        sentence = _("The campaign’s status is “%(state)s”, so its messages cannot be paused or shown again.")
        raise ActionRefused(sentence % {"state": campaign.get_state_display()})
    arm.refresh_from_db()
    arm.campaign = campaign
    return missed_parts([campaign]).get(campaign.pk, ())


def _save_pause(arm: Arm) -> None:
    arm.save(update_fields=["paused_at", "paused_reason", "pauses"])
    arm.campaign.save(update_fields=["changed_at"])  # a new snapshot is built
