"""The way out, Back and a reload of our own pages in Debian's Firefox, with script and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from campaign.entrypoints import launcher
from tests.browser.firefox import PROGRAM, Firefox, firefox
from tests.browser.installation import environment, running_installation
from tests.browser.test_embed_hostile import Origin, Reply
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.proof,
    pytest.mark.skipif(PROGRAM is None, reason="no Firefox here: apt install firefox-esr, or name it in FIREFOX"),
]
WORDS = "[document.querySelector('[name=receipt]').value, document.querySelector('form h1').textContent]"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Our server, the site that one comes from, and the neutral one."""

    url: str
    before: str
    neutral: Origin


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    neutral = Origin()
    for path in ("/", "/before"):
        neutral.replies[path] = Reply(f"<!doctype html><title>{path}</title>", kind="text/html")
    with running_installation(tmp_path_factory.mktemp("installation")) as made:
        variables = environment(made.directory) | {"EXIT_URL": f"{neutral.url}/"}
        with launcher.run_server("campaign.rsgi:application", environment=variables) as url:
            yield Surroundings(url, f"{neutral.url}/before", neutral)
    neutral.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox") / "profile") as made:
        yield made


@pytest.fixture(scope="module")
def without_script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("no-script") / "profile", **{"javascript.enabled": False}) as made:
        yield made


def visit(browser: Firefox, around: Surroundings, path: str = "quiet-page/") -> str:
    browser.goto(around.before)
    browser.goto(f"{around.url}/m/{path}")
    return f"{around.url}/m/{path}"


def leave(browser: Firefox, around: Surroundings) -> None:
    browser.press("[data-exit]")
    wait_until(lambda: browser.url() == f"{around.neutral.url}/", what="the neutral site")


def go_back(browser: Firefox, to: str) -> None:
    browser.back()
    wait_until(lambda: browser.url() == to, what=f"Back at {to}")


def test_it_takes_the_place_of_the_page_and_tells_nothing(browser: Firefox, around: Surroundings) -> None:
    visit(browser, around)
    leave(browser, around)
    (*_, headers) = [headers for request, _, headers in around.neutral.asked if request == "GET /"]  # not its icon
    assert "referer" not in headers
    go_back(browser, to=around.before)


def test_the_page_is_blank_before_the_other_site_is_asked(browser: Firefox, around: Surroundings) -> None:
    visit(browser, around)
    seen = browser.evaluate(
        "(document.querySelector('[data-exit]').click(), "
        "[getComputedStyle(document.querySelector('h1')).visibility, document.title])"
    )
    assert seen == ["hidden", "\u200b"]


def test_a_reload_and_back_keep_words_and_receipt(browser: Firefox, around: Surroundings) -> None:
    address = visit(browser, around)
    first = browser.evaluate(WORDS)
    for _ in range(3):
        browser.reload()
        assert browser.evaluate(WORDS) == first
    for _ in range(3):
        browser.goto(around.before)
        go_back(browser, to=address)
        wait_until(lambda: browser.evaluate(WORDS) == first, what="the words of before")


def test_a_new_visit_draws_anew(browser: Firefox, around: Surroundings) -> None:
    visit(browser, around)
    first = browser.evaluate(WORDS)
    visit(browser, around)
    assert browser.evaluate(WORDS)[0] != first[0]


@pytest.mark.parametrize("path", ["quiet-page/", "quiet-page/pi?locale=es", "nowhere/"])
def test_without_script_too_it_leads_back_to_no_page_of_ours(
    without_script: Firefox, around: Surroundings, path: str
) -> None:
    visit(without_script, around, path)
    leave(without_script, around)
    (*_, headers) = [headers for request, _, headers in around.neutral.asked if request == "GET /"]  # not its icon
    assert "referer" not in headers
    go_back(without_script, to=around.before)
