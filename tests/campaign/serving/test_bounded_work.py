"""The work for one request is bounded, and grows with the length of what was sent, no faster."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import campaign.serving
from analytics import health
from campaign.serving import http
from campaign.serving.http import MAX_HEADER_LENGTH, Request, parse_json
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

HEADERS = (
    *("ACCEPT", "ACCEPT_ENCODING", "ACCEPT_LANGUAGE", "AUTHORIZATION", "COOKIE", "DNT", "FORWARDED", "HOST", "ORIGIN"),
    *("REFERER", "SEC_GPC", "USER_AGENT", "X_FORWARDED_FOR", "X_REAL_IP", "IF_NONE_MATCH", "RANGE", "CONTENT_TYPE"),
)
PIECES = ("/", "a,", "-1.", "en-", "%25", "://", ":", "Goog", "127.", "=;", '"', " ")
Send = Callable[[world.AudienceSite, str, dict[str, str]], world.SurfaceReply]
ROUTES: dict[str, Send] = {
    "decide": lambda site, query, more: site.post(f"/api/v1/decide?{query}", {"placement": "quiet-page"}, **more),
    "events": lambda site, query, more: site.post(f"/api/v1/events?{query}", {"receipt": "A" * 112, "outcome": "left"}),
    "message": lambda site, query, more: site.get(f"/m/quiet-page/?{query}", **more),
    "page": lambda site, query, more: site.get(f"/m/quiet-page/about?{query}", **more),
    "form": lambda site, query, more: site.request("POST", f"/m/quiet-page/?{query}", b"outcome=left", **more),
    "image": lambda site, query, more: site.get(f"/m/quiet-page/seen.gif?{query}", **more),
    "asset": lambda site, query, more: site.get(f"/static/campaign/embed.js?{query}", **more),
    "ready": lambda site, query, more: site.get(f"/health/ready?{query}", **more),
    "metrics": lambda site, query, more: site.get(f"/metrics?{query}", **more),
}


def steps(work: Callable[[], object]) -> int:
    """How many calls of functions, in Python and in C, and lines of Python this takes.

    The least of two times: now and then something is filled up, such as the store of nonces.
    """
    return min(_steps_once(work) for _ in range(2))


def _steps_once(work: Callable[[], object]) -> int:
    count = 0

    def note(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return note

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return count


@pytest.fixture
def site() -> world.AudienceSite:
    world.launched()
    health.MONITOR.check()
    made = world.AudienceSite()
    for send in ROUTES.values():  # what is cached is cached
        send(made, "", {})
    return made


def test_the_beginning_of_a_header_is_all_that_is_read() -> None:
    request = Request("GET", "/", "", lambda name: "x" * 400_000, lambda: "", None)
    assert request.header("anything") == "x" * MAX_HEADER_LENGTH
    assert Request("GET", "/", "", {"host": "a"}.get, lambda: "", None).header("host") == "a"


def test_no_code_of_the_surface_reads_a_header_past_that() -> None:
    files = [*Path(campaign.serving.__path__[0]).glob("*.py"), Path(health.__file__)]
    files += Path(health.__file__).parent.joinpath("ingest").glob("*.py")
    reading = {
        path.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "raw_header"
    }
    assert reading == {Path(http.__file__).name}


@pytest.mark.parametrize("route", ROUTES)
def test_no_header_makes_more_work_than_its_first_characters_do(route: str, site: world.AudienceSite) -> None:
    for header in HEADERS:
        for piece in PIECES:

            def work(length: int, header: str = header, piece: str = piece) -> int:
                value = (piece * length)[:length]
                return steps(lambda: ROUTES[route](site, "", {f"HTTP_{header}": value}))

            whole = work(MAX_HEADER_LENGTH)
            assert work(100 * MAX_HEADER_LENGTH) <= whole + 10, (header, piece)


@pytest.mark.parametrize("route", ROUTES)
def test_twice_as_much_takes_at_most_twice_the_work(route: str, site: world.AudienceSite) -> None:
    for name in (*HEADERS, "query", "path"):
        for piece in PIECES:

            def work(length: int, name: str = name, piece: str = piece) -> int:
                value = (piece * length)[:length]
                if name == "query":
                    return steps(lambda: ROUTES[route](site, value, {}))
                if name == "path":
                    return steps(lambda: site.get(f"/m/quiet-page/{value.replace('?', '')}"))
                return steps(lambda: ROUTES[route](site, "", {f"HTTP_{name}": value}))

            assert work(900) <= 2.2 * work(450) + 20, (name, piece)


def test_a_query_longer_than_any_of_ours_is_not_parsed(site: world.AudienceSite) -> None:
    for piece in ("a=b&", "%41", "locale=es&"):
        long = steps(lambda piece=piece: site.get(f"/m/quiet-page/?{piece * 50_000}"))  # type: ignore[misc]
        assert long <= steps(lambda: site.get("/m/quiet-page/")) + 50


BODIES = ("1e-400,", "1" * 4_000 + ",", "0.1,", "[", '{"a":', '"\\u0041",', "1,", " ")


@pytest.mark.parametrize("piece", BODIES)
def test_twice_as_long_a_body_takes_at_most_twice_the_work(piece: str) -> None:
    def work(length: int) -> int:
        body = f"[{(piece * length)[:length].rstrip(',')}]".encode()

        def parse() -> None:
            with suppress(http.Refusal):
                parse_json(body)

        return steps(parse)

    assert work(40_000) <= 2.2 * work(20_000) + 50


def test_no_number_is_converted_but_small_integers() -> None:
    assert parse_json(b"[1, -7, 123456789]") == [1, -7, 123456789]
    assert parse_json(f"[1e-400, 0.1, 1.00, {'9' * 5000}, -{'1' * 10}]".encode()) == [0.5] * 5
    assert parse_json(b"[4.0, -7.0]") == [4, -7]
    for value in (b"4.5", b"1e0", b"4000000000", b"0.5"):
        assert event_code(value) == "invalid_value"


def event_code(value: bytes) -> str:
    reply = world.AudienceSite().request(
        "POST", "/api/v1/events", b'{"receipt": "x", "outcome": "rating", "value": %s}' % value
    )
    code: str = json.loads(reply.body)["error"]["code"]
    return code
