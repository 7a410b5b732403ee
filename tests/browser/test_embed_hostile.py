"""The embed does not harm a partner's page, whatever the server replies: no exception, layout shift or delay."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.tiers import proofs_but_each
from tests.waiting import answer_late, let_pass, wait_in_page_until

pytestmark = pytest.mark.browser

EMBED = (Path(__file__).resolve().parents[2] / "campaign/static/campaign/embed.js").read_bytes()
RECEIPT = "r" * 106
NEUTRAL = "https://neutral.example/"
ANSWER: dict[str, Any] = {
    "message": {
        "headline": "You can stop here.",
        "body_html": "<p>That person did not say yes &amp; <em>cannot</em>.</p><p>You can<br>turn back.</p>",
        "locale": "en",
        "dir": "ltr",
        "actions": [
            {"outcome": "left", "label": "Leave this page", "href": "/m/spot/left"},
            {"outcome": "continued", "label": "Continue", "href": ""},
            {"outcome": "help_self", "label": "I want to stop", "note": "Free", "href": "/m/spot/help/self"},
            {"outcome": "help_affected", "label": "It happened to me", "note": "", "href": "/m/spot/help/affected"},
            {
                "outcome": "rating",
                "label": "Did this make you think?",
                "values": [1, 2, 3, 4, 5],
                "low": "No",
                "high": "Yes",
                "thanks": "Thank you.",
            },
            {"outcome": "annoyed", "label": "This message annoyed me", "thanks": "Thank you."},
            {"outcome": "learn_more", "label": "About this message", "href": "/m/spot/about"},
        ],
        "crisis": {"label": "In crisis?", "note": "Talk to someone now", "href": "/m/spot/pt"},
        "exit": {"label": "Leave now", "href": NEUTRAL},
        "privacy": "We count how many people see and leave this page, never who.",
    },
    "receipt": RECEIPT,
}

# Runs first on the page and records errors, layout shifts and long frames in which the embed ran.
WATCH = """
if (!window.harm) {  // once, however often the tab visits a page
  window.harm = {errors: [], shift: 0, blocked: 0, told: []};
  addEventListener("error", (event) => { if (event.message) harm.errors.push(event.message); });
  addEventListener("unhandledrejection", (event) => harm.errors.push(String(event.reason)));
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { harm.shift += entry.value; }))
    .observe({type: "layout-shift", buffered: true});
  new PerformanceObserver((list) => list.getEntries().flatMap((frame) => frame.scripts)
    .filter((script) => script.sourceURL.endsWith("embed.js"))
    .forEach((script) => { harm.blocked = Math.max(harm.blocked, script.duration); }))
    .observe({type: "long-animation-frame", buffered: true});
  for (const name of ["shown", "exposed", "left", "continued", "closed", "unavailable"])
    document.addEventListener("secondthought:" + name, () => harm.told.push(name));
  window.ours = Object.getOwnPropertyNames(window).concat("ours");
}
"""


@dataclass
class Reply:
    """The reply of a test server on one path, with its delays."""

    body: str | bytes = ""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0  # seconds before the reply
    stall: float = 0.0  # seconds in the middle of the reply


class Origin:
    """A test server with an origin of its own that records requests."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        origin = self

        class Handler(BaseHTTPRequestHandler):
            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                path = self.path.split("?")[0]
                sent = {name.lower(): value for name, value in self.headers.items()}
                origin.asked.append((f"{self.command} {path}", body, sent))
                reply = origin.replies.get(path, Reply("nothing here", 404, "text/plain"))
                content = reply.body.encode() if isinstance(reply.body, str) else reply.body
                headers = {
                    "Content-Type": reply.kind,
                    "Content-Length": str(len(content)),
                    "Access-Control-Allow-Origin": "*",
                } | reply.headers
                answer_late(reply.wait)
                try:
                    self.send_response(reply.status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content[:99])
                    answer_late(reply.stall)
                    self.wfile.write(content[99:])
                except OSError:
                    pass  # the browser has closed the connection

            do_GET = do_POST = do_OPTIONS = respond  # noqa: N815  # the names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def requests(self) -> list[str]:
        return [request for request, _, _ in self.asked]

    def events(self) -> list[tuple[str, int | None]]:
        """The outcomes that were reported, in order."""
        sent = [json.loads(body) for request, body, _ in self.asked if request == "POST /api/v1/events"]
        assert {event["receipt"] for event in sent} <= {RECEIPT}
        return [(event["outcome"], event.get("value")) for event in sent]


@pytest.fixture
def server() -> Iterator[Origin]:
    """Our server; tests replace its replies."""
    origin = Origin()
    origin.replies = {
        "/static/campaign/embed.js": Reply(EMBED, kind="text/javascript"),
        "/api/v1/decide": Reply(json.dumps(ANSWER)),
        "/api/v1/events": Reply('{"accepted": 1}'),
        "/m/spot/left": Reply("<title>Left</title>You turned back.", kind="text/html"),
        "/m/spot/help/self": Reply("<title>Help</title>Help.", kind="text/html"),
    }
    yield origin
    origin.close()


@pytest.fixture
def partner() -> Iterator[Origin]:
    """The partner's server."""
    origin = Origin()
    origin.replies["/favicon.ico"] = Reply(status=204)
    yield origin
    origin.close()


def visit(page: Page, partner: Origin, src: str, *, tag: str = "", style: str = "", policy: str = "") -> None:
    """Open a partner's page that embeds the script at `src`, and record harm."""
    html = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Partner</title>
        <link rel="stylesheet" href="/partner.css"><body><h1>Our own page</h1>
        <button id="own">Our own button</button><div id="spot"></div>
        <script async src="{src}" data-placement="spot" {tag}></script>
        <p id="below">What stands below must not move.</p>"""
    partner.replies["/"] = Reply(html, kind="text/html", headers={"Content-Security-Policy": policy} if policy else {})
    partner.replies["/partner.css"] = Reply("body { margin: 2em }" + style, kind="text/css")
    page.add_init_script(WATCH)
    page.goto(partner.url, wait_until="domcontentloaded")


def script_of(server: Origin) -> str:
    return f"{server.url}/static/campaign/embed.js"


def wait_told(page: Page, name: str) -> list[str]:
    """Wait for an event of the embed and return all of them. Polls, because a strict policy forbids eval."""
    wait_in_page_until(page, lambda: name in page.evaluate("harm.told"), what=f"{name!r} told to the page")
    told: list[str] = page.evaluate("harm.told")
    return told


def assert_unharmed(page: Page, *, message: bool = False) -> None:
    """No exception, no shift; no global, cookie or storage; no message unless one is expected."""
    let_pass(page, 100)  # observers report a frame late
    harm = page.evaluate("harm")
    assert harm["errors"] == []
    assert harm["shift"] == 0
    assert page.evaluate("Object.getOwnPropertyNames(window).filter((name) => !ours.includes(name))") == []
    assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"
    assert page.context.cookies() == []
    assert page.locator("second-thought").count() == int(message)
    expect(page.locator("#below")).to_be_visible()


def message_with(**changes: Any) -> str:
    """The valid reply with parts of the message replaced."""
    return json.dumps(ANSWER | {"message": ANSWER["message"] | changes})


def action_with(outcome: str, **changes: Any) -> str:
    """The valid reply with parts of one action replaced."""
    answer = deepcopy(ANSWER)
    for action in answer["message"]["actions"]:
        if action["outcome"] == outcome:
            action.update(changes)
    return json.dumps(answer)


WITHOUT_LEAVE = [action for action in ANSWER["message"]["actions"] if action["outcome"] != "left"]
HOSTILE = {
    "500 with a page": Reply("<h1>Server Error</h1>", 500, "text/html"),
    "500 with our error": Reply('{"error": {"code": "x", "message": "y", "fields": {}}}', 500),
    "404": Reply('{"error": {"code": "unknown_placement", "message": "y", "fields": {}}}', 404),
    "a good message under a bad status": Reply(json.dumps(ANSWER), 503),
    "204": Reply(status=204),
    "empty": Reply(),
    "HTML": Reply("<!doctype html><h1>Hello</h1>", kind="text/html"),
    "cut off": Reply(json.dumps(ANSWER)[:200]),
    "null": Reply("null"),
    "a number": Reply("7"),
    "a list": Reply("[]"),
    "no message": Reply(json.dumps({"receipt": RECEIPT})),
    "no receipt": Reply(json.dumps({"message": ANSWER["message"]})),
    "receipt is a number": Reply(json.dumps(ANSWER | {"receipt": 7})),
    "headline is missing": Reply(message_with(headline=None)),
    "headline is a list": Reply(message_with(headline=["x"])),
    "headline is endless": Reply(message_with(headline="x" * 3_000_000)),
    "body is a number": Reply(message_with(body_html=7)),
    "body is endless": Reply(message_with(body_html="<p>" * 500_000)),
    "body has a script": Reply(message_with(body_html="<p>x</p><script>window.hit = 1</script>")),
    "body has a handler": Reply(message_with(body_html='<p onclick="hit = 1">x</p>')),
    "body has an image": Reply(message_with(body_html='<img src="x" onerror="window.hit = 1">')),
    "body has half a tag": Reply(message_with(body_html="<p>x</p><img src=x onerror=hit=1 ")),
    "no actions": Reply(message_with(actions=None)),
    "no way to leave": Reply(message_with(actions=WITHOUT_LEAVE)),
    "leave runs a script": Reply(action_with("left", href="javascript:window.hit=1")),
    "leave leads nowhere": Reply(action_with("left", href=None)),
    "no way out": Reply(message_with(exit=None)),
    "the way out runs a script": Reply(message_with(exit={"label": "Leave now", "href": "javascript:window.hit=1"})),
    "help is a data page": Reply(action_with("help_self", href="data:text/html,x")),
    "label is an object": Reply(action_with("continued", label={"x": 1})),
    "a hundred thousand ratings": Reply(action_with("rating", values=list(range(100_000)))),
    "ratings are missing": Reply(action_with("rating", values=None)),
    "a redirect elsewhere": Reply(status=307, headers={"Location": "https://elsewhere.invalid/"}),
    "not readable from here": Reply(json.dumps(ANSWER), headers={"Access-Control-Allow-Origin": "https://x.invalid"}),
}

NO_ANSWER = ("a redirect elsewhere", "not readable from here")  # as if there were no network: asked once more
HEAVY = {"a good message": Reply(json.dumps(ANSWER))} | {
    name: HOSTILE[name] for name in ("headline is endless", "body is endless", "a hundred thousand ratings")
}


@pytest.mark.parametrize("reply", proofs_but_each(4, HOSTILE))
def test_whatever_decide_answers_the_page_is_unharmed(
    page: OpenPage, server: Origin, partner: Origin, reply: str
) -> None:
    server.replies["/api/v1/decide"] = HOSTILE[reply]
    visited = page()
    visit(visited, partner, script_of(server))
    assert wait_told(visited, "unavailable") == ["unavailable"]
    assert_unharmed(visited)
    assert visited.evaluate("window.hit") is None
    asks = 2 if reply in NO_ANSWER else 1
    assert server.requests() == ["GET /static/campaign/embed.js", *["POST /api/v1/decide"] * asks]
    assert len({body for request, body, _ in server.asked if request.startswith("POST")}) == 1  # under one key


@pytest.mark.parametrize("reply", proofs_but_each(4, HEAVY))
def test_the_page_is_never_held_up_for_50_ms(page: OpenPage, server: Origin, partner: Origin, reply: str) -> None:
    server.replies["/api/v1/decide"] = HEAVY[reply]
    held: list[float] = []
    for _ in range(6):  # load only adds time: take the minimum of a few visits
        visited = page()
        visit(visited, partner, script_of(server))
        wait_told(visited, "shown" if reply == "a good message" else "unavailable")
        let_pass(visited, 150)  # frames are reported late
        held.append(visited.evaluate("harm.blocked"))
        if held[-1] == 0:
            break
    assert min(held) <= 50


def test_server_down_leaves_the_page_as_it_was(page: OpenPage, server: Origin, partner: Origin) -> None:
    src = script_of(server)
    server.close()
    visited = page()
    visit(visited, partner, src)
    visited.wait_for_load_state("load")
    assert_unharmed(visited)
    assert visited.evaluate("harm.told") == []


@pytest.mark.proof
def test_server_that_dies_after_the_script_came_is_told_to_the_page(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    visited = page()
    visited.route("**/api/v1/decide", lambda route: route.abort("connectionrefused"))
    visit(visited, partner, script_of(server))
    assert wait_told(visited, "unavailable") == ["unavailable"]
    assert_unharmed(visited)


def test_slow_script_holds_nothing_up(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/static/campaign/embed.js"].wait = 1.5
    visited = page()
    visit(visited, partner, script_of(server))
    ready = visited.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    painted = visited.evaluate(
        "new Promise((seen) => new PerformanceObserver((list) => seen(list.getEntries()[0].startTime))"
        ".observe({type: 'paint', buffered: true}))"
    )
    assert 0 < ready < 1200
    assert 0 < painted < 1200
    assert_unharmed(visited)


@pytest.mark.parametrize("slow", [{"wait": 1.2}, {"stall": 1.2}], ids=["before the answer", "in the middle of it"])
def test_slow_answer_is_given_up_and_never_shown_late(
    page: OpenPage, server: Origin, partner: Origin, slow: dict[str, float]
) -> None:
    server.replies["/api/v1/decide"] = Reply(json.dumps(ANSWER), **slow)  # type: ignore[arg-type]  # only floats
    visited = page()
    started = time.monotonic()
    visit(visited, partner, script_of(server), tag='data-timeout="300"')
    assert wait_told(visited, "unavailable") == ["unavailable"]
    assert time.monotonic() - started < 1.2
    let_pass(visited, 1200)
    assert_unharmed(visited)


@pytest.mark.parametrize("tag", ['data-display="cover"', 'data-target="#spot"', ""], ids=["cover", "target", "inline"])
def test_failure_moves_nothing_in_any_display(page: OpenPage, server: Origin, partner: Origin, tag: str) -> None:
    server.replies["/api/v1/decide"] = Reply("oops", 500)
    visited = page()
    # A grid with gaps: even an empty element would move its neighbours.
    visit(visited, partner, script_of(server), tag=tag, style="body, #spot { display: grid; gap: 3em }")
    wait_told(visited, "unavailable")
    assert_unharmed(visited)


def test_policy_that_blocks_the_script_leaves_the_page_as_it_was(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    visited = page()
    visit(visited, partner, script_of(server), policy="default-src 'self'")
    visited.wait_for_load_state("load")
    assert_unharmed(visited)
    assert server.requests() == []


def test_policy_that_blocks_our_requests_is_told_to_the_page(page: OpenPage, server: Origin, partner: Origin) -> None:
    visited = page()
    visit(visited, partner, script_of(server), policy=f"default-src 'self'; script-src {server.url}")
    assert wait_told(visited, "unavailable") == ["unavailable"]
    assert_unharmed(visited)
    assert server.requests() == ["GET /static/campaign/embed.js"]


@pytest.mark.proof
def test_strictest_policy_that_names_us_shows_a_styled_message(page: OpenPage, server: Origin, partner: Origin) -> None:
    visited = page()
    policy = (
        f"default-src 'none'; style-src 'self'; script-src {server.url}; connect-src {server.url}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    visit(
        visited,
        partner,
        script_of(server),
        tag='data-target="#spot"',
        style="#spot { min-height: 700px }",
        policy=policy,
    )
    wait_told(visited, "shown")
    assert_unharmed(visited, message=True)
    expect(visited.get_by_role("button", name="Leave this page")).to_have_css("border-top-color", "rgb(11, 93, 94)")
    expect(visited.locator("second-thought p").first).to_have_text("That person did not say yes & cannot.")


@pytest.mark.parametrize(
    "reply", [Reply("oops", 500), Reply("oops", 200, "text/html"), Reply("{}", wait=2)], ids=["500", "nonsense", "slow"]
)
def test_choices_work_when_nothing_can_be_counted(
    page: OpenPage, server: Origin, partner: Origin, reply: Reply
) -> None:
    server.replies["/api/v1/events"] = reply
    visited = page()
    visit(visited, partner, script_of(server), tag='data-target="#spot"', style="#spot { min-height: 700px }")
    visited.get_by_role("button", name="2").click()
    visited.get_by_role("button", name="Continue").click()
    assert wait_told(visited, "closed") == ["shown", "continued", "closed"]
    assert_unharmed(visited)
    visited.reload(wait_until="domcontentloaded")
    visited.get_by_role("button", name="Leave this page").click()
    visited.wait_for_url(f"{server.url}/m/spot/left")


def test_an_outcome_that_the_script_has_never_heard_of_is_offered_and_reported(
    page: OpenPage, server: Origin, partner: Origin
) -> None:
    known = [action for action in ANSWER["message"]["actions"] if action["outcome"] in ("left", "rating")]
    made_up = [
        {"outcome": "shared", "label": "I told a friend", "thanks": "Good to hear."},
        {"outcome": "called", "label": "Call somebody", "note": "Free", "href": "/m/spot/help/call"},
    ]
    server.replies["/api/v1/decide"] = Reply(message_with(actions=known + made_up))
    visited = page()
    visit(visited, partner, script_of(server), tag='data-target="#spot"', style="#spot { min-height: 900px }")
    wait_told(visited, "shown")
    visited.get_by_role("button", name="I told a friend").click()
    expect(visited.locator("second-thought output")).to_have_text("Good to hear.")
    expect(visited.get_by_role("link", name="Call somebody Free")).to_be_visible()
    expect(visited.get_by_role("button", name="Continue")).to_have_count(0)
    assert ("shared", None) in server.events()
    assert_unharmed(visited, message=True)


def test_everything_done_is_reported_once_and_in_order(page: OpenPage, server: Origin, partner: Origin) -> None:
    visited = page(phone=True)
    visit(visited, partner, script_of(server), tag='data-target="#spot"', style="#spot { min-height: 900px }")
    assert wait_told(visited, "exposed") == ["shown", "exposed"]
    for name in ("4", "5", "This message annoyed me"):
        visited.get_by_role("button", name=name).click()
        expect(visited.locator("second-thought output")).to_have_text("Thank you.")
    with visited.expect_popup() as popup:
        visited.get_by_role("link", name="I want to stop").click()
    popup.value.wait_for_load_state()
    assert popup.value.evaluate("[opener, document.referrer]") == [None, ""]
    popup.value.close()
    visited.get_by_role("button", name="Continue").click()
    wait_told(visited, "closed")
    assert_unharmed(visited)
    wait_in_page_until(visited, lambda: len(server.events()) >= 6)
    outcomes = server.events()
    assert outcomes[:4] == [("exposed", None), ("rating", 4), ("annoyed", None), ("help_self", None)]
    # These two leave in the same moment, each on its own connection, so either may arrive first.
    assert sorted(outcome for outcome, _ in outcomes[4:]) == ["continued", "dwell"]
    for request, _, headers in server.asked:
        if request.startswith("POST"):
            assert "cookie" not in headers
            assert "referer" not in headers
            assert headers["content-type"].startswith("text/plain")
        assert not request.startswith("OPTIONS")


def test_message_below_the_fold_is_not_seen_until_it_is(page: OpenPage, server: Origin, partner: Origin) -> None:
    visited = page()
    visit(visited, partner, script_of(server), style="h1 { margin-bottom: 3000px }")
    assert wait_told(visited, "shown") == ["shown"]
    let_pass(visited, 1300)
    assert server.events() == []
    visited.get_by_role("heading", name="You can stop here.").scroll_into_view_if_needed()
    visited.mouse.wheel(0, 600)
    wait_told(visited, "exposed")
    wait_in_page_until(visited, server.events)
    assert server.events() == [("exposed", None)]


def test_without_a_receipt_nothing_is_asked_or_reported(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/decide"] = Reply(json.dumps(ANSWER | {"receipt": None}))
    visited = page()
    visit(visited, partner, script_of(server), tag='data-target="#spot"', style="#spot { min-height: 700px }")
    wait_told(visited, "exposed")
    assert visited.get_by_text("Did this make you think?").count() == 0
    visited.get_by_role("button", name="Continue").click()
    wait_told(visited, "closed")
    assert_unharmed(visited)
    assert server.events() == []


def test_cover_holds_the_focus_and_escape_is_no_answer(page: OpenPage, server: Origin, partner: Origin) -> None:
    server.replies["/api/v1/decide"].wait = 0.4
    visited = page()
    visit(visited, partner, script_of(server), tag='data-display="cover"')
    visited.locator("#own").focus()
    assert wait_told(visited, "exposed") == ["shown", "exposed"]
    assert visited.evaluate("document.activeElement.localName") == "second-thought"
    for _ in range(30):
        visited.keyboard.press("Tab")
        assert visited.evaluate("document.activeElement.id") != "own"
    visited.keyboard.press("Escape")
    assert wait_told(visited, "closed") == ["shown", "exposed", "closed"]
    assert visited.evaluate("document.activeElement.id") == "own"
    assert_unharmed(visited)
    wait_in_page_until(visited, lambda: len(server.events()) >= 2)
    assert [outcome for outcome, _ in server.events()] == ["exposed", "dwell"]


@pytest.mark.proof
def test_partner_can_lead_the_way_out(page: OpenPage, server: Origin, partner: Origin) -> None:
    visited = page()
    visit(visited, partner, script_of(server), tag='data-leave="/safe"')
    visited.evaluate("document.addEventListener('secondthought:left', (event) => event.preventDefault(), {once: true})")
    visited.get_by_role("button", name="Leave this page").click()
    let_pass(visited, 200)
    assert visited.url == f"{partner.url}/"
    visited.get_by_role("button", name="Leave this page").click()
    visited.wait_for_url(f"{partner.url}/safe")
    wait_in_page_until(visited, server.events)
    assert [outcome for outcome, _ in server.events()] == ["left"]


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ('data-target="#missing"', 'Second Thought: no message for "spot": no data-target on the page'),
        ('data-target="##"', "not a valid selector"),
    ],
)
def test_a_mistake_in_the_tag_is_one_line_in_the_console(
    page: OpenPage, server: Origin, partner: Origin, tag: str, line: str
) -> None:
    visited = page()
    lines: list[str] = []
    visited.on("console", lambda message: lines.append(message.text))
    visit(visited, partner, script_of(server), tag=tag)
    assert wait_told(visited, "unavailable") == ["unavailable"]
    assert_unharmed(visited)
    assert len(lines) == 1
    assert line in lines[0]
    assert "POST /api/v1/decide" not in server.requests()


@pytest.mark.parametrize(("tag", "kept"), [("data-session ", [RECEIPT]), ("", [])])
def test_only_a_tag_that_says_so_keeps_its_receipt_in_the_tab(
    page: OpenPage, server: Origin, partner: Origin, tag: str, kept: list[str]
) -> None:
    server.replies["/api/v1/decide"] = Reply(json.dumps(ANSWER | {"unit": "session"}))
    visited = page(phone=True)
    visit(visited, partner, script_of(server), tag=f'{tag}data-target="#spot"', style="#spot { min-height: 900px }")
    wait_told(visited, "shown")
    assert visited.evaluate("Object.values(sessionStorage)") == kept
    visited.reload()
    wait_told(visited, "shown")
    asked = [json.loads(body).get("session") for request, body, _ in server.asked if request.endswith("/decide")]
    assert asked == (["new", RECEIPT] if kept else [None, None])
