"""A webhook has accepted a test before a campaign is launched, so that no notice of harm is the first to fail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from analytics.notifications import webhook, webhook_test
from analytics.worker import steps
from campaign.lifecycle import transitions, webhook_tests
from campaign.lifecycle.actions import ActionRefused
from campaign.models import AnalysisPlan, Campaign, WebhookTest
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HOOK = "https://hook.example/in?key=1"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What the webhooks have received."""
    received: list[tuple[str, Any]] = []
    monkeypatch.setattr(webhook, "post", lambda url, payload, *, idempotency_key: received.append((url, payload)))
    return received


@pytest.fixture
def out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(*_: object, **__: object) -> None:
        raise webhook.WebhookRejected("status 500")

    monkeypatch.setattr(webhook, "post", reject)


def approved(hook: str = HOOK) -> Campaign:
    """An approved campaign whose webhook was not tested yet."""
    campaign = world.draft(plan={"webhook": hook})
    WebhookTest.objects.all().delete()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    return Campaign.objects.get(pk=campaign.pk)


def launch(campaign: Campaign) -> None:
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)


def test_a_launch_waits_until_the_webhook_has_accepted_a_test(sent: list[tuple[str, Any]]) -> None:
    campaign = approved()
    with pytest.raises(ActionRefused, match="is being tested"):
        launch(campaign)
    assert steps.send_webhook_tests(world.NOON) == "1 webhooks accepted a test"
    launch(campaign)
    assert [url for url, _ in sent] == [HOOK]


def test_a_test_holds_no_count_and_says_what_it_is(sent: list[tuple[str, Any]], settings: Any) -> None:
    settings.SITE_ADDRESS = "https://thought.example"
    approved()
    webhook_test.send_due_tests(now=world.NOON)
    assert [payload for _, payload in sent] == [
        {
            "campaign": "pilot",
            "kind": "test",
            "sentence": "This is a test. If a message of “The pilot” causes harm, the alert will arrive here.",
            "page": "https://thought.example/campaigns/pilot/",
        }
    ]
    assert not any(character.isdigit() for character in json.dumps(sent[0][1], ensure_ascii=False))


def test_a_test_that_was_accepted_is_not_sent_again(sent: list[tuple[str, Any]]) -> None:
    approved()
    for minutes in (0, 1, 60):
        webhook_test.send_due_tests(now=world.NOON + timedelta(minutes=minutes))
    assert len(sent) == 1


@pytest.mark.usefixtures("out_of_order")
def test_a_webhook_that_does_not_answer_is_named_and_tried_again_after_ten_minutes() -> None:
    campaign = approved()
    tried = []
    for minutes in (0, 1, 9, 10):
        webhook_test.send_due_tests(now=world.NOON + timedelta(minutes=minutes))
        tried.append(WebhookTest.objects.get().at)
    assert tried == [world.NOON] * 3 + [world.NOON + timedelta(minutes=10)]
    with pytest.raises(ActionRefused, match="did not accept a test \\(WebhookRejected\\)"):
        launch(campaign)


def test_another_address_needs_a_test_of_its_own(sent: list[tuple[str, Any]]) -> None:
    campaign = approved()
    webhook_test.send_due_tests(now=world.NOON)
    AnalysisPlan.objects.update(webhook="https://other.example/")
    plan = AnalysisPlan.objects.get(campaign=campaign)
    assert "is being tested" in webhook_tests.missing_test(plan)
    webhook_test.send_due_tests(now=world.NOON)
    assert (webhook_tests.missing_test(plan), len(sent)) == ("", 2)


def test_a_plan_without_a_webhook_and_one_that_is_launched_are_left_alone(sent: list[tuple[str, Any]]) -> None:
    launch(approved(hook=""))
    world.launched("other", at=world.placement("elsewhere"), plan={"webhook": HOOK})
    WebhookTest.objects.all().delete()
    assert (webhook_test.send_due_tests(now=world.NOON), sent) == (0, [])


def test_an_address_that_holds_a_secret_is_stored_as_a_digest() -> None:
    plan = approved().plan
    webhook_tests.record_test(plan, failure="", now=world.NOON)
    assert HOOK not in str(WebhookTest.objects.values().get())


def test_the_pages_say_what_is_missing_and_where_to_mend_it(client: Client) -> None:
    campaign = approved()
    world.sign_in(client, world.person("mara", "manager"))
    launch_page = client.get(f"/campaigns/{campaign.slug}/launch/").content.decode()
    assert "is being tested" in launch_page
    assert f"/campaigns/{campaign.slug}/plan-it/told/" in launch_page
    transitions.take_back(campaign, by=world.person("mara", "manager"))
    assert "is being tested" in client.get(f"/campaigns/{campaign.slug}/plan-it/").content.decode()


def test_a_test_that_was_marked_as_accepted_in_the_database_is_none(sent: list[tuple[str, Any]]) -> None:
    campaign = approved()
    webhook_tests.record_test(campaign.plan, failure="WebhookRejected", now=world.NOON)
    with pytest.raises(ActionRefused, match="did not accept"):
        launch(campaign)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaign_webhooktest SET failure = ''")
    with pytest.raises(ActionRefused, match="is being tested"):
        launch(campaign)
    steps.send_webhook_tests(world.NOON)
    launch(campaign)
    assert [url for url, _ in sent] == [HOOK]
