"""A bundle made on one installation is imported on another, with other keys, and averaged there."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from analytics.export.zip_file import pack
from benchmarks.process_runner import run
from tests.analytics.bundle_check.test_check import unpacked
from tests.installation import new_installation

pytestmark = [pytest.mark.process, pytest.mark.slow]
HERE = "tests.analytics.learned.test_two_installations"


def close_and_bundle(*, folder: str) -> dict[str, str]:
    """Runs inside the installation that gives: closes two campaigns and bundles both; the fingerprint of their key."""
    from django.core.management import call_command

    for slug, plan in (("theirs", {}), ("by-place", {"strata": "placement"})):
        close_campaign(slug=slug, name="BETTER", **plan)
        call_command("bundle", slug, f"{folder}/{slug}.zip", stdout=io.StringIO())
    checked = io.StringIO()
    call_command("analyse", "--bundle", f"{folder}/theirs.zip", "--json", stdout=checked)
    assert json.loads(checked.getvalue())["holds"]
    return {"fingerprint": json.loads(checked.getvalue())["fingerprint"]}


def close_campaign(*, slug: str, name: str, **plan: Any) -> None:
    """Runs inside an installation: a campaign from launch to close, and what the worker then writes."""
    from analytics.worker.steps import record_learned_results
    from tests import world
    from tests.analytics.learned import closed_campaigns

    closed_campaigns.closed(slug, getattr(closed_campaigns, name), plan=closed_campaigns.WIDE | plan)
    record_learned_results(world.NOON)


def take_in(*, folder: str, fingerprint: str) -> dict[str, Any]:
    """Runs inside the installation that takes: what its commands say, its averages and its pages."""
    close_campaign(slug="ours", name="NOTHING")
    alone = averages()
    told = ["--organisation", "Example Trust", "--signed-by", fingerprint]
    said = [
        say_import(f"{folder}/{name}.zip", *options)
        for name, options in (("theirs", []), ("theirs", told), ("theirs", []), ("spoilt", []), ("by-place", []))
    ]  # the key is confirmed once
    return {"alone": alone, "said": said, "pooled": averages(), "pages": shown_to_staff()}


def say_import(*arguments: str) -> tuple[bool, str]:
    """Did the command succeed, and what did it say?"""
    from django.core.management import CommandError, call_command

    said = io.StringIO()
    try:
        call_command("import_bundle", *arguments, stdout=said)
    except CommandError as refused:
        return False, str(refused)
    return True, said.getvalue()


def averages() -> list[dict[str, Any]]:
    """Each average, and the organisations whose campaigns are there."""
    from analytics.models import LearnedResult, PooledComparison

    theirs = list(LearnedResult.objects.filter(campaign=None).values_list("signer__organisation", flat=True))
    rows = PooledComparison.objects.order_by("treated").values(
        "treated", "campaigns", "theirs", "people", "effect", "reason"
    )
    return [{**row, "from": theirs} for row in rows]


def shown_to_staff() -> dict[str, str]:
    """The pages across campaigns, and the length of a trial that follows a result."""
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


def test_a_result_travels_from_one_to_the_other(tmp_path: Path) -> None:
    """All that one of them does is done in one process: to start twelve took longer than what they did."""
    folder = str(tmp_path)
    with (
        new_installation(tmp_path / "one", {"LOCAL_HTTP": "1"}) as one,
        new_installation(tmp_path / "other", {"LOCAL_HTTP": "1"}) as other,
    ):
        signed = run(one, f"{HERE}:close_and_bundle", folder=folder)
        (tmp_path / "spoilt.zip").write_bytes(with_another_byte((tmp_path / "theirs.zip").read_bytes()))
        found = run(other, f"{HERE}:take_in", folder=folder, **signed)

    assert {row["campaigns"] for row in found["alone"]} == {1}
    assert [done for done, _ in found["said"]] == [False, True, True, False, True]
    for (_, said), expected in zip(
        found["said"],
        ("Nobody here has confirmed the key that signed it", "Imported", "already here", "", "Imported"),
        strict=True,
    ):
        assert expected in said

    pooled, pages = found["pooled"], found["pages"]
    assert [row["treated"] for row in pooled] == ["both", "user", "victim"]
    for row in pooled:
        assert (row["campaigns"], row["theirs"], row["from"], row["reason"]) == (2, 1, ["Example Trust"] * 2, "")
        assert row["effect"] is not None
    assert pooled[0]["people"] == 80_000 + 5012 + 4981

    assert pages["library"].count("from Example Trust") == 2
    assert "it was not compared message by message" in pages["average"]
    assert "What the earlier campaign says" in pages["length"]
    assert "van Zwet" in pages["length"]


def with_another_byte(content: bytes) -> bytes:
    """The same archive with one count changed, under the checksums and the signature of before."""
    files = unpacked(content)
    name = next(name for name in files if name.endswith("counts.csv"))
    return pack(files | {name: files[name].replace(b"1354", b"1355")})
