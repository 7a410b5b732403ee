"""Help and "About" stand in the page of the message, and each page says one thing about counting."""

import re

import pytest

from campaign.outcomes import PAGE_ADDRESSES
from messages.models import HelpLink
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

COUNTED = "We count how many people see and leave this page, never who."
UNCOUNTED = "Nothing about this visit is counted."


def message_page(**environ: str) -> str:
    world.launched()
    return world.AudienceSite().get("/m/quiet-page/", **environ).body.decode()


@pytest.mark.parametrize(
    ("environ", "said", "unsaid"), [({}, COUNTED, UNCOUNTED), ({"HTTP_SEC_GPC": "1"}, UNCOUNTED, COUNTED)]
)
def test_a_page_says_that_it_counts_or_that_it_does_not(environ: dict[str, str], said: str, unsaid: str) -> None:
    page = message_page(**environ)
    assert said in page
    assert unsaid not in page


def test_a_page_that_is_not_counted_asks_for_no_feedback() -> None:
    page = message_page(HTTP_DNT="1")
    assert "Did this make you think?" not in page
    assert "seen.gif" not in page


def test_each_door_leads_to_a_section_of_the_same_page() -> None:
    page = message_page()
    doors = re.findall(r'href="#(\w+)" data-outcome="(\w+)"', page)
    opened = {"help/self": "help_self", "help/affected": "help_affected", "help/worried": "help_worried"}
    opened["about"] = "learn_more"
    assert doors == [(PAGE_ADDRESSES[name], outcome) for name, outcome in opened.items()]
    for section in (PAGE_ADDRESSES["help/crisis"], *(section for section, _ in doors)):
        assert page.count(f'id="{section}"') == 1
    assert page.count('href="#message"') == len(doors) + 1
    assert page.count('id="message"') == 1


def test_the_sections_hold_the_checked_help_and_say_when_chance_decides_anew() -> None:
    page = message_page()
    for link in HelpLink.objects.for_visitors():
        assert link.url in page
    assert "chance decides again and the message counts once more" in page


def test_the_sections_are_no_page_of_their_own() -> None:
    world.launched()
    assert world.AudienceSite().get("/m/quiet-page/sections").status == 404
