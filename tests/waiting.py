"""The only places where a test waits by a clock: until something is so, and long enough to see that nothing happens.

tests/test_waiting.py refuses `time.sleep` and `wait_for_timeout` elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page


def wait_until(condition: Callable[[], object], *, seconds: float = 30.0, what: str = "it") -> None:
    """Ask again and again, until it is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds:g} seconds {what} is still not so"
        time.sleep(0.02)


def wait_in_page_until(page: Page, condition: Callable[[], object], *, seconds: float = 20.0, what: str = "it") -> None:
    """The same while a page goes on: what the browser tells is heard only while it is waited for."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds:g} seconds {what} is still not so"
        page.wait_for_timeout(25)


def reload_until(page: Page, condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Open the page again and again, until it is so: a server notices a change within a second or two."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds:g} seconds {page.url} is still the same"
        page.wait_for_timeout(50)
        page.reload()


def let_pass(page: Page, milliseconds: float) -> None:
    """Time in which something would have happened, had it been going to: whoever comes later finds it missing."""
    page.wait_for_timeout(milliseconds)


def answer_late(seconds: float) -> None:
    """A server that is slow on purpose."""
    time.sleep(seconds)
