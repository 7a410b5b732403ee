"""Fixtures of the browser tests: a Chromium, and pages in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.browser.installation import Installation, running_installation

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
    "--site-per-process",  # The headless shell would otherwise run a sandboxed frame in the process of its page.
    # The default name, HeadlessChrome, is excluded as a bot.
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
    """Launch a Chromium that makes no requests of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this folder. It is closed before tests that run their own event loop."""
    # Playwright's sync API runs an event loop in this thread, which Django would reject as an async context.
    with pytest.MonkeyPatch.context() as environment, chromium() as launched:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield launched


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests that only look at its pages, however often others have."""
    with running_installation(tmp_path_factory.mktemp("installation")) as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages, each in a fresh profile: `page()`, `page(phone=True)`, or with any option of `new_context`."""
    opened: list[BrowserContext] = []

    def open_page(*, phone: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE if phone else DESK} | options)
        context.set_default_timeout(30_000)
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()
