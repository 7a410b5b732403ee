"""A deploy under load: two servers behind nginx are restarted in turn, and no request fails."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from campaign.entrypoints import launcher
from tests.demo_installation import copy_demo_installation
from tests.deploy.proxy import NAME, Proxy, program, proxy
from tests.installation import ROOT
from tests.waiting import wait_until

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")


class Server:
    """One of the servers, as its unit runs it."""

    def __init__(self, variables: dict[str, str], port: int) -> None:
        self._variables, self.port = variables, port
        self.start()

    def start(self) -> None:
        command = launcher.server_command(launcher.PRODUCTION_APPLICATION, port=self.port)
        self._child = subprocess.Popen(command, cwd=ROOT, env=launcher.server_environment(self._variables))
        wait_until(self._lives, seconds=60)  # the guide waits for this too: it listens before it can answer

    def _lives(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait(timeout=30)


def visit(at: Proxy, stop: threading.Event, statuses: list[int]) -> None:
    """Ask for a message and report it as seen, again and again; 0 stands for a broken connection."""
    trust = at.trust()
    while not stop.is_set():
        try:
            raw = socket.create_connection(("127.0.0.1", at.tls_port), timeout=20)
            connection = http.client.HTTPConnection(NAME)
            connection.sock = trust.wrap_socket(raw, server_hostname=NAME)
            with closing(connection):
                status, said = _post(connection, "decide", {"placement": "partner-page", "locale": "en"})
                statuses.append(status)
                if status == 200:
                    event = {"receipt": said["receipt"], "outcome": "exposed"}
                    statuses.append(_post(connection, "events", event)[0])
        except (OSError, http.client.HTTPException):
            statuses.append(0)


def _post(connection: http.client.HTTPConnection, path: str, value: object) -> tuple[int, dict[str, str]]:
    connection.request("POST", f"/api/v1/{path}", json.dumps(value), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    return response.status, json.loads(body) if response.status == 200 else {}


@contextmanager
def under_load(at: Proxy, statuses: list[int]) -> Iterator[None]:
    stop = threading.Event()
    visitors = [threading.Thread(target=visit, args=(at, stop, statuses)) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    try:
        _more_than(100, statuses)
        yield
        _more_than(100, statuses)
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join(timeout=60)


def _more_than(number: int, statuses: Sequence[int]) -> None:
    """So many more requests have been answered."""
    before = len(statuses)
    wait_until(lambda: len(statuses) >= before + number, seconds=120)


def statuses_while_restarting(folder: Path, *, both: bool, restarts: int) -> Sequence[int]:
    """The status of every request while servers are stopped and started again in turn, so often in all."""
    variables = {**copy_demo_installation(folder), "LOCAL_HTTP": "0", "BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": NAME}
    servers = [Server(variables, launcher.free_port()) for _ in range(2 if both else 1)]
    ports = [one.port for one in servers] if both else [servers[0].port, launcher.free_port()]
    statuses: list[int] = []
    try:
        with proxy(ports) as at, under_load(at, statuses):
            for one in islice(cycle(servers), restarts):
                one.stop()
                one.start()
    finally:
        for one in servers:
            one.stop()
    return statuses


@pytest.fixture(autouse=True)
def nginx() -> None:
    program()


@pytest.mark.proof
def test_no_request_fails_while_two_servers_are_restarted_in_turn(tmp_path: Path) -> None:
    statuses = statuses_while_restarting(tmp_path, both=True, restarts=4)
    assert len(statuses) > 100
    assert [status for status in statuses if status != 200] == []


@pytest.mark.proof
def test_requests_fail_while_the_only_server_is_restarted(tmp_path: Path) -> None:
    assert {502} <= set(statuses_while_restarting(tmp_path, both=False, restarts=1))
