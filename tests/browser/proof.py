"""What a page is held to, as sentences about what is wrong with it; none: it is good.

One load at a desk and one on a phone. Width, colours, direction and size of text are then changed in place, as the
reader's settings would, and axe-core looks again: at colours in each of desk and phone, light and dark, both ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
# Contrast takes longest, and has a question of its own. Direction and size of text change what is where, and no more.
_WHERE = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}}
_ALL_BUT_COLOURS = {"rules": {"target-size": {"enabled": True}, "color-contrast": {"enabled": False}}}


@dataclass
class Tab:
    """A tab of a browser, and what was heard from it since it was last asked."""

    page: Page
    errors: list[str] = field(default_factory=list)
    passed_colours: set[str] = field(
        default_factory=set
    )  # colours of text that axe found good, by all that its judgement is of

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(f"a script failed: {error}"))
        self.page.on("request", self._request)

    def _console(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.errors.append(f"the console says: {line.text}")

    def _request(self, request: Request) -> None:
        asked, at = urlsplit(request.url), urlsplit(self.page.url)
        if asked.scheme in ("http", "https", "ws", "wss") and at.netloc and asked.netloc != at.netloc:
            self.errors.append(f"somebody else is called: {request.url}")

    def ignore_load_error(self, address: str | None) -> None:
        """The page itself may answer with an error, of which Chromium tells the console."""
        self.errors[:] = [
            said
            for said in self.errors
            if not (address and said.startswith("the console says: Failed to load resource"))
        ]

    def take_errors(self) -> list[str]:
        """What went wrong by itself; forgotten once told."""
        policy = [f"the policy forbids {what}" for what in self.page.evaluate("proof.told.violations.splice(0)")]
        said, self.errors[:] = [*self.errors, *policy], []
        return list(dict.fromkeys(said))


def check_page(desk: Tab, phone: Tab, way: Callable[[Tab], Callable[[], Response | None]]) -> list[str]:
    """Everything that is wrong with the page that `way` leads to, in a tab of each size."""
    phone.page.set_viewport_size(PHONE)
    way(phone)()  # it settles while the other is looked at
    found = [*_as("at a desk", _at_a_desk(desk, way(desk))), *_as("on a phone", _made_narrow(desk))]
    found += _as("on a phone", _on_a_phone(phone))
    phone.page.set_viewport_size({"width": NARROWEST, "height": PHONE["height"]})
    return [*found, *_as(f"at {NARROWEST} px", _narrow(phone.page)), *phone.take_errors(), *desk.take_errors()]


def _as(how: str, found: Iterable[str]) -> Iterator[str]:
    return (f"{how}: {said}" for said in found)


def _at_a_desk(tab: Tab, go: Callable[[], Response | None]) -> Iterator[str]:
    page = tab.page
    page.set_viewport_size(DESK)
    go()
    page.evaluate(AXE)
    yield from _axe(page, _ALL_BUT_COLOURS)
    yield from _as_it_came(tab)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    yield from _by_keyboard(page)
    yield from _in_all_colours(tab, whole=True)
    with ExitStack() as changed:
        for change in (_the_other_way, _large_text):
            yield from _as(changed.enter_context(change(page)), _narrow(page))
        yield from _as("the other way round, with text at 200%", _axe(page, _WHERE))


def _made_narrow(tab: Tab) -> Iterator[str]:
    tab.page.set_viewport_size(PHONE)
    yield from _axe(tab.page, _ALL_BUT_COLOURS)
    yield from _in_all_colours(tab, whole=False)


def _on_a_phone(tab: Tab) -> Iterator[str]:
    yield from _as_it_came(tab)
    yield from _targets(tab.page)
    with _the_other_way(tab.page) as name:
        yield from _as(name, _narrow(tab.page))


def _in_all_colours(tab: Tab, *, whole: bool) -> Iterator[str]:
    """Light and dark, both ways round; if `whole`, axe looks first at everything, whatever it knows."""
    page = tab.page
    for dark, other in ((False, False), (True, False), (True, True), (False, True)):
        with ExitStack() as changed:
            names = [changed.enter_context(change(page)) for change in _chosen(dark=dark, other=other)]
            how = ", ".join(names)
            found = _colours(tab, whole=whole and not how)
            yield from _as(how, found) if how else found


def _chosen(*, dark: bool, other: bool) -> list[Callable[[Page], AbstractContextManager[str]]]:
    return [*([_dark] if dark else []), *([_the_other_way] if other else [])]


def _colours(tab: Tab, *, whole: bool) -> list[str]:
    """What axe says of colours; text that is coloured like text it found good is not asked about again."""
    answer = tab.page.evaluate(
        "([known, whole]) => proof.colours(known, whole)", [[] if whole else [*tab.passed_colours], whole]
    )
    tab.passed_colours.update(answer["good"])
    return [f"axe {one}" for one in answer["found"]]


def _as_it_came(tab: Tab) -> Iterator[str]:
    """What is wrong as soon as it stands there."""
    yield from _still(tab.page)
    yield from _narrow(tab.page)
    yield from tab.take_errors()


def quick_check(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """The same page for another role: what axe finds at a desk beside colours, which it shares, and what is heard."""
    tab.page.set_viewport_size(DESK)
    go()
    tab.page.evaluate(AXE)
    return [*_axe(tab.page, _ALL_BUT_COLOURS), *tab.take_errors()]


def quick_findings(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """One load: at a desk what axe finds, colours too, and what is heard; then whether a very small phone holds it."""
    page = tab.page
    page.set_viewport_size(DESK)
    go()
    page.evaluate(AXE)
    found = [*_as("at a desk", [*_axe(page, _ALL_BUT_COLOURS), *_colours(tab, whole=False), *_as_it_came(tab)])]
    page.set_viewport_size({"width": NARROWEST, "height": PHONE["height"]})
    return [*found, *_as(f"at {NARROWEST} px", _narrow(page))]


_NEVER_THE_SAME = re.compile(r'name="(?:csrfmiddlewaretoken|next)" value="[^"]*"| aria-current="[^"]*"')


def split_main(html: str) -> tuple[str, str]:
    """What stands in a page's `main`, and what stands around it, without what differs from one visit to the next."""
    before, main, after = re.split(r"(<main.*</main>)", _NEVER_THE_SAME.sub("", html), maxsplit=1, flags=re.DOTALL)
    title = re.compile("<title>.*?</title>", re.DOTALL)
    return main, title.sub("", before) + after


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
    """A page within the page may still be coming while one goes through: what is not reached then has another go."""
    found: list[str] = []
    for _ in range(3):
        for _ in range(page.evaluate("proof.beginTour()")):
            page.keyboard.press("Tab")
        found = page.evaluate("proof.endTour()")
        if not any(one.endswith("is not reached by Tab") for one in found):
            break
    return [f"by keyboard: {one}" for one in found]


@contextmanager
def _dark(page: Page) -> Iterator[str]:
    page.emulate_media(color_scheme="dark")
    try:
        yield "in the dark"
    finally:
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
