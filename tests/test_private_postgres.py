"""Tests of the private PostgreSQL server: stopping it, pausing it, and leaving it running."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.installation import ROOT
from tests.postgres import cluster
from tests.waiting import wait_until

pytestmark = [pytest.mark.only_on("postgresql", reason="starts a server"), pytest.mark.process]

# Says where its server lives, and waits to be killed.
LEFT_BEHIND = """
from tests.postgres import cluster
with cluster() as server:
    print(server.directory, flush=True)
    input()
"""


def test_what_was_committed_survives_an_immediate_stop() -> None:
    with cluster() as server:
        with psycopg.connect(server.url("second")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.stop("immediate")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url("second"))
        server.start()
        with psycopg.connect(server.url("second")) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_frozen_server_accepts_connections_and_answers_nothing_until_it_is_thawed() -> None:
    with cluster() as server:
        server.pause()
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            psycopg.connect(server.url("second"), connect_timeout=2)
        server.resume()
        psycopg.connect(server.url("second"), connect_timeout=10).close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_server_whose_test_run_was_killed(number: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", LEFT_BEHIND], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    directory = Path(run.stdout.readline().strip())
    assert (directory / "data" / "postmaster.pid").exists()
    run.send_signal(number)
    run.communicate()
    wait_until(lambda: not directory.exists())
