"""The door that production uses: with made-up requests in a loop of this process, and through a real server."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope

from benchmarks.processes import living_family
from campaign import rsgi
from campaign.entrypoints import launcher
from campaign.serving.routing import DeliverResults, OutcomeEvent, RecordResults
from tests import world
from tests.installation import ROOT, new_installation

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


class Headers(list[tuple[str, str]]):
    """As granian gives them: names in lower case, the first of several."""

    def get(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self if key == name), default)

    def items(self) -> list[tuple[str, str]]:
        return self


@dataclass
class Asked:
    """A request."""

    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    headers: Headers = field(default_factory=Headers)
    server: str = "127.0.0.1:8000"
    client: str = "127.0.0.9:40000"
    scheme: str = "https"
    http_version: str = "1.1"
    authority: str | None = None


@dataclass
class Connection:
    """Brings the body in pieces, and keeps what is sent back."""

    pieces: Sequence[bytes] = ()
    lost: bool = False
    taken: int = 0
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    async def __call__(self) -> bytes:
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.lost:
            raise ProtocolClosed
        for piece in self.pieces:
            self.taken += 1
            yield piece

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert not self.status, "answered twice"
        self.status, self.headers, self.body = status, headers, body


def asked(door: rsgi.RsgiApplication, *requests: tuple[Asked, Connection]) -> list[Connection]:
    """All of these at once, on a loop of their own."""

    async def all_of_them() -> None:
        door.__rsgi_init__(asyncio.get_running_loop())
        await asyncio.gather(
            *(door.__rsgi__(cast(Scope, scope), cast(HTTPProtocol, connection)) for scope, connection in requests)
        )

    asyncio.run(all_of_them())
    return [connection for _, connection in requests]


def door(downstream: Any = None, site: world.AudienceSite | None = None) -> rsgi.RsgiApplication:
    return rsgi.RsgiApplication(downstream or _nobody, (site or world.AudienceSite()).audience)


def _nobody(environ: Any, start_response: Any) -> Any:
    raise AssertionError("this is the audience's")


def sent(value: object, *, announced: bool = True) -> tuple[Asked, Connection]:
    """A body for decide."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    headers = Headers([("content-length", str(len(body)))] if announced else [("transfer-encoding", "chunked")])
    return Asked("POST", "/api/v1/decide", headers=headers), Connection([body[:9], body[9:]])


def event(receipt: str) -> tuple[Asked, Connection]:
    """One event of it."""
    scope, connection = sent({"receipt": receipt, "outcome": "exposed"})
    scope.path = "/api/v1/events"
    return scope, connection


class Elsewhere:
    """A recorder that answers from a thread of its own, as the real one does."""

    def __init__(self) -> None:
        self.events: list[OutcomeEvent] = []

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        self.events += events
        threading.Thread(target=deliver, args=([(ticket, [None] * len(events))],)).start()

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        raise AssertionError("it was waited for")


def test_a_message_is_decided_and_its_event_is_answered_once_it_is_kept() -> None:
    world.launched()
    site, recorder = world.AudienceSite(), Elsewhere()
    site.audience.recorder = recorder
    shown = asked(door(site=site), *(sent({"placement": "quiet-page"}) for _ in range(9)))
    receipts = [json.loads(answer.body)["receipt"] for answer in shown]
    answers = asked(door(site=site), *(event(receipt) for receipt in receipts))
    assert {(answer.status, answer.body) for answer in answers} == {(200, b'{"accepted":1}')}
    assert {kept.receipt for kept in recorder.events} == {site.read_receipt(receipt) for receipt in receipts}


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_long_is_refused_and_not_held(announced: bool) -> None:
    pieces = [b"x" * 4000] * 100
    headers = Headers([("content-length", "400000")] if announced else [])
    connection = Connection(pieces)
    asked(door(), (Asked("POST", "/api/v1/decide", headers=headers), connection))
    assert (connection.status, json.loads(connection.body)["error"]["code"]) == (413, "body_too_large")
    assert connection.taken == (0 if announced else 2)


def test_a_body_that_does_not_say_its_length_is_read() -> None:
    world.launched()
    (answer,) = asked(door(), sent({"placement": "quiet-page"}, announced=False))
    assert answer.status == 200


def test_a_request_that_ends_early_is_refused_and_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    (answer,) = asked(door(), (Asked("POST", "/api/v1/decide"), Connection(lost=True)))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "incomplete_body")
    assert caplog.records == []


def test_an_answer_to_head_has_the_length_and_not_the_body() -> None:
    connections = asked(
        door(), *((Asked(method, "/static/campaign/embed.js"), Connection()) for method in ("GET", "HEAD"))
    )
    length = ("Content-Length", str(len(connections[0].body)))
    assert connections[1].body == b""
    assert length in connections[1].headers


class Silent:
    """A recorder that never answers, or cannot even be asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def put(
        self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float], ticket: Any, deliver: DeliverResults
    ) -> None:
        if self.error:
            raise self.error

    def submit(self, events: Sequence[OutcomeEvent], *, clock: Callable[[], float]) -> RecordResults:
        raise AssertionError


@pytest.mark.parametrize("recorder", [Silent(), Silent(RuntimeError("canary"))])
def test_who_waits_too_long_is_told_to_send_it_again(
    recorder: Silent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.launched()
    site = world.AudienceSite()
    receipts = [site.new_receipt() for _ in range(3)]
    site.audience.recorder = recorder
    monkeypatch.setattr(rsgi, "RECORD_TIMEOUT_SECONDS", 0.05)
    answers = asked(door(site=site), *(event(receipt) for receipt in receipts))
    told = (500, "internal_error") if recorder.error else (503, "not_recorded")
    assert {(answer.status, json.loads(answer.body)["error"]["code"]) for answer in answers} == {told}
    assert "canary" not in caplog.text


def test_one_timer_watches_over_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event here finds nobody waiting; a timer for each would pile up with the traffic of half a minute."""
    world.launched()
    site = world.AudienceSite()
    receipts = [site.new_receipt() for _ in range(20)]
    site.audience.recorder = Elsewhere()
    here, timers = door(site=site), []

    async def one_after_the_other() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_later", lambda *arguments: timers.append(arguments))
        here.__rsgi_init__(loop)
        for scope, connection in map(event, receipts):
            await here.__rsgi__(cast(Scope, scope), cast(HTTPProtocol, connection))
            assert connection.status == 200

    asyncio.run(one_after_the_other())
    assert len(timers) == 1


# Django, behind the door


def staff(
    respond: Callable[[dict[str, Any]], Any], scope: Asked, connection: Connection | None = None
) -> tuple[Connection, dict[str, Any]]:
    """What Django's answer becomes, and the environ that Django got."""
    seen: dict[str, Any] = {}

    def downstream(environ: dict[str, Any], start_response: Any) -> Any:
        seen.update(environ)
        response = respond(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    (answer,) = asked(door(downstream), (scope, connection or Connection()))
    return answer, seen


def test_django_gets_the_request_as_from_any_wsgi_server() -> None:
    said = """host: desk.example|cookie: a=1|cookie: b=2|content-type: text/plain|accept: a|accept: b|content-length: 4
              |x_forwarded_proto: https|x-forwarded-proto: http"""
    pairs = (header.strip().split(": ") for header in said.split("|"))
    headers = Headers((name, value) for name, value in pairs)
    scope = Asked("POST", "/résumé", "a=%20", headers, client="[::1]:4000")
    _, environ = staff(lambda environ: HttpResponse(environ["wsgi.input"].read()), scope, Connection([b"bo", b"dy"]))
    assert {name: environ[name] for name in ("HTTP_HOST", "HTTP_COOKIE", "CONTENT_TYPE", "HTTP_ACCEPT")} == {
        "HTTP_HOST": "desk.example",
        "HTTP_COOKIE": "a=1; b=2",
        "CONTENT_TYPE": "text/plain",
        "HTTP_ACCEPT": "a,b",
    }
    assert environ["HTTP_X_FORWARDED_PROTO"] == "http"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/résumé"
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"], environ["CONTENT_LENGTH"]) == ("::1", "8000", "4")
    assert (environ["QUERY_STRING"], environ["wsgi.url_scheme"]) == ("a=%20", "https")


def test_a_staff_page_goes_back_whole() -> None:
    answer, _ = staff(lambda environ: HttpResponse([b"a", b"b"], status=201, headers={"X-A": "1"}), Asked())
    assert (answer.status, answer.body, ("X-A", "1") in answer.headers) == (201, b"ab", True)


def test_a_streamed_answer_is_sent_whole_and_closed(tmp_path: Path) -> None:
    closed: list[bool] = []
    response = StreamingHttpResponse(iter([b"one ", b"two"]))
    response._resource_closers.append(lambda: closed.append(True))  # type: ignore[attr-defined]
    answer, _ = staff(lambda environ: response, Asked())
    assert (answer.body, closed) == (b"one two", [True])
    (tmp_path / "file").write_bytes(b"f" * 100_000)
    answer, _ = staff(lambda environ: FileResponse((tmp_path / "file").open("rb")), Asked())
    assert answer.body == b"f" * 100_000


def test_a_streamed_answer_that_fails_half_way_is_an_error_and_nobody_sees_half(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def half_an_answer() -> Iterator[bytes]:
        yield b"one half, "
        raise RuntimeError("canary")

    with caplog.at_level(logging.DEBUG):
        answer, _ = staff(lambda environ: StreamingHttpResponse(half_an_answer()), Asked())
    assert answer.status == 500
    assert b"half" not in answer.body
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


def test_an_upload_above_the_limit_is_refused() -> None:
    scope = Asked("POST", headers=Headers([("content-length", str(rsgi.STAFF_MAX_BODY_BYTES + 1))]))
    (answer,) = asked(door(), (scope, Connection()))
    assert answer.status == 413


def test_a_fault_behind_the_door_is_logged_by_its_name_alone(caplog: pytest.LogCaptureFixture) -> None:
    def downstream(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("canary")

    with caplog.at_level(logging.DEBUG):
        (answer,) = asked(door(downstream), (Asked(), Connection()))
    assert answer.status == 500
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


# Through a real server


# manage.py as it is, up to where the command that it was asked for would begin.
ANY_COMMAND = """
import json, resource, runpy, sys
from django.core import management
management.execute_from_command_line = lambda argv: print(json.dumps([argv, resource.getrlimit(resource.RLIMIT_CORE)]))
sys.argv = ["manage.py", "worker"]
runpy.run_path("manage.py", run_name="__main__")
"""


def allow_core_dumps() -> None:
    """As on a machine that writes them."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


@pytest.mark.process
def test_the_server_leaves_no_image_of_its_memory_when_it_crashes(tmp_path: Path) -> None:
    """A core dump of a web process holds the requests it was answering."""
    port = launcher.free_port()
    with new_installation(tmp_path, {}) as own:
        child = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=own | {"LOCAL_HTTP": "1"},
            stdout=subprocess.DEVNULL,
            preexec_fn=allow_core_dumps,
        )
        try:
            launcher._wait_until_listening(port, child)
            limits = [Path(f"/proc/{pid}/limits").read_text() for pid in living_family(child.pid)]
        finally:
            child.terminate()
            child.wait(20)
    assert len(limits) >= 2
    assert all(re.search(r"^Max core file size +0 +0 ", text, re.MULTILINE) for text in limits)


@pytest.mark.process
def test_no_command_leaves_an_image_of_its_memory_when_it_crashes(tmp_path: Path) -> None:
    """The worker, `fold`, `keys`, `doctor` and `what_we_hold` read open views, or keys: whichever runs, none dumps."""
    child = subprocess.run(
        [sys.executable, "-c", ANY_COMMAND],
        check=True,
        cwd=ROOT,
        env={**os.environ, "DATA_DIRECTORY": str(tmp_path)},
        preexec_fn=allow_core_dumps,
        capture_output=True,
        text=True,
    )
    assert json.loads(child.stdout) == [["manage.py", "worker"], [0, 0]]


@pytest.mark.process
def test_a_real_server_answers_the_audience_and_the_staff(tmp_path: Path) -> None:
    with (
        new_installation(tmp_path, {}) as own,
        launcher.run_server(launcher.PRODUCTION_APPLICATION, environment={**own, "LOCAL_HTTP": "1"}) as url,
        closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)) as link,
    ):
        told = []
        too_long = {"Content-Length": "4097"}  # refused before a byte of it is sent
        for method, path, body, headers in (
            ("POST", "/api/v1/decide", iter([b'{"placement":', b'"nowhere"}']), {}),
            ("POST", "/api/v1/decide", None, too_long),
            ("HEAD", "/static/campaign/embed.js", None, {}),
            ("GET", "/favicon.ico", None, {}),
            ("GET", "/health/ready", None, {}),
            ("GET", "/sign-in/", None, {}),
            ("HEAD", "/sign-in/", None, {}),
            ("GET", "/nothing/%FF/here", None, {}),
        ):
            link.request(method, path, body=body, headers=headers)
            reply = link.getresponse()
            told.append((reply.status, bool(reply.read()), reply.getheader("Content-Length") not in (None, "0")))
            link.close()  # after a body that was not read the server does so too
    assert told == [
        (404, True, True),
        (413, True, True),
        (200, False, True),
        (204, False, False),
        (200, True, True),
        (200, True, True),
        (200, False, True),
        (404, True, True),
    ]
