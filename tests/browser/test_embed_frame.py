"""The message in a frame of a partner's page: it reaches nothing there, tells the page, leads out, and counts once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from campaign.outcomes import PAGE_ADDRESSES
from tests.browser.conftest import OpenPage
from tests.browser.firefox import PROGRAM, Firefox, firefox
from tests.browser.installation import Installation, running_installation
from tests.browser.test_embed_hostile import Origin, Reply
from tests.browser.test_embed_tells import example
from tests.browser.test_exit import EXIT, neutral_site, requests_of
from tests.waiting import let_pass, wait_in_page_until, wait_until

pytestmark = pytest.mark.browser

WATCH = """<script>
  window.told = [];
  window.shift = 0;
  addEventListener("message", ({ data }) => told.push(data.secondThought));
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (shift += value)))
    .observe({ type: "layout-shift", buffered: true });
</script>"""


@dataclass
class Partner:
    """A partner's page with the frame, before the real server."""

    site: Installation
    origin: Origin

    def serve(self, *, placement: str = "partner-page", milliseconds: int = 20_000, above: str = "") -> str:
        """The address of the page of the handbook, with a longer limit than on a machine that does nothing else."""
        html = example("<iframe").replace("https://thought.example.org", self.site.url).replace("your-key", placement)
        assert "4000" in html
        html = html.replace("4000", str(milliseconds))
        page = f"<!doctype html><meta charset=utf-8><title>Partner</title>{WATCH}{above}{html}<p id=below>Below</p>"
        self.origin.replies["/"] = Reply(page, kind="text/html")
        return f"{self.origin.url}/"


@contextmanager
def _partner(directory: Path) -> Iterator[Partner]:
    origin = Origin()
    with running_installation(directory, more_origins=[origin.url]) as site:
        yield Partner(site, origin)
    origin.close()


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partner]:
    with _partner(tmp_path_factory.mktemp("site")) as partner:
        yield partner


@pytest.fixture
def unvisited_partner(tmp_path: Path) -> Iterator[Partner]:
    """One whose site no other test has visited: all that is counted is counted here."""
    with _partner(tmp_path / "site") as partner:
        yield partner


def wait_told(tab: Page, name: str) -> list[str]:
    wait_in_page_until(tab, lambda: name in tab.evaluate("told"), what=f"{name!r} told to the page")
    return [one for one in tab.evaluate("told") if one != "resized"]


def framed(tab: Page) -> FrameLocator:
    return tab.frame_locator("#second-thought")


def test_the_message_is_shown_seen_answered_and_counted_once(unvisited_partner: Partner, page: OpenPage) -> None:
    partner, tab = unvisited_partner, page()
    tab.goto(partner.serve())
    assert wait_told(tab, "exposed") == ["shown", "exposed"]
    assert tab.evaluate("shift") == 0
    expect(tab.locator("#tool")).to_be_hidden()
    framed(tab).get_by_role("button", name="This message annoyed me").click()
    expect(framed(tab).locator("output")).not_to_be_empty()
    framed(tab).get_by_role("button", name="Continue").click()
    assert wait_told(tab, "closed") == ["shown", "exposed", "continued", "closed"]
    expect(tab.locator("#tool")).to_be_visible()
    expect(tab.locator("#second-thought")).to_have_css("height", "0px")
    wait_until(lambda: partner.site.open_outcomes()["continued"] == 1)
    assert partner.site.open_outcomes() == {"exposed": 1, "left": 0, "continued": 1, "help_self": 0, "help_affected": 0}


def test_the_frame_reaches_nothing_of_the_page_or_of_ours(partner: Partner, page: OpenPage) -> None:
    tab = page()
    tab.goto(partner.serve().replace(" sandbox=", " data-was="))
    wait_told(tab, "shown")
    frame = tab.frames[1]
    assert frame.evaluate("origin") == "null"
    for forbidden in ("parent.document.title", "localStorage.length", "document.cookie"):
        assert frame.evaluate(f"(() => {{ try {{ return {forbidden}, false }} catch {{ return true }} }})()"), forbidden


def test_leaving_leads_out_of_the_frame(partner: Partner, page: OpenPage) -> None:
    before, tab = partner.site.open_outcomes()["left"], page()
    tab.goto(partner.serve())
    wait_told(tab, "exposed")
    framed(tab).get_by_role("button", name="Leave this page").click()
    tab.wait_for_url(f"{partner.site.url}/m/partner-page/{PAGE_ADDRESSES['left']}?*")
    wait_until(lambda: partner.site.open_outcomes()["left"] == before + 1)


def test_help_opens_in_a_tab_that_is_whole(partner: Partner, page: OpenPage) -> None:
    tab = page()
    tab.goto(partner.serve())
    wait_told(tab, "shown")
    with tab.expect_popup() as popup:
        framed(tab).get_by_role("link", name="I made one, or nearly did").click()
    popup.value.wait_for_load_state()
    assert popup.value.evaluate("[origin === location.origin, opener]") == [True, None]


def test_a_frame_far_below_is_not_seen_until_it_is(partner: Partner, page: OpenPage) -> None:
    tab = page(viewport={"width": 360, "height": 640})
    tab.goto(partner.serve(above="<p style='height: 3000px'>Above</p>"))
    wait_told(tab, "shown")
    let_pass(tab, 1500)
    assert "exposed" not in tab.evaluate("told")
    tab.evaluate("document.querySelector('#second-thought').scrollIntoView()")
    wait_told(tab, "exposed")


def test_what_covers_the_frame_hides_it_in_chromium(partner: Partner, page: OpenPage) -> None:
    tab = page()
    wall = "<div id=wall style='position: fixed; inset: 0; background: white'>Cookies</div>"
    tab.goto(partner.serve(above=wall))
    wait_told(tab, "shown")
    let_pass(tab, 1700)
    assert "exposed" not in tab.evaluate("told")
    tab.evaluate("document.querySelector('#wall').remove()")
    wait_told(tab, "exposed")


@pytest.mark.parametrize("why", ["no such placement", "a stranger frames it"])
def test_without_a_message_the_page_goes_on_by_its_timer(partner: Partner, page: OpenPage, why: str) -> None:
    tab = page()
    address = partner.serve(placement="nobody" if why == "no such placement" else "partner-page", milliseconds=1500)
    tab.goto(address if why == "no such placement" else address.replace("127.0.0.1", "localhost"))
    expect(tab.locator("#tool")).to_be_visible()
    assert tab.evaluate("told") == []
    assert tab.locator("#second-thought").count() == 0


@pytest.mark.skipif(PROGRAM is None, reason="no Firefox here: apt install firefox-esr, or name it in FIREFOX")
def test_the_same_holds_in_firefox(unvisited_partner: Partner, tmp_path: Path) -> None:
    partner = unvisited_partner
    with firefox(tmp_path / "profile") as browser:
        browser.goto(partner.serve())
        wait_until(lambda: "exposed" in browser.evaluate("told"), what="seen in Firefox")
        press(browser, "Leave this page")
        wait_until(
            lambda: f"/m/partner-page/{PAGE_ADDRESSES['left']}" in browser.evaluate("location.href"),
            what="led out of the frame",
        )
        wait_until(lambda: partner.site.open_outcomes() == dict.fromkeys(partner.site.open_outcomes(), 0) | SEEN_LEFT)


SEEN_LEFT = {"exposed": 1, "left": 1}


def press(browser: Firefox, name: str) -> None:
    """Click at a button in the frame, as a person does."""
    (frame,) = browser.frames()
    box = browser.evaluate(
        "JSON.parse(JSON.stringify([...document.querySelector('second-thought').shadowRoot.querySelectorAll('button')]"
        f".find((one) => one.textContent === {name!r}).getBoundingClientRect()))",
        context=frame,
    )
    browser.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, context=frame)


@pytest.mark.parametrize("size", [(120, 240), (300, 150), (1200, 90)], ids=str)
def test_in_a_frame_of_odd_size_the_way_out_stays_on_screen(
    partner: Partner, page: OpenPage, size: tuple[int, int]
) -> None:
    tab = page(viewport={"width": 1280, "height": 800})
    tab.goto(partner.serve())
    wait_told(tab, "shown")
    width, height = size
    tab.add_style_tag(
        content=f"#second-thought {{ width: {width}px !important; height: {height}px !important; border: 0 }}"
    )
    tab.locator("#second-thought").scroll_into_view_if_needed()
    place, frame = tab.locator("#second-thought").bounding_box(), tab.frames[1]
    assert place
    for depth in (0, 200, 9999):
        frame.evaluate("(depth) => scrollTo(0, depth)", depth)
        let_pass(tab, 50)
        way_out = framed(tab).get_by_role("button", name="Leave now").bounding_box()
        assert way_out
        assert place["x"] <= way_out["x"] <= place["x"] + width - way_out["width"]
        assert place["y"] <= way_out["y"] <= place["y"] + height - way_out["height"]
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_way_out_leads_the_whole_page_away_and_tells_nobody(partner: Partner, page: OpenPage) -> None:
    tab = page()
    neutral_site(tab)
    tab.goto(f"{partner.site.url}/health/live")
    tab.goto(partner.serve())
    told = wait_told(tab, "exposed")
    asked = requests_of(tab)
    framed(tab).get_by_role("button", name="Leave now").click()
    tab.wait_for_url(EXIT)
    assert told == ["shown", "exposed"]
    assert [address for address in asked if not address.startswith(EXIT)] == []
    tab.go_back()
    assert tab.url == f"{partner.site.url}/health/live"
