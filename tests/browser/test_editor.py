"""A manager writes, translates and compares by keyboard in a real Chromium, without losing input."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from campaign.entrypoints import launcher
from tests.browser.conftest import OpenPage
from tests.installation import copy_migrated_databases

pytestmark = pytest.mark.browser

PASSWORD = "a long password for tests"
PREPARE = f"""
from django.contrib.auth.models import Group, User
from django.utils import timezone
from messages.library import starter_library
starter_library.load(now=timezone.now())
for name in ("mara", "rafael"):
    person = User.objects.create_user(name, password={PASSWORD!r})
    person.groups.add(Group.objects.get(name="manager"))
"""
EDIT = "/messages/their-good-name/edit/en/"

SignedIn = Callable[..., Page]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation of its own, with two managers and the starter library."""
    directory = tmp_path_factory.mktemp("installation")
    copy_migrated_databases(directory)
    environment = {
        **os.environ,
        "DATA_DIRECTORY": str(directory),
        "LOCAL_HTTP": "1",
        "SKIP_SECOND_FACTOR": "1",  # this is about writing; tests/browser/test_people.py is about coming in
    }

    def manage(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    manage("shell", "--no-imports", "-c", PREPARE)
    with launcher.run_server("campaign.rsgi:application", environment=environment) as found:
        yield found


def sign_in(tab: Page, name: str) -> None:
    tab.get_by_label("Name").or_(tab.get_by_label("Username")).fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda address: "/sign-in/" not in address)


@pytest.fixture
def signed_in(url: str, page: OpenPage) -> SignedIn:
    """A person's own browser, at a page of the site."""

    def open_as(name: str, path: str, **options: object) -> Page:
        tab = page(**options)
        tab.goto(f"{url}/sign-in/")
        sign_in(tab, name)
        tab.goto(f"{url}{path}")
        return tab

    return open_as


def wrong(tab: Page) -> list[str]:
    """What a browser complains about, as it happens: also a breach of the content security policy."""
    found: list[str] = []
    tab.on("pageerror", lambda error: found.append(str(error)))
    tab.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    tab.on("request", lambda request: found.append(request.url) if "//127.0.0.1" not in request.url else None)
    return found


def tab_to(tab: Page, target: Locator, *, most: int = 60) -> None:
    """By the Tab key alone, as somebody without a mouse."""
    for _ in range(most):
        if target.evaluate("element => element === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError("The keyboard does not get there.")


def kept(tab: Page) -> None:
    """Wait until the server has kept what was typed."""
    expect(tab.locator("#said")).to_contain_text("Your draft was saved at")


def text(tab: Page, label: str, words: str) -> None:
    field = tab.get_by_label(label, exact=True)
    tab_to(tab, field)
    tab.keyboard.press("Control+a")
    tab.keyboard.type(words)


class TestWriting:
    def test_a_message_is_written_by_keyboard_and_remarks_come_as_one_types(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/")
        complaints = wrong(tab)
        tab_to(tab, tab.get_by_role("link", name="Write a new message"))
        tab.keyboard.press("Enter")
        tab_to(tab, tab.get_by_label("Theme", exact=True))
        tab.keyboard.type("Trust")
        text(tab, "Headline", "You creep, stop and think of them.")
        expect(tab.locator("#said")).to_contain_text("“creep”")
        text(tab, "Headline", "You can stop here, before anyone is hurt.")
        expect(tab.locator("#said")).not_to_contain_text("creep")
        text(tab, "Text", "A real person may be hurt by this. You can close this page now.")
        kept(tab)
        assert re.search(r"\?draft=\d+$", tab.url)
        preview = tab.frame_locator(".stage iframe:not(.coming)")
        expect(preview.get_by_role("heading", level=1)).to_have_text("You can stop here, before anyone is hurt.")
        tab_to(tab, tab.get_by_role("button", name="Save as a draft"))
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/messages/you-can-stop-here-before-anyone-is-hurt/")
        expect(tab.locator("main").get_by_role("status")).to_contain_text("Saved as a draft.")
        assert tab.evaluate("localStorage.length") == 0
        assert complaints == []

    @pytest.mark.proof
    def test_the_preview_shows_every_look(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", EDIT)
        complaints = wrong(tab)
        stage = tab.frame_locator(".stage iframe:not(.coming)")
        background = "element => getComputedStyle(element).backgroundColor"
        expect(stage.get_by_role("button", name="Leave this page")).to_be_visible()
        assert stage.locator("body").evaluate(background) == "rgb(250, 248, 244)"
        tab.get_by_label("Colours").select_option("dark")
        expect(tab.locator("iframe[src*='colours=dark']:not(.coming)")).to_be_visible()
        expect(stage.locator("body")).to_have_css("background-color", "rgb(20, 24, 30)")
        tab.get_by_label("Text direction").select_option("rtl")
        expect(stage.locator("html")).to_have_attribute("dir", "rtl")
        tab.get_by_label("Where").select_option("embed")
        expect(stage.locator("second-thought h2")).to_be_visible()
        assert stage.locator("html").evaluate("() => innerWidth") < 400
        tab.get_by_label("Screen").select_option("desktop")
        expect(tab.locator(".stage[data-screen=desktop]")).to_be_visible()
        assert stage.locator("html").evaluate("() => innerWidth") == 1280
        assert complaints == []

    def test_without_javascript_a_button_checks_and_another_saves(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/fear-that-stays/edit/en/", java_script_enabled=False)
        tab.get_by_label("Headline", exact=True).fill("You creep, stop.")
        tab.get_by_role("button", name="Check and preview").click()
        expect(tab.locator("#said")).to_contain_text("“creep”")
        tab.get_by_label("Headline", exact=True).fill("You can stop here and now.")
        tab.get_by_role("button", name="Save as a new version").click()
        tab.wait_for_url("**/messages/fear-that-stays/")


def test_a_translation_is_written_beside_its_original(signed_in: SignedIn) -> None:
    tab = signed_in("mara", "/messages/scared-and-alone-neutral/edit/ar/")
    complaints = wrong(tab)
    expect(tab.locator(".source")).to_contain_text("Original in English")
    headline = tab.get_by_label("Headline", exact=True)
    expect(headline).to_have_attribute("dir", "rtl")
    text(tab, "Headline", "يمكنك التوقف الآن")
    text(tab, "Text", "هناك شخص حقيقي في هذه الصورة.")
    kept(tab)
    expect(tab.frame_locator(".stage iframe:not(.coming)").locator("html")).to_have_attribute("dir", "rtl")
    tab_to(tab, tab.get_by_role("button", name="Save the translation"))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/messages/scared-and-alone-neutral/")
    expect(tab.get_by_text("يمكنك التوقف الآن")).to_be_visible()
    assert complaints == []


def test_two_revisions_are_compared_word_by_word(signed_in: SignedIn) -> None:
    tab = signed_in("mara", "/messages/their-good-name/compare/1/2/")
    complaints = wrong(tab)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Changes from version 1 to version 2")
    expect(tab.locator(".diff del").first).to_contain_text("removed:")
    expect(tab.locator(".diff ins").first).to_contain_text("added:")
    tab_to(tab, tab.get_by_role("link", name="3", exact=True))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/compare/1/3/")
    assert complaints == []


class TestNothingIsLost:
    @pytest.mark.proof
    def test_two_people_at_once_see_both_texts(self, signed_in: SignedIn) -> None:
        mara, rafael = (signed_in(name, "/messages/reward-without-the-work/edit/en/") for name in ("mara", "rafael"))
        for tab, headline in ((mara, "Mara wrote this headline."), (rafael, "Rafael wrote this headline.")):
            text(tab, "Headline", headline)
            kept(tab)
        rafael.get_by_role("button", name="Save as a new version").click()
        rafael.wait_for_url("**/messages/reward-without-the-work/")
        mara.get_by_role("button", name="Save as a new version").click()
        both = mara.get_by_role("heading", name=re.compile("rafael saved version"))
        expect(both).to_be_focused()
        expect(mara.locator(".both")).to_contain_text("Rafael wrote this headline.")
        expect(mara.get_by_label("Headline", exact=True)).to_have_value("Mara wrote this headline.")
        mara.get_by_role("button", name="Save as a new version").click()
        mara.wait_for_url("**/messages/reward-without-the-work/")
        expect(mara.locator("main blockquote")).to_contain_text(["Mara wrote this headline."])
        older = mara.get_by_role("region", name="Earlier versions")
        older.get_by_role("link", name=re.compile("^English")).first.click()  # the newest of them is his
        expect(mara.get_by_role("region", name="As a visitor sees it")).to_contain_text("Rafael wrote this headline.")

    def test_a_lost_connection_is_said_and_what_was_typed_arrives_later(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/asking-can-matter-less/edit/en/")
        tab.context.set_offline(True)
        text(tab, "Headline", "Typed without a connection.")
        expect(tab.get_by_text("No connection. Your text is safe in this page")).to_be_visible()
        tab.get_by_role("button", name="Save as a new version").click()
        expect(tab.get_by_label("Headline", exact=True)).to_have_value("Typed without a connection.")
        tab.context.set_offline(False)
        expect(tab.get_by_text("Connected again. Your text is saved as a draft.")).to_be_visible(timeout=20_000)
        tab.reload()
        expect(tab.get_by_label("Headline", exact=True)).to_have_value("Typed without a connection.")
        assert tab.evaluate("localStorage.length") == 0

    @pytest.mark.proof
    def test_a_tab_that_was_closed_without_a_connection_gives_its_words_back(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/someone-with-a-day-like-yours/edit/en/")

        def fail(route: Route) -> None:
            route.abort()

        tab.route(lambda address: "/edit/" in address, fail)
        text(tab, "Headline", "Never sent.")
        expect(tab.get_by_text("No connection. Your text is safe in this page")).to_be_visible()
        tab.unroute_all()
        tab.reload()
        expect(tab.get_by_label("Headline", exact=True)).not_to_have_value("Never sent.")
        tab.get_by_role("button", name="Restore it").click()
        expect(tab.get_by_label("Headline", exact=True)).to_have_value("Never sent.")
        kept(tab)
        assert tab.evaluate("localStorage.length") == 0

    @pytest.mark.proof
    def test_an_expired_session_is_said_and_after_signing_in_the_draft_is_there(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/a-photo-is-not-a-yes/edit/en/")
        text(tab, "Headline", "Typed before the end.")
        kept(tab)
        tab.context.clear_cookies(name="sessionid")
        text(tab, "Headline", "Typed after the end.")
        expect(tab.get_by_text("You were signed out.")).to_be_visible()
        with tab.context.expect_page() as opened:
            tab.get_by_role("link", name="Sign in in a new tab").click()
        other = opened.value
        sign_in(other, "mara")
        expect(other.get_by_label("Headline", exact=True)).to_have_value("Typed before the end.")
        other.close()
        expect(tab.get_by_text("Connected again. Your text is saved as a draft.")).to_be_visible(timeout=20_000)
        tab.get_by_role("button", name="Save as a new version").click()
        tab.wait_for_url("**/messages/a-photo-is-not-a-yes/")
        expect(tab.get_by_text("Typed after the end.")).to_be_visible()

    @pytest.mark.proof
    def test_without_javascript_an_expired_session_hands_the_words_back(self, signed_in: SignedIn) -> None:
        tab = signed_in("mara", "/messages/slow-is-how-it-works/edit/en/", java_script_enabled=False)
        tab.get_by_label("Headline", exact=True).fill("Typed before the end.")
        tab.context.clear_cookies(name="sessionid")
        tab.get_by_role("button", name="Save as a new version").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("You were signed out. What you typed is still here.")
        with tab.context.expect_page() as opened:
            tab.get_by_role("link", name="Sign in in a new tab").click()
        sign_in(opened.value, "mara")
        tab.get_by_role("button", name="I am signed in: send it").click()
        expect(tab.get_by_label("Headline", exact=True)).to_have_value("Typed before the end.")
        tab.get_by_role("button", name="Save as a new version").click()
        tab.wait_for_url("**/messages/slow-is-how-it-works/")
        expect(tab.get_by_text("Typed before the end.")).to_be_visible()
