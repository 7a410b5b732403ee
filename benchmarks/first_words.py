"""How soon the words of a message stand on a slow line, how much is sent for them, and how alike the arms are in that.

Chromium with a cold cache at 400 kbit/s, each answer 400 ms late, as once the connection is open. All help links are
shown, in each language of the audience.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.ratio_table import Line

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.audience_pictures import Site

LATENCY, BYTES_PER_SECOND = 400, 50_000
SECONDS, BYTES = 1.0, 14_000
ROUNDS = 24  # of four arms, drawn by chance
APART = 0.1  # seconds between the medians of two arms
_SHOWN = """
addEventListener("secondthought:shown", () => { window.shown = performance.now() / 1000 });
"""
_MEASURE = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  const ours = performance.getEntriesByType("resource").filter((one) => new URL(one.name).origin === location.origin);
  return {
    text: document.querySelector(".body")?.textContent
      ?? document.querySelector("second-thought").shadowRoot.querySelector("h2 + div").textContent,
    seconds: window.shown ?? painted.startTime / 1000,
    bytes: page.encodedBodySize + ours.reduce((sum, one) => sum + one.encodedBodySize, 0),
  };
}"""


def measure() -> list[Line]:
    """Each form in English, and our page in each language."""
    from tests.audience_pictures import site
    from tests.browser.conftest import chromium

    found = []
    with site() as made, chromium() as browser:
        for form in ("page", "inline", "cover"):
            visits = list(_visits(browser, made, form, "en", ROUNDS))
            found += _arms_alike(form, visits)
        for language in ("en", "es", "ar"):
            visits = list(_visits(browser, made, "page", language, 5))
            seconds, size = median(v["seconds"] for v in visits), max(v["bytes"] for v in visits)
            name = f"first words at 400 kbit/s and 400 ms, {language}"
            found.append(Line(f"{name}: seconds", f"{seconds:.2f}", f"under {SECONDS:g}", seconds < SECONDS))
            found.append(Line(f"{name}: bytes, page and script", f"{size:,}", f"under {BYTES:,}", size < BYTES))
    return found


def _visits(browser: Browser, made: Site, form: str, language: str, count: int) -> Iterator[dict[str, Any]]:
    """So many first visits on the slow line: text, seconds until it is shown, bytes."""
    for number in range(count):
        with browser.new_context(viewport={"width": 360, "height": 740}, locale=language) as context:
            tab = context.new_page()
            tab.add_init_script(_SHOWN)
            line = context.new_cdp_session(tab)
            line.send("Network.enable")
            speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
            line.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY, **speed})
            if form == "page":
                tab.goto(f"{made.url}/m/quiet-page/?locale={language}", wait_until="networkidle")
            else:
                tab.goto(made.embed(f'data-display="{form}"'))
                tab.locator("second-thought h2").wait_for()
            yield tab.evaluate(_MEASURE)
        sys.stderr.write("." if number else f"{form} {language} ")
        sys.stderr.flush()


def _arms_alike(form: str, visits: list[dict[str, Any]]) -> list[Line]:
    """How far apart the arms are in time and size."""
    by_text = defaultdict(list)
    for visit in visits:
        by_text[visit["text"]].append(visit)
    seconds = [median(visit["seconds"] for visit in some) for some in by_text.values()]
    sizes = {visit["bytes"] for visit in visits}
    apart = max(seconds) - min(seconds)
    return [
        Line(
            f"{len(by_text)} arms, {form}: seconds until shown, apart",
            f"{min(seconds):.2f} to {max(seconds):.2f}, {apart:.2f}",
            f"at most {APART:g}",
            apart <= APART,
        ),
        Line(f"{len(by_text)} arms, {form}: lengths of the page", str(len(sizes)), "1", len(sizes) == 1),
    ]
