"""A review from draft to withdrawal in a real Chromium, with approval by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from messages.models import Rendition
from messages.review import workflow
from tests import world
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import collect_errors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SignIn = Callable[..., Page]


@pytest.fixture
def desk(page: OpenPage, live_server: LiveServer) -> SignIn:
    """Open a tab as a signed-in user. Any browser error fails the test."""

    def sign_in(person: User, *, phone: bool = False) -> Page:
        client = Client()
        world.sign_in(client, person)
        tab = page(phone=phone, base_url=live_server.url)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        tab.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        return tab

    return sign_in


def state(rendition: Rendition) -> str:
    return Rendition.objects.get(pk=rendition.pk).state


def message_page(rendition: Rendition) -> str:
    return f"/messages/{rendition.revision.message.key}/"


def review_page(rendition: Rendition) -> str:
    return f"{message_page(rendition)}{rendition.revision.number}/{rendition.locale}/review/"


def tab_to(tab: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(80):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        tab.keyboard.press("Tab")
    raise AssertionError("the focus never came there")


def test_a_manager_asks_for_a_review(desk: SignIn) -> None:
    rendition = world.draft_rendition()
    tab = desk(world.person("mara", "manager"))
    wrong = collect_errors(tab)
    tab.goto(message_page(rendition))
    tab.get_by_role("button", name="Ask for a review").click()
    expect(tab.locator("main").get_by_role("status")).to_have_text("A reviewer has been asked to read this text.")
    expect(tab.get_by_text("A reviewer will read this text next.")).to_be_visible()
    assert (state(rendition), wrong) == ("submitted", [])


def test_a_reviewer_comments_on_a_phone(desk: SignIn) -> None:
    rendition = world.submitted_rendition()
    tab = desk(world.person("rafael", "reviewer"), phone=True)
    wrong = collect_errors(tab)
    tab.goto(review_page(rendition))
    tab.get_by_label("Add a comment").fill("Could the last sentence come first?")
    tab.get_by_role("button", name="Comment", exact=True).click()
    expect(tab.get_by_text("Could the last sentence come first?")).to_be_visible()
    assert (rendition.comments.count(), wrong) == (1, [])


def test_a_reviewer_approves_with_the_keyboard_alone(desk: SignIn) -> None:
    rendition = world.submitted_rendition()
    tab = desk(world.person("rafael", "reviewer"))
    wrong = collect_errors(tab)
    tab.goto("/reviews/")
    tab_to(tab, tab.get_by_role("link", name=re.compile("Review ?: victim, English")))
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**{review_page(rendition)}")
    approve = tab.get_by_role("button", name="Approve this text")
    tab_to(tab, approve)
    tab.keyboard.press("Enter")  # too early: nothing is answered yet
    expect(tab.get_by_role("alert")).to_contain_text("The checklist is not complete.")
    for question in tab.locator("main fieldset").all():
        tab_to(tab, question.get_by_label("Yes"))
        tab.keyboard.press("Space")
        if (evidence := question.get_by_role("textbox")).is_visible():
            tab_to(tab, evidence)
            tab.keyboard.type("Read by two of us, see page 12.")
    tab_to(tab, tab.get_by_label("Your comment"))
    tab.keyboard.type("Calm and true.")
    tab_to(tab, approve)
    tab.keyboard.press("Enter")
    expect(tab.locator("main").get_by_role("status")).to_have_text("This text is approved.")
    expect(tab.get_by_text("Approved by rafael")).to_be_visible()
    assert (workflow.is_approval_valid(Rendition.objects.get(pk=rendition.pk)), wrong) == (True, [])


@pytest.mark.proof
def test_a_reviewer_sends_back_and_the_writer_finds_the_reason(desk: SignIn) -> None:
    rendition = world.submitted_rendition()
    tab = desk(world.person("rafael", "reviewer"))
    wrong = collect_errors(tab)
    tab.goto(review_page(rendition))
    tab.get_by_role("group", name="Is it accurate?").get_by_label("No", exact=True).check()
    tab.get_by_role("button", name="Send back").click()
    expect(tab.get_by_text("Say what should change").first).to_be_visible()
    expect(tab.get_by_role("group", name="Is it accurate?").get_by_label("No", exact=True)).to_be_checked()
    tab.get_by_label("Your comment").fill("Name the source.")
    tab.get_by_role("button", name="Send back").click()
    expect(tab.locator("main").get_by_role("status")).to_contain_text("Sent back to the author")
    assert (state(rendition), wrong) == ("draft", [])
    writer = desk(world.person("mara", "manager"))
    writer.goto("/reviews/")
    expect(writer.get_by_text("Name the source.")).to_be_visible()
    writer.get_by_role("link", name="See what to change").click()
    expect(writer.get_by_text("What was checked")).to_be_visible()


@pytest.mark.proof
def test_a_manager_withdraws_words(desk: SignIn) -> None:
    rendition = world.approved_revision("user").renditions.get()
    tab = desk(world.person("mara", "manager"))
    wrong = collect_errors(tab)
    tab.goto(message_page(rendition))
    tab.get_by_role("link", name="Comments and next steps").click()
    tab.get_by_label("Reason").fill("A better source says otherwise.")
    tab.get_by_role("button", name="Withdraw this text for good").click()
    expect(tab.locator("main").get_by_role("status")).to_contain_text("This text is withdrawn and no longer shown.")
    expect(tab.get_by_text("A better source says otherwise.")).to_be_visible()
    assert (state(rendition), wrong) == ("withdrawn", [])


@pytest.mark.proof
def test_an_administrator_makes_an_exception_that_stays(desk: SignIn) -> None:
    root = User.objects.create_superuser("root")
    rendition = world.draft_rendition(body="She asked for it.")
    workflow.submit(rendition, by=world.person("adam", "administrator"), now=world.NOON, override="It quotes somebody.")
    tab = desk(root)
    wrong = collect_errors(tab)
    tab.goto("/reviews/")
    tab.get_by_role("link", name=re.compile("Review ?: victim, English")).click()
    expect(tab.get_by_text("The checks found:", exact=True)).to_be_visible()
    for question in tab.locator("main fieldset").all():
        question.get_by_label("Yes").check()
        if (evidence := question.get_by_role("textbox")).is_visible():
            evidence.fill("Page 12.")
    tab.get_by_label("Why are you making an exception?").fill("A court’s words.")
    tab.get_by_role("button", name="Approve this text").click()
    expect(tab.get_by_text("Exception by root").first).to_be_visible()
    expect(tab.get_by_text("“A court’s words.”").first).to_be_visible()
    assert (state(rendition), wrong) == ("approved", [])


def test_a_translation_is_read_beside_its_original_and_the_real_page(desk: SignIn) -> None:
    rendition = world.submitted_rendition()
    words = {"headline": "Detrás hay una persona", "body": "Uno.\n\nDos."}
    translation = Rendition.objects.create(revision=rendition.revision, locale="es", **words)
    workflow.submit(translation, by=world.person("mara"), now=world.NOON)
    tab = desk(world.person("rafael", "reviewer"))
    wrong = collect_errors(tab)
    tab.goto(review_page(translation))
    card = tab.get_by_role("region", name="As a visitor sees it")
    expect(card.get_by_role("heading", name="Original")).to_be_visible()
    expect(card).to_contain_text(rendition.headline)
    expect(card.frame_locator("iframe").get_by_role("heading", level=1)).to_have_text("Detrás hay una persona")
    reads = tab.get_by_role("group", name="Has someone who speaks this language read it?")
    expect(reads.get_by_role("textbox")).to_be_visible()
    accurate = tab.get_by_role("group", name="Is it free of shame?")
    expect(accurate.get_by_role("textbox")).to_be_hidden()
    accurate.get_by_label("No", exact=True).check()
    expect(accurate.get_by_role("textbox")).to_be_visible()
    tab.get_by_role("button", name="Approve this text").click()
    missing = tab.locator(".missing")
    expect(missing).to_contain_text("Choose yes or no.")
    expect(missing).to_contain_text("With a “no”, this text cannot be approved.")
    assert wrong == []
