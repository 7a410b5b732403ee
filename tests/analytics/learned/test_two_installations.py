"""A bundle made on one installation is imported on another, with other keys, and averaged there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analytics.export.zip_file import pack
from benchmarks.process_runner import run
from tests.analytics.bundle_check.test_check import unpacked
from tests.installation import ROOT, new_installation

pytestmark = [pytest.mark.process, pytest.mark.slow]
HERE = "tests.analytics.learned.test_two_installations"


def close_campaign(*, slug: str, name: str, **plan: Any) -> dict[str, Any]:
    """Runs inside an installation: a campaign from launch to close, and what the worker then writes."""
    from analytics.worker.steps import record_learned_results
    from tests import world
    from tests.analytics.learned import closed_campaigns

    closed_campaigns.closed(slug, getattr(closed_campaigns, name), plan=closed_campaigns.WIDE | plan)
    return {"written": record_learned_results(world.NOON)}


def averages() -> list[dict[str, Any]]:
    """Runs inside an installation: each average, and the organisations whose campaigns are there."""
    from analytics.models import LearnedResult, PooledComparison

    theirs = list(LearnedResult.objects.filter(campaign=None).values_list("signer__organisation", flat=True))
    rows = PooledComparison.objects.order_by("treated").values(
        "treated", "campaigns", "theirs", "people", "effect", "reason"
    )
    return [{**row, "from": theirs} for row in rows]


def shown_to_staff() -> dict[str, str]:
    """Runs inside an installation: the pages across campaigns, and the length of a trial that follows a result."""
    from django.test import Client

    from campaign.follow_up.next_trial import plan_next_trial
    from campaign.models import Campaign
    from tests import world

    draft = plan_next_trial(Campaign.objects.get(slug="ours"), "victim", by=world.person("mara", "manager"))
    mara = Client(SERVER_NAME="localhost")
    world.sign_in(mara, world.person("mara"))
    pages = {"library": "/learned/", "found": "/learned/?q=pilot", "length": f"/campaigns/{draft.slug}/plan-it/length/"}
    pages["average"] = "/learned/averages/?show=turned_back.both.neutral.view"
    return {name: " ".join(mara.get(path).content.decode().split()) for name, path in pages.items()}


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
        run(one, f"{HERE}:close_campaign", slug="by-place", name="BETTER", strata="placement")
        another = tmp_path / "by-place.zip"
        assert manage(one, "bundle", "by-place", str(another)).returncode == 0
        spoilt = tmp_path / "spoilt.zip"
        spoilt.write_bytes(with_another_byte(file.read_bytes()))
        told = ["--organisation", "Example Trust", "--signed-by", checked["fingerprint"]]
        assert "Imported" in manage(other, "import_bundle", str(file), *told).stdout
        assert "already here" in manage(other, "import_bundle", str(file)).stdout
        assert manage(other, "import_bundle", str(spoilt)).returncode != 0
        assert "Imported" in manage(other, "import_bundle", str(another)).stdout  # the key is confirmed once

        pooled = run(other, f"{HERE}:averages")
        assert [row["treated"] for row in pooled] == ["both", "user", "victim"]
        for row in pooled:
            assert (row["campaigns"], row["theirs"], row["from"], row["reason"]) == (2, 1, ["Example Trust"] * 2, "")
            assert row["effect"] is not None
        assert pooled[0]["people"] == 80_000 + 5012 + 4981

        pages = run(other, f"{HERE}:shown_to_staff")
        assert pages["library"].count("from Example Trust") == 2
        assert "it was not compared message by message" in pages["average"]
        assert "What the earlier campaign says" in pages["length"]
        assert "van Zwet" in pages["length"]


def with_another_byte(content: bytes) -> bytes:
    """The same archive with one count changed, under the checksums and the signature of before."""
    files = unpacked(content)
    name = next(name for name in files if name.endswith("counts.csv"))
    return pack(files | {name: files[name].replace(b"1354", b"1355")})
