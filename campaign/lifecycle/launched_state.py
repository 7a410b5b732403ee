"""What of a launched campaign may change, and is vouched for by the audit record.

A frozen plan is fixed, so triggers and a fingerprint protect it. Whether an arm is paused, a text stopped or an address
of a button changed is not: the same statements of SQL do it rightly and wrongly. So each step on record says, in its
sealed entry, what the campaign is then, part by part, as a digest. A step vouches for those parts alone that it may
change: what somebody wrote into another part is still missed after it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from campaign.lifecycle.visitor_content import visible_link_content
from campaign.models import AnalysisPlan, Campaign, Placement
from messages.audit import log
from messages.audit.verification import genuine_entries

DETAIL = "state"  # of an entry: "arms:1f0c… dates:…"
_BESIDE = ("doors", "help_links")  # what visitors meet beside the messages: after the campaign it may change freely
Missed = Mapping[int, Collection[str]]  # by campaign
_LATER = ("author",)  # of which entries from before say nothing: each is taken as it is
_ALL = ("arms", "state", "dates", "recipients", *_BESIDE, *_LATER)
_CHANGED_BY: Mapping[log.Action, tuple[str, ...]] = {
    log.Action.CAMPAIGN_LAUNCH: _ALL,
    log.Action.CAMPAIGN_SCHEDULE: _ALL,
    log.Action.CAMPAIGN_OPEN: ("state",),
    log.Action.CAMPAIGN_PAUSE: ("state",),
    log.Action.CAMPAIGN_RESUME: ("state",),
    log.Action.CAMPAIGN_CLOSE: ("state", "dates"),
    log.Action.CAMPAIGN_ADDRESS: _BESIDE,
    log.Action.ARM_PAUSE: ("arms",),
    log.Action.ARM_RESUME: ("arms",),
    log.Action.TEXT_STOP: ("arms",),
}
# How much one network may count for is part of the plan. Of words in pauses only approved ones are shown, and whoever
# stops their message everywhere takes them away.
_DOOR_FIELDS = ("leave_url", "continue_url", "allowed_origins", "counts_signed_only")


def missed_parts(campaigns: Iterable[Campaign]) -> Missed:
    """Return by campaign what is not as the last step on record left it, for a verb that is about to change a part.

    A step vouches for a part that it changes only if the part was as it was left: else who changes something by SQL and
    then something beside it by a page would have both vouched for.
    """
    numbers = [campaign.pk for campaign in campaigns]
    return changed_parts(with_state(AnalysisPlan.objects.filter(campaign__in=numbers))) if numbers else {}


def state_after(
    action: log.Action, campaign: Campaign, *, goes_on: bool = True, missed: Collection[str] = ()
) -> dict[str, str]:
    """Return what an entry about this step says of a launched campaign; nothing if the step changes none of it.

    `missed` are parts for which the step does not vouch: they were not as they were left when it began.

    It goes on from what the entry before says of the parts that the step does not change, unless that one is of a key
    that was lost.
    """
    if action not in _CHANGED_BY or campaign.launched_at is None:
        return {}
    plan = with_state(AnalysisPlan.objects.filter(campaign=campaign)).first()
    now = _digests(plan.campaign if plan else campaign, plan, visible_link_content())
    recorded = _read_recorded([campaign.slug]).get(campaign.slug)
    before = now if recorded is None or not goes_on else recorded  # an entry that was forged vouches for nothing
    later = (part for part in _LATER if before and part not in before)
    vouched = {part for part in (*_CHANGED_BY[action], *later) if part not in missed}
    parts = {part: now[part] if part in vouched else before.get(part, "") for part in _ALL}
    return {DETAIL: " ".join(f"{part}:{digest}" for part, digest in parts.items())}


def with_state(plans: QuerySet[AnalysisPlan]) -> QuerySet[AnalysisPlan]:
    """Fetch plans with what `changed_parts` compares, in a number of queries that does not grow with theirs."""
    places = Prefetch("campaign__placements", Placement.objects.select_related("partner"))
    return plans.select_related("campaign__created_by").prefetch_related(places, "campaign__arms__texts", "told")


def changed_parts(plans: Iterable[AnalysisPlan]) -> dict[int, list[str]]:
    """Return by campaign the parts that are not as the last step on record left them; `plans` come from `with_state`.

    A campaign whose last step was recorded before entries said so has none.
    """
    launched = [plan for plan in plans if plan.campaign.launched_at is not None]
    recorded = _read_recorded([plan.campaign.slug for plan in launched])
    links = visible_link_content()
    changed: dict[int, list[str]] = {}
    for plan in launched:
        said = recorded.get(plan.campaign.slug)
        closed = plan.campaign.state == Campaign.State.CLOSED
        if said is not None:
            now = _digests(plan.campaign, plan, links)
            since = [part for part in _ALL if not (said and part in _LATER and part not in said)]
            parts = [part for part in since if now[part] != said.get(part) and not (closed and part in _BESIDE)]
            changed |= {plan.campaign_id: parts} if parts else {}
    return changed


def _read_recorded(slugs: list[str]) -> dict[str, dict[str, str] | None]:
    """Return what the last steps on record say, by name; None if it says nothing, and nothing that fits if forged."""
    entries = genuine_entries(log.ObjectKind.CAMPAIGN, slugs, list(_CHANGED_BY))
    return {slug: _parse_entry(entry.detail) if entry is not None else {} for slug, entry in entries.items()}


def _parse_entry(detail: Mapping[str, Any]) -> dict[str, str] | None:
    if DETAIL not in detail:
        return None
    return dict(part.split(":", 1) for part in str(detail[DETAIL]).split(" "))


def _digests(campaign: Campaign, plan: AnalysisPlan | None, links: Mapping[str, Any]) -> dict[str, str]:
    content = {
        "arms": {
            arm.key: [
                *(arm.paused_at is not None, arm.paused_reason, arm.pauses),
                sorted((text.position, text.stopped_reason) for text in arm.texts.all() if text.stopped_at),
            ]
            for arm in campaign.arms.all()
        },
        "state": campaign.state,
        "dates": [_seconds(campaign.starts_at), _seconds(campaign.ends_at), campaign.based_on_id],
        "recipients": [sorted(person.pk for person in plan.told.all()), plan.webhook] if plan else None,
        "doors": {
            place.key: [
                *(place.partner.name, *(getattr(place, name) for name in _DOOR_FIELDS)),
                *([place.countries] if place.countries else ()),  # none: as it was recorded before there were any
            ]
            for place in campaign.placements.all()
        },
        "help_links": links,
        "author": campaign.created_by.get_username(),  # who hears of harm, too
    }
    return {part: _digest(content[part]) for part in _ALL}


def _seconds(moment: datetime | None) -> int | None:
    """Return whole seconds: a database that was moved keeps no finer ones."""
    return None if moment is None else int(moment.timestamp())


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]
