"""A real Chromium for the browser tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # as in chromium.sh
_FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--site-per-process",  # the one without windows would else keep a sandboxed page with the page around it
    # Without a window it names itself HeadlessChrome, which is left out as a machine.
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
]

OpenPage = Callable[..., Page]
expect.set_options(timeout=20_000)  # on a busy machine all takes longer; what is so at once waits for nothing


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        pytest.fail(
            "No Chromium found: install it (Debian: `apt install chromium`) or name it in CHROMIUM=/path/to/it."
        )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A real Chromium that calls nobody by itself."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this folder; gone before those that run an event loop of their own."""
    # Playwright's synchronous interface runs an event loop in this thread, which Django takes for an async caller.
    with pytest.MonkeyPatch.context() as environment, chromium() as launched:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, each in a fresh profile: `page()`, `page(phone=True)`, or any option of `new_context`."""
    opened: list[BrowserContext] = []

    def open_page(*, phone: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE if phone else DESK} | options)
        context.set_default_timeout(30_000)
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()
