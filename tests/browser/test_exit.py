""" "Leave now" in Chromium: blank at once, another site in this page's place, and nothing told to anybody."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Request, ViewportSize, expect

from campaign.outcomes import PAGE_ADDRESSES
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.test_embed_hostile import NEUTRAL, Origin, partner, script_of, server, visit, wait_told
from tests.browser.test_pages import collect_events, until_exposed
from tests.tiers import proofs_but_each
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

EXIT = "https://www.wikipedia.org/"
PAGES = ("", *PAGE_ADDRESSES.values(), "nothing-here")
SMALL: dict[str, ViewportSize] = {
    "portrait": {"width": 360, "height": 640},
    "landscape": {"width": 640, "height": 360},
    "narrow": {"width": 320, "height": 480},
    "desk": {"width": 1280, "height": 800},
}


def neutral_site(tab: Page, address: str = EXIT) -> None:
    """Stand in for the neutral site, so that no test calls anyone."""
    tab.context.route(
        f"{address}**", lambda route: route.fulfill(body="<title>Neutral</title>", content_type="text/html")
    )


def requests_of(tab: Page) -> list[str]:
    """Everything that the tab asks for from now on."""
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    return asked


def test_it_tells_nothing_and_takes_the_place_of_the_page(site: Installation, page: OpenPage) -> None:
    tab = page()
    neutral_site(tab)
    tab.goto(f"{site.url}/health/live")
    events = collect_events(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    until_exposed(tab, events)
    asked = requests_of(tab)
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url(EXIT)
    assert [address for address in asked if not address.startswith(EXIT)] == []
    assert [event["outcome"] for event in events] == ["exposed"]
    tab.go_back()
    assert tab.url == f"{site.url}/health/live"


@pytest.mark.parametrize(("choice", "outcome"), [("Leave this page", "left"), ("Continue", "continued")])
def test_after_a_choice_it_leads_back_to_no_page_of_ours(
    site: Installation, page: OpenPage, choice: str, outcome: str
) -> None:
    tab = page()
    neutral_site(tab)
    events = collect_events(tab)
    tab.goto(f"{site.url}/health/live")
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.get_by_role("button", name=choice).click()
    tab.wait_for_url(f"**/m/quiet-page/{PAGE_ADDRESSES[outcome]}?*")
    assert outcome in [event["outcome"] for event in events]
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url(EXIT)
    tab.go_back()
    assert tab.url == f"{site.url}/health/live"


def test_a_choice_that_the_script_cannot_report_is_sent_by_the_form(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.route("**/api/v1/events", lambda route: route.abort())
    tab.goto(f"{site.url}/m/quiet-page/")
    with tab.expect_request(lambda request: request.method == "POST" and "/m/quiet-page/" in request.url):
        tab.get_by_role("button", name="Leave this page").click()
    tab.wait_for_url(f"**/m/quiet-page/{PAGE_ADDRESSES['left']}?*")


def test_the_page_is_blank_before_the_other_site_is_asked(site: Installation, page: OpenPage) -> None:
    tab = page()
    neutral_site(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    seen = tab.evaluate(
        "() => { document.querySelector('[data-exit]').click(); "
        "return [getComputedStyle(document.querySelector('h1')).visibility, document.title] }"
    )
    assert seen == ["hidden", "\u200b"]


def test_offline_it_is_an_empty_page(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.context.set_offline(True)
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url("about:blank")


def test_three_presses_of_shift_alone_are_the_way_out(site: Installation, page: OpenPage) -> None:
    tab = page()
    neutral_site(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    asked = requests_of(tab)
    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        tab.keyboard.press(key)
    let_pass(tab, 200)
    assert asked == []
    tab.keyboard.press("Shift")
    tab.wait_for_url(EXIT)


def test_going_backwards_with_shift_and_tab_is_not_leaving(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    for _ in range(6):
        tab.keyboard.press("Shift+Tab")
    let_pass(tab, 200)
    assert tab.url == f"{site.url}/m/quiet-page/"


def leave_without_script(site: Installation, tab: Page, path: str = "") -> None:
    neutral_site(tab)
    tab.goto(f"{site.url}/health/live")
    tab.goto(f"{site.url}/m/{path}")
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url(EXIT)


@pytest.mark.parametrize("path", proofs_but_each(4, [*(f"quiet-page/{each}" for each in PAGES), "nowhere/"]))
def test_without_script_too_it_leads_back_to_no_page_of_ours(site: Installation, page: OpenPage, path: str) -> None:
    tab = page(java_script_enabled=False)
    leave_without_script(site, tab, path)
    tab.go_back()
    assert tab.url == f"{site.url}/health/live"


def test_without_script_it_is_a_blank_page_of_ours_first_which_knows_no_receipt(
    site: Installation, page: OpenPage
) -> None:
    tab = page(java_script_enabled=False)
    tab.on("request", lambda request: asked.append(request))
    asked: list[Request] = []
    leave_without_script(site, tab, "quiet-page/?locale=en")
    sent = [each for each in asked[-3:] if not each.url.startswith(EXIT)][-1]
    assert (sent.method, sent.url, sent.post_data) == ("GET", f"{site.url}/m/quiet-page/?locale=en", None)
    assert asked[-1].header_value("referer") is None


def test_without_script_the_words_are_hidden_from_the_press_on(site: Installation, page: OpenPage) -> None:
    tab = page(java_script_enabled=False)
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.route("**/m/quiet-page/", lambda route: route.fulfill(status=204))  # the answer does not come
    headline = tab.get_by_role("heading", level=1)
    expect(headline).to_be_visible()
    tab.get_by_role("link", name="Leave now").hover()
    tab.mouse.down()
    expect(headline).to_be_hidden()
    tab.mouse.up()
    expect(headline).to_be_hidden()


def test_without_script_back_finds_the_message_once_help_was_opened(site: Installation, page: OpenPage) -> None:
    """The limit that "About this message" names: an anchor leaves the message behind it in the history."""
    tab = page(java_script_enabled=False)
    neutral_site(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.get_by_role("link", name="I made one, or nearly did").click()
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url(EXIT)
    tab.go_back()
    assert tab.url.startswith(f"{site.url}/m/quiet-page/")


@pytest.mark.parametrize("path", proofs_but_each(3, PAGES))
def test_it_is_on_screen_on_every_page_however_far_one_scrolls(site: Installation, page: OpenPage, path: str) -> None:
    tab = page()
    for size in SMALL.values():
        tab.set_viewport_size(size)
        tab.goto(f"{site.url}/m/quiet-page/{path}")
        for wheel in (0, 400, 4000):
            tab.mouse.wheel(0, wheel)
            let_pass(tab, 50)
            exit = tab.get_by_role("link", name="Leave now")
            expect(exit).to_be_in_viewport(ratio=1)
            box = exit.bounding_box()
            assert box
            assert box["height"] >= 44
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("display", ["inline", "cover"])
def test_in_the_embed_it_tells_neither_us_nor_the_partners_page(
    page: OpenPage, server: Origin, partner: Origin, display: str
) -> None:
    tab = page(viewport=SMALL["landscape"])
    neutral_site(tab, NEUTRAL)
    tab.goto(f"{server.url}/m/spot/help/self")
    visit(tab, partner, script_of(server), tag=f'data-display="{display}" data-target="#spot"')
    wait_told(tab, "exposed") if display == "cover" else wait_told(tab, "shown")
    if display == "cover":  # the page hears of it before our server does
        wait_in_page_until(tab, server.events)
    told, sent = tab.evaluate("harm.told"), len(server.asked)
    tab.get_by_role("button", name="Leave now").click()
    tab.wait_for_url(NEUTRAL)
    let_pass(tab, 200)
    assert told == (["shown", "exposed"] if display == "cover" else ["shown"])
    assert [json.loads(body)["outcome"] for _, body, _ in server.asked[sent:] if body] == []
    tab.go_back()
    assert tab.url == f"{server.url}/m/spot/help/self"


@pytest.mark.parametrize("display", ["inline", "cover"])
def test_in_the_embed_it_stays_on_screen_with_the_message(
    page: OpenPage, server: Origin, partner: Origin, display: str
) -> None:
    tab = page(viewport=SMALL["landscape"])
    visit(tab, partner, script_of(server), tag=f'data-display="{display}" data-target="#spot"')
    wait_told(tab, "shown")
    exit = tab.get_by_role("button", name="Leave now")
    tab.get_by_role("heading", name="You can stop here.").scroll_into_view_if_needed()
    for wheel in (0, 150, 150):
        tab.mouse.move(320, 180)
        tab.mouse.wheel(0, wheel)
        let_pass(tab, 50)
        expect(exit).to_be_in_viewport(ratio=1)


def test_in_the_embed_the_page_is_blank_before_the_other_site_is_asked(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    tab = page()
    neutral_site(tab, NEUTRAL)
    visit(tab, partner, script_of(server), tag='data-target="#spot"')
    wait_told(tab, "shown")
    seen = tab.evaluate(
        "() => { document.querySelector('second-thought').shadowRoot.querySelector('.out').click(); "
        "return [document.querySelector('h1').checkVisibility(), document.title] }"
    )
    assert seen == [False, "\u200b"]
