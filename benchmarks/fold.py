"""The CPU time of counting closed views, relative to that of inserting them, in one process of an installation.

Inserting is `analytics.ingest.writer.commit_events` with one "exposed" event for each view, in groups of 32, as under a
brisk load. That is the database's part alone; the HTTP request, its
JSON and its receipt, which cost several times more, are left out, so the share that we ask for is the stricter.
Folding is the whole of `analytics.fold.fold.fold`: claim, count, add to the tallies, delete, overwrite and compact. In
turns: a round inserts the views of one hour, and folds them.
"""

from __future__ import annotations

import os
import time

from benchmarks.installation import installation
from benchmarks.process_runner import run
from benchmarks.ratio_table import Line, at_most, ratio

VIEWS, ROUNDS = 200_000, 5
GROUP = 32
GOAL = 0.30


def measure() -> list[Line]:
    """The CPU time of folding as a share of that of inserting, over rounds."""
    with installation() as own:
        told = run(own, "benchmarks.fold:costs", views=VIEWS // ROUNDS, rounds=ROUNDS)
    inserted, folded = told["inserted"], told["folded"]
    return [
        at_most("fold: share of insertion's CPU time", ratio(folded, inserted), GOAL),
        Line(
            f"  microseconds a view, to fold and to insert ({VIEWS:,} views)",
            f"{1e6 * sum(folded) / VIEWS:.1f}, {1e6 * sum(inserted) / VIEWS:.1f}",
        ),
    ]


def costs(*, views: int, rounds: int, texts: int = 1) -> dict[str, list[float]]:
    """Runs inside an installation: CPU seconds of inserting and folding for each round, after a warm-up.

    Each arm shows so many texts in turn.
    """
    from analytics.fold import fold
    from analytics.ingest import writer
    from analytics.models import OpenView, Tally
    from campaign.assignment.receipts import SECONDS_PER_HOUR, Receipt
    from campaign.models import Arm, Placement
    from campaign.serving.routing import OutcomeEvent

    arms = list(Arm.objects.order_by("id").values_list("id", "campaign"))
    placements = list(Placement.objects.order_by("id").values_list("id", flat=True))
    inserted: list[float] = []
    folded: list[float] = []
    first = int(time.time()) // SECONDS_PER_HOUR
    for hour in range(first, first + rounds + 1):
        events = []
        for number in range(views):
            (arm, campaign), placement = arms[number % len(arms)], placements[number // 7 % len(placements)]
            text = number // len(arms) % texts
            receipt = Receipt(campaign, arm, placement, hour, hour + 1, "en", os.urandom(16), text=text)
            events.append(OutcomeEvent(receipt, "exposed", None))
        begun = time.process_time()
        for start in range(0, views, GROUP):
            writer.commit_events(events[start : start + GROUP], hour=hour)
        written = time.process_time()
        fold.fold(hour=hour + 1)
        ended = time.process_time()
        if hour > first:
            inserted.append(written - begun)
            folded.append(ended - written)
    counted = sum(Tally.objects.filter(outcome="exposed").values_list("count", flat=True))
    if counted != views * (rounds + 1) or OpenView.objects.using("audience").exists():
        raise RuntimeError("the fold did not count every view once")
    return {"inserted": inserted, "folded": folded}
