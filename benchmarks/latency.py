"""Latency under load: decisions at 2,000 a second, and events with two workers.

The client keeps to a timetable (see open_loop). The server's processes share one core, so with two workers there is no
more CPU than with one: what is tested is that they do not stand in each other's way on the disk.
"""

from __future__ import annotations

from itertools import repeat

from benchmarks.events import requests
from benchmarks.installation import DECIDE, installation, receipts, serving
from benchmarks.open_loop import Timed, drive_on_time, percentile
from benchmarks.processes import on_core, two_cores
from benchmarks.ratio_table import Line
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION

DECIDE_RATE, DECIDE_SECONDS, DECIDE_GOAL = 2_000, 25.0, 0.010
EVENT_RATE, EVENT_SECONDS, EVENT_GOAL = 1_000, 25.0, 0.050
WORKERS = 2
WARM_UP = 2.0


def measure() -> list[Line]:
    """The median and the 99th percentile with their goals, and the number of refused requests."""
    with installation() as own, on_core(two_cores()[1]):
        with serving(PRODUCTION_APPLICATION, own) as real:
            drive_on_time(real.port, repeat(DECIDE), rate=DECIDE_RATE, seconds=WARM_UP)
            decided = drive_on_time(real.port, repeat(DECIDE), rate=DECIDE_RATE, seconds=DECIDE_SECONDS)
        with serving(PRODUCTION_APPLICATION, own, workers=WORKERS) as real:
            fresh = receipts(real.port, round(EVENT_RATE * (WARM_UP + EVENT_SECONDS) / 3) + 1)
            events = requests(fresh, batch=1)
            drive_on_time(real.port, events, rate=EVENT_RATE, seconds=WARM_UP)
            told = drive_on_time(real.port, events, rate=EVENT_RATE, seconds=EVENT_SECONDS)
    return [
        *_lines(f"decide: p99 at {DECIDE_RATE:,} a second, ms", decided, DECIDE_GOAL),
        *_lines(f"events: p99 at {EVENT_RATE:,} a second with {WORKERS} workers, ms", told, EVENT_GOAL),
        Line("events: not recorded, a lock or anything else", f"{told.refused}", "none", told.refused == 0),
    ]


def _lines(name: str, timed: Timed, goal: float) -> list[Line]:
    middle, slow, slowest = (1000 * percentile(timed.latencies, share) for share in (0.5, 0.99, 0.999))
    late = 1000 * percentile(timed.lateness, 0.99)
    return [
        Line(name, f"{slow:.1f}", f"under {1000 * goal:g}", slow < 1000 * goal and timed.refused == 0),
        Line(
            "  p50, p99.9, ms; requests; p99 of how late they left, ms",
            f"{middle:.1f}, {slowest:.1f}; {len(timed.latencies):,}; {late:.1f}",
        ),
    ]
