"""The room that the handbook tells partners to keep holds the longest message, which moves nothing when it comes."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Page

from messages.text.lint import EMBED_LIMITS
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.test_embed_hostile import Origin, Reply, partner, script_of, server, wait_told
from tests.browser.test_embed_tells import HANDBOOK, open_page
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

MARGIN = 16  # of the page, on both sides
SENTENCE = "Somebody in this picture never agreed to it being made and would feel it for years. "
LONGEST_BODY = " ".join((SENTENCE * 5).split()[: EMBED_LIMITS.word_limit])
LONGEST_HEADLINE = SENTENCE[: EMBED_LIMITS.headline_limit]


def kept_room() -> str:
    """The style sheet of the handbook."""
    block = re.search(r"```css\n(#second-thought.*?)```", HANDBOOK, re.DOTALL)
    assert block
    return block[1]


def reserved(width: int) -> int:
    """The height that the handbook keeps at this width."""
    first = re.search(r"^#second-thought \{ min-height: (\d+)px", kept_room(), re.MULTILINE)
    assert first
    wider = re.findall(r"min-width: (\d+)px.*?min-height: (\d+)px", kept_room())
    pairs = [(0, int(first[1])), *((int(least), int(height)) for least, height in wider)]
    return [height for least, height in pairs if least <= width][-1]


def longest_answer(site: Installation) -> str:
    """What our server answers, with the longest words that pass the check."""
    asked = urllib.request.Request(f"{site.url}/api/v1/decide", b'{"placement": "partner-page"}')
    with urllib.request.urlopen(asked) as reply:
        answer = json.load(reply)
    answer["message"] |= {"headline": LONGEST_HEADLINE, "body_html": f"<p>{LONGEST_BODY}</p>"}
    return json.dumps(answer)


def show_longest(page: OpenPage, site: Installation, server: Origin, partner: Origin, width: int) -> Page:
    """Show the longest message that passes the check, in a page that keeps its room."""
    server.replies["/api/v1/decide"] = Reply(longest_answer(site))
    tab = page(viewport={"width": width, "height": 700})
    body = (
        f"<style>body {{ margin: {MARGIN}px }} {kept_room()}</style><div id=second-thought></div><p>Below</p>"
        f"<script async src='{script_of(server)}' data-placement=spot data-target='#second-thought'></script>"
    )
    open_page(tab, partner, f"<meta name=viewport content='width=device-width'>{body}")
    wait_told(tab, "shown")
    return tab


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_room_that_is_kept_holds_the_longest_message(
    page: OpenPage, site: Installation, server: Origin, partner: Origin, width: int
) -> None:
    assert len(LONGEST_HEADLINE) == EMBED_LIMITS.headline_limit
    tab = show_longest(page, site, server, partner, width)
    height = tab.evaluate("document.querySelector('second-thought').getBoundingClientRect().height")
    assert height <= reserved(width) < height + 120, f"{height} px at {width}"
    let_pass(tab, 100)
    assert tab.evaluate("harm.shift") == 0


def test_the_room_is_given_back_after_an_answer(
    page: OpenPage, site: Installation, server: Origin, partner: Origin
) -> None:
    tab = show_longest(page, site, server, partner, 360)
    tab.get_by_role("button", name="Continue").click()
    wait_in_page_until(tab, lambda: tab.evaluate("document.querySelector('#second-thought').offsetHeight") == 0)
