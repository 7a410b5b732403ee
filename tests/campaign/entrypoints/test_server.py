"""Worker processes of one server, which count networks together."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from benchmarks.installation import PLACEMENT, serving
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION
from campaign.keys.reloader import KeyReloader
from campaign.serving.network_share import FLOOR
from tests.demo_installation import copy_demo_installation

pytestmark = pytest.mark.process


def test_the_workers_of_one_server_share_what_one_network_may_count(tmp_path: Path) -> None:
    own = {**copy_demo_installation(tmp_path), "NETWORK_SHARE": "0.01"}
    signer = KeyReloader(Path(own["DATA_DIRECTORY"]) / "keys", clock=time.time).receipt_signer
    counted = 0
    with serving(PRODUCTION_APPLICATION, own, workers=2) as served:
        assert len(served.processes) == 3
        for number in range(60):  # each on a connection of its own, which either worker may take
            line = http.client.HTTPConnection("127.0.0.1", served.port)
            line.request(
                "POST", "/api/v1/decide", json.dumps({"placement": PLACEMENT}), {"X-Real-IP": f"192.0.2.{number}"}
            )
            receipt = json.loads(line.getresponse().read())["receipt"]
            line.close()
            counted += not signer.verify(receipt, hour=0).left_out
    assert counted == FLOOR
