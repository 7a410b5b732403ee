"""A message counts as seen only if nothing hides it, in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import Origin, partner, script_of, server, visit, wait_told
from tests.waiting import let_pass

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

WALL = "position: fixed; inset: 0; z-index: 9; background: white"
ADD_WALL = "document.body.insertAdjacentHTML('beforeend', `<div id=wall style='{}'>We use cookies</div>`)"
HIDDEN = {
    "opacity 0": ("spot.style.opacity = 0", "spot.style.opacity = ''"),
    "opacity 0.01": ("spot.style.opacity = 0.01", "spot.style.opacity = ''"),
    "a hidden place": ("spot.style.visibility = 'hidden'", "spot.style.visibility = ''"),
    "a hidden element": (
        "document.head.append(Object.assign(document.createElement('style'), "
        "{id: 'hide', textContent: 'second-thought { visibility: hidden }'}))",
        "document.querySelector('#hide').remove()",
    ),
    "no size": ("spot.style.scale = 0.01", "spot.style.scale = ''"),
    "a filter": ("spot.style.filter = 'opacity(0)'", "spot.style.filter = ''"),
    "a cookie wall": (ADD_WALL.format(WALL), "wall.remove()"),
    "a wall that no pointer meets": (ADD_WALL.format(WALL + "; pointer-events: none"), "wall.remove()"),
    "a dialog of the page": (
        "document.body.insertAdjacentHTML('beforeend', '<dialog id=wall>Subscribe</dialog>'); wall.showModal()",
        "wall.remove()",
    ),
}


def show(page: OpenPage, server: Origin, partner: Origin, tag: str = 'data-target="#spot"') -> Page:
    server.replies["/api/v1/decide"].wait = 0.3  # so that what hides it is there first
    tab = page(viewport={"width": 1280, "height": 1100})
    visit(tab, partner, script_of(server), tag=tag, style="#spot { min-height: 760px }")
    return tab


@pytest.mark.parametrize("how", HIDDEN)
def test_what_is_hidden_is_not_seen_until_it_is_not(page: OpenPage, server: Origin, partner: Origin, how: str) -> None:
    tab = show(page, server, partner)
    hide, uncover = HIDDEN[how]
    tab.evaluate(hide)
    assert wait_told(tab, "shown") == ["shown"]
    let_pass(tab, 1700)
    assert tab.evaluate("harm.told") == ["shown"]
    assert server.events() == []
    tab.evaluate(uncover)
    assert wait_told(tab, "exposed") == ["shown", "exposed"]


def test_a_second_is_one_second_on_end(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    wait_told(tab, "shown")
    for _ in range(4):
        let_pass(tab, 500)
        tab.evaluate("spot.style.opacity = 0")
        let_pass(tab, 350)
        tab.evaluate("spot.style.opacity = ''")
    assert tab.evaluate("harm.told") == ["shown"]


def test_a_header_that_stays_on_top_hides_nothing(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    tab.evaluate(ADD_WALL.format("position: fixed; inset: 0 0 auto; height: 80px; background: white"))
    tab.mouse.wheel(0, 300)
    assert wait_told(tab, "exposed") == ["shown", "exposed"]


def test_a_page_that_comes_back_from_the_page_cache_goes_on(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner)
    wait_told(tab, "shown")
    tab.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert wait_told(tab, "exposed") == ["shown", "exposed"]


def test_the_cover_is_seen(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = show(page, server, partner, tag='data-display="cover"')
    assert wait_told(tab, "exposed") == ["shown", "exposed"]
