"""Copy a campaign into another installation as plain values. People become accounts without personal data."""

from typing import Any

from django.contrib.auth.models import User
from django.core import serializers
from django.db import models, transaction

from campaign.lifecycle.placement_authors import record_change
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign, Partner, Placement, PlannedOutcome
from messages.audit import log
from messages.models import HelpLink, Message, Rendition, Review, Revision, Theme
from messages.review import workflow

SerializedRow = dict[str, Any]
_PROPOSAL = ("proposed", "proposed_by", "proposed_at")
_OMITTED_FIELDS = {
    "messaging.helplink": _PROPOSAL,
    "campaign.partner": ("contacts",),
    "campaign.placement": _PROPOSAL,
    "campaign.analysisplan": ("told", "webhook", "frozen_at", "canonical", "fingerprint"),
    "campaign.campaign": (
        "approved_by",
        "approved_fingerprint",
        "launched_at",
        "starts_at",
        "ends_at",
        "locales",
        "salt",
        *("first_slot", "last_slot"),  # its own visitors are played, and nobody else's
    ),
    "campaign.arm": ("paused_at", "paused_reason"),
    "campaign.armtext": ("stopped_at", "stopped_reason"),
}
_PERSON_FIELDS = ("author", "by", "created_by")


def export_campaign(campaign: Campaign) -> list[SerializedRow]:
    """Serialize everything that a launch needs, in the order of import."""
    placements = Placement.objects.filter(campaigns=campaign)
    revisions = Revision.objects.filter(
        models.Q(arm_texts__arm__campaign=campaign) | models.Q(pk__in=placements.values("fallback"))
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
        ArmText.objects.filter(arm__campaign=campaign),
        plan,
        PlannedOutcome.objects.filter(plan__in=plan),
    ]
    rows = [row for table in tables for row in serializers.serialize("python", table.order_by("pk"))]
    for row in rows:
        for name in _OMITTED_FIELDS.get(row["model"], ()):
            row["fields"].pop(name, None)
    return rows


@transaction.atomic
def import_campaign(rows: list[SerializedRow]) -> Campaign:
    """Create the campaign as a draft in this installation, which must be empty."""
    person_ids = {row["fields"].get(name) for row in rows for name in _PERSON_FIELDS} - {None}
    User.objects.bulk_create(User(pk=pk, username=f"person {pk}") for pk in person_ids)
    for row in rows:
        if row["model"] == "campaign.campaign":
            row["fields"]["state"] = Campaign.State.DRAFT
    for imported in serializers.deserialize("python", rows):
        imported.save()
    for placement in Placement.objects.all():
        record_change(placement, {}, by=None)
    for words in Rendition.objects.select_related("revision__message__theme"):
        if workflow.is_approval_valid(words):
            log.record_rendition(log.Action.WORDS_APPROVE, words, by="a rehearsal", words=words.digest)
    return Campaign.objects.get()
