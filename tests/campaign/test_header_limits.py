"""Staff pages and their API read no header that is longer than any of ours, and no malformed one is an error."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections
from hypothesis import given
from hypothesis import strategies as st

from campaign.header_limits import MAX_HEADER_LENGTH, check_headers
from campaign.rsgi import _environ
from campaign.serving.http import Refusal
from campaign.wsgi import django_application
from tests.campaign.serving.test_bounded_work import PIECES, steps
from tests.campaign.test_rsgi import Asked, Connection, Headers, asked, door

pytestmark = pytest.mark.django_db(databases=["default", "audience"])

HEADERS = (
    *("accept", "accept-encoding", "accept-language", "authorization", "content-encoding", "content-type", "cookie"),
    *("host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "origin", "range"),
    *("referer", "second-factor", "sec-fetch-site", "upgrade", "user-agent", "watching", "x-csrftoken"),
    *("x-forwarded-for", "x-forwarded-proto", "x-http-method-override", "x-real-ip", "unheard-of"),
)
READ_BY_DJANGO = ("accept", "accept-language", "authorization", "content-type", "cookie", "if-none-match")
# Staff's own readers split at more marks than those of the audience do.
STAFF_PIECES = (*PIECES, ";", "a=b;", ",;", ";q=", "bytes=0-1,", 'W/"a",', "\\", "a;*0=b", "*/*,")
ADDRESSES = ("/sign-in/", "/static/campaign/staff.css", "/api/v1/campaigns/")
UNREADABLE = "application/json;charset*=x'y'z"


@pytest.fixture(autouse=True)
def _open_connections() -> Iterator[None]:
    """Keep the test's connection, which is closed at the end of each request of a real server."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def environ_of(address: str, headers: dict[str, str], *, method: str = "GET") -> dict[str, Any]:
    path, _, query = address.partition("?")
    pairs = ({"host": "127.0.0.1"} | headers).items()
    return _environ(Asked(method, path, query, Headers(pairs)), b"")  # type: ignore[arg-type]  # made up


def ask(address: str, headers: dict[str, str], *, method: str = "GET") -> tuple[int, bytes]:
    """The status and body of Django's answer, as both servers get it."""
    told: list[str] = []
    response: Any = django_application(
        environ_of(address, headers, method=method),
        lambda status, headers, error=None: told.append(status),  # type: ignore[arg-type]
    )
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    return int(told[0][:3]), body


def code_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]["code"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_header_longer_than_any_of_ours_is_refused_before_django_reads_it(address: str) -> None:
    for name in HEADERS:
        for length in (MAX_HEADER_LENGTH + 1, 256_000):
            assert code_of(ask(address, {name: ";" * length})) == (431, "headers_too_long"), name
    assert code_of(ask(address, {"content-type": ";" * 257})) == (431, "headers_too_long")
    assert code_of(ask(address, {"accept": ";" * 1_025})) == (431, "headers_too_long")


def test_many_headers_together_are_refused_like_one() -> None:
    many = {f"x-{number}": "a" * 8_000 for number in range(5)}
    assert code_of(ask("/sign-in/", many)) == (431, "headers_too_long")
    names = {f"x-{number:04}": "" for number in range(4_000)}
    assert code_of(ask("/sign-in/", names)) == (431, "headers_too_long")


def test_an_address_longer_than_any_of_ours_is_refused() -> None:
    for address in ("/sign-in/?" + "a=b&" * 3_000, "/" + "a/" * 5_000):
        assert code_of(ask(address, {})) == (414, "address_too_long")


def test_refusing_takes_no_longer_for_more() -> None:
    def work(name: str, length: int) -> int:
        environ = environ_of("/sign-in/", {name: ";" * length})

        def check() -> None:
            with suppress(Refusal):
                check_headers(environ)

        return steps(check)

    for name in HEADERS:
        assert work(name, 256_000) <= work(name, MAX_HEADER_LENGTH + 1) + 5


@pytest.mark.parametrize("name", READ_BY_DJANGO)
def test_twice_as_long_a_header_takes_at_most_twice_the_work(name: str) -> None:
    check_doubling("/api/v1/campaigns/", name, STAFF_PIECES[::2])


@pytest.mark.proof
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", HEADERS)
def test_no_header_takes_more_than_twice_the_work_on_any_kind_of_page(address: str, name: str) -> None:
    check_doubling(address, name, STAFF_PIECES)


def check_doubling(address: str, name: str, pieces: tuple[str, ...]) -> None:
    """Compare a header as long as it may be, or as any is today, with half of it."""
    longest = {"accept": 1_024, "content-type": 256}.get(name, 2_048)
    for piece in pieces:
        short, long = ((piece * length)[:length] for length in (longest // 2, longest))
        half = steps(lambda short=short: ask(address, {name: short}))  # type: ignore[misc]
        assert steps(lambda long=long: ask(address, {name: long})) <= 2.2 * half + 200, piece  # type: ignore[misc]


@pytest.mark.parametrize("address", ["/sign-in/", "/api/v1/token/", "/api/v1/campaigns/", "/reviews/"])
@pytest.mark.parametrize("name", ["content-type", "accept"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_parameter_that_django_fails_to_read_is_refused(address: str, name: str, method: str) -> None:
    for value in (UNREADABLE, "a/b; charset* =x'y'z", "multipart/form-data; boundary*0*=x'y'z"):
        assert code_of(ask(address, {name: value}, method=method)) == (400, "malformed_header")


@pytest.mark.parametrize("charset", ["utf-16", "zip", "rot13", "idna", "nobody-knows-it", '"latin-1"'])
def test_a_body_in_another_charset_is_refused(charset: str) -> None:
    answer = ask("/api/v1/token/", {"content-type": f"application/json; Charset={charset}"}, method="POST")
    assert code_of(answer) == (400, "unsupported_charset")


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/json; charset=UTF-8",
        'application/json; charset="utf8"',
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        "",
    ],
)
def test_what_browsers_and_programs_send_passes(kind: str) -> None:
    browser = {
        "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        "accept-language": "ar,en;q=0.5",
        "cookie": "sessionid=" + "a" * 4_000 + "; csrftoken=" + "b" * 32,
    }
    assert ask("/sign-in/", browser | {"content-type": kind})[0] == 200


@pytest.mark.generated
@given(
    st.sampled_from(["content-type", "accept"]),
    st.text(st.sampled_from(";=*',/\"\\ 019abcharsetq\x85\xa0\xff%"), max_size=60),
)
def test_no_parameter_of_any_header_is_an_error(name: str, value: str) -> None:
    assert ask("/api/v1/token/", {name: value}, method="POST")[0] < 500


def test_the_server_answers_so_and_does_not_blame_the_audience_surface(caplog: pytest.LogCaptureFixture) -> None:
    headers = Headers([("host", "127.0.0.1"), ("content-type", UNREADABLE)])
    with caplog.at_level(logging.DEBUG):
        (answer,) = asked(door(django_application), (Asked("POST", "/sign-in/", headers=headers), Connection()))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "malformed_header")
    assert "failed" not in caplog.text


def test_an_error_of_the_staff_pages_is_called_one(caplog: pytest.LogCaptureFixture) -> None:
    def downstream(environ: Any, start_response: Any) -> Any:
        raise ValueError("canary")

    (answer,) = asked(door(downstream), (Asked(), Connection()))
    assert answer.status == 500
    assert "The staff pages failed: ValueError" in caplog.text
    assert "audience" not in caplog.text
