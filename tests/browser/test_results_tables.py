"""Tables on the results page of a desk: nothing of them lies beyond the edge of its card."""

import pytest
from playwright.sync_api import Page

from analytics.looks.evaluate import evaluate
from tests import world
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = """
() => [...document.querySelectorAll("main .scroll")].filter(table => table.scrollWidth > table.clientWidth + 1)
    .map(table => table.getAttribute("aria-label"))
"""


@pytest.fixture
def results(desk: SignIn) -> Page:
    campaign = world.launched(plan={"planned_per_arm": 600}, margins={"annoyed": 0.02, "rating": None})
    world.tally(campaign, {"neutral": (600, 120), "victim": (600, 150), "user": (600, 180), "both": (600, 300)})
    world.add_ratings(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (20, 30, 40, 30, 20)))
    evaluate(campaign, now=world.NOON)
    return desk(world.person("ana", "analyst"), "/campaigns/pilot/results/")


def test_the_verdict_column_of_the_ratings_is_in_sight(results: Page) -> None:
    assert results.get_by_role("group", name="mean answers as a table").locator("th", has_text="Against").count() == 1
    assert results.evaluate(TOO_WIDE) == []


def test_an_unfolded_table_is_no_wider_than_its_card(results: Page) -> None:
    results.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    assert results.locator("main table:visible").count() > 5
    assert results.evaluate(TOO_WIDE) == []
