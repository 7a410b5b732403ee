"""A few kills in each run of the tests; `python -m tests.crash kills` does hundreds."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import ANSWER_FIRST, NO_NOTE, kills
from tests.crash.clock import FastClock
from tests.crash.site import Site, prepared, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
SPEED = 1800.0  # an hour is two seconds


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with prepared(tmp_path_factory.mktemp("installation")) as environment:
        yield environment


@pytest.fixture
def environment(template: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A new installation: on SQLite a copy of its files is one; on PostgreSQL the first test has it for itself."""
    directory = tmp_path / "data"
    shutil.copytree(template["DATA_DIRECTORY"], directory)
    return {**template, "DATA_DIRECTORY": str(directory)}


def test_nothing_is_lost_or_doubled_by_kills(environment: dict[str, str]) -> None:
    with running(Site(environment, FastClock.starting_now(speed=SPEED))) as site:
        done = kills.campaign(site, kills=8, events=2_000, seed=2, interval=0.7)
        assert done.clean, f"{done.table()}\n{site.logs()}"
        assert done.load.ledger.acknowledged >= 2_000


@pytest.mark.only_on("sqlite", reason="a fault is as wrong on either engine")
class TestThatItCanTurnRed:
    def test_a_server_that_answers_before_it_writes_is_found(self, environment: dict[str, str]) -> None:
        with running(Site(environment, FastClock.starting_now(speed=SPEED), fault=ANSWER_FIRST)) as site:
            kinds = {kills.WEB_WORKER: 1}
            done = kills.campaign(site, kills=4, events=500, seed=2, interval=0.7, kinds=kinds)
        assert done.verdict.lost > 0
        assert done.verdict.double == 0

    def test_a_fold_that_does_not_note_how_far_it_is_is_found(self, environment: dict[str, str]) -> None:
        with running(Site(environment, FastClock.starting_now(speed=SPEED), fault=NO_NOTE)) as site:
            kinds = {kills.WORKER_FOLDING: 1}
            done = kills.campaign(site, kills=3, events=500, seed=2, interval=0.3, kinds=kinds)
        assert done.verdict.double > 0
        assert done.verdict.lost == 0
