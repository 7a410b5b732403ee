"""Clone a campaign into a new draft: the only way to change what was launched."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.draft_versions import record_version, take_over_versions
from campaign.lifecycle.recorded_history import record_copy
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from messages.audit import log
from messages.models import AuditEntry, Revision
from messages.roles import MANAGER, ROLE_NAMES, has_role

_SLUG_LIMIT, _NAME_LIMIT = 50, 160


@transaction.atomic
def clone_campaign(campaign: Campaign, *, by: User) -> Campaign:
    """Create a draft with the same arms, placements and plan, but a salt of its own and no approval.

    Whoever made what it takes over stays an author of it. What was stopped is not taken over: an arm that is paused, a
    text that was stopped or whose message is. Where texts are of matched sets, a set goes with each of them.
    """
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a %(role)s can plan a campaign.") % {"role": str(ROLE_NAMES[MANAGER]).lower()})
    slug, number = next_slug(campaign.slug)
    name = f"{campaign.name[: _NAME_LIMIT - 12]} ({number})"
    slots = {"first_slot": campaign.first_slot, "last_slot": campaign.last_slot}
    copy = begin_draft(campaign, by=by, slug=slug, name=name, hypothesis=campaign.hypothesis, **slots)
    copy.placements.set(campaign.placements.all())
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    shown = shown_revisions(campaign, plan)
    for arm, revisions in shown.items():
        Arm.objects.create_with_texts(
            revisions,
            campaign=copy,
            **{name: getattr(arm, name) for name in ("key", "name", "weight", "is_control", "position")},
        )
    if plan is not None:
        keys = {arm.key for arm in shown}
        plan.comparisons = [pair for pair in plan.comparisons if set(pair) <= keys]
        copy_plan(plan, copy)
    record_draft(copy, campaign, by=by)
    return copy


def shown_revisions(campaign: Campaign, plan: AnalysisPlan | None) -> dict[Arm, list[Revision]]:
    """Return the arms that are not paused, with the texts of each that are not stopped; an arm without any is left out.

    In a campaign that was not launched, what was chosen is what is shown, but for messages that were stopped.
    """
    texts = {arm: list(arm.texts.all()) for arm in campaign.arms.with_texts() if arm.paused_at is None}
    stopped = {
        arm: {text.position for text in own if text.stopped_at or text.revision.message.stopped_at}
        for arm, own in texts.items()
    }
    if plan is not None and plan.texts == AnalysisPlan.Texts.MATCHED:
        stopped = dict.fromkeys(texts, set().union(*stopped.values()))
    kept = {arm: [text.revision for text in own if text.position not in stopped[arm]] for arm, own in texts.items()}
    return {arm: revisions for arm, revisions in kept.items() if revisions}


def begin_draft(original: Campaign, *, by: User, name: str, **fields: Any) -> Campaign:
    """Create a draft without arms, places and plan, that assigns what its original does with the same consent."""
    return Campaign.objects.create(
        name=name[:_NAME_LIMIT],
        ethics_reference=original.ethics_reference,
        ethics_exemption=original.ethics_exemption,
        created_by=by,
        **{"unit": original.unit, **fields},
    )


def record_draft(draft: Campaign, original: Campaign, *, by: User) -> None:
    """Begin the history of a draft with that of its original, and put on record what it was made from."""
    take_over_versions(draft, original)
    record_version(draft, by=by, is_on_record=True)
    record_copy(draft, original, by=by)


def copy_plan(plan: AnalysisPlan, campaign: Campaign) -> None:
    """Give a draft the plan of another campaign, not frozen."""
    outcomes, recipients = list(plan.outcomes.all()), list(plan.told.all())
    plan.pk, plan.campaign = None, campaign
    plan.frozen_at, plan.canonical, plan.fingerprint = None, "", ""
    plan.save(force_insert=True)
    plan.told.set(recipients)
    for outcome in outcomes:
        outcome.pk, outcome.plan = None, plan
    PlannedOutcome.objects.bulk_create(outcomes)


def taken_slugs(stem: str) -> set[str]:
    """Return the slugs with this beginning, those of deleted drafts as well: the audit record knows them by it."""
    stored = Campaign.objects.filter(slug__startswith=stem).values_list("slug", flat=True)
    about = AuditEntry.objects.filter(kind=log.ObjectKind.CAMPAIGN, ref__startswith=stem)
    return {*stored, *about.filter(action=log.Action.CAMPAIGN_DELETE).values_list("ref", flat=True)}


def next_slug(slug: str) -> tuple[str, int]:
    """Return the next free slug and its number: after "pilot" comes "pilot-2", then "pilot-3"."""
    stem, _dash, last = slug.rpartition("-")
    if not (stem and last.isascii() and last.isdigit() and len(last) < 4):
        stem, last = slug, "1"
    number = int(last)
    taken = taken_slugs(stem[: _SLUG_LIMIT - 6])
    while True:
        number += 1
        candidate = f"{stem[: _SLUG_LIMIT - 6]}-{number}"
        if candidate not in taken:
            return candidate, number
