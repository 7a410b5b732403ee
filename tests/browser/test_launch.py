"""From a draft to a frozen plan by keyboard: submit, send back, approve, launch with a code, show a deviation."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from analytics.looks.evaluate import evaluate
from campaign.models import Campaign
from messages.accounts.session_store import NamedSession
from messages.accounts.step_up import CONFIRMED_AT_KEY
from tests import world
from tests.browser.test_help_and_exchange import SignIn, desk, press_until
from tests.browser.test_pages import collect_errors

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}


def forget_confirmations() -> None:
    """Let all confirmations expire."""
    for session in Session.objects.all():
        store = NamedSession(session.session_key)
        store[CONFIRMED_AT_KEY] = 0
        store.save()


def tick(tab: Page, name: str, *, at_most: int = 80) -> None:
    """Reach a checkbox by Tab alone, and press the space bar."""
    for _ in range(at_most):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.name") == name:
            tab.keyboard.press("Space")
            return
    pytest.fail(f"“{name}” is not reached by the keyboard.")


def step_up(tab: Page, name: str) -> None:
    """Confirm the user with a code."""
    expect(tab.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    tab.get_by_label("Code from your app").fill(world.fresh_code(User.objects.get(username=name)))
    tab.get_by_role("button", name="Confirm").click()


def download(tab: Page, label: str) -> bytes:
    """Return the content of a download."""
    with tab.expect_download() as download:
        tab.get_by_role("link", name=label).click()
    return Path(download.value.path()).read_bytes()


def test_a_plan_is_sent_approved_launched_and_downloaded_by_keyboard(desk: SignIn) -> None:
    world.draft()
    manager = desk(world.person("mara", "manager"), "/campaigns/pilot/")
    reviewer = desk(world.person("rafael", "reviewer"), "/reviews/")
    wrong = (collect_errors(manager), collect_errors(reviewer))
    press_until(manager, "Review and submit")
    press_until(manager, "Send for approval", at_most=90)
    expect(manager.locator("main").get_by_role("status")).to_contain_text("Sent.")

    reviewer.reload()
    press_until(reviewer, "Read and decide")
    expect(reviewer.get_by_text("A victim headline")).to_be_visible()
    tick(reviewer, "have_read", at_most=90)
    press_until(reviewer, "Approve")
    expect(reviewer.locator("main").get_by_role("status")).to_contain_text("Approved.")

    forget_confirmations()
    manager.reload()
    press_until(manager, "Prepare the launch")
    step_up(manager, "mara")
    expect(manager.get_by_role("heading", name="Launch The pilot")).to_be_visible()
    press_until(manager, "Freeze the plan and launch")
    expect(manager.locator("main").get_by_role("status")).to_contain_text("Launched.")

    campaign = Campaign.objects.get(slug="pilot")
    assert campaign.state == "running"
    expect(manager.locator("code", has_text=campaign.plan.fingerprint)).to_be_visible()
    assert hashlib.sha256(download(manager, "Download as JSON")).hexdigest() == campaign.plan.fingerprint
    assert download(manager, "Download as PDF").startswith(b"%PDF-")
    assert wrong == ([], [])


@pytest.mark.proof
def test_a_reviewer_sends_a_plan_back_and_whoever_made_it_reads_why(desk: SignIn) -> None:
    world.draft()
    manager = desk(world.person("mara", "manager"), "/campaigns/pilot/plan/")
    manager.get_by_role("button", name="Send for approval").click()
    reviewer = desk(world.person("rafael", "reviewer"), "/campaigns/pilot/plan/")
    reviewer.get_by_role("button", name="Send it back").click()
    expect(reviewer.locator("#reason-error")).to_be_visible()
    reviewer.get_by_label("Or say what has to change first").fill("The control is not neutral.")
    reviewer.get_by_role("button", name="Send it back").click()
    expect(reviewer.locator("main")).to_contain_text("Sent back with your reason.")
    manager.reload()
    expect(manager.get_by_role("note")).to_contain_text("The control is not neutral.")


@pytest.mark.proof
def test_a_deviation_is_put_on_record_and_stands_on_the_results(desk: SignIn) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    manager = desk(world.person("mara", "manager"), "/campaigns/pilot/plan/")
    manager.get_by_label("Changes from the plan").fill("It ran two days longer.")
    manager.get_by_role("button", name="Record it").click()
    expect(manager.locator("#why-error")).to_have_text("Say why it changed.")
    manager.get_by_label("Reason", exact=True).fill("The partner moved to another server.")
    manager.get_by_role("button", name="Record it").click()
    expect(manager.locator("main").get_by_role("status")).to_contain_text("Recorded.")
    analyst = desk(world.person("ana", "analyst"), "/campaigns/pilot/results/")
    shown = analyst.get_by_role("region", name="Changes from the plan")
    expect(shown).to_contain_text("It ran two days longer.")
    expect(shown).to_contain_text("Reason: The partner moved to another server.")


@pytest.mark.proof
def test_closing_says_what_it_does_and_asks_for_a_tick(desk: SignIn) -> None:
    world.launched()
    tab = desk(world.person("mara", "manager"), "/campaigns/pilot/")
    tab.get_by_role("link", name="Close it for good").click()
    expect(tab.locator("main")).to_contain_text("it cannot be started again")
    tab.get_by_role("button", name="Close it for good").click()
    expect(tab.locator("#sure-error")).to_be_visible()
    tab.get_by_label("I understand that this cannot be undone.").check()
    tab.get_by_role("button", name="Close it for good").click()
    expect(tab.locator("main").get_by_role("status")).to_contain_text("Closed for good.")
    tab.get_by_role("button", name="Plan a copy").click()
    expect(tab.get_by_role("heading", name="The pilot (2)")).to_be_visible()
