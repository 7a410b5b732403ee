"""A manager asks one person for a review; whoever may decide still may."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.review_requests import ask_reviewer
from campaign.models import Campaign
from campaign.overview.home_tasks import home_tasks
from messages.models import AuditEntry, QueuedMail
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db


def mara() -> User:
    return world.person("mara", "manager")


def rafael() -> User:
    return world.person("rafael", "reviewer")


def waiting() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=mara())
    return campaign


def test_the_person_gets_a_task_a_mail_and_an_entry_on_the_record() -> None:
    mailboxes.confirm(rafael(), "rafael@ngo.example")
    assert ask_reviewer(waiting(), rafael(), by=mara(), now=world.NOON)
    task = next(task for task in home_tasks(rafael(), with_links=False) if "asked" in task.sentence)
    assert task.sentence == "You are asked to review “The pilot”: read it and decide"
    mail = QueuedMail.objects.get()
    assert (mail.person, mail.subject) == (rafael(), "You are asked to review “The pilot”")
    assert "/campaigns/pilot/plan/" in mail.text
    assert AuditEntry.objects.order_by("-number")[0].detail["reviewer"] == "rafael"


def test_without_a_confirmed_address_there_is_the_task_alone() -> None:
    assert not ask_reviewer(waiting(), rafael(), by=mara(), now=world.NOON)
    assert not QueuedMail.objects.exists()


def test_who_may_not_decide_cannot_be_asked() -> None:
    campaign = waiting()
    for person in (mara(), world.person("ana", "analyst")):
        with pytest.raises(ActionRefused, match="cannot decide about this campaign"):
            ask_reviewer(campaign, person, by=mara(), now=world.NOON)


def test_nobody_is_asked_twice_or_by_who_does_not_plan() -> None:
    campaign = waiting()
    ask_reviewer(campaign, rafael(), by=mara(), now=world.NOON)
    with pytest.raises(ActionRefused, match="was asked already"):
        ask_reviewer(campaign, rafael(), by=mara(), now=world.NOON)
    with pytest.raises(ActionRefused, match="Only a manager"):
        ask_reviewer(campaign, rafael(), by=rafael(), now=world.NOON)


def test_somebody_else_may_decide_and_then_nobody_is_asked_any_more() -> None:
    campaign = waiting()
    ask_reviewer(campaign, rafael(), by=mara(), now=world.NOON)
    world.approve(campaign, by=world.person("ruth", "reviewer"))
    assert not campaign.asked_reviewers.exists()


def test_the_page_offers_those_who_may_decide(client: Client) -> None:
    waiting()
    rafael()
    world.sign_in(client, mara())
    assert "<option>rafael</option>" in client.get("/campaigns/pilot/plan/").content.decode()
    page = client.post("/campaigns/pilot/ask/", {"reviewer": "rafael"}, follow=True).content.decode()
    assert "rafael gets a task on their home page." in page
    assert "<option>rafael</option>" not in page
    page = client.post("/campaigns/pilot/ask/", {"reviewer": "nobody"}, follow=True).content.decode()
    assert "Choose who to ask." in page
