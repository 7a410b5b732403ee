"""Check a page for accessibility, layout, policy and network faults. Each fault is a sentence; a good page has none.

A page is loaded once at desktop size and once at phone size. Colour scheme, writing direction and text size are then
changed in place. axe-core checks contrast in both sizes, both colour schemes and both directions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response

from tests.browser.conftest import DESK, PHONE

# axe is compiled only where it is called: in a tab at desktop size.
_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
WATCH = f"""{Path(__file__).with_name("proof.js").read_text("utf-8")}
proof.loadAxe = () => {{ {_AXE} }};"""
MAX_LAYOUT_SHIFT = 0.02
NARROWEST = 320  # WCAG 1.4.10


@dataclass
class Tab:
    """A browser tab, and the errors since they were last taken."""

    page: Page
    errors: list[str] = field(default_factory=list)
    passed_colours: set[str] = field(default_factory=set)  # colour combinations that axe has accepted

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(f"a script failed: {error}"))
        self.page.on("request", self._request)

    def _console(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.errors.append(f"the console says: {line.text}")

    def _request(self, request: Request) -> None:
        target, current = urlsplit(request.url), urlsplit(self.page.url)
        if target.scheme in ("http", "https", "ws", "wss") and current.netloc and target.netloc != current.netloc:
            self.errors.append(f"somebody else is called: {request.url}")

    def ignore_load_error(self, address: str | None) -> None:
        """Drop the console error that Chromium logs if the page itself has an error status."""
        self.errors[:] = [
            error
            for error in self.errors
            if not (address and error.startswith("the console says: Failed to load resource"))
        ]

    def take_errors(self) -> list[str]:
        """Return the errors since the last call, including policy violations."""
        policy = [f"the policy forbids {what}" for what in self.page.evaluate("proof.told.violations.splice(0)")]
        errors, self.errors[:] = [*self.errors, *policy], []
        return list(dict.fromkeys(errors))


def check_page(desk: Tab, phone: Tab, way: Callable[[Tab], Callable[[], Response | None]]) -> list[str]:
    """Return all faults of a page. `way(tab)` returns a function that opens it in a tab."""
    phone.page.set_viewport_size(PHONE)
    way(phone)()  # It settles while the other tab is checked.
    found = [*_prefix("at a desk", _check_desktop(desk, way(desk))), *_prefix("on a phone", _check_narrowed(desk))]
    found += _prefix("on a phone", _check_phone(phone))
    phone.page.set_viewport_size({"width": NARROWEST, "height": PHONE["height"]})
    return [
        *found,
        *_prefix(f"at {NARROWEST} px", _check_overflow(phone.page)),
        *phone.take_errors(),
        *desk.take_errors(),
    ]


def _prefix(mode: str, faults: Iterable[str]) -> Iterator[str]:
    return (f"{mode}: {fault}" for fault in faults)


def _check_desktop(tab: Tab, go: Callable[[], Response | None]) -> Iterator[str]:
    page = tab.page
    page.set_viewport_size(DESK)
    go()
    page.evaluate("proof.loadAxe()")
    yield from _check_initial_state(tab)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    yield from _check_contrast_in_all_modes(tab, whole=True)
    yield from _check_keyboard(page)
    with ExitStack() as changed:
        for change in (_reversed_direction, _large_text):
            yield from _prefix(changed.enter_context(change(page)), _check_overflow(page))
        yield from _prefix("the other way round, with text at 200%", _axe(page, "layout"))


def _check_narrowed(tab: Tab) -> Iterator[str]:
    tab.page.set_viewport_size(PHONE)
    yield from _axe(tab.page, "allButContrast")
    yield from _check_contrast_in_all_modes(tab, whole=False)


def _check_phone(tab: Tab) -> Iterator[str]:
    yield from _check_initial_state(tab)
    yield from _check_target_sizes(tab.page)
    with _reversed_direction(tab.page) as name:
        yield from _prefix(name, _check_overflow(tab.page))


def _check_contrast_in_all_modes(tab: Tab, *, whole: bool) -> Iterator[str]:
    """Check contrast in both colour schemes and directions. If `whole`, check all text, by all rules, in the first."""
    page = tab.page
    for dark, reverse in ((False, False), (True, False), (True, True), (False, True)):
        with ExitStack() as changed:
            names = [changed.enter_context(change(page)) for change in _mode_changes(dark=dark, reverse=reverse)]
            mode = ", ".join(names)
            faults = _check_contrast(tab, whole=whole and not mode)
            yield from _prefix(mode, faults) if mode else faults


def _mode_changes(*, dark: bool, reverse: bool) -> list[Callable[[Page], AbstractContextManager[str]]]:
    return [*([_dark_mode] if dark else []), *([_reversed_direction] if reverse else [])]


def _check_contrast(tab: Tab, *, whole: bool) -> list[str]:
    """Run axe's contrast rule on text whose colours it has not accepted yet, or all rules on all text if `whole`."""
    answer = tab.page.evaluate(
        "([known, whole]) => proof.colours(known, whole)", [[] if whole else [*tab.passed_colours], whole]
    )
    tab.passed_colours.update(answer["good"])
    return [f"axe {one}" for one in answer["found"]]


def _check_initial_state(tab: Tab) -> Iterator[str]:
    """Check the page as it was loaded."""
    yield from _check_layout_shift(tab.page)
    yield from _check_overflow(tab.page)
    yield from tab.take_errors()


def quick_check(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """Return the faults of a page for another role: axe at desktop size without contrast, and errors."""
    tab.page.set_viewport_size(DESK)
    go()
    tab.page.evaluate("proof.loadAxe()")
    return [*_axe(tab.page, "allButContrast"), *tab.take_errors()]


def quick_findings(tab: Tab, go: Callable[[], Response | None]) -> list[str]:
    """Return the faults of one load: axe and errors at desktop size, and overflow at the narrowest width."""
    page = tab.page
    page.set_viewport_size(DESK)
    go()
    page.evaluate("proof.loadAxe()")
    found = [
        *_prefix(
            "at a desk", [*_axe(page, "allButContrast"), *_check_contrast(tab, whole=False), *_check_initial_state(tab)]
        )
    ]
    page.set_viewport_size({"width": NARROWEST, "height": PHONE["height"]})
    return [*found, *_prefix(f"at {NARROWEST} px", _check_overflow(page))]


_VOLATILE_ATTRIBUTES = re.compile(r'name="(?:csrfmiddlewaretoken|next)" value="[^"]*"| aria-current="[^"]*"')


def split_main(html: str) -> tuple[str, str]:
    """Split a page into its `main` and the rest, without values that differ between visits."""
    before, main, after = re.split(r"(<main.*</main>)", _VOLATILE_ATTRIBUTES.sub("", html), maxsplit=1, flags=re.DOTALL)
    title = re.compile("<title>.*?</title>", re.DOTALL)
    return main, title.sub("", before) + after


def _axe(page: Page, rules: str) -> list[str]:
    violations: list[str] = page.evaluate("(rules) => proof.violations(rules)", rules)
    return [f"axe {violation}" for violation in violations]


def _check_layout_shift(page: Page) -> list[str]:
    shift = page.evaluate("proof.settled()")
    return [f"the layout shifts by {shift:.3f}"] if shift > MAX_LAYOUT_SHIFT else []


def _check_overflow(page: Page) -> list[str]:
    overflowing = page.evaluate("proof.sticking()")
    return [f"one must scroll sideways: {', '.join(overflowing)}"] if overflowing else []


def _check_target_sizes(page: Page) -> list[str]:
    return [f"too small to touch: {one}" for one in page.evaluate("proof.small()")]


def _check_keyboard(page: Page) -> list[str]:
    """Tab through the page. Frames may still be loading, so an unreached control is tried up to three times."""
    found: list[str] = []
    for _ in range(3):
        for _ in range(page.evaluate("proof.beginTour()")):
            page.keyboard.press("Tab")
        found = page.evaluate("proof.endTour()")
        if not any(one.endswith("is not reached by Tab") for one in found):
            break
    return [f"by keyboard: {one}" for one in found]


@contextmanager
def _dark_mode(page: Page) -> Iterator[str]:
    page.emulate_media(color_scheme="dark")
    try:
        yield "in the dark"
    finally:
        page.emulate_media(color_scheme="light")


@contextmanager
def _reversed_direction(page: Page) -> Iterator[str]:
    page.evaluate("document.documentElement.dir = document.documentElement.dir === 'rtl' ? 'ltr' : 'rtl'")
    yield "the other way round"
    page.evaluate("document.documentElement.dir = document.documentElement.dir === 'rtl' ? 'ltr' : 'rtl'")


@contextmanager
def _large_text(page: Page) -> Iterator[str]:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    yield "with text at 200%"
    page.evaluate("document.documentElement.style.fontSize = ''")
