"""Worker processes of one server, which count networks together, and servers, which count each for itself."""

from __future__ import annotations

import http.client
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.installation import PLACEMENT, Served, serving
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION
from campaign.keys.reloader import KeyReloader
from campaign.serving.network_share import FLOOR
from tests.demo_installation import copy_demo_installation

pytestmark = pytest.mark.process


def counted(served: Served, own: dict[str, str], *, asks: int = 60) -> int:
    """How many messages of one network count, each on a connection of its own, which any worker may take."""
    signer = KeyReloader(Path(own["DATA_DIRECTORY"]) / "keys", clock=time.time).receipt_signer
    receipts = []
    for number in range(asks):
        line = http.client.HTTPConnection("127.0.0.1", served.port)
        line.request("POST", "/api/v1/decide", json.dumps({"placement": PLACEMENT}), {"X-Real-IP": f"192.0.2.{number}"})
        receipts.append(json.loads(line.getresponse().read())["receipt"])
        line.close()
    return sum(not signer.verify(receipt, hour=0).left_out for receipt in receipts)


def sketches_on_record(own: dict[str, str]) -> int:
    with closing(sqlite3.connect(Path(own["DATA_DIRECTORY"]) / "default.sqlite3")) as file:
        return int(file.execute("SELECT count(*) FROM campaign_networksketch").fetchone()[0])


def test_the_workers_of_one_server_share_what_one_network_may_count(tmp_path: Path) -> None:
    own = {**copy_demo_installation(tmp_path), "NETWORK_SHARE": "0.01"}
    with serving(PRODUCTION_APPLICATION, own, workers=2) as served:
        assert len(served.processes) == 3
        assert counted(served, own) == FLOOR
    assert sketches_on_record(own) == 1


def test_each_server_and_each_start_leaves_a_share_and_is_on_record(tmp_path: Path) -> None:
    own = {**copy_demo_installation(tmp_path), "NETWORK_SHARE": "0.01"}
    with serving(PRODUCTION_APPLICATION, own, workers=2) as first, serving(PRODUCTION_APPLICATION, own) as second:
        assert [counted(each, own) for each in (first, second)] == [FLOOR, FLOOR]
    with serving(PRODUCTION_APPLICATION, own) as again:
        assert counted(again, own) == FLOOR
    assert sketches_on_record(own) == 3
