"""One view is one message: help, "About", Back and a reload keep the words that were drawn, in Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.test_embed_hostile import Origin, partner, script_of, server, visit
from tests.browser.test_exit import EXIT, neutral_site, requests_of
from tests.browser.test_pages import collect_events, until_exposed, wait_for_outcome
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser


def shown(tab: Page) -> list[str]:
    """The receipt and the words of the page."""
    words: list[str] = tab.evaluate(
        "[document.querySelector('[name=receipt]').value, "
        "document.querySelector('h1').textContent, document.querySelector('.body').innerHTML]"
    )
    return words


DOORS = {
    "I made one, or nearly did": "help_self",
    "Someone made one of me": "help_affected",
    "I am worried about someone": "help_worried",
    "About this message": "learn_more",
}


@pytest.mark.parametrize("door", DOORS)
def test_help_and_about_are_read_without_leaving_the_message(site: Installation, page: OpenPage, door: str) -> None:
    tab = page(phone=True)
    events = collect_events(tab)
    tab.goto(f"{site.url}/health/live")
    tab.goto(f"{site.url}/m/quiet-page/")
    until_exposed(tab, events)
    asked, before, length = requests_of(tab), shown(tab), tab.evaluate("history.length")
    tab.get_by_role("link", name=door).click()
    wait_for_outcome(tab, events, DOORS[door])
    expect(tab.locator(".more:visible")).to_have_count(1)
    expect(tab.locator(".more:visible h2").first).to_be_in_viewport()
    assert [address for address in asked if not address.endswith("/api/v1/events")] == []
    assert (shown(tab), tab.evaluate("history.length"), tab.url) == (before, length, f"{site.url}/m/quiet-page/")
    tab.locator(".more:visible").get_by_role("link", name="Back to the message").click()
    expect(tab.locator(".more:visible")).to_have_count(0)
    expect(tab.get_by_role("heading", level=1)).to_be_in_viewport()


def test_the_way_out_of_help_leads_back_to_no_page_of_ours(site: Installation, page: OpenPage) -> None:
    tab = page()
    neutral_site(tab)
    tab.goto(f"{site.url}/health/live")
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.get_by_role("link", name="I made one, or nearly did").click()
    tab.get_by_role("link", name="Leave now").click()
    tab.wait_for_url(EXIT)
    tab.go_back()
    assert tab.url == f"{site.url}/health/live"


@pytest.mark.parametrize("door", DOORS)
def test_without_script_help_is_an_anchor_and_back_keeps_the_page(
    site: Installation, page: OpenPage, door: str
) -> None:
    tab = page(java_script_enabled=False)
    tab.goto(f"{site.url}/m/quiet-page/")
    headline = tab.get_by_role("heading", level=1).text_content()
    asked = requests_of(tab)
    tab.get_by_role("link", name=door).click()
    expect(tab.locator(".more:visible")).to_have_count(1)
    tab.go_back()
    expect(tab.locator(".more:visible")).to_have_count(0)
    assert tab.get_by_role("heading", level=1).text_content() == headline
    assert asked == []


def test_a_reload_keeps_words_and_receipt_and_nothing_is_stored(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)
    for _ in range(6):
        tab.reload()
        assert shown(tab) == first
    assert tab.context.cookies() == []
    assert tab.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


WATCH_PAINTS = """
window.painted = [];
(function look() {
  const words = document.querySelector("form.message h1")?.parentElement;
  if (words && getComputedStyle(words).visibility === "visible") painted.push(words.querySelector(".body").textContent);
  requestAnimationFrame(look);
})();
"""


def come_late(route: Route) -> None:
    let_pass(route.request.frame.page, 150)
    route.continue_()


@pytest.mark.parametrize("way", ["reload", "back"])
def test_no_other_words_are_drawn_before_those_that_were_kept(site: Installation, page: OpenPage, way: str) -> None:
    """The script that brings the words back comes late here; until then nothing is drawn."""
    tab, again = page(), 0
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)
    tab.add_init_script(WATCH_PAINTS)
    tab.route("**/page.js", come_late)
    new = set[str]()
    tab.on("response", lambda reply: new.add(reply.text()) if reply.url.endswith("/quiet-page/") else None)
    while again < 6:
        again += 1
        if way == "back":
            tab.goto(f"{site.url}/health/live")
        tab.reload() if way == "reload" else tab.go_back()
        wait_in_page_until(tab, lambda: tab.evaluate("painted.length > 0"), what="the words drawn")
        assert set(tab.evaluate("painted")) == {tab.locator(".body").text_content()}
        assert shown(tab) == first
    assert len({re.search(r"<h1>.*?</form>", text, re.DOTALL)[0][:400] for text in new}) > 1  # type: ignore[index]


def test_without_the_other_script_the_words_of_a_reload_are_shown_all_the_same(
    site: Installation, page: OpenPage
) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    tab.route("**/page.js", lambda route: route.abort())
    tab.reload()
    expect(tab.get_by_role("heading", level=1)).to_be_visible()


def test_what_is_pressed_after_a_reload_belongs_to_the_first_view(site: Installation, page: OpenPage) -> None:
    tab = page()
    events = collect_events(tab)
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)[0]
    tab.reload()
    tab.get_by_role("button", name="4", exact=True).click()
    wait_for_outcome(tab, events, "rating")
    assert {event["receipt"] for event in events} == {first}


def test_back_to_the_page_keeps_its_words_and_receipt(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)
    for _ in range(6):
        tab.goto(f"{site.url}/health/live")
        tab.go_back()
        assert shown(tab) == first


def test_a_new_visit_draws_anew(site: Installation, page: OpenPage) -> None:
    tab = page()
    receipts = []
    for _ in range(3):
        tab.goto(f"{site.url}/m/quiet-page/")
        receipts.append(shown(tab)[0])
        tab.goto(f"{site.url}/health/live")
    assert len(set(receipts)) == 3


def test_an_hour_later_a_reload_is_a_new_view(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)[0]
    tab.evaluate("history.replaceState({...history.state, since: Date.now() - 3_600_000}, '')")
    tab.reload()
    assert shown(tab)[0] != first


def test_who_opts_out_and_reloads_keeps_the_words_and_is_counted_no_more(site: Installation, page: OpenPage) -> None:
    tab = page()
    tab.goto(f"{site.url}/m/quiet-page/")
    first = shown(tab)
    tab.set_extra_http_headers({"Sec-GPC": "1"})
    tab.reload()
    assert shown(tab) == ["", *first[1:]]
    expect(tab.locator(".privacy")).to_contain_text("Nothing about this visit is counted.")
    asked = requests_of(tab)
    tab.get_by_role("link", name="I made one, or nearly did").click()
    expect(tab.locator(".more:visible")).to_have_count(1)
    assert asked == []


def test_without_script_a_reload_is_a_new_view(site: Installation, page: OpenPage) -> None:
    tab = page(java_script_enabled=False)
    receipts = set()
    tab.goto(f"{site.url}/m/quiet-page/")
    for _ in range(3):
        receipts.add(tab.locator("[name=receipt]").get_attribute("value"))
        tab.reload()
    assert len(receipts) == 3


def test_a_second_tag_shows_the_one_view(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    again = f'></script><script async src="{script_of(server)}" data-placement="spot"'
    visit(tab, partner, script_of(server), tag=again)
    expect(tab.get_by_role("heading", name="You can stop here.")).to_have_count(2)
    assert server.requests().count("POST /api/v1/decide") == 1
    tab.get_by_role("button", name="4", exact=True).first.click()
    tab.get_by_role("button", name="5", exact=True).last.click()
    let_pass(tab, 200)
    assert [outcome for outcome in server.events() if outcome[0] == "rating"] == [("rating", 4)]
