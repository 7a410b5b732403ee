"""Two servers behind nginx: a request that is sent again under its key is one draw, and is counted as served once."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.entrypoints import launcher
from tests.demo_installation import copy_demo_installation
from tests.deploy.proxy import NAME, Proxy, program, proxy
from tests.deploy.test_restart import Server
from tests.deploy.visits import marked, send
from tests.waiting import wait_until

pytestmark = pytest.mark.only_on("sqlite", reason="the same on both engines")
AGAIN, KEYS = 6, 12
ROUND_ROBIN = ("hash $draw consistent;", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Server]]]:
    """The data directory, and two servers with it."""
    program()
    folder = tmp_path_factory.mktemp("site")
    variables = {**copy_demo_installation(folder), "LOCAL_HTTP": "0", "BEHIND_TLS_PROXY": "1", "ALLOWED_HOSTS": NAME}
    variables["SERVED_FLUSH_SECONDS"] = "0.1"
    servers = [Server(variables, launcher.free_port()) for _ in range(2)]
    yield folder / "data", servers
    for server in servers:
        server.stop()


def served(data: Path) -> int:
    """How many messages were counted, those that were left out as well."""
    with closing(sqlite3.connect(data / "default.sqlite3")) as database:
        tables = ("campaign_servedcount", "campaign_leftoutcount")
        return sum(database.execute(f"SELECT COALESCE(SUM(count), 0) FROM {name}").fetchone()[0] for name in tables)


def ask(at: Proxy, key: str) -> str:
    """Ask for a message under a key; its headline."""
    body = json.dumps({"placement": "partner-page", "key": key}, separators=(",", ":")).encode()
    answer = send(at, marked("mark", method="POST", path="/api/v1/decide", body=body))
    headline: str = json.loads(answer.partition(b"\r\n\r\n")[2])["message"]["headline"]
    return headline


def ask_all_again_and_again(at: Proxy, name: str) -> None:
    hour = int(time.time()) // SECONDS_PER_HOUR
    for number in range(KEYS):
        assert len({ask(at, f"{hour}-{name}-{number:020}") for _ in range(AGAIN)}) == 1


def test_the_key_leads_to_the_server_that_has_counted_it(site: tuple[Path, list[Server]]) -> None:
    data, servers = site
    before = served(data)
    with proxy([server.port for server in servers]) as at:
        ask_all_again_and_again(at, "shipped")
        wait_until(lambda: served(data) >= before + KEYS)
        ask(at, f"{int(time.time()) // SECONDS_PER_HOUR}-last-{0:020}")
        wait_until(lambda: served(data) > before + KEYS)
    assert served(data) == before + KEYS + 1


def test_without_that_line_both_servers_count_it(site: tuple[Path, list[Server]]) -> None:
    data, servers = site
    before = served(data)
    with proxy([server.port for server in servers], faults=[ROUND_ROBIN]) as at:
        ask_all_again_and_again(at, "in-turns")
        wait_until(lambda: served(data) == before + 2 * KEYS)
