"""Forms with an error, and with Enter: what a keyboard and a screen reader meet."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from campaign.wizard.questions import QUESTIONS_BY_KEY
from messages.library import starter_library
from tests import world
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEAD_LINKS = """
() => [...document.querySelectorAll(".errors a")].map(link => link.getAttribute("href"))
    .filter(target => !document.getElementById(target.slice(1)))
"""


@pytest.mark.parametrize("question", ["learn", "compare", "places", "success", "sureness", "length", "ethics", "told"])
def test_a_summary_has_the_focus_and_each_link_of_it_leads_to_a_field(
    desk: SignIn, live_server: LiveServer, question: str
) -> None:
    starter_library.load(now=world.NOON)
    world.draft()
    tab = desk(world.person("mara", "manager"), f"/campaigns/pilot/plan-it/{question}/")
    tab.evaluate(
        """() => { for (const field of document.querySelectorAll(".questions input, .questions textarea"))
            if (field.type === "radio" || field.type === "checkbox") field.checked = false;
            else if (field.type !== "hidden") field.value = field.inputMode === "numeric" ? "x" : ""; }"""
    )
    tab.get_by_role("button", name="Continue").click()
    expect(tab.locator(".errors")).to_be_focused()
    assert tab.title().startswith("Error: ")
    assert tab.locator(".errors a").count() > 0
    assert tab.evaluate(DEAD_LINKS) == []


def test_enter_in_a_field_continues_and_presses_no_other_button(desk: SignIn) -> None:
    starter_library.load(now=world.NOON)
    world.draft()
    tab = desk(world.person("mara", "manager"), "/campaigns/pilot/plan-it/words/")
    tab.get_by_label("Name").first.fill("A better name")
    tab.get_by_label("Name").first.press("Enter")
    expect(tab.locator("h1")).to_have_text(str(QUESTIONS_BY_KEY["places"].title))
