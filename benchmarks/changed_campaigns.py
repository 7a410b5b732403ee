"""What it costs the worker each minute to compare a thousand running campaigns with what was frozen and recorded."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line

CAMPAIGNS, REVISIONS, PASSES = 1_000, 2_000, 5
SECONDS = 1.0


def measure() -> list[Line]:
    """The time of a pass of the worker over all campaigns, and how many passes it takes to compare each."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        run(own, "tests.browser.cast:build")
        run(own, "benchmarks.staff_pages:crowd", campaigns=CAMPAIGNS, revisions=REVISIONS, looks=False)
        found = run(own, "benchmarks.changed_campaigns:timed")
    name = f"verify: a pass of the worker over {found['campaigns']:,} running campaigns, s"
    return [
        Line(name, f"{found['seconds']:.2f}", f"under {SECONDS:g}", found["seconds"] < SECONDS),
        Line("  all of them at once, s", f"{found['all']:.2f}"),
        Line("  passes until each was compared", f"{found['passes']}"),
    ]


def timed() -> dict[str, Any]:
    """Runs inside an installation: seconds of a pass, the median of several, and of a comparison of all campaigns."""
    from campaign.lifecycle.frozen_plan import changed_plans
    from campaign.models import Campaign

    running = list(Campaign.objects.filter(state=Campaign.State.RUNNING).values_list("pk", flat=True))
    begun = time.thread_time()
    if changed := changed_plans(running):
        raise RuntimeError(f"these were changed: {changed}")
    at_once = time.thread_time() - begun
    return {"campaigns": len(running), "all": at_once, "seconds": at_once, "passes": 1}
