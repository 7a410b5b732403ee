"""Stop showing a campaign that somebody changed past this program, in the database itself.

The worker compares each open campaign with what was frozen, and with what the last step on record left. One that
differs is paused, as visitors may meet what nobody approved; its places lose their neutral words too, which are no
safer. It is shown again once it is as it was, and somebody resumes it (docs/decisions/0040-a-changed-campaign.md).
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.after_backup import remove_fallbacks, unconfirmed_backup
from campaign.lifecycle.deviations import record_change
from campaign.lifecycle.frozen_plan import APPROVALS, changed_plans
from campaign.models import Campaign
from messages.audit import log
from messages.audit.verification import genuine_entries
from messages.i18n.recorded_sentences import recorded

CHANGED = "changed"  # of an entry: what was not as it was
_STEPS = (log.Action.CAMPAIGN_PAUSE, log.Action.CAMPAIGN_RESUME)
_PART_NAMES: dict[str, Promise] = {
    "arms": gettext_lazy("its messages: their text, shares or pauses"),
    APPROVALS: gettext_lazy("the approval of its texts"),
    "placements": gettext_lazy("where it appears"),
    "doors": gettext_lazy("an address, a partner or a site of its placements"),
    "help_links": gettext_lazy("the help links"),
    "recipients": gettext_lazy("who is alerted to harm"),
    "dates": gettext_lazy("when it starts or ends"),
    "state": gettext_lazy("whether it is shown"),
    "author": gettext_lazy("who planned it"),
    "deviations": gettext_lazy("the record of changes from its plan"),
    "campaign": gettext_lazy("its name, or the record of its launch"),
}
_THE_PLAN = gettext_lazy("its plan")
_PAUSED = recorded("The worker paused it: it was changed in the database itself ({parts}).")
_NOBODY_ON_RECORD = recorded("Nobody on record made this change, so visitors may have met what nobody approved.")


MOST_AT_ONCE = 500  # campaigns that are compared in one pass of the worker: less than a second


class ComparisonTurns:
    """Whose turn it is to be compared, where there are more open campaigns than a pass compares.

    Those that are shown go first, and some of those that are paused are in each pass. A pass begins after where the
    one before ended.
    """

    def __init__(self, *, most: int = MOST_AT_ONCE) -> None:
        self._most, self._after = most, {True: 0, False: 0}

    def next_share(self) -> list[int]:
        """Return the primary keys of the campaigns that are compared in this pass."""
        states = Campaign.objects.filter(state__in=Campaign.OPEN).order_by("pk").values_list("pk", "state")
        shown = [number for number, state in states if state in Campaign.LIVE]
        paused = [number for number, state in states if state not in Campaign.LIVE]
        of_paused = min(len(paused), max(self._most - len(shown), self._most // 10))
        return [*self._take(shown, self._most - of_paused, shown=True), *self._take(paused, of_paused, shown=False)]

    def _take(self, numbers: list[int], most: int, *, shown: bool) -> list[int]:
        after = self._after[shown]
        waiting = [number for number in numbers if number > after] + [number for number in numbers if number <= after]
        taken = waiting[:most]
        self._after[shown] = taken[-1] if taken else 0
        return taken


def pause_changed_campaigns(*, now: datetime, among: Iterable[int] | None = None) -> dict[int, list[str]]:
    """Pause each open campaign that is not as it was, or of those named, and return what differs of those paused."""
    if among is None:
        among = Campaign.objects.filter(state__in=Campaign.OPEN).values_list("pk", flat=True)
    paused = {}
    for number in changed_plans(among):
        if parts := _pause_if_changed(number, now=now):
            paused[number] = parts
    return paused


def changed_part_names(campaign: Campaign) -> list[str]:
    """Name what of a campaign is not as it was, for staff; nothing is named if all is."""
    parts = changed_plans([campaign.pk]).get(campaign.pk, ())
    return list(dict.fromkeys(str(_PART_NAMES.get(part, _THE_PLAN)) for part in parts))


def change_sentence(campaign: Campaign) -> str:
    """Say what of an open campaign was changed past this program, and what to do; empty if nothing was."""
    names = changed_part_names(campaign)
    if not names:
        return ""
    return _(
        "This campaign was changed directly in the database, outside this program: %(what)s. It is "
        "shown to nobody until the change is undone. The person who runs this site should find out "
        "who made the change and restore the campaign from a backup. A manager can then show it "
        "again. If it cannot be restored, close it and plan a new one."
    ) % {"what": "; ".join(names)}


def was_paused_for_a_change(campaign: Campaign) -> bool:
    """Whether it is paused because it was changed past this program."""
    return campaign.state == Campaign.State.PAUSED and bool(_parts_on_record(campaign))


def people_of_draft(campaign: Campaign) -> list[int]:
    """Return the primary keys of whom the last version of the draft named as those who hear of harm."""
    last = campaign.versions.order_by("number").last()
    return list(last.content.get("recipients", ())) if last is not None else []


@transaction.atomic
def _pause_if_changed(number: int, *, now: datetime) -> list[str]:
    """Compare once more while nothing can be committed between what is compared, and pause the campaign."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=number)
    placements = campaign.placements.select_for_update(no_key=True, of=("self",)).order_by("pk")
    with_neutral_words = [placement.pk for placement in placements if placement.fallback_id is not None]
    log.lock()
    parts = changed_plans([number]).get(number, [])
    if campaign.state not in Campaign.OPEN or not parts or _is_paused_for(campaign, parts):
        return []
    campaign.state = Campaign.State.PAUSED
    campaign.save(update_fields=["state", "changed_at"])
    remove_fallbacks(by=log.WORKER, at=with_neutral_words)
    deviation = record_change(
        campaign, by=log.WORKER, now=now, what=_PAUSED.format(parts=", ".join(parts))[:500], why=_NOBODY_ON_RECORD
    )
    backup = {"backup_of": day} if (day := unconfirmed_backup(campaign)) else {}
    detail = {CHANGED: " ".join(parts), **backup, **deviation}
    record_campaign_action(log.Action.CAMPAIGN_PAUSE, campaign, by=log.WORKER, **detail)
    return parts


def _is_paused_for(campaign: Campaign, parts: Collection[str]) -> bool:
    """Whether it is paused for these changes already."""
    return campaign.state == Campaign.State.PAUSED and set(parts) <= _parts_on_record(campaign)


def _parts_on_record(campaign: Campaign) -> set[str]:
    """For which changes the record says that it is paused; an entry that is not genuine says nothing."""
    entry = genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], _STEPS).get(campaign.slug)
    return set(str(entry.detail.get(CHANGED, "")).split()) if entry is not None else set()
