"""What the embed costs a partner's page on a slow phone, beside the scripts of Plausible and GoatCounter.

Size compressed; processor time of scripts until the message was seen, times 4; how long until the message is drawn on
a main thread that Chromium slows 4 times; layout shift. Script time is measured unslowed, because the slowing counts
what other programs of the machine take.
Plausible's script is that of its npm package, pinned in examples/package-lock.json. GoatCounter has no package: name
the file `public/count.js` of a copy of its repository in GOATCOUNTER, or its rows are left out.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.installation import ROOT
from benchmarks.ratio_table import Line
from embed.build import install_packages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

EMBED = ROOT / "campaign" / "static" / "campaign" / "embed.js"
GOAL, SCRIPT_GOAL, DRAWN_GOAL = 5000, 30, 200  # bytes, milliseconds, milliseconds
SLOWED, VISITS = 4, 15
_NOTHING = "nothing"  # what the watching itself costs
_ROOM = "<style>#spot { min-height: 1430px }</style><h1>Our own page</h1><div id=spot></div><p>Below</p>"
_WATCH = """
Object.defineProperty(Navigator.prototype, "webdriver", { get: () => false });
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shift += value)))
  .observe({ type: "layout-shift", buffered: true });
document.addEventListener("secondthought:shown", () =>
  requestAnimationFrame(() => setTimeout(() => (window.drawn = performance.now()))));
"""
_DRAWN = "drawn - performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/embed.js')).responseEnd"


def gzipped_size(data: bytes) -> int:
    """The length after `gzip -9`, without a time or name, so that it is reproducible."""
    return len(gzip.compress(data, compresslevel=9, mtime=0))


def peers() -> dict[str, bytes]:
    """The scripts of others, by name; one that is not to be had is left out."""
    found: dict[str, bytes] = {}
    try:
        tools = install_packages()
    except (OSError, subprocess.CalledProcessError):
        pass
    else:
        package = tools.parent / "@plausible-analytics" / "tracker" / "plausible.js"
        options = '{ domain: "x.example", endpoint: "/count", captureOnLocalhost: true }'
        start = f'import {{ init }} from "{package}"; init({options});'
        command = [str(tools / "esbuild"), "--bundle", "--minify", "--format=iife"]
        found["Plausible"] = subprocess.run(command, input=start.encode(), check=True, capture_output=True).stdout
    if path := os.environ.get("GOATCOUNTER"):
        # It is served as it is written; minified, so that all three are.
        command = [str(install_packages() / "esbuild"), "--minify"]
        source = Path(path).read_bytes()
        found["GoatCounter"] = subprocess.run(command, input=source, check=True, capture_output=True).stdout
    return found


def measure() -> list[Line]:
    """The embed's figures with their goals, then those of the others."""
    scripts = {"embed": EMBED.read_bytes(), **peers()}
    lines = []
    with _site({_NOTHING: b"", **scripts}) as (browser, url):
        spent: dict[str, list[float]] = {name: [] for name in (_NOTHING, *scripts)}
        for name in list(spent) * VISITS:
            with _page(browser, slowed=1) as (page, session):
                page.goto(f"{url}/{name}", wait_until="load")
                page.wait_for_timeout(1_700)  # until it was seen
                spent[name].append(SLOWED * 1000 * _script_seconds(session))
        drawn, shifts = [], []
        for _ in range(VISITS):
            with _page(browser, slowed=SLOWED) as (page, _session):
                page.goto(f"{url}/embed", wait_until="load")
                page.wait_for_timeout(1_700)
                drawn.append(page.evaluate(_DRAWN))
                shifts.append(page.evaluate("shift"))
    for name, script in scripts.items():
        size, median_spent = gzipped_size(script), median(spent[name]) - median(spent[_NOTHING])
        line = f"{name}: script, ms of a main thread slowed {SLOWED} times (median of {VISITS})"
        is_ours = name == "embed"
        lines += [
            Line(f"{name}: bytes, gzipped", f"{size:,}", *((f"at most {GOAL:,}", size <= GOAL) if is_ours else ())),
            Line(
                line, f"{median_spent:.1f}", *((f"under {SCRIPT_GOAL}", median_spent < SCRIPT_GOAL) if is_ours else ())
            ),
        ]
    return [
        *lines,
        Line(
            f"embed: from its last byte to the drawn message, ms there (median of {VISITS})",
            f"{median(drawn):.0f}",
            f"under {DRAWN_GOAL}",
            median(drawn) < DRAWN_GOAL,
        ),
        Line("embed: layout shift with the room of the handbook", f"{max(shifts):g}", "0", max(shifts) == 0),
    ]


@contextmanager
def _site(scripts: Mapping[str, bytes]) -> Iterator[tuple[Browser, str]]:
    """A browser, and a server with a page for each script."""
    from tests.browser.conftest import chromium
    from tests.browser.test_embed_hostile import ANSWER, Origin, Reply

    origin = Origin()
    origin.replies |= {
        "/api/v1/decide": Reply(json.dumps(ANSWER)),
        "/api/v1/events": Reply('{"accepted": 1}'),
        "/count": Reply(status=202),
        "/favicon.ico": Reply(status=204),
    }
    tags = {"embed": "data-placement=spot data-target='#spot'", "GoatCounter": "data-goatcounter='/count'"}
    for name, script in scripts.items():
        origin.replies[f"/{name}.js"] = Reply(script, kind="text/javascript")
        local = "<script>window.goatcounter = { allow_local: true }</script>" if name == "GoatCounter" else ""
        tag = f"<script async src=/{name}.js {tags.get(name, '')}></script>"
        html = f"<!doctype html><title>x</title>{_ROOM}{local}{tag}"
        origin.replies[f"/{name}"] = Reply(html, kind="text/html")
    try:
        with chromium() as browser:
            yield browser, origin.url
    finally:
        origin.close()


@contextmanager
def _page(browser: Browser, *, slowed: int) -> Iterator[tuple[Page, CDPSession]]:
    """A page of a phone with nothing in its cache, and its figures."""
    context = browser.new_context(viewport={"width": 360, "height": 700})
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        page.add_init_script(_WATCH)
        yield page, session
    finally:
        context.close()


def _script_seconds(session: CDPSession) -> float:
    """The processor time that the page has spent in scripts."""
    figures = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return float(figures["ScriptDuration"])
