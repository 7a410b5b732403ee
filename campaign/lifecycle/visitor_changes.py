"""Changes of what visitors of an open campaign meet beside its messages: its results say so, and its people are told.

`analytics.notifications` finds the entries of the audit record, and tells the people whom the plan names.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.utils import timezone

from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.deviations import DEVIATION_TEXT_LIMIT, record_staff_deviation
from campaign.models import Campaign
from messages.audit import log

_SETTLED = (Campaign.State.APPROVED, *Campaign.OPEN)


def are_help_links_settled() -> bool:
    """Whether a campaign was approved, or is open: its visitors meet every help link."""
    return Campaign.objects.filter(state__in=_SETTLED).exists()


def record_help_link_change(*, what: str, why: str, about: str, by: User | str) -> None:
    """Record a confirmed change of a help link with each open campaign."""
    campaigns = list(Campaign.objects.filter(state__in=Campaign.OPEN).order_by("pk"))
    record_visitor_changes(campaigns, [what], why=why, about=about, by=by)


def record_visitor_changes(
    campaigns: Sequence[Campaign], changes: Sequence[str], *, why: str, about: str, by: User | str
) -> None:
    """Record each change as a deviation of each campaign; `about` names the link or the placement in the notice.

    Writing a deviation waits for whoever has locked the campaign, so the audit record comes after all of them.
    """
    for campaign in campaigns:
        for what in changes:
            record_staff_deviation(
                campaign, by=by, now=timezone.now(), what=what[:DEVIATION_TEXT_LIMIT], why=why[:DEVIATION_TEXT_LIMIT]
            )
    for campaign in campaigns:
        record_campaign_action(log.Action.CAMPAIGN_ADDRESS, campaign, by=by, what=" ".join(changes), about=about)
