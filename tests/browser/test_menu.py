"""The navigation: behind one button on a phone, without a script, and fully visible at desktop size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.process_runner import run
from campaign.entrypoints import launcher
from tests.browser import proof
from tests.browser.conftest import DESK, PHONE
from tests.installation import new_installation

pytestmark = pytest.mark.browser
PREPARE = "tests.browser.test_menu:prepare"


def prepare() -> str:
    """Create the session of an administrator, who sees every menu item."""
    from django.test import Client

    from tests import world

    client = Client()
    world.sign_in(client, world.person("ada", "administrator"))
    return client.cookies["sessionid"].value


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with new_installation(tmp_path_factory.mktemp("menu"), {}) as environment:
        session = run(environment, PREPARE)
        with launcher.run_server(launcher.PRODUCTION_APPLICATION, environment=environment) as url:
            yield url, session


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def phone(site: tuple[str, str], browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=request.param)
    yield _opened(context, site)
    context.close()


def _opened(context: BrowserContext, site: tuple[str, str]) -> Page:
    url, session = site
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
    tab = context.new_page()
    tab.goto(url)
    return tab


def test_the_head_of_a_phone_is_one_line_and_its_buttons_keep_apart(phone: Page) -> None:
    head, menu, exit_ = (
        one.bounding_box()
        for one in (phone.locator(".top"), phone.get_by_role("button", name="Menu"), phone.locator(".exit"))
    )
    assert head is not None
    assert menu is not None
    assert exit_ is not None
    assert head["height"] <= 64
    assert menu["x"] + menu["width"] + 8 <= exit_["x"]
    expect(phone.get_by_role("link", name="Campaigns", exact=True)).to_be_hidden()


def test_the_keyboard_opens_it_goes_through_it_and_closes_it(phone: Page) -> None:
    menu, places = phone.get_by_role("button", name="Menu"), phone.get_by_role("navigation", name="Main")
    menu.focus()
    phone.keyboard.press("Enter")
    expect(places).to_be_visible()
    phone.keyboard.press("Tab")
    expect(places.get_by_role("link").first).to_be_focused()
    phone.keyboard.press("Escape")
    expect(places).to_be_hidden()
    expect(menu).to_be_focused()
    phone.keyboard.press("Space")
    places.get_by_role("link", name="Audit").press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Audit record")


def test_one_can_leave_while_it_is_open_and_the_page_does_not_move(phone: Page) -> None:
    main = phone.locator("#main").bounding_box()
    phone.get_by_role("button", name="Menu").click()
    assert phone.locator("#main").bounding_box() == main
    expect(phone.get_by_role("button", name="Sign out")).to_be_visible()
    phone.locator(".exit").click(trial=True)  # nothing lies over it


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_open_menu(site: tuple[str, str], browser: Browser, scheme: str) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light")
    context.add_init_script(proof.WATCH)
    tab = _opened(context, site)
    tab.get_by_role("button", name="Menu").click()
    tab.evaluate("proof.loadAxe()")
    assert proof._axe(tab, "all") == []
    assert tab.evaluate("proof.sticking()") == tab.evaluate("proof.small()") == []
    context.close()


def test_at_a_desk_every_place_is_in_sight_and_there_is_no_button(site: tuple[str, str], browser: Browser) -> None:
    context = browser.new_context(viewport=DESK)
    tab = _opened(context, site)
    for place in ("Campaigns", "Messages", "Reviews", "Help links", "People", "Audit"):
        expect(tab.get_by_role("navigation", name="Main").get_by_role("link", name=place)).to_be_visible()
    expect(tab.get_by_role("button", name="Menu")).to_be_hidden()
    context.close()
