"""The database away for a few seconds in each run of the tests; `python -m tests.crash outage` does 15 minutes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.clock import FastClock
from tests.crash.outage import FROZEN, STOPPED, STOPPED_RESTARTED, run_outages
from tests.crash.site import CrashSite, prepare_installation, running
from tests.postgres import Cluster, NoPostgresError, cluster, programs


def _missing() -> str:
    if sys.platform != "linux":
        return "finds processes in /proc"
    try:
        programs()
    except NoPostgresError as reason:
        return str(reason)
    return ""


pytestmark = [pytest.mark.skipif(bool(_missing()), reason=_missing()), pytest.mark.proof]


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A database server of its own: the one of the test run, if there is one, is not to be stopped."""
    with cluster() as made:
        yield made


def test_with_the_database_away_messages_are_shown_and_events_are_counted_once(server: Cluster, tmp_path: Path) -> None:
    # An hour is two seconds: views close while the database is away, and wait in the spool to be counted.
    with (
        prepare_installation(tmp_path, server.environment()) as environment,
        running(CrashSite(environment, FastClock.starting_now(speed=1800), cluster=server)) as site,
    ):
        done = run_outages(site, [STOPPED, FROZEN, STOPPED_RESTARTED], seconds=4, seed=3, pace=80, around=0.7)
        assert done.clean, f"{done.table()}\n{site.logs()}"
        assert done.spooled > 0
