"""A new campaign like another one: the only way to change what was launched."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.lifecycle.transitions import ActionRefused, record_campaign_action
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from messages.audit.log import Action
from messages.roles import MANAGER, ROLE_NAMES, has_role

_SLUG_LIMIT, _NAME_LIMIT = 50, 160


@transaction.atomic
def clone_campaign(campaign: Campaign, *, by: User) -> Campaign:
    """A fresh draft with the same arms, places and plan: a salt of its own, and nothing approved or frozen."""
    if not has_role(by, MANAGER):
        raise ActionRefused(_("Only a %(role)s can plan a campaign.") % {"role": str(ROLE_NAMES[MANAGER]).lower()})
    slug, number = _next(campaign.slug)
    made = Campaign.objects.create(
        slug=slug,
        name=f"{campaign.name[: _NAME_LIMIT - 12]} ({number})",
        hypothesis=campaign.hypothesis,
        unit=campaign.unit,
        ethics_reference=campaign.ethics_reference,
        ethics_exemption=campaign.ethics_exemption,
        created_by=by,
    )
    made.placements.set(campaign.placements.all())
    for arm in campaign.arms.all():
        Arm.objects.create(
            campaign=made,
            **{name: getattr(arm, name) for name in ("key", "name", "revision", "weight", "is_control", "position")},
        )
    plan = AnalysisPlan.objects.filter(campaign=campaign).first()
    if plan is not None:
        _copy_plan(plan, made)
    record_campaign_action(Action.CAMPAIGN_COPY, made, by=by, original=campaign.slug)
    return made


def _copy_plan(plan: AnalysisPlan, campaign: Campaign) -> None:
    outcomes, told = list(plan.outcomes.all()), list(plan.told.all())
    plan.pk, plan.campaign = None, campaign
    plan.frozen_at, plan.canonical, plan.fingerprint = None, "", ""
    plan.save(force_insert=True)
    plan.told.set(told)
    for outcome in outcomes:
        outcome.pk, outcome.plan = None, plan
    PlannedOutcome.objects.bulk_create(outcomes)


def _next(slug: str) -> tuple[str, int]:
    """The first number that is free: "pilot" has "pilot-2", and that has "pilot-3"."""
    stem, _dash, last = slug.rpartition("-")
    if not (stem and last.isascii() and last.isdigit() and len(last) < 4):
        stem, last = slug, "1"
    number = int(last)
    taken = set(Campaign.objects.filter(slug__startswith=stem[: _SLUG_LIMIT - 6]).values_list("slug", flat=True))
    while True:
        number += 1
        found = f"{stem[: _SLUG_LIMIT - 6]}-{number}"
        if found not in taken:
            return found, number
