"""While the disk is full or read-only no event is falsely acknowledged and every message is shown; then all goes on."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.installation import PLACEMENT, ROOT, receipts, serving
from tests.demo_installation import copy_demo_installation
from tests.power.ledger import broken, in_audience, in_spool, missing
from tests.power.outage import DiskOutage, FullDisk, SimulatedOutage, can_mount, make_read_only, mounted
from tests.power.runs import APPLICATION, EventSenders, events, post
from tests.waiting import wait_until


def messages_are_shown(port: int, *, times: int = 20) -> None:
    """Decide answers with a message and a receipt, as ever."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(times):
        status, answer = post(link, "/api/v1/decide", {"placement": PLACEMENT})
        assert (status, set(answer)) == (200, {"message", "receipt"})
        assert answer["receipt"]
    link.close()


def readiness(port: int) -> tuple[int, dict[str, Any]]:
    """The status and the body of /health/ready."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as link:
        link.request("GET", "/health/ready")
        reply = link.getresponse()
        return reply.status, json.loads(reply.read())


def until_ready_says(port: int, status: int) -> tuple[str, bool, bool]:
    """Wait for this status of readiness, while nobody sends an event; what it says of messages and of events."""
    wait_until(lambda: readiness(port)[0] == status, what=f"readiness {status}")
    told = readiness(port)[1]
    return told["status"], told["serving"], told["recording"]


def sent_again_until_accepted(visitors: EventSenders, *, seconds: float = 15) -> None:
    """What was refused is sent again, as visitors do, until nothing is refused."""
    end = time.monotonic() + seconds
    while visitors.refused and time.monotonic() < end:
        again = [event for event, _ in visitors.refused]
        visitors.refused.clear()
        visitors.send(again)


def lives_through(own: Mapping[str, str], outage: DiskOutage) -> None:
    """A server meets the outage with events and decisions under way, and gets over it without a restart."""
    with serving(APPLICATION, {**own, **outage.variables()}) as served:
        visitors = EventSenders(served.port, outage.directory / "keys")
        all_events = events(receipts(served.port, 360))
        visitors.send(all_events[:60])
        assert visitors.refused == []
        for start in range(60, 300, 40):
            outage.begin()  # again: what a database lets go of when it closes is not to be room for the next
            visitors.send(all_events[start : start + 40])
        messages_are_shown(served.port)
        assert until_ready_says(served.port, 503) == ("unavailable", True, False)
        outage.end()
        assert visitors.refused, "the outage was not felt"
        assert {code for _, code in visitors.refused} == {"not_recorded"}
        sent_again_until_accepted(visitors)
        visitors.send(all_events[300:])
        assert visitors.refused == []
        assert until_ready_says(served.port, 200) == ("degraded", True, True)  # no worker runs here
    assert len(visitors.ledger) == 360
    assert missing(visitors.ledger, outage.directory) == []
    assert broken(outage.directory) == []


@pytest.mark.parametrize("fault", ["full", pytest.param("read-only", marks=pytest.mark.proof)])
def test_a_disk_that_refuses_for_a_while_loses_nothing_that_was_acknowledged(tmp_path: Path, fault: str) -> None:
    own = copy_demo_installation(tmp_path)
    lives_through(own, SimulatedOutage(Path(own["DATA_DIRECTORY"]), fault))


if can_mount():

    @pytest.mark.proof
    def test_a_real_disk_that_is_full_for_a_while_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
        with mounted(tmp_path / "data"):
            own = copy_demo_installation(tmp_path)
            lives_through(own, FullDisk(Path(own["DATA_DIRECTORY"])))

    @pytest.mark.proof
    def test_while_the_audience_database_is_on_a_real_read_only_disk_events_wait_in_the_spool(tmp_path: Path) -> None:
        own = copy_demo_installation(tmp_path)
        data, apart = Path(own["DATA_DIRECTORY"]), tmp_path / "apart"
        with ExitStack() as stack:
            stack.enter_context(mounted(apart))
            shutil.move(data / "audience.sqlite3", apart)
            make_read_only(apart, yes=True)
            own["AUDIENCE_DATABASE_URL"] = f"sqlite:///{apart / 'audience.sqlite3'}"
            served = stack.enter_context(serving(APPLICATION, own))
            visitors = EventSenders(served.port, data / "keys")
            visitors.send(events(receipts(served.port, 60)))
            messages_are_shown(served.port)
            assert (len(visitors.ledger), visitors.refused) == (60, [])
            assert len(in_spool(data)) == 60
            make_read_only(apart, yes=False)
            subprocess.run([sys.executable, "manage.py", "worker", "--once"], check=True, cwd=ROOT, env=own)
            assert in_spool(data) == {}
            assert in_audience(apart) == {entry.nonce: entry.bits for entry in visitors.ledger}
