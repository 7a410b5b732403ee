"""A bundle made on one installation is imported on another, with other keys, and averaged there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.process_runner import run
from tests.installation import ROOT, new_installation

pytestmark = [pytest.mark.process, pytest.mark.slow]
HERE = "tests.analytics.learned.test_two_installations"


def close_campaign(*, slug: str, name: str) -> dict[str, Any]:
    """Runs inside an installation: a campaign from launch to close, and what the worker then writes."""
    from analytics.worker.steps import record_learned_results
    from tests import world
    from tests.analytics.learned import closed_campaigns

    closed_campaigns.closed(slug, getattr(closed_campaigns, name), plan=closed_campaigns.WIDE)
    return {"written": record_learned_results(world.NOON)}


def averages() -> list[dict[str, Any]]:
    """Runs inside an installation: each average, and the organisations whose campaigns are there."""
    from analytics.models import LearnedResult, PooledComparison

    theirs = list(LearnedResult.objects.filter(campaign=None).values_list("signer__organisation", flat=True))
    rows = PooledComparison.objects.order_by("treated").values(
        "treated", "campaigns", "theirs", "people", "effect", "reason"
    )
    return [{**row, "from": theirs} for row in rows]


def manage(own: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(own), capture_output=True, text=True, check=False
    )


def test_a_result_travels_from_one_to_the_other(tmp_path: Path) -> None:
    file = tmp_path / "theirs.zip"
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with (
        new_installation(tmp_path / "one", {"LOCAL_HTTP": "1"}) as one,
        new_installation(tmp_path / "other", {"LOCAL_HTTP": "1"}) as other,
    ):
        run(one, f"{HERE}:close_campaign", slug="theirs", name="BETTER")
        assert manage(one, "bundle", "theirs", str(file)).returncode == 0
        checked = json.loads(manage(one, "analyse", "--bundle", str(file), "--json").stdout)
        assert checked["holds"]

        run(other, f"{HERE}:close_campaign", slug="ours", name="NOTHING")
        assert {row["campaigns"] for row in run(other, f"{HERE}:averages")} == {1}
        refused = manage(other, "import_bundle", str(file))
        assert "Nobody here has confirmed the key that signed it" in refused.stderr
        told = ["--organisation", "Example Trust", "--signed-by", checked["fingerprint"]]
        assert "Imported" in manage(other, "import_bundle", str(file), *told).stdout
        assert "already here" in manage(other, "import_bundle", str(file)).stdout

        pooled = run(other, f"{HERE}:averages")
        assert [row["treated"] for row in pooled] == ["both", "user", "victim"]
        for row in pooled:
            assert (row["campaigns"], row["theirs"], row["from"], row["reason"]) == (2, 1, ["Example Trust"], "")
            assert row["effect"] is not None
        assert pooled[0]["people"] == 80_000 + 5012 + 4981
