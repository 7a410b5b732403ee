"""Changes of what visitors of a campaign meet beside its messages.

Of an open campaign: its results say so, and its people are told. Of one that is still planned: whoever made the change
is one of its authors.

`analytics.notifications` finds the entries of the audit record, and tells the people whom the plan names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaign.lifecycle.actions import record_careful_action
from campaign.lifecycle.deviations import DEVIATION_TEXT_LIMIT, record_staff_deviation
from campaign.lifecycle.draft_versions import record_version
from campaign.lifecycle.launched_state import Missed, missed_parts
from campaign.lifecycle.recorded_deviations import DETAIL
from campaign.models import Campaign
from messages.audit import log

_SETTLED = (Campaign.State.SUBMITTED, Campaign.State.APPROVED, *Campaign.OPEN)


def are_help_links_settled() -> bool:
    """Whether a campaign waits for its approval or its launch, or is open: its visitors meet every help link."""
    return Campaign.objects.filter(state__in=_SETTLED).exists()


def lock_planned_campaigns(**where: Any) -> list[Campaign]:
    """Lock the campaigns that are not launched yet, or those of them that match; placements are locked after them."""
    return _lock_campaigns(Q(launched_at=None, **where))


def record_contribution(planned: Iterable[Campaign], *, by: User | str) -> None:
    """Record with locked campaigns who changed what their visitors will meet at a place, which has a record of its own;
    a command's change is nobody's."""
    if isinstance(by, User):
        for campaign in planned:
            record_version(campaign, by=by, is_on_record=True)


@transaction.atomic
def record_help_link_author(by: User | str) -> None:
    """Record with each campaign that is still planned who changed the help links, if they are not what they were.

    Open campaigns are locked as well: what is recorded with them afterwards would else be locked after the record.
    """
    campaigns = _lock_campaigns(Q(launched_at=None) | Q(state__in=Campaign.OPEN))
    if isinstance(by, User):
        for campaign in campaigns:
            if campaign.launched_at is None:
                record_version(campaign, by=by)


def _lock_campaigns(which: Q) -> list[Campaign]:
    matching = Campaign.objects.filter(which).values("pk")
    return list(Campaign.objects.select_for_update(no_key=True).filter(pk__in=matching).order_by("pk"))


def missed_by_open_campaigns() -> Missed:
    """Return by open campaign what is not as it was left, before a help link is changed."""
    return missed_parts(Campaign.objects.filter(state__in=Campaign.OPEN))


def record_help_link_change(*, what: str, why: str, about: str, by: User | str, missed: Missed) -> None:
    """Record a confirmed change of a help link with each open campaign."""
    campaigns = list(Campaign.objects.filter(state__in=Campaign.OPEN).order_by("pk"))
    record_visitor_changes(campaigns, [what], why=why, about=about, by=by, missed=missed)


def record_visitor_changes(
    campaigns: Sequence[Campaign], changes: Sequence[str], *, why: str, about: str, by: User | str, missed: Missed
) -> None:
    """Record each change as a deviation of each campaign; `about` names the link or the placement in the notice.

    `missed` is what was not as it was left before the change (`launched_state.missed_parts`).
    Writing a deviation waits for whoever has locked the campaign, so the audit record comes after all of them.
    """
    recorded: dict[int, list[str]] = {}
    for campaign in campaigns:
        said = [
            record_staff_deviation(
                campaign, by=by, now=timezone.now(), what=what[:DEVIATION_TEXT_LIMIT], why=why[:DEVIATION_TEXT_LIMIT]
            )
            for what in changes
        ]
        recorded[campaign.pk] = [digest for each in said for digest in each.values()]
    for campaign in campaigns:
        not_vouched = missed.get(campaign.pk, ())
        detail = {"what": " ".join(changes), "about": about, DETAIL: " ".join(recorded[campaign.pk])}
        record_careful_action(log.Action.CAMPAIGN_ADDRESS, campaign, by=by, missed=not_vouched, detail=detail)
