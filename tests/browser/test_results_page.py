"""The results page fits its cards on a desk and a phone, with every fold open, and prints to three pages of A4."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from tests import world
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
ANNOYED = {"neutral": 60, "victim": 58, "user": 75, "both": 110}
SETS = {"neutral": [(1250, 338)] * 4, "victim": [(1250, 399)] * 4, "user": [(1250, 385)] * 4, "both": [(1250, 450)] * 4}
# What lies beyond the edge of its card, by its words; a table that scrolls in its own box lies within it.
BEYOND = """
() => [...document.querySelectorAll("main :is(.card, .verdict)")].flatMap(card => {
    const edge = card.getBoundingClientRect()
    return [...card.querySelectorAll("p, li, dt, dd, h2, h3, table, svg text, .scroll, summary, button")]
        .filter(each => !each.parentElement.closest(".scroll") && each.getClientRects().length)
        .filter(each => each.getBoundingClientRect().left < edge.left - 1
            || each.getBoundingClientRect().right > edge.right + 1)
        .map(each => each.textContent.trim().slice(0, 60))
})
"""


def open_results(desk: SignIn, *, texts: int = 1) -> Page:
    """Open the results of a factorial with a guardrail, or of matched sets, as an analyst."""
    design: dict[str, Any] = {"texts": texts, "design": "matched"} if texts > 1 else {}
    campaign = world.launched(plan={"planned_per_arm": 5000}, margins={"annoyed": 0.02}, **design)
    if texts > 1:
        world.tally_texts(campaign, SETS)
    else:
        world.tally(campaign, COUNTS)
    for row in Tally.objects.filter(outcome="exposed"):
        fields = {"arm": row.arm, "placement": row.placement, "day": row.day, "locale": "en"}
        Tally.objects.create(**fields, outcome="annoyed", count=ANNOYED[row.arm.key])
    evaluate(campaign, now=world.NOON)
    return desk(world.person("ana", "analyst"), "/campaigns/pilot/results/")


@pytest.mark.parametrize("language", ["English", "Español"])
def test_everything_lies_within_its_card_with_every_fold_open(desk: SignIn, language: str) -> None:
    page = open_results(desk)
    if language != "English":
        page.get_by_role("button", name=language).or_(page.get_by_role("link", name=language)).first.click()
        page.wait_for_url("**/results/**")
        assert page.locator("html").get_attribute("lang") == "es"
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(BEYOND) == []


@pytest.mark.parametrize("texts", [1, 4])
def test_it_prints_to_three_pages_of_a4(desk: SignIn, texts: int) -> None:
    printed = open_results(desk, texts=texts).pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 3
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
