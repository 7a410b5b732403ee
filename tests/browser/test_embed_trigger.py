"""The partner's program calls for the message, as when its own filter refuses a prompt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import Origin, partner, script_of, server, wait_told
from tests.browser.test_embed_tells import example, open_page
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

SHOW = "document.querySelector('script[data-placement]').secondThought.show()"
SAY = "document.dispatchEvent(new CustomEvent('secondthought:show', { detail: %s }))"


def open_waiting(tab: Page, server: Origin, partner: Origin) -> None:
    """Open the page of the handbook, and wait until its script is there."""
    html = example("data-trigger=").replace("https://thought.example.org", server.url).replace("your-key", "spot")
    open_page(tab, partner, html)
    wait_in_page_until(tab, lambda: tab.evaluate("Boolean(document.querySelector('script').secondThought)"))


def draws(server: Origin) -> int:
    return server.requests().count("POST /api/v1/decide")


def test_nothing_is_asked_or_shown_until_the_filter_refuses(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    open_waiting(tab, server, partner)
    let_pass(tab, 500)
    assert (draws(server), tab.evaluate("harm.told")) == (0, [])
    assert tab.locator("script[data-placement]").get_attribute("data-second-thought") == "idle"
    tab.evaluate("refused()")
    assert wait_told(tab, "shown") == ["shown"]
    assert draws(server) == 1


def test_refusing_again_changes_nothing_while_the_message_stands_and_draws_anew_after_an_answer(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    tab = page()
    open_waiting(tab, server, partner)
    tab.evaluate("refused(), refused()")
    wait_told(tab, "shown")
    tab.evaluate("refused()")
    let_pass(tab, 300)
    assert (draws(server), tab.locator("second-thought").count()) == (1, 1)
    outcome = tab.evaluate_handle(f"({{ said: {SHOW} }})")
    tab.get_by_role("button", name="Continue").click()
    assert outcome.evaluate("(kept) => kept.said") == "continued"
    assert tab.locator("second-thought").count() == 0
    tab.evaluate("refused()")
    wait_in_page_until(tab, lambda: tab.evaluate("harm.told").count("shown") == 2)
    assert (draws(server), tab.locator("second-thought").count()) == (2, 1)


def test_a_refusal_before_the_script_came_shows_the_message_when_it_comes(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    server.replies["/static/campaign/embed.js"].wait = 1
    html = example("data-trigger=").replace("https://thought.example.org", server.url).replace("your-key", "spot")
    tab = page()
    open_page(tab, partner, html)
    wait_in_page_until(tab, lambda: tab.evaluate("typeof refused === 'function'"))
    tab.evaluate("refused()")
    assert wait_told(tab, "shown") == ["shown"]


@pytest.mark.parametrize(("detail", "hears"), [("'spot'", True), ("null", True), ("'other'", False)])
def test_code_without_the_tag_says_it_to_the_document(
    page: OpenPage, server: Origin, partner: Origin, detail: str, hears: bool
) -> None:
    tab = page()
    open_waiting(tab, server, partner)
    tab.evaluate(SAY % detail)
    if hears:
        assert wait_told(tab, "shown") == ["shown"]
    else:
        let_pass(tab, 500)
        assert draws(server) == 0


def test_a_tag_manager_that_drops_attributes_can_wait_as_well(page: OpenPage, server: Origin, partner: Origin) -> None:
    address = f"{script_of(server)}?placement=spot&target=%23spot&trigger=refused"
    insert = f"const s = document.createElement('script'); s.src = '{address}'; document.body.append(s)"
    tab = page()
    open_page(tab, partner, f"<div id=spot></div><script>{insert}</script>")
    wait_in_page_until(tab, lambda: tab.evaluate("Boolean(document.querySelector('script[src]').secondThought)"))
    assert draws(server) == 0
    tab.evaluate(SAY % "'spot'")
    assert wait_told(tab, "shown") == ["shown"]
