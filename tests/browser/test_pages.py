"""A real Chromium visits the hosted page and a partner's page on another origin. The tallies match what it did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from campaign.outcomes import OUTCOMES, PAGE_ADDRESSES
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation, running_installation
from tests.waiting import let_pass, wait_in_page_until, wait_until

pytestmark = pytest.mark.browser

# As the server's clock, so that the embed's request for a message has the hour of the server.
A_DAY_AGO = "{ const now = Date.now; Date.now = () => now() - 24 * 36e5; }"


@pytest.fixture
def unvisited_site(tmp_path: Path) -> Iterator[Installation]:
    """One that no other test has visited: all that is counted is counted here."""
    with running_installation(tmp_path) as made:
        yield made


def collect_errors(page: Page) -> list[str]:
    """Collect the errors of a page as they happen."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    return wrong


def collect_events(page: Page) -> list[dict[str, Any]]:
    """Collect the events of a page as they are sent."""
    events: list[dict[str, Any]] = []

    def note(request: Any) -> None:
        if request.url.endswith("/api/v1/events"):
            body = json.loads(request.post_data)
            events.extend(body if isinstance(body, list) else [body])

    page.on("request", note)
    return events


def until_exposed(page: Page, events: list[dict[str, Any]]) -> None:
    wait_for_outcome(page, events, "exposed")


def test_what_a_browser_does_is_what_is_counted(unvisited_site: Installation, page: OpenPage) -> None:
    site = unvisited_site
    # The hosted page: one person leaves, one goes on, one asks for help to stop, one was harmed, on a phone.
    for kind, name, phone in (
        ("button", "Leave this page", False),
        ("button", "Continue", False),
        ("a", "I made one, or nearly did", True),
        ("a", "Someone made one of me", True),
    ):
        tab = page(phone=phone)
        wrong, events = collect_errors(tab), collect_events(tab)
        tab.goto(f"{site.url}/m/quiet-page/")
        until_exposed(tab, events)
        tab.locator(kind, has_text=name).click()
        tab.wait_for_url("**/m/quiet-page/**")
        assert wrong == []
    # Someone rates the message, and then just closes the tab.
    tab = page()
    events = collect_events(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    until_exposed(tab, events)
    tab.get_by_role("button", name="4", exact=True).click()
    expect(tab.get_by_role("status")).to_have_text("Thank you.")
    tab.close()
    # Without JavaScript: one leaves.
    tab = page(java_script_enabled=False)
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.get_by_role("button", name="Leave this page").click()
    tab.wait_for_url(re.compile(rf"/{PAGE_ADDRESSES['left']}\?locale=en$"))
    # The partner's page, on another origin: one leaves, one goes on.
    for button, outcome in (("Leave this page", "left"), ("Continue", "continued")):
        tab = page()
        tab.add_init_script(A_DAY_AGO)
        wrong, events = collect_errors(tab), collect_events(tab)
        tab.goto(site.partner)
        until_exposed(tab, events)
        tab.get_by_role("button", name=button, exact=True).click()
        wait_for_outcome(tab, events, outcome)
        assert wrong == []

    wait_until(
        lambda: site.open_outcomes() == {"exposed": 8, "left": 3, "continued": 2, "help_self": 1, "help_affected": 1}
    )
    site.manage("fold")
    counted = {
        key: site.folded_count(key) for key in OUTCOMES if key != "dwell"
    }  # how long a tab was open depends on load
    assert counted == dict.fromkeys(counted, 0) | {
        "exposed": 8,
        "left": 3,
        "turned_back": 3,
        "continued": 2,
        "help_self": 1,
        "help_affected": 1,
        "rating": 1,
        "no_answer": 1,
    }


def wait_for_outcome(page: Page, events: list[dict[str, Any]], outcome: str) -> None:
    wait_in_page_until(page, lambda: any(event["outcome"] == outcome for event in events), what=f"{outcome} reported")


def test_all_that_our_scripts_send_has_one_length(site: Installation, page: OpenPage) -> None:
    for address, button in (
        (f"{site.url}/m/quiet-page/", "4"),
        (f"{site.url}/m/quiet-page/", "This message annoyed me"),
        (site.partner, "Leave this page"),
        (site.partner, "Continue"),
    ):
        tab = page()
        tab.add_init_script(A_DAY_AGO)
        sent: list[str] = []
        tab.on("request", lambda request: sent.append(request.post_data or ""))  # noqa: B023
        events = collect_events(tab)
        tab.goto(address)
        until_exposed(tab, events)
        tab.get_by_role("button", name=button, exact=True).click()
        wait_in_page_until(tab, lambda: len(events) > 1, what="two events")  # noqa: B023
        assert {len(body) for body in sent if body} == {256}


def test_nothing_is_left_on_the_device_and_nobody_else_is_called(site: Installation, page: OpenPage) -> None:
    for address in (f"{site.url}/m/quiet-page/", site.partner):
        tab = page()
        hosts: set[str] = set()
        tab.on("request", lambda request: hosts.add(request.url.split("/")[2]))  # noqa: B023
        events = collect_events(tab)
        tab.goto(address)
        until_exposed(tab, events)
        assert tab.context.cookies() == []
        assert tab.evaluate("[localStorage.length, sessionStorage.length, document.cookie.length]") == [0, 0, 0]
        assert hosts <= {site.url.split("/")[2], site.partner.split("/")[2]}


def test_a_message_below_the_fold_is_not_reported_as_seen(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.add_init_script(A_DAY_AGO)
    events = collect_events(tab)
    tab.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        " const above = document.createElement('div'); above.style.height = '5000px'; document.body.prepend(above) })"
    )
    tab.goto(site.partner)
    let_pass(tab, 2000)
    assert events == []
    tab.get_by_role("button", name="Leave this page").scroll_into_view_if_needed()
    until_exposed(tab, events)


COUNT_AND_LOOK = """
from datetime import date
from django.core.management import call_command
from analytics.models import Tally
from campaign.models import Arm, Placement
where = Placement.objects.all()[0]
for arm in Arm.objects.all():
    for outcome, count in (("exposed", {seen}), ("turned_back", {turned_back})):
        Tally.objects.create(
            day=date(2026, 3, {day}), arm=arm, placement=where, locale="en", outcome=outcome, value=0, count=count
        )
call_command("evaluate", "autumn-pilot", early="Ana: this is a test.")
"""
FOLD_AND_LOOK = """
from django.core.management import call_command
call_command("fold")
call_command("evaluate", "autumn-pilot")
"""


@pytest.mark.proof
def test_an_analyst_signs_in_and_reads_the_results(unvisited_site: Installation, page: OpenPage) -> None:
    site, tab = unvisited_site, page()
    wrong = collect_errors(tab)
    tab.goto(f"{site.url}/campaigns/autumn-pilot/results/")
    assert "/sign-in/" in tab.url  # a stranger sees nothing
    tab.get_by_label("Name").fill("ana")
    tab.get_by_label("Password").fill(site.passwords["ana"])
    tab.get_by_role("button", name="Continue").click()
    tab.wait_for_url("**/results/")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Autumn pilot")
    site.manage("shell", "--no-imports", "-c", FOLD_AND_LOOK)
    tab.reload()
    expect(tab.locator("main")).to_contain_text("It is too early to compare")
    site.manage("shell", "--no-imports", "-c", COUNT_AND_LOOK.format(seen=5, turned_back=3, day=1))
    tab.reload()
    expect(tab.locator("main")).to_contain_text("Small counts are hidden so that nobody can be identified.")
    expect(tab.locator("main")).not_to_contain_text("Of 100 people who saw")
    site.manage("shell", "--no-imports", "-c", COUNT_AND_LOOK.format(seen=90, turned_back=30, day=2))
    tab.reload()
    expect(tab.locator("main")).to_contain_text("This is an early look. Ana: this is a test.")
    expect(tab.locator("main")).to_contain_text("Of 100 people who saw")
    assert wrong == []
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_api_description_is_rendered_without_calling_anyone(site: Installation, page: OpenPage) -> None:
    tab = page()
    wrong = collect_errors(tab)
    tab.goto(f"{site.url}/api/docs/")
    expect(tab.locator("#operations")).to_contain_text("POST /api/v1/decide")
    loaded = "performance.getEntriesByType('resource').reduce((sum, each) => sum + each.decodedBodySize, 0)"
    assert tab.evaluate(loaded) < 150_000, "what is large is loaded by a button"
    tab.get_by_role("button", name="Load the interactive page").click()
    expect(tab.locator(".swagger-ui")).to_contain_text("/api/v1/decide")
    assert wrong == []
