"""How fast outcomes are acknowledged, each committed to disk first: single events, and batches of 20."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat

from benchmarks.installation import ORIGIN, Served, installation, receipts, side_by_side
from benchmarks.load import drive, post
from benchmarks.processes import on_core, two_cores
from benchmarks.rounds import Effort, Line, in_turns, speed_lines

ROUNDS, SECONDS = 5, 2.0
MOST_RECEIPTS = 12_000  # a round: enough for its seconds on a fast machine, and no receipt is used in two rounds
BATCH = 20
VISIT: tuple[dict[str, object], ...] = ({"outcome": "exposed"}, {"outcome": "dwell", "value": 2}, {"outcome": "left"})


def events_of(receipt: str) -> list[dict[str, object]]:
    """What one visitor sends: seen, how long, left."""
    return [{"receipt": receipt, **event} for event in VISIT]


def requests(fresh: Sequence[str], *, batch: int) -> Iterator[bytes]:
    """Requests with `batch` events each, one event of a visitor after the other; batch 1 sends no list."""
    pending: list[dict[str, object]] = []
    for receipt in fresh:
        pending += events_of(receipt)
        while len(pending) >= batch:
            now, pending = pending[:batch], pending[batch:]
            body = json.dumps(now if batch > 1 else now[0], separators=(",", ":")).encode()
            yield post("/api/v1/events", body, origin=ORIGIN)


def measure() -> list[Line]:
    """Acknowledged events per CPU-second beside the constant's requests."""
    with (
        installation() as own,
        side_by_side(own, constant_bytes=len(b'{"accepted":1}')) as (real, constant),
        on_core(two_cores()[1]),
    ):
        singly, batched, yardstick = in_turns(
            [partial(_round, real, batch=1), partial(_round, real, batch=BATCH), partial(_constant_round, constant)],
            rounds=ROUNDS,
        )
    return [
        *speed_lines("single events", ours=singly, yardstick=yardstick, unit="events"),
        *speed_lines(f"events in batches of {BATCH}", ours=batched, yardstick=yardstick, unit="events"),
    ]


def _round(served: Served, *, batch: int) -> Effort:
    prepared = list(requests(receipts(served.port, MOST_RECEIPTS), batch=batch))
    before = served.cpu_seconds()
    load = drive(served.port, iter(prepared), seconds=SECONDS)
    return Effort(load.replies * batch, served.cpu_seconds() - before, load.seconds)


def _constant_round(served: Served) -> Effort:
    receipt = "x" * 106
    request = next(requests([receipt], batch=1))
    before = served.cpu_seconds()
    load = drive(served.port, repeat(request), seconds=SECONDS)
    return Effort(load.replies, served.cpu_seconds() - before, load.seconds)
