"""The embed in Debian's Firefox: seen, counted, legible with a contrast theme, and alive after the page cache."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.browser.firefox import PROGRAM, Firefox, firefox
from tests.browser.test_embed_hostile import WATCH, Origin, Reply, partner, script_of, server
from tests.waiting import wait_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="no Firefox here: apt install firefox-esr, or name it in FIREFOX"),
]
ROOT = "document.querySelector('second-thought').shadowRoot"
CHOICE = f"JSON.parse(JSON.stringify({ROOT}.querySelectorAll('.two button')[{{}}].getBoundingClientRect()))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox") / "profile") as made:
        yield made


@pytest.fixture(scope="module")
def contrast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A Firefox that puts colours of its own in the place of a page's."""
    with firefox(tmp_path_factory.mktemp("contrast") / "profile", **{"browser.display.document_color_use": 2}) as made:
        yield made


def show(browser: Firefox, server: Origin, partner: Origin, tag: str = "") -> None:
    watch = WATCH.replace('"layout-shift"', '"mark"').replace('"long-animation-frame"', '"mark"')
    html = (
        f"<!doctype html><title>Partner</title><script>{watch}</script><h1>Our own page</h1><div id=spot></div>"
        f"<script async src='{script_of(server)}' data-placement=spot data-target='#spot' {tag}></script>"
    )
    partner.replies["/"] = Reply(html, kind="text/html")
    partner.replies["/other"] = Reply("<!doctype html><title>Other</title>", kind="text/html")
    browser.goto(f"{partner.url}/")
    wait_until(lambda: "shown" in told(browser), what="shown in Firefox")


def told(browser: Firefox) -> list[str]:
    names: list[str] = browser.evaluate("harm.told")
    return names


def test_a_message_is_shown_seen_and_counted(browser: Firefox, server: Origin, partner: Origin) -> None:
    show(browser, server, partner)
    wait_until(lambda: "exposed" in told(browser))
    browser.evaluate(f"{ROOT}.querySelectorAll('.two button')[1].click()")
    wait_until(lambda: len(server.events()) >= 3)
    assert told(browser) == ["shown", "exposed", "continued", "closed"]
    assert sorted(outcome for outcome, _ in server.events()) == ["continued", "dwell", "exposed"]
    assert browser.evaluate("harm.errors") == []


def test_what_is_hidden_is_not_seen(browser: Firefox, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/decide"].wait = 0.3
    show(browser, server, partner, tag="style='display:none'")
    browser.evaluate("void (spot.style.opacity = 0)")
    browser.evaluate("new Promise((done) => setTimeout(done, 1600))")
    assert told(browser) == ["shown"]
    browser.evaluate("void (spot.style.opacity = 1)")
    wait_until(lambda: "exposed" in told(browser))


def test_it_goes_on_after_the_page_cache(browser: Firefox, server: Origin, partner: Origin) -> None:
    show(browser, server, partner)
    browser.evaluate("void (window.same = 1)")
    browser.goto(f"{partner.url}/other")
    browser.back()
    wait_until(lambda: browser.evaluate("window.same") == 1, what="the page from the cache")
    wait_until(lambda: "exposed" in told(browser))
    assert server.requests().count("POST /api/v1/decide") == 1


def test_with_a_contrast_theme_both_choices_can_be_read(contrast: Firefox, server: Origin, partner: Origin) -> None:
    show(contrast, server, partner)
    assert contrast.evaluate("matchMedia('(forced-colors: active)').matches")
    picture = Image.open(io.BytesIO(contrast.picture())).convert("RGB")
    for number in range(2):
        box = contrast.evaluate(CHOICE.format(number))
        inner = (box["x"] + 6, box["y"] + 6, box["x"] + box["width"] - 6, box["y"] + box["height"] - 6)
        counts: Counter[tuple[int, ...]] = Counter(picture.crop(inner).get_flattened_data())  # type: ignore[arg-type]  # of RGB
        ground = counts.most_common(1)[0][0]
        assert max(sum(abs(one - other) for one, other in zip(colour, ground, strict=True)) for colour in counts) > 380
