"""One visitor, one draw: frameworks, retries, lost connections and taken places make no second view."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import (
    NEUTRAL,
    RECEIPT,
    Origin,
    Reply,
    assert_unharmed,
    partner,
    script_of,
    server,
    visit,
    wait_told,
)
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

ROOM = "#spot { min-height: 900px }"
INSERT_TAG = """(src) => {
  const tag = document.createElement("script");
  Object.assign(tag.dataset, {placement: "spot", target: "#spot"});
  tag.src = src;
  document.body.append(tag);
}"""


def draws(server: Origin) -> list[dict[str, Any]]:
    """The requests for a message, in order."""
    return [json.loads(body) for request, body, _ in server.asked if request == "POST /api/v1/decide"]


def show(page: OpenPage, server: Origin, partner: Origin, tag: str = 'data-target="#spot"') -> Page:
    tab = page()
    visit(tab, partner, script_of(server), tag=tag, style=ROOM)
    wait_told(tab, "shown")
    return tab


def test_a_request_without_an_answer_is_sent_once_more_under_its_key(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        lost.append(route.request.post_data or "")
        route.abort("connectionreset") if len(lost) == 1 else route.continue_()

    tab = page()
    tab.route("**/api/v1/decide", lose_the_first)
    visit(tab, partner, script_of(server), tag='data-target="#spot"', style=ROOM)
    assert wait_told(tab, "shown") == ["shown"]
    assert lost[0] == lost[1]
    assert json.loads(lost[0])["key"]


@pytest.mark.parametrize(
    ("status", "mark", "field"), [(404, "#second-thought=an-old-test", "preview"), (410, "", "key")]
)
def test_a_stale_mark_or_a_wrong_clock_costs_no_message(
    page: OpenPage, server: Origin, partner: Origin, status: int, mark: str, field: str
) -> None:
    def refuse(route: Route) -> None:
        if field in json.loads(route.request.post_data or ""):
            route.fulfill(status=status, body="{}", headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.continue_()

    tab = page()
    tab.route("**/api/v1/decide", refuse)
    visit_with_mark(tab, server, partner, mark)
    assert wait_told(tab, "shown") == ["shown"]


def visit_with_mark(tab: Page, server: Origin, partner: Origin, mark: str) -> None:
    plain, partner.url = partner.url, f"{partner.url}/{mark}"
    visit(tab, partner, script_of(server), tag='data-target="#spot"', style=ROOM)
    partner.url = plain


def test_a_page_kept_as_text_shows_the_same_view_and_no_empty_element(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    tab = show(page, server, partner)
    # As Turbo and htmx do: the page as text, without shadow roots, takes the place of the page.
    tab.evaluate("document.body.innerHTML = document.body.innerHTML")
    assert tab.locator("second-thought").count() == 1
    for _ in range(2):  # a preview, then the page
        tab.evaluate(INSERT_TAG, script_of(server))
    wait_in_page_until(tab, lambda: tab.evaluate("harm.told").count("shown") == 3)
    assert len(draws(server)) == 1
    assert tab.evaluate("[...document.querySelectorAll('second-thought')].every((one) => one.shadowRoot)")


def test_turbo_keeps_no_message_in_its_cache(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    tab.evaluate("document.dispatchEvent(new CustomEvent('turbo:before-cache'))")
    assert tab.locator("second-thought").count() == 0


def test_a_place_that_is_taken_away_meanwhile_wastes_no_draw(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/decide"].wait = 0.5
    tab = page()
    visit(tab, partner, script_of(server), tag='data-target="#spot"', style=ROOM)
    wait_in_page_until(tab, lambda: draws(server))
    tab.evaluate("document.querySelector('#spot').remove()")
    wait_told(tab, "unavailable")
    tab.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<div id=spot></div>')")
    tab.evaluate(INSERT_TAG, script_of(server))
    wait_told(tab, "shown")
    assert len(draws(server)) == 1


def test_a_message_whose_place_was_taken_away_ends_as_no_answer(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    tab = show(page, server, partner)
    wait_told(tab, "exposed")
    tab.evaluate("document.querySelector('#spot').remove()")
    assert wait_told(tab, "closed") == ["shown", "exposed", "closed"]
    wait_in_page_until(tab, lambda: len(server.events()) == 2)
    assert [outcome for outcome, _ in server.events()] == ["exposed", "dwell"]


def test_an_answered_view_is_over_and_the_next_is_drawn_anew(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    tab.get_by_role("button", name="Continue").click()
    wait_told(tab, "closed")
    tab.evaluate(INSERT_TAG, script_of(server))
    wait_in_page_until(tab, lambda: tab.evaluate("harm.told").count("shown") == 2)
    assert len({draw["key"] for draw in draws(server)}) == 2


def test_destroy_takes_the_message_away_and_tells_nobody(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    told = tab.evaluate(
        "() => { document.querySelector('script[data-placement]').secondThought.destroy(); return harm.told }"
    )
    assert told == ["shown"]
    assert_unharmed(tab)


def test_the_cover_goes_when_the_page_goes_on_and_leaves_it_as_it_was(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    server.replies["/api/v1/decide"].wait = 0.4
    tab = page()
    visit(tab, partner, script_of(server), tag='data-display="cover"', style="body { height: 4000px }")
    tab.locator("#own").focus()
    tab.evaluate("scrollTo(0, 70)")
    before = tab.evaluate("document.body.outerHTML")
    wait_told(tab, "shown")
    tab.evaluate("history.pushState({}, '', '/another')")
    assert wait_told(tab, "closed") == ["shown", "closed"]
    assert_unharmed(tab)
    assert tab.evaluate("[document.activeElement.id, scrollY]") == ["own", 70]
    assert tab.evaluate("document.querySelectorAll('[inert]').length + getComputedStyle(document.body).overflow") == (
        "0visible"
    )
    after = tab.evaluate("document.body.outerHTML").replace("closed", "waiting")
    assert after == before


def test_what_is_pressed_offline_is_sent_when_the_line_is_back(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    tab.context.set_offline(True)
    tab.get_by_role("button", name="This message annoyed me").click()
    let_pass(tab, 300)
    assert server.events() == []
    tab.context.set_offline(False)
    expect(tab.locator("second-thought output")).to_have_text("Thank you.")
    assert ("annoyed", None) in server.events()


def test_what_our_server_could_not_store_is_sent_again(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/events"] = Reply("{}", 503)
    tab = show(page, server, partner)
    tab.get_by_role("button", name="This message annoyed me").click()
    wait_in_page_until(tab, server.events)
    server.replies["/api/v1/events"] = Reply('{"accepted": 1}')
    expect(tab.locator("second-thought output")).to_have_text("Thank you.")
    assert [outcome for outcome, _ in server.events()].count("annoyed") == 2


def test_what_is_unsent_goes_in_one_request_as_the_page_closes(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/events"] = Reply("{}", 503)
    tab = show(page, server, partner)
    wait_told(tab, "exposed")
    tab.get_by_role("button", name="This message annoyed me").click()
    wait_in_page_until(tab, lambda: len(server.events()) == 2)
    let_pass(tab, 200)
    sent = len(server.asked)

    def lists() -> list[str]:
        return [body for _, body, _ in server.asked[sent:] if body.startswith("[")]

    tab.goto(f"{server.url}/m/spot/help/self")
    wait_in_page_until(tab, lists)
    let_pass(tab, 200)
    told = [json.loads(body) for body in lists()]
    assert [[event["outcome"] for event in one] for one in told] == [["exposed", "annoyed"]]
    assert {event["receipt"] for event in told[0]} == {RECEIPT}
    assert [len(body) for body in lists()] == [2048]


def test_what_is_refused_is_not_sent_again(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/events"] = Reply('{"error": {"code": "receipt_expired"}}', 410)
    tab = show(page, server, partner)
    tab.get_by_role("button", name="This message annoyed me").click()
    let_pass(tab, 2500)
    assert [outcome for outcome, _ in server.events()].count("annoyed") == 1


@pytest.mark.parametrize("way", ["Leave this page", "Leave now"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["the page's origin", "another origin"])
def test_leaving_leads_out_of_a_frame(page: OpenPage, server: Origin, partner: Origin, host: str, way: str) -> None:
    tag = f'<script async src="{script_of(server)}" data-placement="spot"></script>'
    partner.replies["/frame"] = Reply(f"<!doctype html><body>{tag}", kind="text/html")
    address = partner.url.replace("127.0.0.1", host)
    partner.replies["/"] = Reply(
        f'<!doctype html><title>Out</title><iframe src="{address}/frame" width="700" height="900"></iframe>',
        kind="text/html",
    )
    tab = page()
    tab.route(f"{NEUTRAL}**", lambda route: route.fulfill(body="Elsewhere"))
    tab.goto(partner.url)
    tab.frame_locator("iframe").get_by_role("button", name=way).click()
    tab.wait_for_url(f"{server.url}/m/spot/left" if way == "Leave this page" else NEUTRAL)
