"""Terms explain themselves under the pointer, at the keyboard and by touch, at a desk and on a phone (WCAG 1.4.13)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import world
from tests.browser import proof
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def opened(desk: SignIn, **options: object) -> tuple[Page, Locator, Locator]:
    """Open a question of a plan; return it, the button of a term and its note."""
    world.draft()
    page = desk(world.person("mara", "manager"), "/campaigns/pilot/plan-it/harm/", **options)
    return page, page.get_by_role("button", name="control", exact=True), page.locator("#term-control")


def assert_in_sight(page: Page, note: Locator) -> None:
    expect(note).to_be_visible()
    box, size = note.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]


@SIZES
def test_the_pointer_opens_a_note_that_stays_under_the_pointer_and_escape_closes_it(
    desk: SignIn, size: dict[str, int]
) -> None:
    page, term, note = opened(desk, viewport=size)
    term.hover()
    assert_in_sight(page, note)
    expect(note).to_have_text("control The message that the others are compared with.")
    if size == DESK:  # on a phone, which has no pointer, it is at the foot of the window
        note.hover()
        page.evaluate("new Promise((done) => setTimeout(done, 300))")  # its own timer, set before, has run out
        expect(note).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    page.get_by_role("heading", level=1).hover()
    term.hover()
    expect(note).to_be_visible()
    page.get_by_role("heading", level=1).hover()
    expect(note).to_be_hidden()


@SIZES
def test_the_keyboard_opens_it_with_focus_and_closes_it_with_escape_or_by_going_on(
    desk: SignIn, size: dict[str, int]
) -> None:
    page, term, note = opened(desk, viewport=size)
    page.get_by_role("button", name="watch", exact=True).focus()
    page.keyboard.press("Tab")
    expect(term).to_be_focused()
    assert_in_sight(page, note)
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(term).to_be_focused()
    page.keyboard.press("Enter")
    expect(note).to_be_visible()
    page.keyboard.press("Tab")
    expect(note).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@SIZES
def test_a_touch_opens_it_until_one_touches_elsewhere(desk: SignIn, size: dict[str, int], scripts: bool) -> None:
    page, term, note = opened(desk, viewport=size, has_touch=True, java_script_enabled=scripts)
    expect(note).to_be_hidden()
    term.tap()
    assert_in_sight(page, note)
    page.get_by_role("heading", level=1).tap()
    expect(note).to_be_hidden()
    term.press("Enter")
    expect(note).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()


@SIZES
def test_axe_finds_nothing_beside_an_open_note_and_it_is_not_printed(desk: SignIn, size: dict[str, int]) -> None:
    page, term, note = opened(desk, viewport=size)
    term.click()
    expect(note).to_be_visible()
    page.evaluate(proof.WATCH)
    page.evaluate("proof.loadAxe()")
    assert proof._axe(page, "all") == []
    assert page.evaluate("proof.sticking()") == page.evaluate("proof.small()") == []
    page.emulate_media(media="print")
    expect(note).to_be_hidden()
    expect(term).to_be_visible()
