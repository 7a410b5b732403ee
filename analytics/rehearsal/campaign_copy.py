"""A campaign taken along into an installation of its own: its rows as plain values, with nobody's name in them.

People become numbers there: the rows that name somebody keep their number, and an account without name, address or
password stands for each. What is no part of a campaign's words, places and plan stays behind.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core import serializers
from django.db import models, transaction

from campaign.models import AnalysisPlan, Arm, Campaign, Partner, Placement, PlannedOutcome
from messages.models import HelpLink, Message, Rendition, Review, Revision, Theme

SerializedRow = dict[str, Any]
_LEFT_BEHIND = {
    "campaign.partner": ("contacts",),
    "campaign.analysisplan": ("told", "webhook", "frozen_at", "canonical", "fingerprint"),
    "campaign.campaign": ("approved_by", "launched_at", "starts_at", "ends_at", "locales", "salt"),
    "campaign.arm": ("paused_at", "paused_reason"),
}
_PEOPLE = ("author", "by", "created_by")


def export_campaign(campaign: Campaign) -> list[SerializedRow]:
    """Everything that its launch needs, in the order in which it can be put back."""
    placements = Placement.objects.filter(campaigns=campaign)
    revisions = Revision.objects.filter(
        models.Q(arms__campaign=campaign) | models.Q(pk__in=placements.values("fallback"))
    ).distinct()
    messages = Message.objects.filter(revisions__in=revisions).distinct()
    renditions = Rendition.objects.filter(revision__in=revisions)
    plan = AnalysisPlan.objects.filter(campaign=campaign)
    tables: list[models.QuerySet[Any]] = [
        Theme.objects.filter(messages__in=messages).distinct(),
        messages,
        revisions,
        renditions,
        Review.objects.filter(rendition__in=renditions),
        HelpLink.objects.active(),
        Partner.objects.filter(placements__in=placements).distinct(),
        placements,
        Campaign.objects.filter(pk=campaign.pk),
        Arm.objects.filter(campaign=campaign),
        plan,
        PlannedOutcome.objects.filter(plan__in=plan),
    ]
    rows: list[SerializedRow] = [
        row for table in tables for row in serializers.serialize("python", table.order_by("pk"))
    ]
    for row in rows:
        for name in _LEFT_BEHIND.get(row["model"], ()):
            row["fields"].pop(name, None)
    return rows


@transaction.atomic
def import_campaign(rows: list[SerializedRow]) -> Campaign:
    """The campaign as a draft in this installation, which has to be empty."""
    people = {row["fields"].get(name) for row in rows for name in _PEOPLE} - {None}
    User.objects.bulk_create(User(pk=number, username=f"person {number}") for number in people)
    for row in rows:
        if row["model"] == "campaign.campaign":
            row["fields"]["state"] = Campaign.State.DRAFT
    for found in serializers.deserialize("python", rows):
        found.save()
    return Campaign.objects.get()
