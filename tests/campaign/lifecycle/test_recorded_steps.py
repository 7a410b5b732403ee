"""What somebody writes into the database by SQL is no approval and no submission: the audit record has to hold it."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_fingerprint
from campaign.models import Campaign, PlannedOutcome
from messages.audit.hash_chain import ChainEntry, digest_of
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def mara() -> User:
    return world.person("mara", "manager")


def rafael() -> User:
    return world.person("rafael", "reviewer")


def submitted() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=mara())
    return campaign


def approved() -> Campaign:
    campaign = submitted()
    world.approve(campaign)
    return campaign


def write_approval(campaign: Campaign, *, by: User) -> None:
    """Make the row say that it was approved as it stands now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaign_campaign SET state = 'approved', approved_by_id = %s, approved_fingerprint = %s",
            [by.pk, approval_fingerprint(Campaign.objects.get(pk=campaign.pk))],
        )


def forge_entry(campaign: Campaign, *, by: User) -> None:
    """Put an entry of an approval behind the record, as well as somebody without the key can."""
    last = AuditEntry.objects.latest("number")
    own = {field.name: getattr(last, field.name) for field in fields(ChainEntry)}
    forged = ChainEntry(
        **own
        | {
            "number": last.number + 1,
            "action": "campaign-approve",
            "actor": by.get_username(),
            "detail": {"content": approval_fingerprint(campaign)},
            "previous": last.digest,
        }
    )
    AuditEntry.objects.create(**asdict(replace(forged, digest=digest_of(forged))))


def refuse_launch(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    with pytest.raises(ActionRefused, match="missing from the audit record"):
        transitions.launch(campaign, by=mara(), now=world.NOON)
    assert Campaign.objects.get().launched_at is None


def test_an_approval_that_was_written_by_sql_launches_nothing() -> None:
    campaign = submitted()
    PlannedOutcome.objects.filter(role="guardrail").update(harm_margin=None)
    write_approval(campaign, by=rafael())
    refuse_launch(campaign)


def test_over_http_the_page_says_why() -> None:
    write_approval(submitted(), by=rafael())
    Campaign.objects.update(starts_at=None, ends_at=None)
    world.mark_help_links_checked()
    client = Client()
    world.sign_in(client, mara())
    html = client.post("/campaigns/pilot/launch/", {"sure": "on", "confirm": "on"}, follow=True).content.decode()
    assert "This approval is missing from the audit record." in html
    assert Campaign.objects.get().state == "approved"


def test_an_approval_of_something_else_is_none() -> None:
    campaign = approved()
    Campaign.objects.update(hypothesis="What we found.")
    write_approval(campaign, by=rafael())
    refuse_launch(campaign)


def test_an_approval_by_somebody_else_is_none() -> None:
    write_approval(campaign := approved(), by=world.person("greta", "reviewer"))
    refuse_launch(campaign)


def test_an_approval_that_was_taken_back_is_none() -> None:
    campaign = approved()
    transitions.take_back(campaign, by=mara())
    write_approval(campaign, by=rafael())
    refuse_launch(campaign)


def test_a_forged_entry_makes_none() -> None:
    campaign = submitted()
    write_approval(campaign, by=rafael())
    forge_entry(campaign, by=rafael())
    refuse_launch(campaign)


def test_what_was_approved_is_launched() -> None:
    campaign = approved()
    transitions.launch(campaign, by=mara(), now=timezone.now())
    assert campaign.state == "running"


def test_nobody_approves_what_sql_made_a_submission() -> None:
    campaign = submitted()
    transitions.take_back(campaign, by=mara())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaign_campaign SET state = 'submitted'")
    campaign.refresh_from_db()
    with pytest.raises(ActionRefused, match="does not say who sent this campaign"):
        world.approve(campaign)
