"""A harmful arm, in a real browser: the worker pauses it, visitors get the control text, a manager decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from analytics.management.commands.demo import PARTNER_PAGE, make_partner_server
from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import collect_errors, until_exposed
from tests.browser.test_pages import collect_events as events_of
from tests.installation import new_installation
from tests.waiting import let_pass

pytestmark = [pytest.mark.browser, pytest.mark.proof]
HARMFUL, NEUTRAL = "A both headline", "A neutral headline"


@dataclass
class Site:
    """An installation with the harmful campaign, its server, and a partner's page on another origin."""

    environment: dict[str, str]
    url: str
    partner: str
    manager: dict[str, str]

    def guard(self) -> int:
        """Run the worker's guardrail step, and return how many guardrail events are recorded."""
        stops: int = run(self.environment, "tests.browser.backfire:run_guard")
        return stops


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = launcher.free_port()
    origin = f"http://localhost:{port}"
    with new_installation(tmp_path) as environment:
        own = {**environment, "LOCAL_HTTP": "1", "SNAPSHOT_SECONDS": "0.2"}
        told = run(own, "tests.browser.backfire:create_harmful_campaign", origin=origin)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=own) as url:
            html = PARTNER_PAGE.read_text(encoding="utf-8").replace("{{ORIGIN}}", url)
            partner = make_partner_server(html.replace("{{PLACEMENT}}", "quiet-page"), port)
            threading.Thread(target=partner.serve_forever, args=[0.02], daemon=True).start()
            session = {"name": told["cookie"], "value": told["session"], "url": url}
            yield Site(own, url, f"{origin}/", session)
            partner.shutdown()
            partner.server_close()


def until_shown(tab: Page, address: str, headline: str) -> None:
    """Visit again and again until a visitor sees this text."""
    for _ in range(100):
        tab.goto(address)
        expect(tab.get_by_role("heading", name="headline")).to_be_visible()
        if tab.get_by_role("heading", name=headline).is_visible():
            return
        let_pass(tab, 200)
    pytest.fail(f"“{headline}” is not shown at {address}")


def test_an_arm_that_annoys_is_stopped_and_a_manager_decides(site: Site, page: OpenPage) -> None:
    hosted, embedded, desk = page(), page(), page()
    wrong = [collect_errors(tab) for tab in (hosted, embedded, desk)]
    message = f"{site.url}/m/quiet-page/"
    for tab, address in ((hosted, message), (embedded, site.partner)):
        events = events_of(tab)
        until_shown(tab, address, HARMFUL)
        until_exposed(tab, events)

    assert site.guard() == 1

    counted = [events_of(hosted), events_of(embedded)]
    until_shown(hosted, message, NEUTRAL)
    until_shown(embedded, site.partner, NEUTRAL)
    for tab in (hosted, embedded):
        let_pass(tab, 1500)  # as long as it takes to have been seen
    assert counted == [[], []], "what they do is not counted"
    assert hosted.locator('input[name="receipt"]').first.get_attribute("value") == ""

    desk.context.add_cookies([site.manager])  # type: ignore[list-item]  # a plain dict is what it takes
    desk.goto(site.url)
    expect(desk.locator("main")).to_contain_text("A message was stopped")
    desk.get_by_role("link", name="The pilot", exact=True).click()
    told = desk.get_by_role("region", name="One message was stopped in this campaign")
    expect(told).to_contain_text("more said it annoyed them than of 100 who saw “Neutral”. The plan allows 1.")
    expect(told).to_contain_text("the text of “Neutral”, in their language. They are not counted")
    expect(told.get_by_role("link", name="Stop its message everywhere")).to_be_visible()

    told.get_by_role("link", name="Show it again").click()
    desk.get_by_role("button", name="Show it again").click()
    expect(desk.locator("#id_reason_error")).to_contain_text("Enter a reason")
    assert site.guard() == 1
    until_shown(hosted, message, NEUTRAL)
    desk.get_by_label("Reason").fill("It annoys, and it turns back twice as many: the board agreed on Friday.")
    desk.get_by_role("button", name="Show it again").click()
    expect(desk.locator("main").get_by_role("status")).to_contain_text("“Both” is shown again.")
    expect(desk.locator("main")).to_contain_text("A guardrail stopped “Both” on")

    until_shown(hosted, message, HARMFUL)
    until_shown(embedded, site.partner, HARMFUL)
    assert site.guard() == 1, "what was known when it was resumed does not stop it again"
    assert wrong == [[], [], []]
