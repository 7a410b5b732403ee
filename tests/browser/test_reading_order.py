"""What a keyboard and a screen reader meet on a message, in our page and in both forms of the embed: one order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from campaign.outcomes import PAGE_ADDRESSES
from tests.audience_pictures import HOSTED, MODES, Site, site, tab_in
from tests.tiers import proofs_but_each

pytestmark = pytest.mark.browser

DOORS = ("In crisis, or not safe?", "I made one, or nearly did", "Someone made one of me", "I am worried about someone")
SCALE = ("1", "2", "3", "4", "5")
BEFORE = ("Leave now",)
CHOICES = ("Leave this page", "Continue")
VIEWS = ("This message annoyed me", "This message upset me")
OUR_PAGE = (*BEFORE, "العربيّة", "Español", *CHOICES, *DOORS, *SCALE, *VIEWS, "About this message", "Do not count me")
EMBED = (*BEFORE, *CHOICES, *DOORS, *SCALE, *VIEWS, "Do not count me", "About this message")
FORMS = {"page": OUR_PAGE, "inline": EMBED, "cover": EMBED}
FOCUSED = """() => {
  const inside = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
  return inside.innerText.split("\\n")[0].trim();
}"""


@pytest.fixture(scope="module")
def made() -> Iterator[Site]:
    with site() as found:
        yield found


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with tab_in(browser, MODES["390"]) as opened:
        yield opened


def show(made: Site, tab: Page, form: str) -> None:
    tab.goto(f"{made.url}/m/{HOSTED}/?locale=en" if form == "page" else made.embed(f'data-display="{form}"'))
    expect(tab.get_by_role("button", name="Leave this page")).to_be_visible()


def tabbed(tab: Page, number: int) -> list[str]:
    names = []
    for _ in range(number):
        tab.keyboard.press("Tab")
        names.append(tab.evaluate(FOCUSED))
    return names


@pytest.mark.parametrize("form", FORMS)
def test_tab_meets_the_way_out_then_the_choices_then_help(made: Site, tab: Page, form: str) -> None:
    show(made, tab, form)
    wanted = FORMS[form]
    if form == "cover":  # the dialog takes the focus to the headline, behind the way out
        wanted = (*wanted[1:],)
    met = tabbed(tab, len(wanted))
    assert [name.removesuffix(" Talk to someone now") for name in met] == list(wanted)


@pytest.mark.parametrize("form", FORMS)
def test_a_screen_reader_reads_the_headline_and_words_before_the_choices_and_help_after(
    made: Site, tab: Page, form: str
) -> None:
    show(made, tab, form)
    told = tab.locator("body").aria_snapshot()
    start = told.index("Leave now")
    headline = told.index('- heading "This is about fake nudes of real people."', start)
    words = told.index("- paragraph:", headline)
    at = [start, headline, words, *(told.index(name, words) for name in (*CHOICES, *DOORS, "Did this make you think?"))]
    at += [told.index(name, at[-1]) for name in (*VIEWS, "We count how many people see and leave this page")]
    assert at == sorted(at)


@pytest.mark.parametrize("door", ["help/crisis", "help/self", "about"])
def test_a_section_opens_by_keyboard_and_takes_the_reader_along(made: Site, tab: Page, door: str) -> None:
    show(made, tab, "page")
    tab.locator(f"a[href='#{PAGE_ADDRESSES[door]}']").first.focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == PAGE_ADDRESSES[door]
    tab.keyboard.press("Tab")
    assert tab.evaluate(f"document.getElementById('{PAGE_ADDRESSES[door]}').contains(document.activeElement)")
    tab.get_by_role("link", name="Back to the message").press("Enter")
    assert tab.evaluate("document.activeElement.id") == "message"


@pytest.mark.parametrize("name", proofs_but_each(3, PAGE_ADDRESSES))
def test_each_page_behind_begins_with_the_way_out_and_its_headline(made: Site, tab: Page, name: str) -> None:
    tab.goto(f"{made.url}/m/{HOSTED}/{PAGE_ADDRESSES[name]}?locale=en")
    told = tab.locator("body").aria_snapshot()
    assert told.index("Leave now") < told.index("- heading") < told.index("- link", told.index("- heading"))
    assert told.count("[level=1]") == 1
    assert tabbed(tab, 1) == ["Leave now"]


def test_the_name_of_a_service_that_begins_with_a_number_is_not_turned_round_in_arabic(made: Site, tab: Page) -> None:
    tab.goto(f"{made.url}/m/{HOSTED}/{PAGE_ADDRESSES['help/worried']}?locale=ar")
    tab.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true })")
    name = tab.get_by_role("link", name="Tu Ayuda en Ciberseguridad").first
    name.evaluate("(link) => link.firstChild.data = `017, ${link.textContent}`")
    places = name.evaluate(
        """(link) => [0, 3].map((at) => {
          const range = document.createRange();
          range.setStart(link.firstChild, at);
          range.setEnd(link.firstChild, at + 1);
          return range.getBoundingClientRect().left;
        })"""
    )
    assert places == sorted(places)


def test_printed_help_is_unfolded_and_gives_each_address(made: Site, tab: Page) -> None:
    tab.goto(f"{made.url}/m/{HOSTED}/{PAGE_ADDRESSES['help/worried']}?locale=en")
    link = tab.get_by_role("link", name="Take It Down", include_hidden=True).first
    shown = "(link) => [link.checkVisibility({contentVisibilityAuto: true}), getComputedStyle(link, '::after').content]"
    assert link.evaluate(shown) == [False, "none"]
    tab.emulate_media(media="print")
    assert link.evaluate(shown) == [True, f'" {link.get_attribute("href")}"']
