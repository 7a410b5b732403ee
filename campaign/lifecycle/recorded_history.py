"""What the audit record holds of the versions of a draft: seals alone do not show that some are missing at the end.

An entry names the seal of the first version of each person in turn, and of each that put one back, so whoever takes the
end away takes away what the record names, or nothing but later versions of the same person.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import QuerySet

from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.version_seals import are_sealed
from campaign.models import Campaign, DraftVersion
from messages.audit import log
from messages.audit.hash_chain import ChainEntry
from messages.audit.verification import genuine_entries
from messages.models import AuditEntry

_SEAL = "history"  # of an entry: the seal of a version that the history has from then on
_TURNS = (log.Action.CAMPAIGN_CHANGE, log.Action.CAMPAIGN_PUT_BACK, log.Action.CAMPAIGN_COPY)


def record_turn(campaign: Campaign, version: DraftVersion, *, by: User) -> None:
    """Put a new version on record, unless the last entry about versions says that this person changes the draft."""
    last = _last_turn(campaign)
    detail: dict[str, str | int] = {"version": version.number, _SEAL: version.seal, "id": campaign.pk}
    if version.put_back:
        detail["version"] = version.put_back
        record_campaign_action(log.Action.CAMPAIGN_PUT_BACK, campaign, by=by, **detail)
    elif last is None or last.actor != by.get_username():
        record_campaign_action(log.Action.CAMPAIGN_CHANGE, campaign, by=by, **detail)


def record_copy(draft: Campaign, original: Campaign, *, by: User) -> None:
    """Put on record what a draft was made from, and the history with which it begins."""
    last = draft.versions.order_by("number").last()
    detail: dict[str, str | int] = {_SEAL: last.seal if last else "", "id": draft.pk}
    record_campaign_action(log.Action.CAMPAIGN_COPY, draft, by=by, original=original.slug, **detail)


def is_history_recorded(campaign: Campaign, versions: Sequence[DraftVersion]) -> bool:
    """Whether this program recorded each version, and none that the record names is missing at the end."""
    if not are_sealed(versions):
        return False
    entry = _last_turn(campaign)
    if entry is None:  # from before there were such entries, unless it had another name, or the entry was forged
        return not _entries_of(campaign).exists()
    return entry.detail.get(_SEAL, "") in {"", *(version.seal for version in versions)}


def people_on_record(campaign: Campaign) -> set[int]:
    """Return the primary keys of all who changed the draft, or what it was copied from, as the record says."""
    slugs, left = {campaign.slug}, [campaign.slug]
    names: set[str] = set(_entries_of(campaign).values_list("actor", flat=True))
    while left:
        entries = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, ref=left.pop(), action__in=_TURNS)
        for actor, detail in entries.values_list("actor", "detail"):
            names.add(actor)
            original = detail.get("original")
            if original and original not in slugs:
                slugs.add(original)
                left.append(original)
    return set(User.objects.filter(username__in=names).values_list("pk", flat=True))


def _last_turn(campaign: Campaign) -> ChainEntry | None:
    return genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], _TURNS).get(campaign.slug)


def _entries_of(campaign: Campaign) -> QuerySet[AuditEntry]:
    """The entries about the versions of a campaign, under whatever name."""
    return AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, action__in=_TURNS, detail__id=campaign.pk)
