"""Are the deviations of a campaign those on record? Whoever holds the database could take one away, or write one.

The audit entry of each step that deviates from a plan has a digest of each deviation. One without its row was deleted
or changed. A row without its entry was inserted, where the campaign was launched since entries say so.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable

from campaign.models import Campaign, Deviation
from messages.audit import log
from messages.audit.verification import genuine

DETAIL = "deviations"  # of an entry: "1f0c… 77ab…"; of a launch, that there are none yet
_LAUNCHES = (log.Action.CAMPAIGN_LAUNCH, log.Action.CAMPAIGN_SCHEDULE)
_DEVIATING = (
    *_LAUNCHES,
    log.Action.CAMPAIGN_DEVIATE,
    log.Action.CAMPAIGN_ADDRESS,
    log.Action.CAMPAIGN_PAUSE,
    log.Action.ARM_PAUSE,
    log.Action.ARM_RESUME,
    log.Action.TEXT_STOP,
)


def detail_of(*deviations: Deviation) -> dict[str, str]:
    """Return what the audit entry of a step says of the deviations that it recorded."""
    return {DETAIL: " ".join(map(_digest, deviations))} if deviations else {}


def changed_deviations(campaigns: Iterable[Campaign]) -> set[int]:
    """Return the primary keys of those launched campaigns whose deviations are not those on record, in two queries."""
    launched = {campaign.slug: campaign for campaign in campaigns}
    recorded: defaultdict[str, Counter[str]] = defaultdict(Counter)
    complete, forged = set[str](), set[str]()
    for entry, is_genuine in genuine(log.ObjectKind.CAMPAIGN, list(launched), _DEVIATING):
        if not is_genuine:
            forged.add(entry.ref)
        elif DETAIL in entry.detail:
            recorded[entry.ref].update(str(entry.detail[DETAIL]).split())
            complete |= {entry.ref} if entry.action in _LAUNCHES else set()
    rows: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in Deviation.objects.filter(campaign__in=launched.values()).select_related("by"):
        rows[row.campaign_id][_digest(row)] += 1
    return {
        campaign.pk
        for slug, campaign in launched.items()
        if slug in forged
        or recorded[slug] - rows[campaign.pk]
        or (slug in complete and rows[campaign.pk] - recorded[slug])
    }


def _digest(row: Deviation) -> str:
    by = row.by.get_username() if row.by else ""
    values = [row.campaign_id, by, int(row.at.timestamp()), row.what, row.why]  # a moved database keeps no finer times
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]
