"""From an empty server to the first counted message, by hand in a real Chromium, and what it costs two people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from tests import world
from tests.browser.conftest import OpenPage
from tests.browser.story import HOURS_AHEAD, PASSWORD
from tests.browser.test_pages import collect_errors
from tests.installation import new_installation
from tests.waiting import reload_until

SEND = "main form button.button:visible"

pytestmark = [pytest.mark.browser, pytest.mark.proof]


@dataclass
class Person:
    """Somebody at a browser: what they press and type is counted, and the pages that they come to."""

    tab: Page
    clicks: int = 0
    fields: int = 0
    pages: int = 0

    def press(self, what: str) -> None:
        """Press a button or a link, which leads to another page."""
        with self.tab.expect_navigation():
            self.tab.locator(what).first.click()
        self.clicks += 1
        self.pages += 1

    def choose(self, what: str) -> None:
        self.tab.locator(what).first.check()
        self.clicks += 1

    def type(self, what: str, text: str) -> None:
        self.tab.locator(what).fill(text)
        self.fields += 1

    def join(self, link: str, name: str) -> None:
        """Make an account by a link, with an authenticator app."""
        self.tab.goto(link)
        self.pages += 1
        self.type("#id_username", name)
        if self.tab.locator("#id_email").count():
            self.type("#id_email", f"{name}@example.org")
        self.type("#id_password", PASSWORD)
        self.press(SEND)
        secret = self.tab.locator("#secret-copied").text_content() or ""
        self.type("#id_code", world.code(secret))
        self.press(SEND)
        self.press("main a.button")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    with new_installation(tmp_path) as installation:
        own = {**installation, "LOCAL_HTTP": "1", "SNAPSHOT_SECONDS": "0.2", "SERVED_FLUSH_SECONDS": "0.2"}
        own |= {"ORGANISATION": "An example"}
        link = run(own, "tests.browser.story:begin_empty")
        with launcher.run_server("tests.browser.ahead:application", environment=own) as url:
            yield url, link, own


def test_two_people_come_from_an_empty_server_to_the_first_counted_message(
    site: tuple[str, str, dict[str, str]], page: OpenPage
) -> None:
    url, link, own = site
    ada, rafael = Person(page()), Person(page())
    wrong = [collect_errors(person.tab) for person in (ada, rafael)]

    ada.join(f"{url}{link}", "ada")
    expect(ada.tab.locator("main")).to_contain_text("0 of 4 done")
    ada.press("main a[href='/people/invite/']")
    ada.type("#id_email", "rafael@example.org")
    ada.choose("input[value=reviewer]")
    ada.press(SEND)
    invitation = ada.tab.locator("#link-copied").inner_text()
    ada.press("header a.name")
    ada.press("button[form=sample]")
    ada.type("#id_ethics_exemption", "We only try it out ourselves.")
    ada.press(".onward button")
    ada.press(SEND)
    expect(ada.tab.locator(".state").first).to_have_class("state state-submitted")

    rafael.join(invitation, "rafael")
    rafael.press("section[aria-labelledby=waits] a[href*='/campaigns/']")
    rafael.choose("input[name=have_read]")
    rafael.press("form[action$='/approve/'] button")
    for_two = rafael.clicks

    links = 0  # how long this takes depends on how many are kept
    rafael.press("header a.name")
    rafael.press("section[aria-labelledby=waits] a[href*='/help-links/']")
    while rafael.tab.locator("input[value=fits]").count() and "/help-links/" in rafael.tab.url:
        rafael.choose("input[value=fits]")
        rafael.press("form[action$='/check/'] button")
        links += 1
    assert links == 27

    ada.press("header a.name")
    ada.press("section[aria-labelledby=waits] a[href$='/launch/']")
    ada.press(SEND)

    visitor = page()
    visitor.goto(f"{url}/m/our-own-page/")
    reload_until(visitor, visitor.locator("h1").is_visible)
    another = page()  # a reload would keep the view, which may have been reported
    with another.expect_response("**/api/v1/events"):
        another.goto(f"{url}/m/our-own-page/")
    Path(own["DATA_DIRECTORY"], HOURS_AHEAD).write_text("5", "ascii")
    assert run(own, "tests.browser.story:run_worker_ahead", ahead=5)["seen"] >= 1
    assert wrong == [[], []]
    told = f"first: {ada.clicks} clicks, {ada.pages} pages, {ada.fields} fields; second: {for_two} clicks"
    assert (ada.clicks < 25, ada.pages < 14, ada.fields < 12, for_two <= 8) == (True, True, True, True), told
