"""The content of an analysis plan as plain values, and the canonical form in which it is hashed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaign.assignment.periods import schedule, schedule_digest
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.launch_checks import common_locales
from campaign.lifecycle.launched_state import changed_parts, with_state
from campaign.lifecycle.recorded_deviations import changed_deviations
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, PlannedOutcome
from campaign.outcomes import OUTCOMES
from messages.audit import log
from messages.audit.verification import genuine_entries, is_sealed_from_the_start, record_began_at
from messages.audit.verified_before import verified_before
from messages.models import AuditEntry, Rendition, Review, Revision
from messages.review import workflow
from messages.review.recorded_approvals import recorded_approvals

NETWORK_SHARES = "network_shares"
FURTHER_TEXTS = "further_texts"
PURPOSE = "purpose"
PERIODS = "periods"
TEXT_DESIGN = "texts"
SLOTS_OF_PLACES = "slots"
DEVIATIONS = "deviations"  # no key of a plan: they are not those on record
APPROVALS = "approvals"  # no key of a plan: words are marked as approved, and the record does not say so
# Keys that a plan has only if it says something there.
_ONLY_WHERE_SET = (PURPOSE, PERIODS, TEXT_DESIGN, SLOTS_OF_PLACES)
_KEYED_BY_DATA = {NETWORK_SHARES, "languages"}  # where a key that was added is a value that was added
_NO_TEXT: dict[str, Any] = {"words": "", "languages": {}, "exceptions": []}  # of an arm whose texts SQL deleted
_LAUNCHES = (log.Action.CAMPAIGN_LAUNCH, log.Action.CAMPAIGN_SCHEDULE)


def canonical_json(content: dict[str, Any]) -> str:
    """Serialize a plan's content as it is hashed: sorted keys, no whitespace, UTF-8."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint_of(canonical: str) -> str:
    """Return the SHA-256 of a plan in canonical form."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def freeze_plan(plan: AnalysisPlan, *, now: datetime) -> AnalysisPlan:
    """Store the plan as canonical JSON with its SHA-256; it is read-only from then on."""
    if plan.frozen_at is not None:
        raise ActionRefused(_("This plan is already frozen."))
    plan.canonical = canonical_json(plan_content(plan))
    plan.fingerprint = fingerprint_of(plan.canonical)
    plan.frozen_at = now
    plan.save(update_fields=["canonical", "fingerprint", "frozen_at"])
    return plan


def changed_plans(campaigns: Iterable[int]) -> dict[int, list[str]]:
    """Return by campaign, in a few queries, what is not as it was frozen at launch or as the last step left it.

    These are keys of the plan, and parts of `launched_state`.
    """
    return _changed_plans(tuple(campaigns))


@verified_before
def _changed_plans(numbers: tuple[int, ...]) -> dict[int, list[str]]:
    plans = list(with_state(_with_parts(AnalysisPlan.objects.filter(campaign__in=numbers))))
    launched = _recorded_launches([plan.campaign.slug for plan in plans])
    unrecorded = [plan.campaign for plan in plans if not _is_draft(plan) and plan.campaign.slug not in launched]
    renamed = _without_their_entry(unrecorded) if unrecorded else set()
    moved, approved = changed_parts(plans), recorded_approvals(words for plan in plans for words in _shown_words(plan))
    deviated = changed_deviations(plan.campaign for plan in plans if plan.campaign.launched_at is not None)
    shown = Campaign.objects.filter(pk__in=numbers, state__in=Campaign.OPEN)
    changed = {number: ["plan"] for number in shown.filter(plan=None).values_list("pk", flat=True)}
    for plan in plans:
        if _is_draft(plan):
            changed |= {plan.campaign_id: ["launched_at"]} if plan.campaign.slug in launched else {}
        elif plan.frozen_at is None:
            changed[plan.campaign_id] = ["frozen_at"]
        elif plan.campaign.launched_at is None:
            changed[plan.campaign_id] = ["launched_at"]
        elif plan.campaign_id in renamed:
            changed[plan.campaign_id] = ["campaign"]
        elif (launch := launched.get(plan.campaign.slug)) and launch.get("id", plan.campaign_id) != plan.campaign_id:
            changed[plan.campaign_id] = ["campaign"]  # it was given the name of another
        elif launch and launch["plan"] != plan.fingerprint:
            changed[plan.campaign_id] = ["fingerprint"]
        elif keys := [
            *_changed_keys(plan),
            *moved.get(plan.campaign_id, ()),
            *_keys_without_approval(plan, approved),
            *([DEVIATIONS] if plan.campaign_id in deviated else ()),
        ]:
            changed[plan.campaign_id] = keys
    return changed


def _shown_words(plan: AnalysisPlan) -> list[Rendition]:
    """What visitors of an open campaign are shown, if its rows are right that it is approved."""
    if plan.campaign.state not in Campaign.OPEN:
        return []
    revisions = [text.revision for arm in plan.campaign.arms.all() for text in arm.texts.all()]
    spoken = [words for revision in revisions for words in revision.renditions.all()]
    return [w for w in spoken if w.locale in plan.campaign.locales and w.state == Revision.State.APPROVED]


def _keys_without_approval(plan: AnalysisPlan, approved: Collection[int]) -> list[str]:
    return [] if all(words.pk in approved for words in _shown_words(plan)) else [APPROVALS]


def _is_draft(plan: AnalysisPlan) -> bool:
    """Whether nothing in its rows says that it was launched, nor that visitors may meet it."""
    return plan.frozen_at is None and plan.campaign.launched_at is None and plan.campaign.state not in Campaign.OPEN


def _recorded_launches(slugs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what the audit record says of launches, by name; an entry that is not genuine names no plan."""
    entries = genuine_entries(log.ObjectKind.CAMPAIGN, slugs, _LAUNCHES)
    return {slug: {"plan": "", **(entry.detail if entry else {})} for slug, entry in entries.items()}


def campaigns_launched_on_record(campaigns: Iterable[Campaign]) -> set[int]:
    """Return the primary keys of those of which the record holds the launch with the plan that they have.

    Where the record began after this program did, a campaign without an entry may be older than it.
    """
    planned = [campaign for campaign in campaigns if hasattr(campaign, "plan")]
    launches, sealed = _recorded_launches([campaign.slug for campaign in planned]), is_sealed_from_the_start()
    return {
        campaign.pk
        for campaign in planned
        if ((launch := launches.get(campaign.slug)) is None and not sealed)
        or (
            launch is not None
            and (launch["plan"], launch.get("id", campaign.pk)) == (campaign.plan.fingerprint, campaign.pk)
        )
    }


def _without_their_entry(campaigns: Sequence[Campaign]) -> set[int]:
    """Return those of which the audit record should hold a launch under the name that they have now.

    Where the record is sealed from its first entry on, no campaign is older. Where it began later, launches before it
    left no entry. No campaign passes for so old while the record holds a launch of which no campaign has both the name
    and the plan, as that entry may be its own; none passes at all if the record holds its launch under another name.
    """
    if is_sealed_from_the_start():
        return {campaign.pk for campaign in campaigns}
    began = record_began_at()
    recorded = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, action__in=_LAUNCHES)
    frozen = AnalysisPlan.objects.filter(frozen_at__isnull=False).values_list("campaign__slug", "fingerprint")
    entries = list(recorded.values_list("ref", "detail"))
    is_one_left = bool({(ref, detail.get("plan", "")) for ref, detail in entries} - set(frozen))
    launched = {detail.get("id") for _ref, detail in entries}
    return {
        campaign.pk
        for campaign in campaigns
        if is_one_left or campaign.pk in launched or (began and campaign.launched_at and campaign.launched_at >= began)
    }


def launched_network_shares(plan: AnalysisPlan) -> dict[str, int] | None:
    """Return the percent of each placement where more was declared; None for a plan from before these were frozen."""
    shares: dict[str, int] | None = json.loads(plan.canonical).get(NETWORK_SHARES)
    return shares


def _changed_keys(plan: AnalysisPlan) -> list[str]:
    """Compare a plan with what was hashed, but for keys that only later versions of this program hash."""
    if fingerprint_of(plan.canonical) != plan.fingerprint:
        return ["fingerprint"]
    frozen, current = json.loads(plan.canonical), json.loads(canonical_json(_content_of_parts(plan, plan.campaign)))
    if plan.campaign.state == Campaign.State.CLOSED:
        frozen.pop(NETWORK_SHARES, None)  # the next campaign there may declare another
    changed = [key for key, value in frozen.items() if not _bears_out(current.get(key), value, name=key)]
    return changed + [key for key in _ONLY_WHERE_SET if key in current.keys() - frozen.keys()]


def _with_parts(plans: QuerySet[AnalysisPlan]) -> QuerySet[AnalysisPlan]:
    """Fetch plans with everything that is hashed, in a number of queries that does not grow with theirs."""
    revisions = "campaign__arms__texts__revision__"
    texts = (f"{revisions}message", f"{revisions}renditions__reviews__by")
    return plans.select_related("campaign__created_by").prefetch_related("outcomes", *texts)


def _bears_out(current: Any, frozen: Any, *, name: str = "") -> bool:
    """Whether a value holds what was frozen, and no more than what later versions of this program say of it."""
    if isinstance(frozen, dict) and isinstance(current, dict):
        added = current.keys() - frozen.keys()
        if (added and name in _KEYED_BY_DATA) or FURTHER_TEXTS in added:
            return False
        # The digest of a revision grows with each language that is approved later; those that are shown are listed.
        keys = frozen.keys() - ({"words"} if "languages" in frozen else set())
        return all(key in current and _bears_out(current[key], frozen[key], name=key) for key in keys)
    if isinstance(frozen, list) and isinstance(current, list):
        return len(current) == len(frozen) and all(map(_bears_out, current, frozen))
    return bool(current == frozen)


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
    return _by_frame_if_factorial(list(campaign.arms.with_texts()))


def _by_frame_if_factorial(arms: list[Arm]) -> dict[str, Arm] | None:
    by_frame = {arm.frame: arm for arm in arms}
    return by_frame if len(arms) == 4 and set(by_frame) == {"neutral", "victim", "user", "both"} else None


def correction_of(plan: AnalysisPlan, outcome: str) -> AnalysisPlan.Correction:
    """Return the correction for an outcome's comparisons: Dunnett's needs yes/no counts, so ratings take Holm's."""
    correction = AnalysisPlan.Correction(plan.correction)
    is_ordered = OUTCOMES[outcome].kind == "ordered"
    return correction.HOLM if is_ordered and correction == correction.DUNNETT else correction


def smallest_difference_of(plan: AnalysisPlan, planned: PlannedOutcome) -> float | None:
    """Return the smallest difference of interest of a planned outcome; None if the plan has none for it."""
    return plan.smallest_difference if planned.role == PlannedOutcome.Role.PRIMARY else planned.smallest_difference


def plan_content(plan: AnalysisPlan) -> dict[str, Any]:
    """Return the plan as plain values. Frozen plans are hashed with its keys: add one, but rename or remove none."""
    return _content_of_parts(_with_parts(AnalysisPlan.objects.filter(pk=plan.pk)).get(), plan.campaign)


def _content_of_parts(plan: AnalysisPlan, campaign: Campaign) -> dict[str, Any]:
    """Return the content of a plan that was fetched with its parts; the campaign's own values are of `campaign`."""
    parts = plan.campaign
    return {
        "campaign": campaign.slug,
        **({PURPOSE: campaign.purpose} if campaign.is_use else {}),
        "hypothesis": campaign.hypothesis,
        "unit": campaign.unit,
        # A commitment: with the salt, anybody can check the split later.
        "salt_sha256": hashlib.sha256(campaign.salt.encode()).hexdigest(),
        "placements": sorted(placement.key for placement in parts.placements.all()),
        # Which of 100 equal parts of the views; all of them leave the key out.
        **({SLOTS_OF_PLACES: [campaign.first_slot, campaign.last_slot]} if campaign.shares_places else {}),
        # How much one network may count where more than the usual share was declared: results rest on it.
        NETWORK_SHARES: {place.key: place.network_share for place in parts.placements.all() if place.network_share},
        "arms": [
            {
                "arm": arm.key,
                "name": arm.name,  # sentences name it
                **first,
                **({FURTHER_TEXTS: further} if further else {}),
                "weight": arm.weight,
                "control": arm.is_control,
            }
            for arm in parts.arms.all()
            for first, *further in [[_text_content(text, campaign.locales) for text in arm.texts.all()] or [_NO_TEXT]]
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
        "design_effect": plan.design_effect,
        # One text an arm leaves the key out, so that plans from before there was another design keep their fingerprint.
        **({TEXT_DESIGN: plan.texts, "text_spread": plan.text_spread} if plan.texts else {}),
        **({PERIODS: _periods_content(plan, campaign, parts)} if plan.period else {}),
        "factorial": _by_frame_if_factorial(list(parts.arms.all())) is not None,
        "level": plan.level,
        "planned_per_arm": plan.planned_per_arm,
        "expected_rate": plan.expected_rate,
        "power": plan.power,
        "ethics": {"reference": campaign.ethics_reference, "exemption": campaign.ethics_exemption},
        "denominator": "exposed",
    }


def _periods_content(plan: AnalysisPlan, campaign: Campaign, parts: Campaign) -> dict[str, Any]:
    """Return what was decided of periods, and since the start is known, a commitment to the order at each placement."""
    periods = plan.periods_from(campaign.starts_at)
    keys = [placement.key for placement in parts.placements.all()] if periods else []
    if campaign.is_use:  # one message, whose texts take turns by the salt, for as long as it is in use
        return {"length": plan.period, "weeks": 0, "first_hour": periods and periods.first}
    arms = len(parts.arms.all())
    return {
        "length": plan.period,
        **plan.recorded_washout,
        "weeks": plan.period_weeks,
        "first_hour": periods and periods.first,  # since 1970
        "schedules_sha256": {
            key: schedule_digest(
                schedule(periods, salt=campaign.salt, placement=key, arms=arms), salt=campaign.salt, placement=key
            )
            for key in keys
            if periods
        },
    }


def _text_content(text: ArmText, locales: Sequence[str]) -> dict[str, Any]:
    revision = text.revision
    offered = [words for words in revision.renditions.all() if words.locale in locales]
    return {
        # Which of the arm's texts it is, to what it appeals, and with which it is compared.
        "text": text.position,
        "frame": revision.message.frame,
        "matched_set": revision.message.matched_set,
        "words": revision.digest,
        # Computed: whoever changes words or claims by SQL leaves the digest of before beside them.
        "languages": {words.locale: words.words_digest() for words in offered},
        "exceptions": [_exception(review) for words in offered for review in workflow.exceptions(words)],
    }


def _exception(review: Review) -> dict[str, str]:
    by = review.by.get_username() if review.by else ""
    return {"language": review.rendition.locale, "by": by, "reason": review.override}
