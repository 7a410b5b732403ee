"""The speed at which outcomes are acknowledged, each committed to disk first: single events, and batches of 20.

Single events are what browsers send: three of each visitor, beside the constant (per CPU-second of the server) and
beside one sync per event on the same disk (by the clock on the wall: that is where a disk makes you wait). Batches are
what a partner's server sends: 20 views that were seen, so that one event is one row, beside the same rows inserted by
SQLite in bulk; `raw_disk` says what these two yardsticks do.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median

from benchmarks.installation import ORIGIN, Served, driven, installation, receipts, side_by_side
from benchmarks.load import post
from benchmarks.processes import on_core, two_cores
from benchmarks.ratio_table import Effort, Line, at_least, in_turns, ratio, speed_lines
from benchmarks.raw_disk import bulk, columns_of, rows, sync_each, twin
from campaign.assignment.receipts import SECONDS_PER_HOUR, ReceiptSigner
from campaign.keys.store import receipt_keys

GOAL, GOAL_BESIDE_SYNCS, GOAL_BESIDE_BULK = 0.15, 2, 0.35
ROUNDS, SECONDS = 5, 2.0
MOST_RECEIPTS = 12_000  # per round: enough for a fast machine; no receipt is used in two rounds
BATCH = 20
MOST_BATCHES = 6_000  # per round
GROUP_LIMIT = 5_000  # that of analytics.ingest.writer
BULK_ROWS = 100_000  # per round
VISIT: tuple[dict[str, object], ...] = ({"outcome": "exposed"}, {"outcome": "dwell", "value": 2}, {"outcome": "left"})


def requests(fresh: Sequence[str], *, batch: int, visit: Sequence[dict[str, object]] = VISIT) -> Iterator[bytes]:
    """Requests with `batch` events each, in the order of a visit; a batch of 1 is not sent as a list."""
    pending: list[dict[str, object]] = []
    for receipt in fresh:
        pending += [{"receipt": receipt, **event} for event in visit]
        while len(pending) >= batch:
            now, pending = pending[:batch], pending[batch:]
            body = json.dumps(now if batch > 1 else now[0], separators=(",", ":")).encode()
            yield post("/api/v1/events", body, origin=ORIGIN)


def signed(keys: Path, like: str, count: int) -> list[str]:
    """Fresh receipts that differ from a genuine one in their nonce; faster than requesting each."""
    office = ReceiptSigner(receipt_keys(keys))
    receipt = office.verify(like, hour=int(time.time()) // SECONDS_PER_HOUR)
    return [office.issue(receipt._replace(nonce=os.urandom(16))) for _ in range(count)]


def measure() -> list[Line]:
    """Acknowledged events relative to a constant, to one sync for each, and to a bulk insert."""
    hour = int(time.time()) // SECONDS_PER_HOUR
    with (
        installation() as own,
        side_by_side(own, constant_bytes=len(b'{"accepted":1}')) as (real, constant),
        on_core(two_cores()[1]),
        twin(Path(own["DATA_DIRECTORY"], "audience.sqlite3"), Path(own["DATA_DIRECTORY"], "bulk.sqlite3")) as raw,
    ):
        keys, names = Path(own["DATA_DIRECTORY"], "keys"), columns_of(raw)
        singly, yardstick, synced, batched, inserted = in_turns(
            [
                partial(_singly, real),
                partial(_constant_round, constant),
                partial(sync_each, Path(own["DATA_DIRECTORY"]), seconds=SECONDS),
                partial(_batched, real, keys),
                lambda: bulk(raw, rows(names, count=BULK_ROWS, hour=hour), group=GROUP_LIMIT),
            ],
            rounds=ROUNDS,
        )
    acknowledged, appended = [e.per_second for e in singly], [e.per_second for e in synced]
    return [
        *speed_lines("single events", ours=singly, yardstick=yardstick, goal=GOAL, unit="events"),
        at_least("single events: times one sync for each", ratio(acknowledged, appended), GOAL_BESIDE_SYNCS),
        Line(
            "  acknowledged a second, records synced one by one",
            f"{median(acknowledged):,.0f}, {median(appended):,.0f}",
        ),
        *speed_lines(
            f"events in batches of {BATCH}",
            ours=batched,
            yardstick=inserted,
            goal=GOAL_BESIDE_BULK,
            unit="events",
            beside="share of SQLite's bulk insert",
            theirs="SQLite's rows",
        ),
    ]


def _singly(served: Served) -> Effort:
    prepared = list(requests(receipts(served.port, MOST_RECEIPTS), batch=1))
    return driven(served, iter(prepared), seconds=SECONDS)


def _batched(served: Served, keys: Path) -> Effort:
    fresh = signed(keys, receipts(served.port, 1)[0], MOST_BATCHES * BATCH)
    prepared = list(requests(fresh, batch=BATCH, visit=VISIT[:1]))
    return driven(served, iter(prepared), seconds=SECONDS, worth=BATCH)


def _constant_round(served: Served) -> Effort:
    return driven(served, repeat(next(requests(["x" * 106], batch=1))), seconds=SECONDS)
