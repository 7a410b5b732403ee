"""The watch page in a browser: refreshing itself, requesting an early look, keeping the embargo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from analytics.data_quality import hourly_check
from analytics.looks.evaluate import evaluate
from analytics.models import DataQualityStatus, GuardEvent
from analytics.notifications import events
from analytics.worker import steps
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from tests import world
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import collect_errors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[..., Page]
MANY = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"


@pytest.fixture
def desk(live_server: LiveServer, page: OpenPage) -> SignIn:
    """Open the watch page as a signed-in user, with a clock that the test can advance."""

    def sign_in(person: User, path: str = "/campaigns/pilot/watch/", **options: object) -> Page:
        client = Client()
        world.sign_in(client, person)
        tab = page(**options)
        tab.clock.install()
        name = settings.SESSION_COOKIE_NAME
        tab.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        tab.goto(f"{live_server.url}{path}")
        return tab

    return sign_in


def running() -> Campaign:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, MANY)
    evaluate(campaign, now=world.NOON)
    hourly_check.check_data_quality(campaign, now=timezone.now())
    DataQualityStatus.objects.update(flow="ok", usual=400, reach=90)
    return campaign


def test_a_manager_sees_a_guardrail_trip_without_reloading(desk: SignIn) -> None:
    campaign = running()
    tab = desk(world.person("mara", "manager"))
    wrong = collect_errors(tab)
    expect(tab.get_by_text("All is well. There is nothing you need to do.")).to_be_visible()
    tab.evaluate("window.mine = true")
    harmed = campaign.arms.get(key="both")
    GuardEvent.objects.create(
        campaign=campaign, arm=harmed, outcome="annoyed", at=timezone.now(), effect=0.05, bound=0.03, margin=0.02
    )
    arm_pauses.pause_arm(harmed, reason="It does harm.", now=timezone.now())
    events.record_notices(campaign, now=timezone.now())
    tab.clock.run_for(11_000)
    expect(tab.locator(".verdict .sentence")).to_contain_text("A guardrail was crossed.")
    expect(tab.locator("[data-live-said]")).to_contain_text("A guardrail was crossed.")
    expect(tab.get_by_text("crossed a guardrail and is no longer shown")).to_be_visible()
    assert tab.evaluate("window.mine")
    assert wrong == []


def test_it_asks_nobody_while_nobody_sees_it_and_rests_after_half_an_hour(desk: SignIn) -> None:
    running()
    tab = desk(world.person("mara", "manager"))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.evaluate("Object.defineProperty(document, 'hidden', {get: () => window.away ?? false})")
    tab.evaluate("window.away = true; document.dispatchEvent(new Event('visibilitychange'))")
    tab.clock.run_for(60_000)
    assert asked == []
    with tab.expect_response("**/watch/now/"):
        tab.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    tab.clock.fast_forward(timedelta(minutes=31).seconds * 1000)
    expect(tab.get_by_text("Updates are paused after half an hour without activity.")).to_be_visible()
    with tab.expect_response("**/watch/now/"):
        tab.mouse.move(5, 5)


def test_open_folds_and_the_focus_stay_while_it_looks_again(desk: SignIn) -> None:
    campaign = running()
    tab = desk(world.person("ana", "analyst"))
    tab.get_by_text("I need an early look").click()
    box = tab.get_by_label("Why do you need an early look?")
    box.fill("A funder")
    campaign.notices.create(kind="split", ref="split", at=timezone.now())
    tab.clock.run_for(11_000)
    expect(tab.get_by_text("the messages are not shown as often as planned.")).to_be_visible()
    expect(box).to_have_value("A funder")
    expect(box).to_be_focused()


def test_an_analyst_looks_early_on_record_and_nobody_else_reads_it(desk: SignIn, live_server: LiveServer) -> None:
    running()
    tab = desk(world.person("ana", "analyst"))
    wrong = collect_errors(tab)
    assert "turned back" not in tab.locator("main").inner_text()
    tab.get_by_text("I need an early look").click()
    tab.get_by_role("button", name="Request an early look").click()
    expect(tab.locator("#reason-error")).to_contain_text("Give a reason")
    tab.get_by_label("Why do you need an early look?").fill("The funder’s board meets tomorrow.")
    tab.get_by_role("button", name="Request an early look").click()
    expect(tab.get_by_text("in progress")).to_be_visible()
    steps.record_early_looks(timezone.now())
    tab.clock.run_for(11_000)
    tab.get_by_role("link", name="Read the early look").click()
    expect(tab.locator(".verdict .sentence")).to_contain_text("44 turned back")
    other = desk(world.person("mara", "manager"))
    expect(other.get_by_text("Early look by ana")).to_be_visible()
    expect(other.get_by_text("The funder’s board meets tomorrow.")).to_be_visible()
    other.goto(f"{live_server.url}/campaigns/pilot/results/")
    expect(other.locator(".verdict .sentence")).to_contain_text("It is too early to compare")
    assert wrong == []


def test_without_scripts_a_link_looks_again(desk: SignIn) -> None:
    campaign = running()
    client = desk(world.person("mara", "manager"), java_script_enabled=False)
    expect(client.get_by_text("All is well. There is nothing you need to do.")).to_be_visible()
    campaign.notices.create(kind="planned", ref="planned", at=timezone.now())
    client.get_by_role("link", name="Refresh").click()
    expect(client.locator(".verdict .sentence")).to_contain_text(
        "Complete: The planned number of people has been counted."
    )


def test_it_says_when_it_cannot_look_again(desk: SignIn) -> None:
    running()
    tab = desk(world.person("mara", "manager"))
    tab.context.clear_cookies()
    tab.clock.run_for(11_000)
    expect(tab.get_by_text("This page could not refresh. You may be offline or signed out.")).to_be_visible()
