"""No campaign is launched unless somebody would be alerted to harm."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.lifecycle import launch_queue, transitions, webhook_tests
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from messages.models import Mailbox
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db


def mara() -> User:
    return world.person("mara", "manager")


def approved() -> Campaign:
    campaign = world.draft()
    campaign.plan.told.add(world.person("ana", "analyst"))
    transitions.submit(campaign, by=mara())
    world.approve(campaign)
    return campaign


def test_a_launch_is_refused_where_no_address_has_answered() -> None:
    campaign = approved()
    Mailbox.objects.all().delete()
    for launch in (transitions.launch, launch_queue.join_queue):
        with pytest.raises(ActionRefused, match="no email address of these people is confirmed: mara, ana"):
            launch(campaign, by=mara(), now=world.NOON)


def test_one_person_of_the_plan_is_enough() -> None:
    campaign = approved()
    Mailbox.objects.all().delete()
    mailboxes.confirm(world.person("ana"), "ana@ngo.example")
    transitions.launch(campaign, by=mara(), now=world.NOON)


def test_somebody_who_left_hears_of_nothing() -> None:
    campaign = approved()
    User.objects.filter(username="mara").update(is_active=False)
    campaign.refresh_from_db()
    with pytest.raises(ActionRefused, match="is confirmed: ana"):
        transitions.launch(campaign, by=world.person("max", "manager"), now=world.NOON)


def test_without_a_mail_server_a_program_has_to_hear(settings: Any) -> None:
    settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
    campaign = approved()
    with pytest.raises(ActionRefused, match="This site has no mail server"):
        transitions.launch(campaign, by=mara(), now=world.NOON)
    transitions.take_back(campaign, by=mara())
    campaign.plan.webhook = "https://alarm.example/"
    campaign.plan.save()
    webhook_tests.record_test(campaign.plan, failure="", now=world.NOON)
    transitions.submit(campaign, by=mara())
    world.approve(campaign)
    transitions.launch(campaign, by=mara(), now=world.NOON)


def test_the_page_of_the_launch_leads_to_where_it_is_mended(client: Client) -> None:
    approved()
    Mailbox.objects.all().delete()
    world.sign_in(client, mara())
    page = client.get("/campaigns/pilot/launch/").content.decode()
    assert '<a href="/account/mail/">Confirm your email address</a>' in page
    world.sign_in(client, world.person("max", "manager"))
    page = client.get("/campaigns/pilot/launch/").content.decode()
    assert '<a href="/campaigns/pilot/plan-it/told/">Fix it in the plan</a>' in page


def test_the_api_refuses_it_with_the_same_sentence(client: Client) -> None:
    approved()
    Mailbox.objects.all().delete()
    world.sign_in(client, mara())
    answer = client.post("/api/v1/campaigns/pilot/launch/", content_type="application/json")
    assert answer.status_code == 409
    assert "no email address of these people is confirmed" in answer.json()["error"]["message"]
