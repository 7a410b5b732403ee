"""Each arm in each form and mode: the two choices are alike, and stand where those of the other arms stand."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.audience_pictures import EMBEDDED, HOSTED, MODES, Mode, Site, site, tab_in
from tests.tiers import proofs_but_each

pytestmark = pytest.mark.browser

BOXES = """(root) => {
  const scope = root.querySelector("second-thought")?.shadowRoot ?? root;
  const [leave, go] = [...scope.querySelectorAll(".choices .button, section > .two:not(.doors) button")]
    .map((one) => one.getBoundingClientRect().toJSON());
  const top = scope.querySelector("form.message h1, section h2").getBoundingClientRect().top;
  return [leave, go].map((box) => ({ x: box.x, y: box.y - top, width: box.width, height: box.height }));
}"""
PUT = """(root, words) => {
  root.querySelector("h1").textContent = words.headline;
  root.querySelector(".body").innerHTML = words.body_html;
}"""


@pytest.fixture(scope="module")
def made() -> Iterator[Site]:
    with site() as found:
        yield found


def answers(made: Site, language: str) -> list[dict[str, Any]]:
    """The answer of the API for each arm; in other languages the arms share one text here."""
    found: dict[str, dict[str, Any]] = {}
    asked = json.dumps({"placement": EMBEDDED, "locale": language}).encode()
    for _ in range(60):
        request = urllib.request.Request(f"{made.url}/api/v1/decide", asked, {"Origin": made.partner.url})
        with urllib.request.urlopen(request) as reply:
            answer = json.load(reply)
        found[answer["message"]["body_html"]] = answer
    assert len(found) == (4 if language == "en" else 1)
    return list(found.values())


def answer_with(tab: Page, answer: dict[str, Any]) -> None:
    """Have the embed show this arm."""
    allowed = {"Access-Control-Allow-Origin": "*"}
    tab.route("**/api/v1/decide", lambda route: route.fulfill(json=answer, headers=allowed))


def boxes(tab: Page) -> list[dict[str, float]]:
    """The boxes of "Leave this page" and "Continue", from the top of the headline."""
    measured: list[dict[str, float]] = tab.locator("html").evaluate(BOXES)
    return measured


def assert_alike(leave: dict[str, float], go: dict[str, float]) -> None:
    """Of one size, side by side or one below the other."""
    for side in ("width", "height"):
        assert abs(leave[side] - go[side]) < 0.1
    beside, below = abs(leave["y"] - go["y"]) < 0.1, abs(leave["x"] - go["x"]) < 0.1
    assert beside != below
    assert leave["height"] >= 44


def shown_by_arm(made: Site, browser: Browser, mode: Mode, form: str) -> list[list[dict[str, float]]]:
    found = []
    with tab_in(browser, mode) as tab:
        for answer in answers(made, mode.language):
            if form == "page":
                tab.goto(f"{made.url}/m/{HOSTED}/?locale={mode.language}")
                tab.locator("html").evaluate(PUT, answer["message"])
            else:
                answer_with(tab, answer)
                tab.goto(made.embed(f'data-display="{form}"'))
                tab.locator("second-thought h2").wait_for()
            found.append(boxes(tab))
    return found


@pytest.mark.parametrize("form", ["page", "inline", "cover"])
@pytest.mark.parametrize("name", proofs_but_each(4, MODES))
def test_the_choices_of_each_arm_are_alike_and_stand_in_one_place(
    made: Site, browser: Browser, name: str, form: str
) -> None:
    mode = MODES[name]
    if form != "page" and not mode.options.get("java_script_enabled", True):
        pytest.skip("there is no embed without script")
    by_arm = shown_by_arm(made, browser, mode, form)
    for leave, go in by_arm:
        assert_alike(leave, go)
    for box in zip(*by_arm, strict=True):
        assert len({tuple(round(one[side], 1) for side in sorted(one)) for one in box}) == 1


@pytest.mark.parametrize("form", ["page", "inline", "cover"])
@pytest.mark.parametrize("width", [320, 390])
def test_text_of_twice_the_size_needs_no_sideways_scrolling(
    made: Site, browser: Browser, width: int, form: str
) -> None:
    with tab_in(browser, replace(MODES["large-text"], width=width)) as tab:
        tab.goto(f"{made.url}/m/{HOSTED}/?locale=en" if form == "page" else made.embed(f'data-display="{form}"'))
        tab.get_by_role("button", name="5", exact=True).scroll_into_view_if_needed()
        assert tab.locator("html").evaluate("(root) => root.scrollWidth <= innerWidth")
        for name in ("1", "5", "This message upset me", "Do not count me", "Leave now"):
            box = tab.get_by_text(name, exact=True).bounding_box()
            assert box
            assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True), name
