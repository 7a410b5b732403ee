"""Whatever happens to the tag, the page that waits for an answer hears of it within the time limit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_embed_hostile import (
    ANSWER,
    EMBED,
    WATCH,
    Origin,
    Reply,
    assert_unharmed,
    partner,
    script_of,
    server,
    visit,
    wait_told,
)
from tests.waiting import let_pass, wait_in_page_until

__all__ = ["partner", "server"]  # fixtures
pytestmark = pytest.mark.browser

HANDBOOK = (Path(__file__).resolve().parents[2] / "docs" / "embed.md").read_text(encoding="utf-8")
STATE = "document.querySelector('#second-thought').dataset.secondThought"
REASONS = "addEventListener('secondthought:unavailable', (event) => (window.reason = event.detail.reason));"


def example(words: str) -> str:
    """The one example of the handbook that holds these words, as a partner would copy it."""
    blocks: list[str] = [block for block in re.findall(r"```\w+\n(.*?)```", HANDBOOK, re.DOTALL) if words in block]
    assert len(blocks) == 1, len(blocks)
    return blocks[0]


def open_page(tab: Page, partner: Origin, body: str, *, headers: dict[str, str] | None = None) -> None:
    """Open a page of the partner with this body."""
    html = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Partner</title><body>{body}"
    partner.replies["/"] = Reply(html, kind="text/html", headers=headers or {})
    tab.add_init_script(WATCH + REASONS)
    tab.goto(partner.url, wait_until="commit")


def gated(server: Origin, *, milliseconds: int = 600) -> str:
    """The page of the handbook that opens its tool after an answer, with a shorter limit."""
    page = (
        example("Stands before the tag").replace("https://thought.example.org", server.url).replace("your-key", "spot")
    )
    assert "4000" in page
    return page.replace("4000", str(milliseconds))


def expect_open(tab: Page) -> None:
    expect(tab.locator("#tool")).to_be_visible()


def test_the_gate_stays_shut_until_someone_answers(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    open_page(tab, partner, gated(server, milliseconds=6000))
    tab.get_by_role("heading", name="You can stop here.").wait_for()
    let_pass(tab, 6200)
    expect(tab.locator("#tool")).to_be_hidden()
    tab.get_by_role("button", name="Continue").click()
    expect_open(tab)


BROKEN = {
    "blocked": Reply(status=404, kind="text/plain"),
    "truncated": Reply(EMBED[: len(EMBED) // 2], kind="text/javascript"),
    "never comes": Reply(EMBED, kind="text/javascript", wait=3),
    "another file": Reply("<!doctype html>", kind="text/html"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_gate_opens_when_the_script_is_of_no_use(
    page: OpenPage, server: Origin, partner: Origin, fault: str
) -> None:
    server.replies["/static/campaign/embed.js"] = BROKEN[fault]
    tab = page()
    open_page(tab, partner, gated(server))
    expect_open(tab)
    assert tab.evaluate(STATE) in ("late", "unavailable")
    assert tab.locator("#second-thought").bounding_box()["height"] == 0  # type: ignore[index]  # it is on the page


@pytest.mark.parametrize("fault", ["slow", "down"])
def test_the_gate_opens_when_no_message_comes(page: OpenPage, server: Origin, partner: Origin, fault: str) -> None:
    server.replies["/api/v1/decide"] = Reply(json.dumps(ANSWER), wait=2) if fault == "slow" else Reply("", 500)
    tab = page()
    open_page(tab, partner, gated(server))
    expect_open(tab)
    let_pass(tab, 2000 if fault == "slow" else 100)
    assert tab.locator("second-thought").count() == 0  # never late


def test_a_message_that_comes_after_the_gate_has_opened_is_not_shown(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    server.replies["/static/campaign/embed.js"].wait = 0.5
    server.replies["/api/v1/decide"].wait = 0.5
    tab = page()
    open_page(tab, partner, gated(server))
    expect_open(tab)
    let_pass(tab, 1200)
    assert tab.locator("second-thought").count() == 0


def test_a_slow_style_sheet_makes_nobody_miss_the_news(page: OpenPage, server: Origin, partner: Origin) -> None:
    partner.replies["/slow.css"] = Reply("h1 { color: red }", kind="text/css", wait=0.7)
    server.replies["/static/campaign/embed.js"] = BROKEN["blocked"]
    tab = page()
    open_page(tab, partner, f'<link rel="stylesheet" href="/slow.css">{gated(server)}')
    expect_open(tab)


def test_who_comes_later_finds_a_state_and_a_promise(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    visit(tab, partner, script_of(server), tag='data-target="#spot"', style="#spot { min-height: 900px }")
    wait_told(tab, "shown")
    states = "[...document.querySelectorAll('#spot, script[data-placement]')].map((one) => one.dataset.secondThought)"
    assert tab.evaluate(states) == ["shown", "shown"]
    tab.get_by_role("button", name="Continue").click()
    wait_told(tab, "closed")
    assert tab.evaluate(states) == ["continued", "continued"]
    assert tab.evaluate("document.querySelector('script[data-placement]').secondThought.outcome") == "continued"


def test_a_module_shows_the_message(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    tag = f'<script type="module" src="{script_of(server)}" data-placement="spot" data-target="#spot"></script>'
    open_page(tab, partner, f'<div id="spot"></div>{tag}')
    tab.get_by_role("heading", name="You can stop here.").wait_for()


def test_a_tag_manager_that_drops_attributes_can_put_them_into_the_address(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    insert = "const s = document.createElement('script'); s.src = '%s'; document.body.append(s)"
    tab = page()
    open_page(tab, partner, f'<div id="spot"></div><script>{insert % script_of(server)}</script>')
    wait_told(tab, "unavailable")
    assert tab.evaluate("reason") == "tag"
    address = f"{script_of(server)}?placement=spot&target=%23spot"
    open_page(tab, partner, f'<div id="spot"></div><script>{insert % address}</script>')
    tab.get_by_role("heading", name="You can stop here.").wait_for()


SHADOW = (
    "const root = document.body.appendChild(document.createElement('div')).attachShadow({mode: 'open'});"
    "const s = document.createElement('script'); s.src = '%s'; s.dataset.placement = 'spot'; root.append(s)"
)


def test_a_tag_in_a_shadow_tree_says_that_it_cannot_be_read(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    open_page(tab, partner, f"<script>{SHADOW % script_of(server)}</script>")
    wait_told(tab, "unavailable")
    assert tab.evaluate("reason") == "tag"


@pytest.mark.parametrize("named", [True, False])
def test_a_script_that_is_pasted_into_the_page_needs_our_address(
    page: OpenPage, server: Origin, partner: Origin, named: bool
) -> None:
    tab = page()
    ours = f'data-server="{server.url}"' if named else ""
    open_page(tab, partner, f'<script data-placement="spot" {ours}>{EMBED.decode()}</script>')
    if named:
        tab.get_by_role("heading", name="You can stop here.").wait_for()
    else:
        wait_told(tab, "unavailable")
        assert tab.evaluate("reason") == "tag"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply('{"error": {"code": "no_campaign"}}', 409), "no_campaign"),
        (Reply('{"error": {"code": "origin_not_allowed"}}', 403), "origin_not_allowed"),
        (Reply("oops", 500), "answer"),
        (Reply("{}"), "answer"),
        (Reply(json.dumps(ANSWER), wait=1.2), "timeout"),
        (Reply(json.dumps(ANSWER), headers={"Access-Control-Allow-Origin": "https://x.example"}), "network"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_reason_is_told(page: OpenPage, server: Origin, partner: Origin, reply: Reply, reason: str) -> None:
    server.replies["/api/v1/decide"] = reply
    tab = page()
    tab.add_init_script(REASONS)
    visit(tab, partner, script_of(server), tag='data-timeout="700"')
    assert wait_told(tab, "unavailable") == ["unavailable"]
    assert tab.evaluate("reason") == reason


def test_a_browser_without_abort_signal_timeout_gives_up_in_time(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    server.replies["/api/v1/decide"].wait = 2
    tab = page()
    tab.add_init_script("delete AbortSignal.timeout;" + REASONS)
    visit(tab, partner, script_of(server), tag='data-timeout="300"')
    wait_told(tab, "unavailable")
    assert tab.evaluate("reason") == "timeout"
    let_pass(tab, 2000)
    tab.evaluate("delete window.reason")
    assert tab.locator("second-thought").count() == 0


def test_a_place_that_never_comes_is_told_in_time(page: OpenPage, server: Origin, partner: Origin) -> None:
    partner.replies["/slow.js"] = Reply("", kind="text/javascript", wait=2.5)
    tab = page()
    tag = f'<script async src="{script_of(server)}" data-placement="spot" data-target="#later" data-timeout="400">'
    open_page(tab, partner, f'{tag}</script><script src="/slow.js"></script><div id="later"></div>')
    wait_in_page_until(tab, lambda: tab.evaluate("document.readyState === 'loading' && window.reason") == "timeout")


@pytest.mark.parametrize("name", ["placement", "locale", "unit", "leave", "timeout", "display", "target"])
def test_an_empty_attribute_is_an_absent_one(page: OpenPage, server: Origin, partner: Origin, name: str) -> None:
    tab = page()
    tab.add_init_script(REASONS)
    if name == "placement":
        open_page(tab, partner, f'<script async src="{script_of(server)}" data-placement=""></script>')
        wait_told(tab, "unavailable")
        assert tab.evaluate("reason") == "tag"
        return
    visit(tab, partner, script_of(server), tag=f'data-{name}=""')
    wait_told(tab, "shown")
    asked = next(json.loads(body) for request, body, _ in server.asked if request.endswith("/decide"))
    assert sorted(asked) == ["key", "placement"]


LINES = re.findall(r"^\| `(.+?)`", HANDBOOK.partition("| then | what to do |")[2], re.M)
KEYLESS = "no data-placement, or a tag that a script cannot read"
SAID: dict[str, Reply | str] = {  # by the line of the handbook: what our server answers, or what the tag holds
    KEYLESS: 'data-placement=""',
    "no data-target on the page": 'data-target="#none"',
    "answered 404": Reply('{"error": {"code": "placement_unknown"}}', 404),
    "answered 409": Reply('{"error": {"code": "no_campaign"}}', 409),
    "nothing came within 4000 ms": Reply(json.dumps(ANSWER), wait=6),
    "its place left the page": Reply(json.dumps(ANSWER), wait=0.7),
    "not a message": Reply(json.dumps(ANSWER | {"receipt": 7})),
    "Failed to fetch": Reply(json.dumps(ANSWER), headers={"Access-Control-Allow-Origin": "https://x.example"}),
}


def test_the_lines_of_the_handbook_are_these() -> None:
    assert set(LINES) == set(SAID)


@pytest.mark.parametrize("line", SAID)
def test_the_console_says_the_line_of_the_handbook(page: OpenPage, server: Origin, partner: Origin, line: str) -> None:
    case = SAID[line]
    if isinstance(case, Reply):
        server.replies["/api/v1/decide"] = case
    tab = page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text) if message.type == "warning" else None)
    place = "" if isinstance(case, str) and "target" in case else 'data-target="#spot"'
    key = "" if line == KEYLESS else 'data-placement="spot"'
    tag = f'<script async src="{script_of(server)}" {key} {place} {case if isinstance(case, str) else ""}></script>'
    open_page(tab, partner, f'<div id="spot"></div>{tag}')
    if line == "its place left the page":
        wait_in_page_until(tab, lambda: "POST /api/v1/decide" in server.requests())
        tab.evaluate("document.querySelector('#spot').remove()")
    wait_told(tab, "unavailable")
    placement = "undefined" if line == KEYLESS else "spot"
    assert [one for one in said if one.startswith("Second Thought")] == [
        f'Second Thought: no message for "{placement}": {line}'
    ]


def test_a_mistake_harms_nothing(page: OpenPage, server: Origin, partner: Origin) -> None:
    tab = page()
    visit(tab, partner, script_of(server).replace("embed.js", "embed.js?placement=other"), tag='data-target="#none"')
    wait_told(tab, "unavailable")
    tab.evaluate("delete window.reason")
    assert_unharmed(tab)
