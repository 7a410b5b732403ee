"""The two choices look alike and can be read in every mode and form, and so does what was pressed, in Chromium."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.installation import Installation
from tests.browser.test_embed_hostile import Origin, partner, script_of, server, visit, wait_told

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

MODES: dict[str, dict[str, Any]] = {
    "forced colours": {"forced_colors": "active"},
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced colours, dark": {"forced_colors": "active", "color_scheme": "dark"},
    "print": {"media": "print"},
    "text of 200%": {},
}
FORMS = ("hosted", "frame", "inline", "cover")
OWN_PAGE = {"hosted": "", "frame": "frame"}  # forms that are a page of ours, and the end of its address
NARROW, DESK = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
RELATION = """([one, other]) => ["color", "backgroundColor", "backgroundImage", "borderTopColor", "borderTopWidth",
  "borderTopStyle", "fontSize", "fontWeight", "textDecorationLine", "boxShadow", "opacity", "width", "height"]
  .filter((name) => getComputedStyle(one)[name] !== getComputedStyle(other)[name])"""


def luminance(colour: tuple[int, ...]) -> float:
    """The relative luminance of WCAG 2.2."""
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def drawn_contrast(control: Locator) -> float:
    """The contrast between the ground of a control and the colour on it that differs most, as drawn; 1 if blank."""
    picture = Image.open(io.BytesIO(control.screenshot(animations="disabled"))).convert("RGB")
    inner = picture.crop((6, 6, picture.width - 6, picture.height - 6))  # without the border
    counts: Counter[tuple[int, ...]] = Counter(inner.get_flattened_data())  # type: ignore[arg-type]  # of RGB
    ground = luminance(counts.most_common(1)[0][0])
    others = [luminance(colour) for colour, count in counts.items() if count >= 3]
    return max((max(ground, other) + 0.05) / (min(ground, other) + 0.05) for other in others)


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab for all cases: what is looked at depends on nothing that a visit leaves."""
    with browser.new_context() as context:
        yield context.new_page()


def show(tab: Page, site: Installation, server: Origin, partner: Origin, form: str, mode: str, width: Any) -> None:
    """Open a message in a form and a mode."""
    tab.set_viewport_size(width)
    tab.emulate_media(**{"media": "screen", "color_scheme": "light", "forced_colors": "none"} | MODES[mode])
    # The embed takes its size from the reader's own setting, which the zoom of a whole page stands for.
    large = "html { zoom: 2 }" if mode.startswith("text") else ""
    if form in OWN_PAGE:
        tab.goto(f"{site.url}/m/quiet-page/{OWN_PAGE[form]}")
        if large:
            tab.evaluate("document.documentElement.style.fontSize = '200%'")
    else:
        style = f":root {{ color-scheme: light dark }} #spot {{ font-size: 1rem; min-height: 1200px }} {large}"
        visit(tab, partner, script_of(server), tag=f'data-display="{form}" data-target="#spot"', style=style)
        wait_told(tab, "shown")


CASES = [(form, mode) for mode in MODES for form in FORMS]


@pytest.mark.parametrize(("form", "mode"), CASES)
def test_the_two_choices_are_equal_and_legible(
    tab: Page, site: Installation, server: Origin, partner: Origin, form: str, mode: str
) -> None:
    for width in (DESK,) if mode.startswith("text") and form not in OWN_PAGE else (NARROW, DESK):
        show(tab, site, server, partner, form, mode, width)
        choices = [tab.get_by_role("button", name=name) for name in ("Leave this page", "Continue")]
        handles = [choice.element_handle() for choice in choices]
        assert tab.evaluate(RELATION, handles) == []
        contrasts = [drawn_contrast(choice) for choice in choices]
        assert min(contrasts) >= 4.5, contrasts
        boxes = [choice.bounding_box() for choice in choices]
        assert boxes[0]
        assert boxes[1]
        assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
        assert boxes[0]["x"] == boxes[1]["x"] or boxes[0]["y"] == boxes[1]["y"]
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("form", "mode"), [case for case in CASES if case[1] != "print"])
def test_a_pressed_rating_can_be_read_and_told_from_the_others(
    tab: Page, site: Installation, server: Origin, partner: Origin, form: str, mode: str
) -> None:
    show(tab, site, server, partner, form, mode, DESK)
    pressed, other = (tab.get_by_role("button", name=name, exact=True) for name in ("4", "2"))
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    tab.mouse.move(0, 0)
    assert drawn_contrast(pressed) >= 4.5
    differences = tab.evaluate(RELATION, [pressed.element_handle(), other.element_handle()])
    # Colours of the page's own are replaced in forced colours, so something else has to differ too.
    assert "fontWeight" in differences
