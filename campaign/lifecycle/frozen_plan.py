"""What a plan promises, as plain values, and the one form in which that is hashed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from campaign.lifecycle.launch_checks import common_locales
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.models import Review
from messages.review import workflow


def canonical_json(promise: dict[str, Any]) -> str:
    """The one form in which a plan is hashed: sorted keys, no space, UTF-8."""
    return json.dumps(promise, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint_of(canonical: str) -> str:
    """SHA-256 of a plan in its canonical form."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def current_plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    """What would be hashed if it were launched now; nothing is saved."""
    campaign, kept = plan.campaign, plan.campaign.locales
    campaign.locales = kept or common_locales(campaign)
    try:
        return plan_content(plan)
    finally:
        campaign.locales = kept


def factorial_arms(campaign: Campaign) -> dict[str, Arm] | None:
    """The arms by frame if they are exactly a victim x user factorial: neutral, victim, user and both."""
    arms = list(campaign.arms.select_related("revision__message"))
    by_frame = {arm.frame: arm for arm in arms}
    return by_frame if len(arms) == 4 and set(by_frame) == {"neutral", "victim", "user", "both"} else None


def smallest_difference_of(plan: AnalysisPlan, planned: PlannedOutcome) -> float | None:
    """The smallest difference of interest for one planned outcome; None if the plan names none for it."""
    return plan.smallest_difference if planned.role == PlannedOutcome.Role.PRIMARY else planned.smallest_difference


def plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    """Everything that is promised, as plain values."""
    campaign = plan.campaign
    return {
        "campaign": campaign.slug,
        "hypothesis": campaign.hypothesis,
        "unit": campaign.unit,
        "salt_sha256": hashlib.sha256(
            campaign.salt.encode()
        ).hexdigest(),  # a commitment: the split can be checked later
        "placements": sorted(campaign.placements.values_list("key", flat=True)),
        "arms": [
            {
                "arm": arm.key,
                "words": arm.revision.digest,
                "languages": {words.locale: words.digest for words in offered},
                "exceptions": [_exception(made) for words in offered for made in workflow.exceptions(words)],
                "weight": arm.weight,
                "control": arm.is_control,
            }
            for arm in campaign.arms.select_related("revision").prefetch_related("revision__renditions__reviews__by")
            for offered in [[words for words in arm.revision.renditions.all() if words.locale in campaign.locales]]
        ],
        "outcomes": [
            {
                "outcome": o.outcome,
                "role": o.role,
                "better": OUTCOMES[o.outcome].better,
                "smallest_difference": smallest_difference_of(plan, o),
                "harm_margin": o.harm_margin,
            }
            for o in plan.outcomes.all()
        ],
        "comparisons": plan.comparisons,
        "correction": plan.correction,
        "monitoring": plan.monitoring,
        "looks": plan.looks,
        "spending": plan.spending,
        "strata": plan.strata,
        "clusters": plan.clusters,
        "factorial": factorial_arms(campaign) is not None,
        "level": plan.level,
        "planned_per_arm": plan.planned_per_arm,
        "expected_rate": plan.expected_rate,
        "power": plan.power,
        "ethics": {"reference": campaign.ethics_reference, "exemption": campaign.ethics_exemption},
        "denominator": "exposed",
    }


def _exception(made: Review) -> dict[str, str]:
    by = made.by.get_username() if made.by else ""
    return {"language": made.rendition.locale, "by": by, "reason": made.override}
