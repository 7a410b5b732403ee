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
from messages.audit.log import Action, Kind
from messages.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Share:
    """One arm's part in the check of the split."""

    name: str
    weight: int
    paused: bool  # at any time until then


def shares(arms: Iterable[Arm]) -> list[Share]:
    """The arms of a campaign as they are now."""
    return [Share(arm.name, arm.weight, arm.pauses > 0) for arm in arms]


def shares_by(moment: datetime, campaign: Campaign, arms: Iterable[Arm]) -> list[Share]:
    """The same as it was at a moment, by the record."""
    now = shares(arms)
    if not any(share.paused for share in now):
        return now
    steps = AuditEntry.objects.filter(kind=Kind.CAMPAIGN, ref=campaign.slug, action=Action.ARM_PAUSE, at__lte=moment)
    paused = {detail.get("arm") for detail in steps.values_list("detail", flat=True)}
    return [replace(share, paused=share.paused and share.name in paused) for share in now]


def split(told: QualityItem, shares: Iterable[Share]) -> QualityItem:
    """The light of the split, as it may be said when some arms were paused: of which it speaks, or that it cannot."""
    known = list(shares)
    paused = [each for each in known if each.paused]
    if not paused:
        return told
    why = ngettext(
        "%(arms)s was paused for a while: fewer people may have seen it than its share asks, and that is no fault.",
        "%(arms)s were paused for a while: fewer people may have seen them than their shares ask, and that is no "
        "fault.",
        len(paused),
    ) % {"arms": ", ".join(gettext("“%(arm)s”") % {"arm": each.name} for each in paused)}
    if sum(bool(each.weight) for each in known if not each.paused) < 2:
        if told.status in ("ok", "unknown"):
            alone = gettext("No two messages were shown all the time, so there are no shares to compare.")
            return QualityItem(gettext("The split cannot be judged across a pause"), "unknown", f"{why} {alone}")
        return QualityItem(told.label, told.status, f"{told.detail} {why}")
    others = gettext("This speaks of the others alone.")
    return QualityItem(told.label, told.status, f"{told.detail} {why} {others}")
