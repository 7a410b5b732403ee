"""How fast the assigned message goes out: `POST /api/v1/decide` beside the same server answering a constant."""

from __future__ import annotations

from functools import partial
from itertools import repeat

from benchmarks.installation import DECIDE, Served, installation, serving, side_by_side, usual_size
from benchmarks.load import drive
from benchmarks.processes import on_core, two_cores
from benchmarks.rounds import Effort, Line, in_turns, speed_lines

GOAL = 0.35
ROUNDS, SECONDS = 9, 1.5


def measure() -> list[Line]:
    """The ratio of requests per CPU-second, over interleaved rounds."""
    with installation() as own:
        with serving("campaign.wsgi:application", own) as real:
            size = usual_size(real.port)
        with side_by_side(own, constant_bytes=size) as (real, constant), on_core(two_cores()[1]):
            ours, yardstick = in_turns([partial(_round, real), partial(_round, constant)], rounds=ROUNDS)
    return speed_lines("decide", ours=ours, yardstick=yardstick, goal=GOAL, unit="decisions")


def _round(served: Served) -> Effort:
    before = served.cpu_seconds()
    load = drive(served.port, repeat(DECIDE), seconds=SECONDS)
    return Effort(load.replies, served.cpu_seconds() - before, load.seconds)
