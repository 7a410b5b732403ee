"""A campaign at rest can be archived, which loses nothing, and brought back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.archive import archive, bring_back
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def mara() -> User:
    return world.person("mara", "manager")


def closed() -> Campaign:
    campaign = world.launched()
    transitions.close(campaign, by=mara(), now=world.NOON)
    return campaign


def test_a_closed_campaign_is_archived_and_brought_back_on_record() -> None:
    campaign = closed()
    archive(campaign, by=mara(), now=world.NOON)
    bring_back(campaign, by=mara())
    assert Campaign.objects.get().archived_at is None
    said = list(AuditEntry.objects.order_by("-number").values_list("action", flat=True)[:2])
    assert said == ["campaign-bring-back", "campaign-archive"]


def test_what_visitors_see_is_not_archived() -> None:
    campaign = world.launched()
    with pytest.raises(ActionRefused, match="Only a draft or a closed campaign"):
        archive(campaign, by=mara(), now=world.NOON)
    with pytest.raises(IntegrityError):
        Campaign.objects.update(archived_at=world.NOON)


def test_a_draft_that_is_sent_comes_back_by_itself() -> None:
    draft = world.draft()
    archive(draft, by=mara(), now=world.NOON)
    transitions.submit(draft, by=mara())
    assert Campaign.objects.get().archived_at is None


def test_only_managers_archive(client: Client) -> None:
    campaign = closed()
    with pytest.raises(ActionRefused, match="Only a manager"):
        archive(campaign, by=world.person("ana", "analyst"), now=world.NOON)


def test_the_list_leaves_it_out_until_it_is_asked_for(client: Client) -> None:
    closed()
    world.sign_in(client, mara())
    address = 'href="/campaigns/pilot/"'
    assert "Archived." in client.post("/campaigns/pilot/archive/", follow=True).content.decode()
    assert address not in client.get("/").content.decode()
    assert address in client.get("/?state=archived").content.decode()
    client.post("/campaigns/pilot/bring-back/")
    assert address in client.get("/").content.decode()
