"""A manager plans a campaign by keyboard, also on a phone, without losing input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from campaign.models import Campaign
from campaign.wizard import answers
from campaign.wizard.questions import QUESTIONS, HypothesisAnswer
from messages.library import starter_library
from tests import world
from tests.browser.test_help_and_exchange import SignIn, desk
from tests.browser.test_pages import collect_errors

__all__ = ["desk"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site_with_words() -> None:
    """Create the library, checked help links, two placements and two colleagues, but no campaign."""
    starter_library.load(now=world.NOON)
    world.mark_help_links_checked()
    world.placement("quiet-page", name="Quiet page", expected_per_day=2000)
    world.placement("search-page", name="Search page")
    world.person("ana", "analyst")
    world.person("rafael", "reviewer")


def reach(tab: Page, css: str, *, at_most: int = 90) -> None:
    """Reach a control by Tab alone."""
    tab.locator(css).first.wait_for(state="attached")
    for _ in range(at_most):
        tab.keyboard.press("Tab")
        if tab.evaluate("(css) => document.activeElement.matches(css)", css):
            return
    pytest.fail(f"{css} is not reached by the keyboard on {tab.url}.")


def press(tab: Page, css: str) -> None:
    """Reach a button or a link by Tab, and press Enter."""
    reach(tab, css)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{tab.url} is too wide"


def write(tab: Page, css: str, words: str) -> None:
    reach(tab, css)
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type(words)


def onward(tab: Page) -> None:
    if pictures := os.environ.get("WIZARD_PICTURES"):
        width = tab.viewport_size["width"] if tab.viewport_size else 0
        name = tab.url.rstrip("/").rpartition("/")[2].partition("?")[0]
        tab.screenshot(path=Path(pictures) / f"{name}-{width}.png", full_page=True)
    press(tab, "form.questions button[value=save]")


def question(tab: Page, number: int) -> None:
    expect(tab.locator(".progress")).to_have_text(f"Question {number} of {len(QUESTIONS)}")


@pytest.mark.parametrize("phone", [False, pytest.param(True, marks=pytest.mark.proof)], ids=["at a desk", "on a phone"])
def test_from_an_empty_list_to_an_approval_by_keyboard_alone(desk: SignIn, site_with_words: None, phone: bool) -> None:
    tab = desk(world.person("mara", "manager"), "/", phone=phone)
    wrong = collect_errors(tab)
    press(tab, "a[href$='/campaigns/new/']")
    question(tab, 1)
    write(tab, "#id_name", "Schools week")
    onward(tab)  # the sentence is missing
    expect(tab.locator("#id_hypothesis_error")).to_contain_text("Enter one sentence.")
    expect(tab.locator("#id_name")).to_have_value("Schools week")
    write(tab, "#id_hypothesis", "Words about the person shown turn back more people than neutral ones.")
    onward(tab)
    question(tab, 2)
    reach(tab, "#id_preset_0")  # the full picture is suggested
    tab.keyboard.press("ArrowDown")  # any message against none
    onward(tab)
    question(tab, 3)
    reach(tab, "#id_design_0")  # matched sets are recommended, and chosen
    tab.keyboard.press("ArrowDown")  # different texts in each message
    onward(tab)
    question(tab, 4)
    press(tab, "button[value='choose:message']")
    press(tab, "main .rows button[value=add]")  # the texts of the sets stay, and this is one more
    press(tab, "main a[href$='/plan-it/words/']")
    question(tab, 4)
    onward(tab)
    question(tab, 5)
    reach(tab, "input[name=places]")
    tab.keyboard.press("Space")
    onward(tab)
    question(tab, 6)
    onward(tab)
    question(tab, 7)
    write(tab, "#id_margin_annoyed", "four")
    onward(tab)
    expect(tab.locator("#id_margin_annoyed_error")).to_contain_text("Enter a number, such as 5.")
    expect(tab.locator("#id_margin_annoyed")).to_have_value("four")
    write(tab, "#id_margin_annoyed", "4")
    onward(tab)
    question(tab, 8)
    onward(tab)
    question(tab, 9)
    write(tab, "#id_expected", "35")
    expect(tab.locator("[data-estimate] .sentence")).to_contain_text("people have to see a message in total")
    write(tab, "#id_smallest", "0,2")
    expect(tab.locator("[data-estimate] .sentence")).to_contain_text("At this traffic it would take about 4 years.")
    expect(tab.locator("[data-estimate]")).to_contain_text(
        "Choose fewer messages, more placements, or a larger difference."
    )
    write(tab, "#id_smallest", "3")
    expect(tab.locator("[data-estimate] .sentence")).to_contain_text("that takes")
    onward(tab)
    question(tab, 10)
    onward(tab)
    expect(tab.locator("#id_ethics_reference_error")).to_contain_text("Fill in one of the two")
    write(tab, "#id_ethics_reference", "Example board, 2027-17")
    onward(tab)
    question(tab, 11)
    onward(tab)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Check your answers")
    press(tab, "a[href*='/plan-it/learn/?then=check']")
    expect(tab.locator("#id_name")).to_have_value("Schools week")
    write(tab, "#id_name", "Schools week, spring")
    onward(tab)
    expect(tab.locator(".answers")).to_contain_text("Schools week, spring")
    if pictures := os.environ.get("WIZARD_PICTURES"):
        tab.screenshot(path=Path(pictures) / f"check-{'390' if phone else '1280'}.png", full_page=True)
    press(tab, "main form button[type=submit]")
    expect(tab.locator("main").get_by_role("status")).to_contain_text("Sent. A colleague has to approve it")
    made = Campaign.objects.get()
    assert (made.state, made.slug, made.created_by.get_username()) == ("submitted", "schools-week", "mara")
    assert [arm.key for arm in made.arms.all()] == ["neutral", "message"]
    assert [arm.texts.count() for arm in made.arms.all()] == [4, 5]
    assert (made.plan.texts, made.plan.text_spread) == ("different", 0.03)
    assert made.plan.comparisons == [["message", "neutral"]]
    assert (made.plan.smallest_difference, made.plan.expected_rate) == (0.03, 0.35)
    assert wrong == []


@pytest.mark.proof
def test_stopping_in_the_middle_loses_nothing_and_goes_on_there(desk: SignIn, site_with_words: None) -> None:
    mara = world.person("mara", "manager")
    tab = desk(mara, "/campaigns/new/")
    tab.get_by_label("Name of the campaign").fill("Half a plan")
    tab.get_by_label("What do you expect to find?").fill("It works.")
    tab.get_by_role("button", name="Continue").click()
    question(tab, 2)
    tab.get_by_role("button", name="Continue").click()
    question(tab, 3)
    tab.close()
    tab = desk(mara, "/")
    tab.get_by_role("link", name="Half a plan", exact=True).click()
    tab.get_by_role("link", name="Continue planning").click()
    question(tab, 5)
    tab.get_by_role("link", name="See all answers").click()
    expect(tab.locator(".answers")).to_contain_text("It works.")
    expect(tab.locator("main")).to_contain_text("Before you can send it")


@pytest.mark.proof
def test_two_people_at_once_see_both_answers(desk: SignIn, site_with_words: None) -> None:
    mara = world.person("mara", "manager")
    campaign = answers.create_draft(HypothesisAnswer("Ours", "At first."), by=mara)
    mine = desk(mara, f"/campaigns/{campaign.slug}/plan-it/learn/")
    theirs = desk(world.person("sam", "manager"), f"/campaigns/{campaign.slug}/plan-it/learn/")
    theirs.get_by_label("What do you expect to find?").fill("As Sam sees it.")
    theirs.get_by_role("button", name="Continue").click()
    mine.get_by_label("What do you expect to find?").fill("As Mara sees it.")
    mine.get_by_role("button", name="Continue").click()
    expect(mine.locator("main").get_by_role("alert")).to_contain_text("A colleague answered this question")
    expect(mine.locator("main")).to_contain_text("As Sam sees it.")
    expect(mine.get_by_label("What do you expect to find?")).to_have_value("As Mara sees it.")
    assert Campaign.objects.get().hypothesis == "As Sam sees it."
    mine.get_by_role("button", name="Continue").click()
    question(mine, 2)
    assert Campaign.objects.get().hypothesis == "As Mara sees it."


@pytest.mark.proof
def test_without_javascript_the_button_works_it_out(desk: SignIn, site_with_words: None) -> None:
    tab = desk(world.person("mara", "manager"), "/", java_script_enabled=False)
    world.draft()
    tab.goto(tab.url.rstrip("/") + "/campaigns/pilot/plan-it/length/")
    tab.get_by_label("Out of 100 people who see").fill("35")
    tab.get_by_label("How many more or fewer out of 100").fill("5")
    tab.get_by_role("button", name="Work it out").click()
    expect(tab.locator("[data-estimate]")).to_contain_text("you need 8,756.")
    assert Campaign.objects.get().plan.expected_rate is None


def test_a_design_is_the_start_and_only_a_name_is_typed(desk: SignIn, site_with_words: None) -> None:
    tab = desk(world.person("mara", "manager"), "/campaigns/new/")
    wrong = collect_errors(tab)
    tab.get_by_label("Name of the campaign").fill("Against the law")
    tab.get_by_text("Law and help as benchmarks").click()
    expect(tab.get_by_label("Which campaign?")).to_be_hidden()
    tab.keyboard.press("Enter")
    question(tab, 2)
    expect(tab.get_by_role("radio", name="My own choice of messages")).to_be_checked()
    made = Campaign.objects.get()
    assert [arm.name for arm in made.arms.all()][2:] == ["The law", "Help first"]
    tab.goto(tab.url.replace(f"/campaigns/{made.slug}/plan-it/compare/", "/campaigns/new/"))
    tab.get_by_label("Name of the campaign").fill("Once more")
    tab.get_by_text("An earlier campaign").click()
    tab.get_by_label("Which campaign?").select_option(str(made.pk))
    tab.keyboard.press("Enter")
    question(tab, 2)
    copy = Campaign.objects.get(name="Once more")
    assert [arm.name for arm in copy.arms.all()] == [arm.name for arm in made.arms.all()]
    assert wrong == []


@pytest.mark.parametrize("phone", [False, True], ids=["at a desk", "on a phone"])
def test_a_placement_is_added_where_it_is_asked_for_and_comes_back_ticked(
    site_with_words: None, desk: SignIn, phone: bool
) -> None:
    answers.create_draft(
        HypothesisAnswer("Ours", "Words about harm turn back more people."), by=world.person("mara", "manager")
    )
    tab = desk(world.person("mara", "manager"), "/campaigns/ours/plan-it/places/", phone=phone)
    tab.get_by_label("Quiet page", exact=False).first.check()
    tab.get_by_role("button", name="Add a placement").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Add a placement")
    tab.get_by_label("Name", exact=True).fill("School forum")
    tab.get_by_label("Or enter a new partner").fill("A school")
    tab.get_by_role("button", name="Add it").click()
    expect(tab.locator("main")).to_contain_text("Added and ticked below.")
    expect(tab.get_by_label("School forum", exact=False).first).to_be_checked()
    expect(tab.get_by_label("Quiet page", exact=False).first).to_be_checked()
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.get_by_role("button", name="Continue").click()
    expect(tab.locator(".progress")).to_contain_text("Question 6")
    chosen = Campaign.objects.get(slug="ours").placements.values_list("name", flat=True)
    assert sorted(chosen) == ["Quiet page", "School forum"]
