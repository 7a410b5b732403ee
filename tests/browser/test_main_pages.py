"""Check the main pages at a desk and on a phone; test_every_page.py (`make proof`) checks all pages in all modes."""

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from analytics.looks.evaluate import evaluate
from messages.library import starter_library
from tests import world
from tests.browser import proof
from tests.browser.conftest import OpenPage
from tests.browser.planted_faults import assert_fault_reported
from tests.browser.proof import Tab
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_STAFF_PAGES = (
    "/",
    "/campaigns/pilot/",
    "/campaigns/pilot/plan/",
    "/campaigns/pilot/results/",
    "/campaigns/new/",
    "/messages/",
    "/account/",
)
_FAULTS = (
    "a field without a label",
    "pale text",
    "an image from elsewhere",
    "a script that fails",
    "a row that is too wide on a very small phone",
)


def test_the_main_pages_are_good_at_a_desk_and_fit_a_phone(desk: SignIn, live_server: LiveServer) -> None:
    starter_library.load(now=world.NOON)
    campaign = world.launched()
    world.tally(campaign, {"neutral": (2000, 900), "victim": (2000, 1000), "user": (2000, 980), "both": (2000, 1100)})
    evaluate(campaign, now=world.NOON)
    tab = desk(world.person("mara", "manager"), "/")
    watched = watch(tab)
    found = {
        path: proof.quick_findings(watched, lambda path=path: tab.goto(live_server.url + path))  # type: ignore[misc]
        for path in _STAFF_PAGES
    }
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_page_to_sign_in_is_good(page: OpenPage, live_server: LiveServer) -> None:
    tab = page()
    assert proof.quick_findings(watch(tab), lambda: tab.goto(f"{live_server.url}/sign-in/")) == []


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_in_a_page_is_reported(page: OpenPage, live_server: LiveServer, fault: str) -> None:
    tab = page()
    watched = watch(tab)
    assert_fault_reported(
        fault, watched, lambda: proof.quick_findings(watched, lambda: tab.goto(f"{live_server.url}/sign-in/"))
    )


def watch(tab: Page) -> Tab:
    tab.add_init_script(proof.WATCH)
    return Tab(tab)
