"""How long the files of results take: the page for a board, the report, and a bundle made and checked."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process_runner import run
from benchmarks.ratio_table import Line

ROUNDS = 7
GOALS = {"board.pdf": 2.0, "report.pdf": 4.0, "bundle.zip": 5.0, "checking the bundle": 5.0}  # seconds


def measure() -> list[Line]:
    """The time that each takes as the worker makes it, the process that sets a document included."""
    from tests.installation import new_installation

    with (
        tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory,
        new_installation(Path(directory), {"LOCAL_HTTP": "1"}) as own,
    ):
        run(own, "tests.browser.cast:build")
        found = run(own, "benchmarks.result_files:timed", rounds=ROUNDS)
    return [
        Line(f"files: {name}, s", f"{median(found[name]):.2f}", f"under {goal:g}", median(found[name]) < goal)
        for name, goal in GOALS.items()
    ]


def timed(*, rounds: int) -> dict[str, Any]:
    """Runs inside an installation: seconds of each round."""
    from analytics.bundle_check.archive import open_bundle
    from analytics.bundle_check.check import check_bundle
    from analytics.export.files import FILES
    from analytics.export.look_tables import exportable_looks
    from campaign.models import Campaign

    analysis = exportable_looks(Campaign.objects.get(slug="pilot"))[-1]
    makers = {file.name: file.make for file in FILES}
    taken: dict[str, list[float]] = {name: [] for name in GOALS}
    bundle = makers["bundle.zip"](analysis)
    for _ in range(rounds):
        for name in taken:
            begun = time.perf_counter()
            if name in makers:
                makers[name](analysis)
            elif not check_bundle(open_bundle(bundle)).holds:
                raise RuntimeError("the bundle does not hold")
            taken[name].append(time.perf_counter() - begun)
    return taken
