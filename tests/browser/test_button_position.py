"""Where the buttons of each starter text stand on a phone, against the estimate that the lint compares texts by."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from playwright.sync_api import Page

from campaign.models import Placement
from campaign.serving import hosted_pages
from messages.library.matched_sets import compose_messages
from messages.text.page_layout import LINE_HEIGHT, PHONE_WIDTH, button_position
from messages.text.rendering import RenderedMessage, body_html
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
STYLES = [ROOT / "campaign" / "static" / "campaign" / name for name in ("tokens.css", "message.css")]
LISTED = json.loads((ROOT / "messages" / "library" / "messages.json").read_text(encoding="utf-8"))
TEXTS = {
    f"{message['key']} {number}": (message.get("matched_set", ""), text["headline"], "\n\n".join(text["body"]))
    for message in (*compose_messages(), *LISTED)
    for number, text in enumerate(message["revisions"], start=1)
}
MEASURE = """([headline, body]) => {
  document.querySelector("h1").textContent = headline;
  document.querySelector(".body").innerHTML = body;
  const top = (name) => document.querySelector(name).getBoundingClientRect().top;
  return top(".choices") - top("h1");
}"""


def message_page(page: OpenPage, fonts: tuple[str, str] | None = None) -> Page:
    """The hosted page in a window as wide as the estimate's, in these fonts for text and headline."""
    words = RenderedMessage("A headline", "<p>Words.</p>", "en", "ltr")
    placement = Placement(key="quiet-page")
    tab = page(viewport={"width": PHONE_WIDTH, "height": 740}, java_script_enabled=True)
    tab.set_content(hosted_pages.render_preview_page(hosted_pages.message_payload(words, placement), placement))
    for style in STYLES:
        tab.add_style_tag(content=style.read_text(encoding="utf-8"))
    if fonts:
        tab.add_style_tag(content=f":root {{ --sans: '{fonts[0]}'; --serif: '{fonts[1]}' }}")
    return tab


def positions(tab: Page) -> dict[str, float]:
    return {name: tab.evaluate(MEASURE, [headline, body_html(body)]) for name, (_, headline, body) in TEXTS.items()}


def test_the_estimate_is_where_the_buttons_stand_in_the_fonts_that_it_knows(page: OpenPage) -> None:
    shown = positions(message_page(page, ("Liberation Sans", "Liberation Serif")))
    apart = {name: shown[name] - button_position(headline, body) for name, (_, headline, body) in TEXTS.items()}
    assert {name: round(pixels) for name, pixels in apart.items() if abs(pixels) > LINE_HEIGHT / 4} == {}


@pytest.mark.parametrize(
    "fonts", [None, ("Liberation Sans", "Liberation Serif"), ("DejaVu Sans Condensed", "DejaVu Serif Condensed")]
)
def test_under_the_texts_of_a_matched_set_the_buttons_stand_at_one_height(
    page: OpenPage, fonts: tuple[str, str] | None
) -> None:
    shown, by_set = positions(message_page(page, fonts)), defaultdict(set)
    for name, (matched_set, *_) in TEXTS.items():
        if matched_set:
            by_set[matched_set].add(round(shown[name]))
    assert {key: len(heights) for key, heights in by_set.items()} == dict.fromkeys(by_set, 1)
    assert len(by_set) == 4


def test_a_text_two_lines_longer_is_estimated_two_lines_lower(page: OpenPage) -> None:
    tab = message_page(page, ("Liberation Sans", "Liberation Serif"))
    _, headline, body = TEXTS["scared-and-alone-user 1"]
    longer = f"{body} You can stop here. Free help is below. You can stop here. Free help is below."
    real = tab.evaluate(MEASURE, [headline, body_html(longer)]) - tab.evaluate(MEASURE, [headline, body_html(body)])
    assert abs(real - 2 * LINE_HEIGHT) < 2
    assert abs(button_position(headline, longer) - button_position(headline, body) - real) < 2
