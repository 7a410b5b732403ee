"""Results by e-mail: to who asked, at planned looks and at the end, with the sentence of the page, never before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import Notice, ResultMail
from analytics.notifications import delivery, events, result_mails
from analytics.results import build
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}


@pytest.fixture(autouse=True)
def _mail_server(settings: Any) -> None:
    settings.EMAIL_HOST, settings.SITE_ADDRESS = "mail.example", "https://thought.example"


def subscriber(name: str = "ana", role: str = "analyst") -> None:
    person = world.person(name, role)
    person.email = f"{name}@ngo.example"
    person.save()
    result_mails.set_result_mails(person, wanted=True, now=world.NOON - timedelta(days=1))


def send(campaign: Campaign, *, days: int = 0) -> list[str]:
    """Take the worker's turn, and return to whom a result was sent."""
    now = world.NOON + timedelta(days=days)
    events.record_notices(campaign, now=now)
    delivery.send_due_notices(now=now)
    return [each.to[0] for each in mail.outbox if "Result at look" in each.subject]


def test_a_planned_look_is_mailed_with_its_sentence_and_the_link_once() -> None:
    subscriber()
    campaign = world.launched(plan={"planned_per_arm": 2000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    assert send(campaign) == send(campaign) == ["ana@ngo.example"]
    (sent,) = [each for each in mail.outbox if "Result at look 1" in each.subject]
    report = build.latest(campaign)
    assert report is not None
    assert report.sentence in sent.body
    assert "https://thought.example/campaigns/pilot/results/" in sent.body
    assert "https://thought.example/account/" in sent.body


def test_nobody_is_mailed_who_did_not_ask_or_may_not_read() -> None:
    subscriber("paul", "partner contact")
    campaign = world.launched(plan={"planned_per_arm": 2000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    assert send(campaign) == []
    assert not Notice.objects.filter(kind="look").exists()


def test_nothing_is_mailed_before_the_first_planned_look_not_even_an_early_one() -> None:
    subscriber()
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    evaluate(campaign, now=world.NOON, embargo_exception="ana: The board meets tomorrow.")
    assert send(campaign) == []


def test_looks_in_between_and_looks_from_before_are_not_mailed() -> None:
    campaign = world.launched(plan={"planned_per_arm": 2000, "monitoring": "always-valid", "looks": [0.5, 1.0]})
    world.tally(campaign, {key: (n // 2, events // 2) for key, (n, events) in COUNTS.items()})
    evaluate(campaign, now=world.NOON - timedelta(days=2))
    subscriber()
    evaluate(campaign, now=world.NOON)  # between the planned looks
    assert send(campaign) == []


def test_the_last_look_after_the_close_is_mailed() -> None:
    subscriber()
    campaign = world.launched(plan={"planned_per_arm": 4000, "looks": [0.25, 1.0], "monitoring": "always-valid"})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    assert send(campaign) == ["ana@ngo.example"]
    transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)
    campaign.refresh_from_db()
    last = evaluate(campaign, now=world.NOON.replace(year=2100))
    assert [each.look for each in result_mails.looks_to_mail(campaign, now=last.made_at)] == [last.look]


def test_who_switched_it_off_meanwhile_gets_nothing() -> None:
    subscriber()
    campaign = world.launched(plan={"planned_per_arm": 2000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    events.record_notices(campaign, now=world.NOON)
    result_mails.set_result_mails(world.person("ana"), wanted=False, now=world.NOON)
    assert send(campaign) == []


def test_each_person_switches_it_on_the_account_page(client: Client) -> None:
    person = world.person("ana", "analyst")
    world.sign_in(client, person)
    assert "Your account has no e-mail address yet." in client.get("/account/").content.decode()
    person.email = "ana@ngo.example"
    person.save()
    for button, wanted in (("Send me results", "yes"), ("Stop sending me results", "no")):
        assert button in client.get("/account/").content.decode()
        assert client.post("/account/result-mails/", {"wanted": wanted}).status_code == 302
        assert ResultMail.objects.filter(person=person).exists() is (wanted == "yes")


def test_who_may_not_read_results_has_no_switch(client: Client) -> None:
    world.sign_in(client, world.person("paul", "partner contact"))
    assert "Results by e-mail" not in client.get("/account/").content.decode()
    assert client.post("/account/result-mails/", {"wanted": "yes"}).status_code == 403
