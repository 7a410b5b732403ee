"""Take a restored backup into use, in one transaction.

A backup brings back what was ended after it was made: sessions, tokens, accounts, campaigns, arms, words. What people
remember of that is done again; everything else waits for somebody who says that it may go on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from campaign.kill_switch.stop import stop_message
from campaign.lifecycle import after_backup, arm_pauses
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Arm, Campaign
from campaign.restoration import seals
from messages.accounts import members, recorded_accounts
from messages.audit import continuity, log
from messages.models import Message

_REASON = "It was so before a backup was restored."
Key = TypeVar("Key")
Row = TypeVar("Row")


class RestorationRefused(Exception):
    """What was asked for cannot be done; the message says why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What people know: whose access is as it was, and what was ended after the backup was made."""

    kept_accounts: Collection[str] = ()
    stopped_messages: Collection[str] = ()
    paused_arms: Collection[tuple[str, str]] = ()  # keys of a campaign and its arm
    closed_campaigns: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Restoration:
    """What was done, as names."""

    backup_of: str
    closed_accounts: list[str]
    held_campaigns: list[str]
    emptied_placements: list[str]
    stopped_messages: list[str]
    paused_arms: list[str]
    closed_campaigns: list[str]


def backup_time() -> str:
    """When the last thing was done that is on the record, to the minute; empty if nothing is."""
    last = log.last_entry()
    return f"{last.at:%Y-%m-%d %H:%M} UTC" if last is not None else ""


@transaction.atomic
def take_into_use(memory: Memory, *, by: str, now: datetime) -> Restoration:
    """End all access, hold everything that is shown, do again what people remember, and go on signing."""
    accounts = {each.get_username(): each for each in User.objects.filter(is_active=True)}
    kept = _find("open account", memory.kept_accounts, accounts)
    messages = _find("message", memory.stopped_messages, {each.key: each for each in Message.objects.all()})
    campaigns = _find("campaign", memory.closed_campaigns, {each.slug: each for each in Campaign.objects.all()})
    arms = {(each.campaign.slug, each.key): each for each in Arm.objects.select_related("campaign")}
    paused = _find("arm", memory.paused_arms, arms)
    backup_of = backup_time()
    is_key_new = seals.seal_anew_with_a_new_key()
    held = after_backup.hold_campaigns(by=by, backup_of=backup_of, as_they_are=is_key_new)
    placements = after_backup.remove_fallbacks(by=by)
    closed_accounts = members.end_all_access(keep=[user.get_username() for user in kept], by=by)
    try:
        for message in messages:
            if message.stopped_at is None:
                stop_message(message, by=by, reason=_REASON, now=now)
        for arm in paused:
            arm.refresh_from_db()
            if arm.paused_at is None:
                arm_pauses.pause_arm(arm, reason=_REASON, now=now, by=by)
    except ActionRefused as refused:
        raise RestorationRefused(str(refused)) from None
    for campaign in campaigns:
        after_backup.close_again(campaign, by=by, now=now)
    continuity.go_on(by=by, accounts=len(closed_accounts), campaigns=len(held), backup_of=backup_of)
    recorded_accounts.vouch_for(User.objects.order_by("pk"), by=by)
    return Restoration(
        backup_of=backup_of,
        closed_accounts=closed_accounts,
        held_campaigns=[campaign.name for campaign in held],
        emptied_placements=[placement.name for placement in placements],
        stopped_messages=[message.key for message in messages],
        paused_arms=[f"{arm.campaign.name}: {arm.name}" for arm in paused],
        closed_campaigns=[campaign.name for campaign in campaigns],
    )


def _find(kind: str, names: Collection[Key], rows: Mapping[Key, Row]) -> list[Row]:
    """The rows with these names."""
    unknown = [name for name in names if name not in rows]
    if unknown:
        said = ", ".join("/".join(name) if isinstance(name, tuple) else str(name) for name in unknown)
        raise RestorationRefused(f"There is no {kind} of this name: {said}.")
    return [rows[name] for name in dict.fromkeys(names)]
