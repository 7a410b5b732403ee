"""Help links and message exchange by keyboard: check links until a campaign can launch, add links, move messages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from messages.library import starter_library
from messages.models import HelpLink, Revision
from tests import world
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import collect_errors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[..., Page]


@pytest.fixture
def desk(live_server: LiveServer, page: OpenPage) -> SignIn:
    """Open a page as a signed-in user. Browser errors are collected in `tab.wrong`."""

    def sign_in(person: User, path: str, **options: object) -> Page:
        client = Client()
        world.sign_in(client, person)
        tab = page(**options)
        name = settings.SESSION_COOKIE_NAME
        tab.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        tab.goto(f"{live_server.url}{path}")
        return tab

    return sign_in


def press_until(tab: Page, name: str, *, at_most: int = 60) -> None:
    """Reach a control by Tab alone, and press Enter."""
    for _ in range(at_most):
        tab.keyboard.press("Tab")
        if name in tab.evaluate("document.activeElement.innerText"):
            with tab.expect_navigation():
                tab.keyboard.press("Enter")
            return
    pytest.fail(f"“{name}” is not reached by the keyboard.")


def test_a_reviewer_checks_all_links_by_keyboard_and_then_the_campaign_launches(desk: SignIn) -> None:
    starter_library.load(now=world.NOON)
    campaign = world.draft()
    for lane in HelpLink.Lane:  # two each: the others take as long again and again
        HelpLink.objects.filter(pk__in=HelpLink.objects.filter(lane=lane).values("pk")[2:]).delete()
    HelpLink.objects.update(verified_on=None, verified_by="")
    links = HelpLink.objects.count()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    with pytest.raises(ActionRefused, match=f"{links} help links"):
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    tab = desk(world.person("rafael"), "/campaigns/pilot/")
    wrong = collect_errors(tab)
    expect(tab.locator("main")).to_contain_text(f"Before launch: check {links} help links")
    press_until(tab, "Start with")
    for left in reversed(range(links)):
        tab.get_by_label("It opens, it is this service").focus()
        tab.keyboard.press("Space")
        press_until(tab, "Save what I saw")
        expect(tab.locator("main").get_by_role("status")).to_contain_text("Recorded: you checked")
        assert HelpLink.objects.filter(verified_on=None).count() == left
    expect(tab.locator("main").get_by_role("status")).to_contain_text("All links are checked.")
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    assert wrong == []


@pytest.mark.proof
def test_a_manager_adds_a_link_mends_an_error_and_retires_it(desk: SignIn) -> None:
    tab = desk(world.person("mara", "manager"), "/help-links/")
    wrong = collect_errors(tab)
    tab.get_by_role("link", name="Add a help link").click()
    tab.get_by_label("Name").fill("A helpline")
    tab.get_by_label("Address", exact=True).fill("http://line.example/")
    tab.get_by_label("I made one, or nearly did").check()
    tab.get_by_label("Adults", exact=True).check()
    tab.get_by_label("Country").select_option("GB")
    tab.get_by_label("Description for visitors").fill("For adults.")
    tab.get_by_label("Organisation").fill("Somebody")
    tab.get_by_role("button", name="Add it").click()
    expect(tab.locator("#id_url_error")).to_contain_text("https://")
    expect(tab.get_by_label("Description for visitors")).to_have_value("For adults.")
    tab.get_by_label("Address", exact=True).fill("https://line.example/")
    tab.get_by_role("button", name="Add it").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("A helpline")
    expect(tab.locator("main")).to_contain_text("Not opened yet")
    tab.get_by_text("Retire this link").click()
    tab.get_by_label("Reason").fill("It was a try.")
    tab.get_by_role("button", name="Retire it").click()
    expect(tab.get_by_role("button", name="Show it to visitors again")).to_be_visible()
    assert wrong == []


def test_words_go_out_through_a_spreadsheet_and_come_in_as_drafts(desk: SignIn, tmp_path: Path) -> None:
    world.approved_revision("victim", headline="Their name may suffer")
    tab = desk(world.person("mara", "manager"), "/messages/exchange/")
    wrong = collect_errors(tab)
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"), newline="")))
    spanish = {**rows[0], "locale": "es", "headline": "Su nombre puede sufrir", "body": "Uno.\n\nDos."}
    arabic = {**rows[0], "locale": "ar", "headline": "‏قد يتضرر اسمهم", "body": "سطر\n\nسطر آخر"}
    edited = tmp_path / "translated.csv"
    with edited.open("w", encoding="utf-8", newline="") as stream:  # as a spreadsheet of another country saves it
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows([*rows, spanish, arabic])
    tab.get_by_label("A CSV or JSON file").set_input_files(edited)
    tab.get_by_role("button", name="Show what would happen").click()
    expect(tab.locator("main")).to_contain_text("1 new version")
    expect(tab.locator('[lang="ar"][dir="rtl"]')).to_contain_text("قد يتضرر اسمهم")
    assert Revision.objects.count() == 1
    tab.get_by_role("button", name="Add 1 draft").click()
    expect(tab.locator("main").get_by_role("status")).to_contain_text("1 draft was added. They are waiting for review")
    added = Revision.objects.get(number=2)
    assert (added.state, added.author) == ("draft", world.person("mara"))
    assert [r.locale for r in added.renditions.all()] == ["ar", "en", "es"]
    assert wrong == []


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone_and_a_desk_in_light_and_dark(desk: SignIn, scheme: str) -> None:
    starter_library.load(now=world.NOON)
    tab = desk(world.person("mara", "manager"), "/help-links/", color_scheme=scheme)
    wrong, site = collect_errors(tab), tab.url.removesuffix("/help-links/")
    for path in ("/help-links/", "/help-links/report-remove/", "/help-links/add/", "/messages/exchange/"):
        tab.goto(site + path)
        for width in (320, 390, 1280, 1440):
            tab.set_viewport_size({"width": width, "height": 900})
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} at {width}"
    assert wrong == []
