"""What it costs the worker each minute to compare a thousand running campaigns with what was frozen and recorded."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line

CAMPAIGNS, REVISIONS = 1_000, 2_000
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
    """Runs inside an installation: seconds of the longest pass, and of a comparison of all campaigns at once."""
    from campaign.lifecycle.changed_campaigns import ComparisonTurns
    from campaign.lifecycle.frozen_plan import changed_plans
    from campaign.models import Campaign

    def seconds_for(numbers: list[int]) -> float:
        begun = time.thread_time()
        if changed := changed_plans(numbers):
            raise RuntimeError(f"these were changed: {changed}")
        return time.thread_time() - begun

    running = set(Campaign.objects.filter(state=Campaign.State.RUNNING).values_list("pk", flat=True))
    turns, taken, left = ComparisonTurns(), [], set(running)
    while left:
        share = turns.next_share()
        taken.append(seconds_for(share))
        left -= set(share)
    return {"campaigns": len(running), "all": seconds_for(list(running)), "seconds": max(taken), "passes": len(taken)}
