"""The content of an analysis plan as plain values, and the canonical form in which it is hashed."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.launch_checks import common_locales
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.models import Review
from messages.review import workflow


def canonical_json(content: dict[str, Any]) -> str:
    """Serialize a plan's content as it is hashed: sorted keys, no whitespace, UTF-8."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint_of(canonical: str) -> str:
    """Return the SHA-256 of a plan in canonical form."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def freeze_plan(plan: AnalysisPlan, *, now: datetime) -> AnalysisPlan:
    """Store the plan as canonical JSON with its SHA-256; it is read-only from then on."""
    if plan.frozen_at is not None:
        raise ActionRefused(_("This plan is frozen already."))
    plan.canonical = canonical_json(plan_content(plan))
    plan.fingerprint = fingerprint_of(plan.canonical)
    plan.frozen_at = now
    plan.save(update_fields=["canonical", "fingerprint", "frozen_at"])
    return plan


def current_plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    """Return what would be hashed if the campaign were launched now; nothing is saved."""
    campaign, stored = plan.campaign, plan.campaign.locales
    campaign.locales = stored or common_locales(campaign)
    try:
        return plan_content(plan)
    finally:
        campaign.locales = stored


def factorial_arms(campaign: Campaign) -> dict[str, Arm] | None:
    """Return the arms by frame if they form a 2 x 2 factorial (neutral, victim, user, both); otherwise None."""
    arms = list(campaign.arms.select_related("revision__message"))
    by_frame = {arm.frame: arm for arm in arms}
    return by_frame if len(arms) == 4 and set(by_frame) == {"neutral", "victim", "user", "both"} else None


def smallest_difference_of(plan: AnalysisPlan, planned: PlannedOutcome) -> float | None:
    """Return the smallest difference of interest of a planned outcome; None if the plan has none for it."""
    return plan.smallest_difference if planned.role == PlannedOutcome.Role.PRIMARY else planned.smallest_difference


def plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    """Return the plan as plain values. Frozen plans are hashed with its keys: add one, but rename or remove none."""
    campaign = plan.campaign
    return {
        "campaign": campaign.slug,
        "hypothesis": campaign.hypothesis,
        "unit": campaign.unit,
        # A commitment: with the salt, anybody can check the split later.
        "salt_sha256": hashlib.sha256(campaign.salt.encode()).hexdigest(),
        "placements": sorted(campaign.placements.values_list("key", flat=True)),
        "arms": [
            {
                "arm": arm.key,
                "words": arm.revision.digest,
                "languages": {words.locale: words.digest for words in offered},
                "exceptions": [_exception(review) for words in offered for review in workflow.exceptions(words)],
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


def _exception(review: Review) -> dict[str, str]:
    by = review.by.get_username() if review.by else ""
    return {"language": review.rendition.locale, "by": by, "reason": review.override}
