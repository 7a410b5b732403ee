"""Which arms of a campaign were ever paused, and what that means for the check of its split, in words.

Such an arm was seen less than its share asks, and that is no fault: comparison.split judges the others alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext, ngettext

from analytics.report_rows import QualityItem
from campaign.models import Arm, Campaign
from messages.audit.log import Action, ObjectKind
from messages.models import AuditEntry


@dataclass(frozen=True, slots=True)
class ArmShare:
    """One arm's part in the check of the split."""

    name: str
    weight: int
    was_paused: bool  # at any time until then


def arm_shares(arms: Iterable[Arm]) -> list[ArmShare]:
    """The arms of a campaign as they are now."""
    return [ArmShare(arm.name, arm.weight, arm.pauses > 0) for arm in arms]


def arm_shares_at(moment: datetime, campaign: Campaign, arms: Iterable[Arm]) -> list[ArmShare]:
    """The same as it was at a moment, by the record."""
    now = arm_shares(arms)
    if not any(share.was_paused for share in now):
        return now
    steps = AuditEntry.objects.filter(
        kind=ObjectKind.CAMPAIGN, ref=campaign.slug, action=Action.ARM_PAUSE, at__lte=moment
    )
    paused = {detail.get("arm") for detail in steps.values_list("detail", flat=True)}
    return [replace(share, was_paused=share.was_paused and share.name in paused) for share in now]


def explain_pauses(told: QualityItem, shares: Iterable[ArmShare]) -> QualityItem:
    """The light of the split, as it may be said when some arms were paused: of which it speaks, or that it cannot."""
    known = list(shares)
    paused = [each for each in known if each.was_paused]
    if not paused:
        return told
    why = ngettext(
        "%(arms)s was paused for a while: fewer people may have seen it than its share asks, and that is no fault.",
        "%(arms)s were paused for a while: fewer people may have seen them than their shares ask, and that is no "
        "fault.",
        len(paused),
    ) % {"arms": ", ".join(gettext("“%(arm)s”") % {"arm": each.name} for each in paused)}
    if sum(bool(each.weight) for each in known if not each.was_paused) < 2:
        if told.status in ("ok", "unknown"):
            alone = gettext("No two messages were shown all the time, so there are no shares to compare.")
            return QualityItem(gettext("The split cannot be judged across a pause"), "unknown", f"{why} {alone}")
        return QualityItem(told.label, told.status, f"{told.detail} {why}")
    others = gettext("This speaks of the others alone.")
    return QualityItem(told.label, told.status, f"{told.detail} {why} {others}")
