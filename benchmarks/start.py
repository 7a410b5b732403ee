"""What one worker holds in memory after it has served every kind of page, and that scipy is not in it."""

from __future__ import annotations

from itertools import repeat

from benchmarks.events import requests
from benchmarks.installation import DECIDE, PLACEMENT, installation, receipts, side_by_side
from benchmarks.load import drive, get
from benchmarks.processes import mapped, resident_mib
from benchmarks.rounds import Line

FORBIDDEN = ("scipy", "numpy")
PAGES = (f"/m/{PLACEMENT}/", "/sign-in/", "/api/schema/", "/api/docs/", "/static/campaign/embed.js")


def measure() -> list[Line]:
    """The worker's memory beside that of a worker with the constant, after the same number of requests."""
    with installation() as own, side_by_side(own, constant_bytes=1024) as (real, constant):
        for served in (real, constant):
            drive(served.port, repeat(DECIDE, 10_000), seconds=30)
            drive(served.port, (get(page) for page in PAGES), seconds=30, connections=1)
        drive(real.port, requests(receipts(real.port, 1_000), batch=1), seconds=30)
        ours, yardstick = resident_mib(real.worker), resident_mib(constant.worker)
        found = [name for name in FORBIDDEN if mapped(real.worker, name)]
    return [
        Line("start: a worker's memory, in those with a constant", f"{ours / yardstick:.1f}"),
        Line("  MiB resident after load, constant's", f"{ours:.0f}, {yardstick:.0f}"),
        Line("start: statistics libraries in a worker", ", ".join(found) or "none", "none", not found),
    ]
