"""The effect of size on speed: one campaign and no open view, and 1,000 campaigns with 10^7 open views.

Two installations, side by side and in turns. In the large one every request goes to the next of its placements, and
events go into a table that already holds the open views of three closing hours. To fill it takes some minutes and
about 1 GB of disk; BENCH_CAMPAIGNS and BENCH_VIEWS make a trial run smaller.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median

from benchmarks.events import requests
from benchmarks.installation import DECIDE, ORIGIN, PLACEMENT, Served, driven, installation, receipts, serving
from benchmarks.load import post
from benchmarks.process_runner import run
from benchmarks.processes import on_core, two_cores
from benchmarks.ratio_table import Effort, Line, at_least, in_turns, ratio
from benchmarks.raw_disk import PRAGMAS, TABLE
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION

CAMPAIGNS = int(os.environ.get("BENCH_CAMPAIGNS", "1000"))
VIEWS = int(os.environ.get("BENCH_VIEWS", str(10**7)))
ROUNDS, SECONDS = 45, 0.7  # many short rounds, so that both sides of a round see the same load
MOST_RECEIPTS = 6_000
GOAL = 0.9


def measure() -> list[Line]:
    """The speed of the large installation relative to the small one, for decisions and single events."""
    with installation() as small, installation() as large:
        run(large, "benchmarks.large_installation:launch", campaigns=CAMPAIGNS - 1)
        fill(Path(large["DATA_DIRECTORY"], "audience.sqlite3"), views=VIEWS)
        with (
            serving(PRODUCTION_APPLICATION, small) as few,
            serving(PRODUCTION_APPLICATION, large) as many,
            on_core(two_cores()[1]),
        ):
            everywhere = [_ask(key) for key in [PLACEMENT, *map(key_of, range(CAMPAIGNS - 1))]]
            decided_few, decided_many, told_few, told_many = in_turns(
                [
                    partial(_decide, few, [DECIDE]),
                    partial(_decide, many, everywhere),
                    partial(_events, few, [DECIDE]),
                    partial(_events, many, everywhere),
                ],
                rounds=ROUNDS,
            )
    size = f"{CAMPAIGNS:,} campaigns and {VIEWS:,} open views"
    return [
        *_lines(f"decide: speed with {size}, in those with one and none", decided_many, decided_few),
        *_lines(f"events: speed with {size}, in those with one and none", told_many, told_few),
    ]


def _lines(name: str, many: Sequence[Effort], few: Sequence[Effort]) -> list[Line]:
    large, small = [effort.per_cpu_second for effort in many], [effort.per_cpu_second for effort in few]
    return [
        at_least(name, ratio(large, small), GOAL),
        Line("  a CPU-second, large and small", f"{median(large):,.0f}, {median(small):,.0f}"),
    ]


def _decide(served: Served, asks: Sequence[bytes]) -> Effort:
    return driven(served, cycle(asks), seconds=SECONDS)


def _events(served: Served, asks: Sequence[bytes]) -> Effort:
    prepared = list(requests(receipts(served.port, MOST_RECEIPTS, asks), batch=1))
    return driven(served, iter(prepared), seconds=SECONDS)


def key_of(number: int) -> str:
    """The placement of one campaign of the large installation."""
    return f"place-{number}"


def _ask(placement: str) -> bytes:
    return post("/api/v1/decide", json.dumps({"placement": placement, "locale": "en"}).encode(), origin=ORIGIN)


def launch(*, campaigns: int) -> None:
    """Runs inside an installation: copy the launched demo campaign, each copy with its own placement.

    Copied row by row, as launching each takes a minute for a thousand.
    """
    from django.db import transaction

    from campaign.lifecycle.actions import record_campaign_action
    from campaign.lifecycle.placement_authors import record_change
    from campaign.models import AnalysisPlan, ArmText, Campaign, Placement, PlannedOutcome, new_salt
    from messages.audit.log import Action

    demo = Campaign.objects.get()
    place = Placement.objects.get(key=PLACEMENT)
    arms, plan = list(demo.arms.prefetch_related("texts")), AnalysisPlan.objects.get(campaign=demo)
    outcomes = list(plan.outcomes.all())
    with transaction.atomic():
        for number in range(campaigns):
            place.pk, place.key = None, key_of(number)
            place.save(force_insert=True)
            record_change(place, {}, by=None)
            demo.pk, demo.slug, demo.salt = None, f"campaign-{number}", new_salt()
            demo.save(force_insert=True)
            demo.placements.add(place)
            for arm in arms:
                texts = list(arm.texts.all())
                arm.pk, arm.campaign = None, demo
                arm.save(force_insert=True)
                for text in texts:
                    text.pk, text.arm = None, arm
                ArmText.objects.bulk_create(texts)
            plan.pk, plan.campaign = None, demo
            plan.save(force_insert=True)
            for outcome in outcomes:
                outcome.pk, outcome.plan = None, plan
            PlannedOutcome.objects.bulk_create(outcomes)
            record_campaign_action(Action.CAMPAIGN_LAUNCH, demo, by="a benchmark", plan=plan.fingerprint, id=demo.pk)


def fill(database: Path, *, views: int, now: float | None = None) -> None:
    """Insert open views of the last three hours, in the order of the table's key for speed."""
    hour = int(time.time() if now is None else now) // SECONDS_PER_HOUR
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(PRAGMAS)
        connection.execute("PRAGMA cache_size = -500000")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            f"""
            INSERT INTO {TABLE} (closes, nonce, campaign, arm, placement, locale, hour, bits)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT ? + i % 3, randomblob(16), 1, 1 + i % 4, 1, 'en', ? + i % 3, 1 FROM n ORDER BY 1, 2
            """,
            [views, hour + 1, hour - 2],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
