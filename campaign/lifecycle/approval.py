"""What the approval of a campaign is of: the plan, and whatever else its visitors and its staff will meet."""

from typing import Any
from urllib.parse import urlsplit

from campaign.lifecycle.frozen_plan import canonical_json, current_plan_content, fingerprint_of
from campaign.lifecycle.visitor_content import help_link_content, placement_content
from campaign.models import AnalysisPlan, Campaign


def approval_content(campaign: Campaign) -> dict[str, Any]:
    """Return everything that is approved, as plain values read from the database; without a plan, nothing."""
    plan = AnalysisPlan.objects.filter(campaign=campaign).select_related("campaign").first()
    if plan is None:
        return {}
    return {
        "plan": current_plan_content(plan),
        "name": campaign.name,
        "arm_names": dict(campaign.arms.values_list("key", "name")),
        "starts_at": campaign.starts_at.isoformat() if campaign.starts_at else "",
        "ends_at": campaign.ends_at.isoformat() if campaign.ends_at else "",
        "recipients": sorted(plan.told.values_list("username", flat=True)),
        # An address may hold a secret, and everybody on the staff may read this.
        "webhook": {"host": urlsplit(plan.webhook).hostname, "sha256": fingerprint_of(plan.webhook)},
        "doors": placement_content(campaign),
        "help_links": help_link_content(),
        **({"based_on": campaign.based_on.slug} if campaign.based_on else {}),
    }


def approval_fingerprint(campaign: Campaign) -> str:
    """Return the SHA-256 of the canonical JSON of what would be approved now; empty without a plan."""
    content = approval_content(campaign)
    return fingerprint_of(canonical_json(content)) if content else ""
