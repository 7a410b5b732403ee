"""What a page is held to, as sentences about what is wrong with it; none: it is good.

One load at a desk and one on a phone. Colours, direction and size of text are then changed in place, as the reader's
settings would, and axe-core looks again at each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response

from tests.browser.conftest import DESK, PHONE

WATCH = Path(__file__).with_name("proof.js").read_text("utf-8")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
MOST_SHIFT = 0.02
NARROWEST = 320  # WCAG 1.4.10
# All of WCAG 2.2 A and AA, and what axe calls good practice; the size of targets is off by default in axe.
_ASK = """(rules) => axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
  rules: {"target-size": {enabled: true}}, resultTypes: ["violations"], preload: false, ...rules,
}).then((told) => told.violations.map((rule) =>
  `${rule.id}: ${rule.help} (${rule.nodes.length} times, first ${rule.nodes[0].target.flat().join(" ")}` +
  `${rule.nodes[0].any[0] ? ", " + rule.nodes[0].any[0].message : ""})`))"""
# In the dark nothing but colours changes; direction and size of text change no colour. Contrast takes axe the longest.
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_ALL_BUT_COLOURS = {"rules": {"target-size": {"enabled": True}, "color-contrast": {"enabled": False}}}


@dataclass
class Tab:
    """A tab of a browser, and what was heard from it since it was last asked."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"a script failed: {error}"))
        self.page.on("request", self._request)

    def _console(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.wrong.append(f"the console says: {line.text}")

    def _request(self, request: Request) -> None:
        asked, at = urlsplit(request.url), urlsplit(self.page.url)
        if asked.scheme in ("http", "https", "ws", "wss") and at.netloc and asked.netloc != at.netloc:
            self.wrong.append(f"somebody else is called: {request.url}")

    def expect(self, address: str | None) -> None:
        """The page itself may answer with an error, of which Chromium tells the console."""
        self.wrong[:] = [
            said
            for said in self.wrong
            if not (address and said.startswith("the console says: Failed to load resource"))
        ]

    def heard(self) -> list[str]:
        """What went wrong by itself; forgotten once told."""
        policy = [f"the policy forbids {what}" for what in self.page.evaluate("proof.told.violations.splice(0)")]
        said, self.wrong[:] = [*self.wrong, *policy], []
        return list(dict.fromkeys(said))


def findings(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """Everything that is wrong with the page that `go` leads to."""
    page = tab.page
    found: list[str] = []
    for width, size in (("at a desk", DESK), ("on a phone", PHONE)):
        page.set_viewport_size(size)
        go()
        page.evaluate(AXE)
        found += [f"{width}: {said}" for said in (*_axe(page), *_still(page), *_narrow(page))]
        found += [f"{width}: {said}" for said in tab.heard()]
        if size is DESK:
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
            found += _by_keyboard(page)
            for change, rules in (
                (_dark, _COLOURS),
                (_the_other_way, _ALL_BUT_COLOURS),
                (_large_text, _ALL_BUT_COLOURS),
            ):
                with change(page) as name:
                    found += [f"{name}: {said}" for said in (*_axe(page, rules), *_narrow(page))]
    found += _targets(page)
    with _the_other_way(page) as name:
        found += [f"{name}, on a phone: {said}" for said in _narrow(page)]
    page.set_viewport_size({"width": NARROWEST, "height": PHONE["height"]})
    found += [f"at {NARROWEST} px: {said}" for said in _narrow(page)]
    return found + tab.heard()


def glance(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """The same page for another role: what axe finds at a desk beside colours, which it shares, and what is heard."""
    tab.page.set_viewport_size(DESK)
    go()
    tab.page.evaluate(AXE)
    return [*_axe(tab.page, _ALL_BUT_COLOURS), *tab.heard()]


def _axe(page: Page, rules: Mapping[str, Any] | None = None) -> list[str]:
    said: list[str] = page.evaluate(_ASK, rules or {})
    return [f"axe {one}" for one in said]


def _still(page: Page) -> list[str]:
    shift = page.evaluate("proof.settled()")
    return [f"the layout shifts by {shift:.3f}"] if shift > MOST_SHIFT else []


def _narrow(page: Page) -> list[str]:
    sticking = page.evaluate("proof.sticking()")
    return [f"one must scroll sideways: {', '.join(sticking)}"] if sticking else []


def _targets(page: Page) -> list[str]:
    return [f"too small to touch: {one}" for one in page.evaluate("proof.small()")]


def _by_keyboard(page: Page) -> list[str]:
    for _ in range(page.evaluate("proof.beginTour()")):
        page.keyboard.press("Tab")
    return [f"by keyboard: {one}" for one in page.evaluate("proof.endTour()")]


@contextmanager
def _dark(page: Page) -> Iterator[str]:
    page.emulate_media(color_scheme="dark")
    yield "in the dark"
    page.emulate_media(color_scheme="light")


@contextmanager
def _the_other_way(page: Page) -> Iterator[str]:
    page.evaluate("document.documentElement.dir = document.documentElement.dir === 'rtl' ? 'ltr' : 'rtl'")
    yield "the other way round"
    page.evaluate("document.documentElement.dir = document.documentElement.dir === 'rtl' ? 'ltr' : 'rtl'")


@contextmanager
def _large_text(page: Page) -> Iterator[str]:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    yield "with text at 200%"
    page.evaluate("document.documentElement.style.fontSize = ''")
