"""A few kills in each run of the tests; `python -m tests.crash kills` does hundreds."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import ANSWER_FIRST, NO_NOTE, kills
from tests.crash.clock import FastClock
from tests.crash.site import CrashSite, prepare_installation, running
from tests.demo_installation import copy_demo_installation
from tests.environment import POSTGRESQL

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.proof]
SPEED = 2400.0  # an hour is a second and a half
PACE = 200.0  # requests a second: other tests run beside these


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    if POSTGRESQL:
        with prepare_installation(tmp_path) as made:
            yield made
    else:
        yield copy_demo_installation(tmp_path)


def test_nothing_is_lost_or_doubled_by_kills(environment: dict[str, str]) -> None:
    with running(CrashSite(environment, FastClock.starting_now(speed=SPEED), workers=2)) as site:
        done = kills.run_kills(site, kills=6, events=1_000, seed=2, interval=0.5, pace=PACE)
        assert done.clean, f"{done.table()}\n{site.logs()}"
        assert done.load.ledger.acknowledged >= 1_000


@pytest.mark.only_on("sqlite", reason="a fault is as wrong on either engine")
class TestThatItCanTurnRed:
    def test_a_server_that_answers_before_it_writes_is_found(self, environment: dict[str, str]) -> None:
        with running(CrashSite(environment, FastClock.starting_now(speed=SPEED), fault=ANSWER_FIRST)) as site:
            kinds = {kills.WEB_WORKER: 1}
            done = kills.run_kills(
                site, kills=3, events=300, seed=2, interval=0.6, pace=PACE, kinds=kinds, events_between=50
            )
        assert done.verdict.lost > 0
        assert done.verdict.double == 0

    def test_a_fold_that_does_not_note_how_far_it_is_is_found(self, environment: dict[str, str]) -> None:
        with running(CrashSite(environment, FastClock.starting_now(speed=SPEED), fault=NO_NOTE)) as site:
            kinds = {kills.WORKER_FOLDING: 1}
            # This worker waits after each stretch that it counted: it is killed while it does, on a slow machine too.
            done = kills.run_kills(
                site, kills=3, events=300, seed=2, interval=0.3, pace=PACE, kinds=kinds, into_a_fold=0.4
            )
        assert done.verdict.double > 0
        assert done.verdict.lost == 0
