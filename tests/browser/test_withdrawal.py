"""One press of "Do not count me": the view is deleted, and nothing more is asked or sent, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from campaign.outcomes import WITHDRAWAL
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation, running_installation
from tests.browser.test_back_and_reload import shown
from tests.browser.test_exit import requests_of
from tests.browser.test_pages import collect_events, until_exposed, wait_for_outcome
from tests.power.ledger import in_audience
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
LABEL, SAID = "Do not count me", "You are not counted."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running_installation(tmp_path_factory.mktemp("installation")) as made:
        yield made


def wait_until_deleted(site: Installation) -> None:
    """Until of every view that is stored the withdrawal alone is left: a page hears of an event before it is stored."""
    wait_until(lambda: set(in_audience(site.directory).values()) == {WITHDRAWAL.mask}, what="every view deleted")


def test_with_script_the_page_stays_and_sends_nothing_more_not_after_a_reload_either(
    site: Installation, page: OpenPage
) -> None:
    tab = page(phone=True)
    events = collect_events(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    until_exposed(tab, events)
    before = shown(tab)
    tab.get_by_role("button", name=LABEL).click()
    wait_for_outcome(tab, events, WITHDRAWAL.key)
    expect(tab.locator(".privacy")).to_have_text(SAID)
    wait_until_deleted(site)
    asked = requests_of(tab)
    tab.get_by_role("link", name="I made one, or nearly did").click()
    expect(tab.locator(".more:visible")).to_have_count(1)
    assert asked == []
    tab.reload()
    expect(tab.locator(".privacy")).to_have_text(SAID)
    expect(tab.locator(".feedback")).to_have_count(0)
    assert shown(tab) == ["", *before[1:]]
    asked = requests_of(tab)
    tab.get_by_role("link", name="Someone made one of me").click()
    expect(tab.locator(".more:visible")).to_have_count(1)
    assert asked == []


def test_without_script_it_leads_to_a_page_that_says_so(site: Installation, page: OpenPage) -> None:
    tab = page(java_script_enabled=False)
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.get_by_role("button", name=LABEL).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(SAID)
    wait_until_deleted(site)


def test_in_the_embed_it_is_said_too_and_what_is_pressed_after_counts_no_more(
    site: Installation, page: OpenPage
) -> None:
    tab = page()
    tab.goto(site.partner)
    tab.get_by_role("button", name=LABEL).click()
    expect(tab.locator("second-thought output")).to_have_text(SAID)
    with tab.expect_response("**/api/v1/events"):
        tab.get_by_role("button", name="This message upset me").click()
    wait_until_deleted(site)
