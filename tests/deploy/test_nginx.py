"""nginx as shipped, in front of the real server: whatever is sent, nothing of it is written anywhere."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics.doctor import canaries
from campaign.entrypoints import launcher
from tests.demo_installation import copy_demo_installation
from tests.deploy.proxy import NAME, Proxy, program, proxy
from tests.deploy.visits import SOURCE, marked, send, status, visits
from tests.installation import ROOT

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")
STOCK_ACCESS_LOG = ("access_log off;", "access_log DIRECTORY/access.log;")
STOCK_ERROR_LOG = ("error_log /dev/null emerg;", "error_log DIRECTORY/error.log error;")


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, Path]]:
    """The real server, a port where nobody listens, and the directory that holds all the server writes."""
    program()
    folder = tmp_path_factory.mktemp("site")
    variables = {**copy_demo_installation(folder), "LOCAL_HTTP": "0", "BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": NAME}
    with (folder / "stderr").open("wb") as stderr, _serving(variables, stderr.fileno()) as port:
        yield port, launcher.free_port(), folder


@contextmanager
def _serving(variables: dict[str, str], stderr: int) -> Iterator[int]:
    port = launcher.free_port()
    command = launcher.server_command(launcher.PRODUCTION_APPLICATION, port=port)
    child = subprocess.Popen(command, cwd=ROOT, env=launcher.server_environment(variables), stderr=stderr)
    try:
        launcher._wait_until_listening(port, child)
        yield port
    finally:
        child.terminate()
        child.wait(timeout=20)


def everything_sent(at: Proxy, token: str) -> dict[str, int]:
    """The status of each kind of request, over TLS; some over plain HTTP too, and noise where TLS is spoken."""
    answers = {name: status(send(at, request)) for name, request in visits(token)}
    answers["over plain HTTP"] = status(send(at, marked(token), tls=False))
    noise = Proxy(at.plain_port, at.tls_port, at.directory, at.certificate)
    answers["plain HTTP where TLS is spoken"] = status(send(noise, marked(token), tls=False))
    return answers


def written(token: str, *folders: Path) -> set[str]:
    """The files that hold the mark or the client's address, in any form."""
    sought = [(mark, canaries.searchable_forms(mark)) for mark in (token, SOURCE)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    return {path.name for path in files if canaries.find_canaries(path.read_bytes(), sought)}


def test_no_file_holds_anything_of_a_request(ports: tuple[int, int, Path]) -> None:
    web, nobody, folder = ports
    token = canaries.new_canary()
    with proxy([web, nobody]) as at:
        answers = everything_sent(at, token)
        assert answers["a page"] == answers["a message"] == 200, answers
        assert {200, 308, 400, 404, 405, 413, 414, 421} <= set(answers.values()), answers
        assert written(token, at.directory, folder) == set()
    with proxy([nobody, nobody]) as at:
        assert everything_sent(at, token)["a page"] == 502
        assert written(token, at.directory, folder) == set()


@pytest.mark.parametrize(
    ("fault", "file"), [(STOCK_ACCESS_LOG, "access.log"), (STOCK_ERROR_LOG, "error.log")], ids=["access", "error"]
)
def test_the_settings_that_nginx_comes_with_are_found(
    ports: tuple[int, int, Path], fault: tuple[str, str], file: str
) -> None:
    web, nobody, folder = ports
    token = canaries.new_canary()
    with proxy([web, nobody], faults=[fault]) as at:
        everything_sent(at, token)
        assert written(token, at.directory, folder) == {file}


@pytest.mark.parametrize(
    ("faults", "on_disk"),
    [([], False), ([("client_body_buffer_size 128k;", "client_body_buffer_size 8k;")], True)],
    ids=["as shipped", "with a small buffer"],
)
def test_no_body_is_ever_put_on_the_disk(
    ports: tuple[int, int, Path], faults: list[tuple[str, str]], on_disk: bool
) -> None:
    body = b"x" * 100_000
    request = marked(canaries.new_canary(), method="POST", path="/api/v1/events", body=body)
    loud = (STOCK_ERROR_LOG[0], STOCK_ERROR_LOG[1].replace("error;", "warn;"))
    with proxy(ports[:2], faults=[loud, *faults]) as at:
        assert status(send(at, request)) == 400
        said = (at.directory / "error.log").read_text("utf-8")
        assert ("buffered to a temporary file" in said) is on_disk


def test_a_redirect_to_https_takes_no_query_along(ports: tuple[int, int, Path]) -> None:
    with proxy(ports[:2]) as at:
        answer = send(at, marked("secret", path="/m/partner-page"), tls=False)
    assert b"\r\nLocation: https://thought.example.org/m/partner-page\r\n" in answer


def test_a_visitor_cannot_name_its_own_address(ports: tuple[int, int, Path]) -> None:
    """What the server behind is told of the client: its address from nginx, and nothing that a client said of it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as behind:

        def answer() -> None:
            connection, _ = behind.accept()
            with connection:
                heard.append(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        forged = "X-Real-IP: 198.51.100.1\r\nForwarded: for=198.51.100.1\r\nX-Forwarded-Proto: http"
        with proxy([behind.getsockname()[1], ports[1]]) as at:
            send(at, marked("mark", path="/m/x", more=forged))
        thread.join(timeout=20)
    said = heard[0].decode().lower()
    assert f"x-real-ip: {SOURCE}\r\n" in said
    assert "x-forwarded-proto: https\r\n" in said
    assert f"host: {NAME}\r\n" in said
    assert "198.51.100.1" not in said
    assert "203.0.113.77" not in said


def test_no_session_is_resumed_and_old_protocols_are_refused(ports: tuple[int, int, Path]) -> None:
    with proxy(ports[:2]) as at:
        context = at.trust()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        raw = socket.create_connection(("127.0.0.1", at.tls_port), timeout=20)
        with context.wrap_socket(raw, server_hostname=NAME) as first:
            session = first.session
        raw = socket.create_connection(("127.0.0.1", at.tls_port), timeout=20)
        with context.wrap_socket(raw, server_hostname=NAME, session=session) as second:
            assert not second.session_reused
            assert second.session is None or not second.session.has_ticket


def test_scripts_and_pages_go_out_compressed_as_we_did_it(ports: tuple[int, int, Path]) -> None:
    with proxy(ports[:2]) as at:
        packed = send(at, marked("mark", path="/static/campaign/embed.js", more="Accept-Encoding: gzip, br"))
        page = send(at, marked("mark", path="/m/quiet-page/", more="Accept-Encoding: gzip, br"))
    head, _, body = packed.partition(b"\r\n\r\n")
    assert b"\r\ncontent-encoding: gzip\r\n" in head.lower() + b"\r\n"
    assert b"\r\naccess-control-allow-origin: *\r\n" in head.lower() + b"\r\n"
    assert len(body) <= 5_000
    head, _, body = page.partition(b"\r\n\r\n")
    assert b"\r\ncontent-encoding: gzip\r\n" in head.lower() + b"\r\n"
    assert gzip.decompress(body).startswith(b"<!doctype html>")
