"""Staff pages in a real Chromium: language choice, quick exit, sensitive words by keyboard, a page in Arabic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaign.entrypoints import launcher
from campaign.outcomes import PAGE_ADDRESSES
from tests import arabic
from tests.browser.conftest import OpenPage
from tests.browser.installation import environment, manage
from tests.browser.test_pages import collect_errors
from tests.installation import copy_migrated_databases

pytestmark = pytest.mark.browser

PREPARE = """
from django.test import Client
from django.utils import timezone
from campaign.models import Arm, Placement
from campaign.serving.preview_links import preview_url
from messages.library import starter_library
from messages.models import Message, Rendition, Revision
from tests import arabic, world
starter_library.load(now=world.NOON)
campaign = world.draft()
draft = Revision.objects.create(message=Message.objects.first(), number=9, claim_strength="none")
Rendition.objects.create(revision=draft, locale="ar", headline=arabic.HEADLINE, body=arabic.BODY)
arm = Arm.objects.create_with_texts([draft], campaign=campaign, key="arabic", name="Arabic")
reader, ana = Client(), world.person("ana", "analyst")
world.sign_in(reader, ana)
print(preview_url(Placement.objects.get(), arm, by=ana, now=timezone.now()), reader.cookies["sessionid"].value)
"""


@dataclass
class Desk:
    """An installation with the starter library, and a draft in Arabic that staff can preview."""

    url: str
    elsewhere: str
    preview: str
    session: str

    def signed_in(self, tab: Page) -> Page:
        tab.context.add_cookies([{"name": "sessionid", "value": self.session, "url": self.url}])
        return tab


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory: Path = tmp_path_factory.mktemp("desk")
    copy_migrated_databases(directory)
    preview, session = manage(directory, "shell", "--no-imports", "-c", PREPARE).split()[-2:]
    with launcher.run_server("campaign.rsgi:application", environment=environment(directory)) as weather:
        # The quick way out leads to a neutral site; here another server plays its part, so that no test calls anyone.
        elsewhere = f"{weather}/health/live"
        with launcher.run_server(
            "campaign.rsgi:application", environment=environment(directory) | {"EXIT_URL": elsewhere}
        ) as url:
            yield Desk(url, elsewhere, preview, session)


def test_someone_chooses_spanish_and_it_stays(desk: Desk, page: OpenPage) -> None:
    tab = page()
    wrong = collect_errors(tab)
    tab.goto(f"{desk.url}/sign-in/")
    tab.get_by_role("button", name="Español").press("Enter")
    expect(tab.locator("html")).to_have_attribute("lang", "es")
    assert tab.url == f"{desk.url}/sign-in/"
    desk.signed_in(tab).goto(f"{desk.url}/")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Campañas")
    tab.get_by_role("button", name="English").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Campaigns")
    assert wrong == []


@pytest.mark.parametrize("phone", [False, True])
def test_the_arabic_page_runs_from_right_to_left(desk: Desk, page: OpenPage, phone: bool) -> None:
    tab = page(phone=phone)
    wrong = collect_errors(tab)
    tab.goto(desk.url + desk.preview)
    expect(tab.locator("html")).to_have_attribute("dir", "rtl")
    expect(tab.get_by_role("heading", level=1)).to_have_text(arabic.HEADLINE)
    leave, doors = tab.locator("header .button"), tab.locator(".door")
    assert box(leave)["x"] < 40, "the way out stands at the end of the line, which is the left"
    if not phone:
        assert box(doors.nth(0))["x"] > box(doors.nth(1))["x"], "the first door stands on the right"
    ones = tab.locator("button[name=rating]")
    assert box(ones.nth(0))["x"] > box(ones.nth(4))["x"], "the scale rises towards the left"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.locator("a.door").first.click()
    expect(tab.locator(f"#{PAGE_ADDRESSES['help/self']}")).to_be_visible()
    assert tab.context.cookies() == []
    assert wrong == []


def box(found: object) -> dict[str, float]:
    measured = found.bounding_box()  # type: ignore[attr-defined]  # a Locator
    assert measured
    return dict(measured)


class TestTheWayOut:
    def test_takes_the_place_of_the_page_in_the_history(self, desk: Desk, page: OpenPage) -> None:
        tab = page()
        tab.goto(f"{desk.url}/health/ready")
        tab.goto(f"{desk.url}/sign-in/")
        tab.get_by_role("link", name="Leave now").click()
        tab.wait_for_url(desk.elsewhere)
        tab.go_back()
        assert tab.url == f"{desk.url}/health/ready"

    def test_is_three_presses_of_escape(self, desk: Desk, page: OpenPage) -> None:
        tab = page()
        tab.goto(f"{desk.url}/sign-in/")
        tab.keyboard.press("Escape")
        expect(tab.locator("[data-exit-status]")).to_have_text("Press Escape twice more to leave this page.")
        tab.keyboard.press("Escape")
        tab.keyboard.press("a")  # something else in between: it begins anew
        tab.keyboard.press("Escape")
        tab.keyboard.press("Escape")
        expect(tab.locator("[data-exit-status]")).to_have_text("Press Escape once more to leave this page.")
        assert tab.url == f"{desk.url}/sign-in/"
        tab.keyboard.press("Escape")
        tab.wait_for_url(desk.elsewhere)

    def test_is_a_link_without_javascript(self, desk: Desk, page: OpenPage) -> None:
        tab = page(java_script_enabled=False)
        tab.goto(f"{desk.url}/sign-in/")
        tab.get_by_role("link", name="Leave now").click()
        tab.wait_for_url(desk.elsewhere)

    def test_stays_in_sight_on_a_phone_and_nothing_scrolls_sideways(self, desk: Desk, page: OpenPage) -> None:
        tab = desk.signed_in(page(phone=True))
        tab.goto(f"{desk.url}/messages/")
        tab.mouse.wheel(0, 4000)
        expect(tab.get_by_role("link", name="Leave now")).to_be_in_viewport()
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_veiled_word_opens_by_keyboard(desk: Desk, page: OpenPage, javascript: bool) -> None:
    tab = desk.signed_in(page(java_script_enabled=javascript))
    tab.goto(f"{desk.url}/messages/")
    card = tab.locator("li.card", has=tab.get_by_role("heading", name=re.compile("^Mostly women")))
    expect(card.get_by_text("Content note.")).to_be_visible()
    expect(card.locator(".words").first).to_be_hidden()
    card.get_by_text("Show the text").press("Enter")
    veiled = card.locator("label.veiled", has_text="child abuse").last
    expect(veiled.locator(".word")).to_be_hidden()
    checkbox = veiled.get_by_role("checkbox", name="Show a hidden word")
    checkbox.press("Space")
    expect(veiled.locator(".word")).to_be_visible()
    expect(veiled.locator(".veil")).to_be_hidden()
    checkbox.press("Space")
    expect(veiled.locator(".word")).to_be_hidden()
