"""Explain what a pause means for the sample-ratio check, which leaves out arms that were paused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext, ngettext

from analytics.report_rows import QualityItem
from campaign.models import Arm, Campaign
from messages.audit.log import Action, ObjectKind
from messages.models import AuditEntry


@dataclass(frozen=True, slots=True)
class ArmShare:
    """The weight of one arm, and whether it was ever paused."""

    name: str
    weight: int
    was_paused: bool


def arm_shares(arms: Iterable[Arm]) -> list[ArmShare]:
    """Return the shares of the arms as of now."""
    return [ArmShare(arm.name, arm.weight, arm.pauses > 0) for arm in arms]


def arm_shares_at(moment: datetime, campaign: Campaign, arms: Iterable[Arm]) -> list[ArmShare]:
    """Return the shares of the arms as of `moment`, according to the audit log."""
    current = arm_shares(arms)
    if not any(share.was_paused for share in current):
        return current
    pauses = AuditEntry.objects.filter(
        kind=ObjectKind.CAMPAIGN, ref=campaign.slug, action=Action.ARM_PAUSE, at__lte=moment
    )
    paused = {detail.get("arm") for detail in pauses.values_list("detail", flat=True)}
    return [replace(share, was_paused=share.was_paused and share.name in paused) for share in current]


def explain_pauses(item: QualityItem, shares: Sequence[ArmShare]) -> QualityItem:
    """Add to the sample-ratio item which arms were paused, or replace it if fewer than two arms can be compared."""
    if sum(share.weight > 0 for share in shares) < 2:
        return QualityItem(
            gettext("Everyone sees the same message"), "ok", gettext("So there is no split that could be wrong.")
        )
    paused = [share for share in shares if share.was_paused]
    if not paused:
        return item
    why = ngettext(
        "%(arms)s was paused for a while, so fewer people may have seen it than planned. This is expected.",
        "%(arms)s were paused for a while, so fewer people may have seen them than planned. This is expected.",
        len(paused),
    ) % {"arms": ", ".join(gettext("“%(arm)s”") % {"arm": share.name} for share in paused)}
    if sum(bool(share.weight) for share in shares if not share.was_paused) < 2:
        if item.status in ("ok", "unknown"):
            alone = gettext("No two messages were shown the whole time, so the split cannot be checked.")
            return QualityItem(gettext("The split cannot be checked across a pause"), "unknown", f"{why} {alone}")
        return QualityItem(item.label, item.status, f"{item.detail} {why}")
    others = gettext("This check covers only the others.")
    return QualityItem(item.label, item.status, f"{item.detail} {why} {others}")
