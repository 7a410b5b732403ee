"""Are the counts of a campaign those that were folded? Whoever holds the database can write others.

Each campaign has one sum: of a keyed number for each of its counts, which the fold takes out and puts in as it raises
one. So raising costs the same however many counts there are, and a count that was changed by SQL is missed for good:
what is taken out for it was never put in. The sum is sealed with a key of the key directory; that a campaign has one is
on the audit record, so none can be taken away.
"""

import hmac
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from analytics.models import CountSeal, Tally, TextTally, Withdrawals
from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.recorded_steps import counts_begin_sealed
from campaign.models import Campaign
from messages.audit import log, signed_head
from messages.audit.verification import genuine_entries

_KIND = "counts"
_SIZE = 1 << 256
_NOTHING = f"{0:064x}"
_COUNTED: tuple[tuple[type[models.Model], str, tuple[str, ...]], ...] = (
    (Tally, "arm__campaign", ("day", "arm_id", "placement_id", "locale", "outcome", "value")),
    (TextTally, "text__arm__campaign", ("text_id", "placement_id", "outcome", "value")),
    (Withdrawals, "campaign", ("campaign_id",)),
)


@dataclass(slots=True)
class CountSums:
    """The sums of some campaigns, locked until the transaction ends."""

    rows: Mapping[int, CountSeal]
    begun: list[Campaign]
    _key: bytes = field(default_factory=lambda: signed_head.subkey(_KIND), repr=False)

    def raise_count(
        self, campaign: int, model: type[models.Model], key: Iterable[Any], *, before: int, now: int
    ) -> None:
        """Take out of a campaign's sum what stood for a count before it was raised, and put in what stands for it."""
        row, parts = self.rows[campaign], (model.__name__, *key)
        total = int(row.total, 16) - _number(self._key, parts, before) + _number(self._key, parts, now)
        row.total = f"{total % _SIZE:064x}"

    def save(self) -> None:
        """Seal the sums again, as the last step of the transaction; one that somebody changed stays without a seal."""
        for row in self.rows.values():
            row.seal = _seal(row) if row.seal else ""
            row.save()
        for campaign in self.begun:
            record_campaign_action(log.Action.CAMPAIGN_COUNTS, campaign, by=log.WORKER)


def lock_sums(campaigns: Collection[int]) -> CountSums:
    """Lock the sums of these campaigns. A campaign that has none gets one, which begins on the audit record.

    One that was taken away does not begin again: it never has a seal.
    """
    log.begin_signing()
    found = CountSeal.objects.select_for_update().filter(campaign__in=list(campaigns)).order_by("pk")
    rows = {row.campaign_id: row for row in found}
    for row in rows.values():
        if not _is_genuine(row):
            row.seal = ""
    begun = []
    for campaign in Campaign.objects.filter(pk__in=set(campaigns) - rows.keys()).order_by("pk"):
        if _has_begun(campaign):
            rows[campaign.pk] = CountSeal(campaign=campaign, total=_NOTHING)
        else:
            total = _NOTHING if counts_begin_sealed(campaign) else _total(campaign)
            rows[campaign.pk] = CountSeal(campaign=campaign, total=total, seal="begins")
            begun.append(campaign)
    return CountSums(rows, begun)


def changed_counts(campaigns: Iterable[Campaign]) -> list[Campaign]:
    """Return those of these campaigns whose counts are not those that were folded."""
    return [campaign for campaign in campaigns if not _is_as_folded(campaign)]


@transaction.atomic
def seal_counts(campaigns: Iterable[Campaign]) -> None:
    """Seal the counts of campaigns as they are, for a program that writes some itself."""
    for campaign in campaigns:
        sums = lock_sums([campaign.pk])
        row = sums.rows[campaign.pk]
        row.total, row.seal = _total(campaign), "anew"
        sums.save()


def seal_all_counts() -> None:
    """Seal all counts that have a sum as they are: of a restored backup, where the key of before is lost."""
    seal_counts(Campaign.objects.filter(pk__in=CountSeal.objects.values("campaign")))


def problems() -> list[str]:
    """Return a sentence about each campaign whose counts are not those that were folded."""
    counted = Campaign.objects.filter(launched_at__isnull=False).order_by("pk")
    return [
        f"The counts of the campaign {campaign.slug} are not those that were counted: someone changed the database."
        for campaign in changed_counts(counted)
    ]


@transaction.atomic
def _is_as_folded(campaign: Campaign) -> bool:
    row = CountSeal.objects.select_for_update().filter(campaign=campaign).first()  # no fold meanwhile
    if row is None:
        return not _has_begun(campaign)
    return bool(row.seal) and _is_genuine(row) and hmac.compare_digest(row.total, _total(campaign))


def _has_begun(campaign: Campaign) -> bool:
    return bool(genuine_entries(log.ObjectKind.CAMPAIGN, [campaign.slug], [log.Action.CAMPAIGN_COUNTS]))


def _total(campaign: Campaign) -> str:
    log.begin_signing()
    key = signed_head.subkey(_KIND)
    total = sum(_number(key, parts, count) for parts, count in _counts(campaign))
    return f"{total % _SIZE:064x}"


def _counts(campaign: Campaign) -> Iterator[tuple[tuple[Any, ...], int]]:
    for model, path, names in _COUNTED:
        rows = model._default_manager.filter(**{path: campaign}).order_by()
        for *key, count in rows.values_list(*names, "count").iterator():
            yield (model.__name__, *key), count


def _number(key: bytes, parts: Iterable[Any], count: int) -> int:
    """The keyed number that stands for a count; none for none, which is how a row begins."""
    if not count:
        return 0
    text = " ".join(map(str, (*parts, count)))  # no part holds a space
    return int.from_bytes(hmac.digest(key, text.encode(), "sha256"), "big")


def _seal(row: CountSeal) -> str:
    return signed_head.seal(f"{row.campaign_id} {row.total}", of=_KIND)


def _is_genuine(row: CountSeal) -> bool:
    return signed_head.is_sealed(f"{row.campaign_id} {row.total}", row.seal, of=_KIND)
