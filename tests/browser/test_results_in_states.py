"""The results page in the states that are seldom: withheld, empty, by exception, ratings, periods, texts, in use.

`PICTURES=folder .venv/bin/python -m pytest tests/browser/test_results_in_states.py -m "proof or not proof"` also
takes a picture of each, at 1280 and 390 px and as printed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from analytics.looks.evaluate import evaluate
from campaign.models import Campaign
from tests import world
from tests.analytics.comparison.test_sensitivity import RATINGS
from tests.analytics.looks import test_periods, test_texts
from tests.analytics.public_page.test_arabic import in_arabic
from tests.analytics.results.test_verdicts import CASES, PLENTY, looked
from tests.analytics.watch.test_use_months import in_use, month
from tests.browser import proof
from tests.browser.conftest import DESK, PHONE, OpenPage
from tests.browser.test_help_and_exchange import SignIn, desk
from tests.browser.test_results_page import BEYOND
from tests.tiers import proofs_but_each

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("PICTURES", "")


def rated() -> Campaign:
    campaign = world.launched(outcome="rating", plan={"smallest_difference": 0.05, "planned_per_arm": 250})
    world.tally(campaign, {"neutral": (400, 130), "victim": (400, 150), "user": (400, 140), "both": (400, 160)})
    world.add_ratings(campaign, RATINGS)
    evaluate(campaign, now=world.NOON)
    return campaign


def by_day() -> Campaign:
    campaign = test_periods.launched()
    test_periods.count_days(campaign, {"victim": 12})
    evaluate(campaign, now=test_periods.END)
    return campaign


def many_texts() -> Campaign:
    return test_texts.looked().campaign


def with_holdout() -> Campaign:
    use = in_use()
    month(use, 3, {"victim": (9_000, 4_050), "neutral": (1_000, 300)})
    month(use, 4, {"victim": (9_000, 4_000), "neutral": (1_000, 310)})
    return use


def twice_by_exception() -> Campaign:
    campaign = looked(PLENTY, exception="Ana: the funder asked.", plan={"planned_per_arm": 20_000})
    evaluate(campaign, now=world.NOON + timedelta(days=1), embargo_exception="Ana: the board meets.")
    return campaign


STATES: dict[str, Callable[[], Campaign]] = {
    "split broken": CASES["split broken"],
    "hidden": CASES["hidden"],
    "nobody counted": CASES["nobody counted"],
    "an arm empty": lambda: looked(PLENTY | {"user": (0, 0)}, exception="Ana: one message is not shown."),
    "by exception": twice_by_exception,
    "ratings": rated,
    "by day": by_day,
    "many texts": many_texts,
    "in use": with_holdout,
    "plan changed": CASES["plan changed"],
    "too early": CASES["too early"],
    "stopped for harm": CASES["stopped for harm"],
    "less than planned": CASES["less than planned"],
    "no meaningful difference": CASES["no meaningful difference"],
    "cannot tell yet": CASES["cannot tell yet"],
    "no look yet": lambda: world.launched(),
}


@pytest.mark.parametrize("state", proofs_but_each(8, STATES))
def test_it_can_be_read_on_a_desk_and_a_phone_by_everybody(desk: SignIn, state: str) -> None:
    campaign = STATES[state]()
    page = desk(world.person("adam", "administrator"), "/account/")
    page.context.add_init_script(proof.WATCH)
    tab = proof.Tab(page)
    address = f"{page.url.removesuffix('/account/')}/campaigns/{campaign.slug}/results/"
    found = proof.quick_findings(tab, lambda: page.goto(address))
    assert page.locator("main h1").is_visible()
    if PICTURES:
        take_pictures(page, state)
    page.set_viewport_size(DESK)
    found += proof._check_keyboard(page)
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        found += [f"beyond its card at {size['width']} px: {each}" for each in page.evaluate(BEYOND)]
    with proof._reversed_direction(page):
        found += [f"the other way round: {each}" for each in page.evaluate(BEYOND)]
        found += proof._check_overflow(page)
    page.emulate_media(forced_colors="active")
    # With forced colours the system draws text and surfaces; what a chart shows has to keep an outline or a fill.
    found += page.evaluate(VANISHED)
    page.emulate_media(forced_colors="none")
    assert found == []
    pages = len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True)))
    assert pages <= 3, f"prints to {pages} pages"


# Shapes of charts whose fill and stroke are those of the surface they lie on.
VANISHED = """
() => [...document.querySelectorAll("main svg :is(rect, circle, path, line, text)")].filter(each => {
    const style = getComputedStyle(each), surface = getComputedStyle(document.body).backgroundColor
    const drawn = [style.fill, style.stroke].filter(one => one !== "none")
    return each.getClientRects().length && drawn.length && drawn.every(one => one === surface)
        && !each.closest("defs, clipPath, mask") && !each.matches(".halo, .ground")
}).map(each => `not seen with forced colours: ${each.tagName} ${each.getAttribute("class")}`)
"""


def take_pictures(page: Page, state: str) -> None:
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    stem = state.replace(" ", "-")
    for name, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.screenshot(path=folder / f"{stem}-{name}.png", full_page=True)
    (folder / f"{stem}.pdf").write_bytes(page.pdf(prefer_css_page_size=True))


@pytest.mark.proof
def test_the_public_page_in_arabic_can_be_read_by_everybody(live_server: LiveServer, page: OpenPage) -> None:
    in_arabic()
    opened = page()
    opened.context.add_init_script(proof.WATCH)
    address = f"{live_server.url}/published/pilot/?language=ar"
    found = proof.quick_findings(proof.Tab(opened), lambda: opened.goto(address))
    assert opened.locator("html").get_attribute("dir") == "rtl"
    if PICTURES:
        take_pictures(opened, "public page in arabic")
    opened.set_viewport_size(DESK)
    found += proof._check_keyboard(opened)
    for size in (DESK, PHONE):
        opened.set_viewport_size(size)
        found += [f"beyond its card at {size['width']} px: {each}" for each in opened.evaluate(BEYOND)]
    assert found == []
