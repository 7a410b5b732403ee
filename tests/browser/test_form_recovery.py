"""A session ends while somebody writes: after signing in again the words are there, and nothing happened meanwhile."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from campaign.models import Campaign
from messages.models import Message
from tests import world
from tests.browser.test_help_and_exchange import SignIn, desk

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("phone", [False, True], ids=["at a desk", "on a phone"])
def test_the_first_question_survives_the_end_of_the_session(desk: SignIn, phone: bool) -> None:
    mara = world.person("mara", "manager")
    tab = desk(mara, "/campaigns/new/", phone=phone)
    tab.get_by_label("Name of the campaign").fill("Schools week")
    tab.get_by_label("What do you expect to find?").fill("Words about harm turn back more people.")
    Session.objects.all().delete()
    tab.keyboard.press("Tab")
    tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You were signed out. What you typed is still here.")
    expect(tab.locator("main")).to_contain_text("mara typed this")
    expect(tab.locator("main")).to_contain_text("Words about harm turn back more people.")
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert not Campaign.objects.exists()
    other = desk(mara, "/")  # signs in, in a browser of its own: only its cookies are needed here
    tab.context.add_cookies([cookie for cookie in other.context.cookies() if cookie["name"] != "csrftoken"])  # type: ignore[misc]
    tab.get_by_role("button", name="I am signed in: send it").click()
    expect(tab.locator(".progress")).to_contain_text("Question 2")
    assert Campaign.objects.get().hypothesis == "Words about harm turn back more people."


def test_the_reason_of_a_stop_survives_and_nothing_was_stopped(desk: SignIn) -> None:
    world.approved_revision("victim")
    message = Message.objects.get()
    tab = desk(world.person("mara", "manager"), f"/messages/{message.key}/stop/")
    tab.locator("[name=reason]").fill("It names a school.")
    Session.objects.all().delete()
    tab.get_by_role("button", name="Stop it everywhere").click()
    expect(tab.locator("main")).to_contain_text("Nothing was stopped yet.")
    expect(tab.locator("main")).to_contain_text("It names a school.")
    message.refresh_from_db()
    assert message.stopped_at is None


def test_presses_with_a_token_from_before_the_sign_in_lose_and_double_nothing(desk: SignIn) -> None:
    """The words come back once more, with a new token; and two presses of its button start one campaign."""
    mara = world.person("mara", "manager")
    tab = desk(mara, "/campaigns/new/", color_scheme="dark")
    tab.get_by_label("Name of the campaign").fill("Schools week")
    tab.get_by_label("What do you expect to find?").fill("Words about harm turn back more people.")
    Session.objects.all().delete()
    tab.get_by_role("button", name="Continue").click()
    send = tab.get_by_role("button", name="I am signed in: send it")
    expect(send).to_be_visible()
    other = desk(mara, "/campaigns/new/")
    cookies = {cookie["name"]: cookie for cookie in other.context.cookies()}
    assert "csrftoken" in cookies
    tab.context.add_cookies(list(cookies.values()))  # type: ignore[arg-type]
    send.click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("What you typed is still here.")
    expect(tab.locator("main")).to_contain_text("Words about harm turn back more people.")
    assert not Campaign.objects.exists()
    tab.get_by_role("button", name="Send it now").dblclick()
    expect(tab.locator(".progress")).to_contain_text("Question 2")
    assert Campaign.objects.get().hypothesis == "Words about harm turn back more people."
