"""Notices are created once, never lost, sent at most twice after an interruption, and contain no count or estimate."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import DataQualityStatus, GuardEvent, Notice, NoticeDelivery, WorkerStep
from analytics.notifications import delivery, events, webhook
from analytics.notifications.wording import email_subject_and_text, notice_sentence
from analytics.worker import steps
from analytics.worker.loop import Worker
from analytics.worker.steps import STEPS
from campaign.lifecycle import transitions
from campaign.lifecycle.actions import record_campaign_action
from campaign.lifecycle.alert_recipients import recipients
from campaign.models import AnalysisPlan, Campaign
from campaign.placements import changes
from messages.audit import log
from messages.models import HelpLink
from messages.proposals import proposal_digest
from messages.public_http import UnsafeAddress
from messages.stale_copies import digest_of
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MANY = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
SAME = dict.fromkeys(MANY, (200_000, 70_000))


@pytest.fixture(autouse=True)
def _mail_server(settings: Any) -> None:
    settings.EMAIL_HOST, settings.SITE_ADDRESS = "mail.example", "https://thought.example"


def running_campaign(**plan: Any) -> Campaign:
    """Return a running campaign whose author and whose plan's recipient, ana, have e-mail addresses."""
    for name in ("mara", "ana"):
        person = world.person(name)
        person.email = f"{name}@ngo.example"
        person.save()
    campaign = world.draft(plan=plan)
    AnalysisPlan.objects.get(campaign=campaign).told.add(world.person("ana"))
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(days=1))
    return campaign


def cross_guardrail(campaign: Campaign) -> GuardEvent:
    return GuardEvent.objects.create(
        campaign=campaign, arm=campaign.arms.get(key="both"), outcome="annoyed", at=world.NOON, effect=0.0512,
        bound=0.0333, margin=0.02,
    )  # fmt: skip


def recorded_kinds(campaign: Campaign, *, days: int = 0) -> list[str]:
    events.record_notices(campaign, now=world.NOON + timedelta(days=days))
    return sorted(Notice.objects.filter(campaign=campaign).values_list("kind", flat=True))


class TestEvents:
    def test_nothing_while_all_is_well(self) -> None:
        assert recorded_kinds(running_campaign(planned_per_arm=100_000)) == []

    def test_a_guardrail_that_was_crossed(self) -> None:
        campaign = running_campaign()
        cross_guardrail(campaign)
        assert recorded_kinds(campaign) == ["guardrail"]
        assert (
            notice_sentence(Notice.objects.get())
            == "In “The pilot”, “Both” crossed a guardrail and is no longer shown."
        )

    def test_a_split_that_broke_at_a_look_or_by_the_hour(self) -> None:
        campaign = running_campaign(planned_per_arm=100_000)
        DataQualityStatus.objects.create(campaign=campaign, felt_at=world.NOON, split="alarm", flow="ok")
        assert recorded_kinds(campaign) == ["split"]

    @pytest.mark.parametrize("state", ["scheduled", "running", "paused"])
    def test_an_address_that_two_people_changed(self, state: str) -> None:
        campaign = running_campaign(planned_per_arm=100_000)
        Campaign.objects.update(state=state)
        campaign.refresh_from_db()
        place, mara = campaign.placements.get(), world.person("mara")
        seen = digest_of(place, changes.PLACEMENT_FIELDS)
        changes.change_placement(place, {"leave_url": "https://partner.example/bye"}, seen=seen, by=mara)
        assert recorded_kinds(campaign) == []
        place.refresh_from_db()
        changes.confirm_proposal(place, seen=proposal_digest(place), by=world.person("rafael"))
        assert recorded_kinds(campaign) == recorded_kinds(campaign) == ["address"]
        notice = Notice.objects.get()
        assert notice_sentence(notice) == "What visitors see at “quiet-page” was changed while “The pilot” is open."
        told = notice.deliveries.order_by("person__username").values_list("person__username", flat=True)
        assert list(told) == ["ana", "mara"]

    def test_a_help_link_that_grew_old_while_it_runs(self) -> None:
        campaign = running_campaign()
        HelpLink.objects.filter(key="help-self").update(verified_on=date(2025, 9, 3))
        assert recorded_kinds(campaign, days=-1) == []  # the 179th day
        assert recorded_kinds(campaign, days=1) == ["help-link"]
        HelpLink.objects.filter(key="help-self").update(verified_on=date(2026, 3, 3))
        assert recorded_kinds(campaign, days=100) == ["help-link"]
        assert recorded_kinds(campaign, days=365) == ["help-link", "help-link"]  # old once more

    def test_a_campaign_that_the_worker_paused_and_not_one_that_a_person_did(self) -> None:
        campaign = running_campaign()
        transitions.pause(campaign, by=world.person("mara", "manager"))
        assert recorded_kinds(campaign) == []
        record_campaign_action(log.Action.CAMPAIGN_PAUSE, campaign, by=log.WORKER)
        assert recorded_kinds(campaign) == ["paused"]

    def test_the_planned_people(self) -> None:
        campaign = running_campaign(planned_per_arm=2000)
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        assert recorded_kinds(campaign) == ["planned"]

    def test_nothing_is_done_whose_split_is_broken(self) -> None:
        campaign = running_campaign(planned_per_arm=2000)
        world.tally(campaign, MANY | {"both": (900, 400), "user": (4000, 900)})
        evaluate(campaign, now=world.NOON)
        assert recorded_kinds(campaign) == ["split"]

    def test_a_decision_once_every_question_has_an_answer(self) -> None:
        campaign = running_campaign(planned_per_arm=300_000, monitoring="group-sequential", looks=[0.5, 1.0])
        world.tally(campaign, SAME)
        evaluate(campaign, now=world.NOON)
        assert recorded_kinds(campaign) == ["decided"]

    def test_no_decision_comes_from_a_look_that_somebody_took_early(self) -> None:
        campaign = running_campaign(planned_per_arm=1_000_000)
        world.tally(campaign, SAME)
        evaluate(campaign, now=world.NOON, embargo_exception="ana: a funder asked.")
        assert recorded_kinds(campaign) == []

    def test_the_last_day(self) -> None:
        campaign = running_campaign()
        Campaign.objects.filter(pk=campaign.pk).update(ends_at=world.NOON)
        transitions.close_due_campaigns(now=world.NOON)
        campaign.refresh_from_db()
        assert recorded_kinds(campaign) == ["ended"]

    def test_each_is_made_once_however_often_the_worker_looks(self) -> None:
        campaign = running_campaign()
        cross_guardrail(campaign)
        assert [events.record_notices(campaign, now=world.NOON) for _ in range(3)] == [1, 0, 0]

    def test_long_closed_campaigns_are_left_alone(self) -> None:
        campaign = running_campaign()
        cross_guardrail(campaign)
        Campaign.objects.update(state="closed", changed_at=world.NOON)
        assert list(events.notifiable_campaigns(now=world.NOON + timedelta(days=13))) == [campaign]
        assert list(events.notifiable_campaigns(now=world.NOON + timedelta(days=15))) == []


class TestEmail:
    def test_it_is_sent_separately_to_the_author_and_to_the_people_named_in_the_plan(self) -> None:
        campaign = running_campaign()
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)
        assert delivery.send_due_notices(now=world.NOON) == 2
        assert sorted(each.to for each in mail.outbox) == [["ana@ngo.example"], ["mara@ngo.example"]]
        assert "https://thought.example/campaigns/pilot/watch/" in mail.outbox[0].body

    @pytest.mark.parametrize("kind", Notice.Kind)
    def test_it_holds_no_count_and_no_estimate(self, kind: Notice.Kind) -> None:
        campaign = running_campaign()
        world.tally(campaign, MANY)
        evaluate(campaign, now=world.NOON)
        notice = Notice(campaign=campaign, kind=kind, ref="x", about="Both", at=world.NOON)
        text = " ".join(email_subject_and_text(notice, page_url="https://thought.example/campaigns/pilot/watch/"))
        assert re.findall(r"\d+", text) == (["180"] if kind == "help-link" else [])  # days, not people

    def test_people_without_an_active_account_or_address_get_no_mail(self) -> None:
        running_campaign()
        for name, fields in (("ana", {"is_active": False}), ("mara", {"email": ""})):
            person = world.person(name)
            for field, value in fields.items():
                setattr(person, field, value)
            person.save()
        assert recipients(Campaign.objects.get()) == []

    def test_without_a_mail_server_a_notice_is_only_on_the_page(self, settings: Any) -> None:
        campaign = running_campaign()
        settings.EMAIL_HOST, settings.MAIL_IS_PRINTED = "", False
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)
        client = Client()
        world.sign_in(client, world.person("mara"))
        html = client.get("/campaigns/pilot/watch/").content.decode()
        assert "crossed a guardrail and is no longer shown" in html
        assert "shown only on this page" in html
        assert not NoticeDelivery.objects.exists()


class Stopped(BaseException):
    """The process is interrupted."""


class TestInterruptions:
    @pytest.fixture
    def waiting(self) -> Campaign:
        campaign = running_campaign()
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)
        return campaign

    def test_stopped_while_making_leaves_nothing_half_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*_: Any) -> None:
            raise Stopped

        campaign = running_campaign()
        cross_guardrail(campaign)
        monkeypatch.setattr(NoticeDelivery.objects.__class__, "bulk_create", stop)
        with pytest.raises(Stopped):
            events.record_notices(campaign, now=world.NOON)
        assert not Notice.objects.exists()
        monkeypatch.undo()
        assert events.record_notices(campaign, now=world.NOON) == 1
        assert NoticeDelivery.objects.count() == 2

    def test_stopped_before_it_is_sent_loses_nothing(self, waiting: Campaign) -> None:
        def stop(_: NoticeDelivery) -> None:
            raise Stopped

        with pytest.raises(Stopped):
            delivery.send_due_notices(now=world.NOON, send=stop)
        assert delivery.send_due_notices(now=world.NOON) == 2
        assert len(mail.outbox) == 2

    def test_stopped_between_sending_and_noting_sends_one_twice_and_both_say_so(
        self, waiting: Campaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: Any, **__: Any) -> None:
            raise Stopped

        monkeypatch.setattr(NoticeDelivery, "save", stop)
        with pytest.raises(Stopped):
            delivery.send_due_notices(now=world.NOON)
        monkeypatch.undo()
        assert delivery.send_due_notices(now=world.NOON) == 2
        named = [each.extra_headers["Message-ID"] for each in mail.outbox]
        assert (len(named), len(set(named))) == (3, 2)
        assert delivery.send_due_notices(now=world.NOON + timedelta(days=1)) == 0


class TestRetries:
    @pytest.fixture
    def refused(self, monkeypatch: pytest.MonkeyPatch) -> Campaign:
        def refuse(_: NoticeDelivery) -> None:
            raise ConnectionRefusedError("mara@ngo.example")

        campaign = running_campaign()
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)
        monkeypatch.setattr(delivery, "send_notice", refuse)
        with pytest.raises(delivery.NoticeNotSent):
            delivery.send_due_notices(now=world.NOON)
        return campaign

    def test_each_waits_twice_as_long_as_the_last(self, refused: Campaign) -> None:
        waits, now = [], world.NOON
        for _ in range(12):
            due = NoticeDelivery.objects.order_by("pk")[0].due_at
            waits.append(int((due - now).total_seconds() / 60))
            now = due
            with pytest.raises(delivery.NoticeNotSent):
                delivery.send_due_notices(now=now)
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]

    def test_a_failure_is_on_the_page_and_at_health_ready_by_its_name_alone(self, refused: Campaign) -> None:
        (step,) = (each for each in STEPS if each.name == "tell")
        assert not Worker(clock=lambda: world.NOON + timedelta(seconds=30)).run(step)
        assert WorkerStep.objects.get(name="tell").failure == "NoticeNotSent"
        client = Client()
        world.sign_in(client, world.person("mara"))
        html = client.get("/campaigns/pilot/watch/").content.decode()
        assert "Could not be sent yet (ConnectionRefusedError)" in html
        assert "mara@ngo.example" not in html

    def test_after_a_week_it_is_given_up_and_the_page_says_so(self, refused: Campaign) -> None:
        NoticeDelivery.objects.update(tries=delivery.MAX_ATTEMPTS)
        assert delivery.send_due_notices(now=world.NOON + timedelta(days=30)) == 0
        client = Client()
        world.sign_in(client, world.person("mara"))
        assert "Could not be sent after a week of trying" in client.get("/campaigns/pilot/watch/").content.decode()

    def test_it_is_sent_once_the_server_is_back(self, refused: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        assert delivery.send_due_notices(now=world.NOON + timedelta(minutes=2)) == 2
        assert set(NoticeDelivery.objects.values_list("failure", flat=True)) == {""}

    def test_a_failing_campaign_does_not_delay_the_notices_of_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        campaign = running_campaign()
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)

        def fail(*_: Any, **__: Any) -> int:
            raise ValueError

        monkeypatch.setattr(events, "record_notices", fail)
        with pytest.raises(ValueError):
            steps.send_notices(world.NOON)
        assert len(mail.outbox) == 2


class Site(ThreadingHTTPServer):
    """A local webhook that keeps what it receives."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status, self.received = 204, list[tuple[str, dict[str, str], Any]]()
        self.connected_to: list[tuple[str, str]] = []
        site = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                site.received.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(site.status)
                self.send_header("Location", "https://elsewhere.example/")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        super().__init__(("127.0.0.1", 0), Answer)

    def connect(self, host: str, address: str, seconds: float) -> socket.socket:
        """Connect to this server without TLS, in place of the address."""
        self.connected_to.append((host, address))
        return socket.create_connection(("127.0.0.1", self.server_port), timeout=seconds)


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    thread = threading.Thread(target=served.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


def post(site: Site, url: str = "https://hook.example/in", addresses: tuple[str, ...] = ("93.184.216.34",)) -> None:
    webhook.post(
        url,
        {"campaign": "pilot"},
        idempotency_key="notice-1",
        resolve=lambda host: addresses,
        connect=site.connect,
        seconds=5,
    )


class TestTheWebhook:
    def test_it_receives_only_the_campaign_the_kind_a_sentence_and_a_page(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("messages.public_http.resolve_host", lambda host: ["93.184.216.34"])
        monkeypatch.setattr("messages.public_http.open_connection", site.connect)
        campaign = running_campaign(webhook="https://hook.example/in?key=1")
        cross_guardrail(campaign)
        events.record_notices(campaign, now=world.NOON)
        assert delivery.send_due_notices(now=world.NOON) == 3
        ((path, headers, body),) = site.received
        assert path == "/in?key=1"
        assert body == {
            "campaign": "pilot",
            "kind": "guardrail",
            "sentence": "In “The pilot”, “Both” crossed a guardrail and is no longer shown.",
            "page": "https://thought.example/campaigns/pilot/watch/",
        }
        assert headers["Idempotency-Key"] == f"notice-{Notice.objects.get().pk}"
        assert site.connected_to == [("hook.example", "93.184.216.34")]

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
    )
    def test_it_never_goes_into_a_private_network(self, site: Site, address: str) -> None:
        with pytest.raises(UnsafeAddress):
            post(site, addresses=("93.184.216.34", address))
        assert site.connected_to == []

    @pytest.mark.parametrize("url", ["http://hook.example/", "https://hook.example:8443/", "https://a:b@hook.example/"])
    def test_it_goes_over_https_alone(self, site: Site, url: str) -> None:
        with pytest.raises(UnsafeAddress):
            post(site, url)

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_it_is_sent_on_nowhere_and_tried_again(self, site: Site, status: int) -> None:
        site.status = status
        with pytest.raises(webhook.WebhookRejected):
            post(site)
        assert len(site.connected_to) == 1
