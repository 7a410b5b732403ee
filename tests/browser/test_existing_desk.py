"""What it costs a manager to plan one more campaign on a desk that has words, placements and colleagues."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from campaign.models import Campaign
from campaign.wizard.questions import QUESTIONS
from tests import world
from tests.browser.test_first_message import Person
from tests.browser.test_help_and_exchange import SignIn, desk
from tests.browser.test_wizard import site_with_words

__all__ = ["desk", "site_with_words"]
pytestmark = [pytest.mark.browser, pytest.mark.proof, pytest.mark.django_db(transaction=True)]
CONTINUE = "form.questions button[value=save]:not(.unseen)"


def test_a_manager_sends_one_more_campaign_in_fewer_than_fifteen_clicks(desk: SignIn, site_with_words: None) -> None:
    mara = Person(desk(world.person("mara", "manager"), "/"))
    mara.press("a[href$='/campaigns/new/']")
    mara.type("#id_name", "Schools week")
    mara.type("#id_hypothesis", "Naming both harms turns back more people.")
    for _question in QUESTIONS:
        if mara.tab.locator("input[name=places]").count():
            mara.choose("input[name=places]")
        if mara.tab.locator("#id_ethics_reference").count():
            mara.type("#id_ethics_reference", "Example board, 2027-17")
        if mara.tab.locator("#id_expected").count():
            mara.type("#id_expected", "35")
        mara.press(CONTINUE)
    mara.press("main form button[type=submit]")
    expect(mara.tab.locator("main").get_by_role("status")).to_contain_text("Sent. A colleague has to approve it")
    assert Campaign.objects.get().state == Campaign.State.SUBMITTED
    told = f"{mara.clicks} clicks, {mara.pages} pages, {mara.fields} fields"
    assert mara.clicks < 15, told
