"""One look at a campaign after 10^4 views and after 10^8: the tallies have as many rows, so it should take as long.

The tallies are generated: 30 days, two placements, four arms, and every outcome that the plan names or a view adds,
the large ones 10,000 times the small. Each look is undone, so that all of them are the campaign's first. Time is CPU
time: a look waits for nothing.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.installation import installation
from benchmarks.process_runner import run
from benchmarks.ratio_table import Line, at_most, ratio

DAYS, ROUNDS = 30, 15
SMALL, TIMES = 10**4, 10**4
GOAL = 1.1
# Of 40 people who saw it; every cell of the small tallies holds about 40.
SHARES = {("exposed", 0): 40, ("left", 0): 16, ("continued", 0): 18, ("turned_back", 0): 15, ("help_self", 0): 3}
SHARES |= {("annoyed", 0): 2, ("no_answer", 0): 6, **{("rating", value): 2 for value in range(1, 6)}}
SHARES |= {("dwell", value): 9 for value in range(1, 5)}


def measure() -> list[Line]:
    """The time of a look after many views, relative to that after few."""
    with installation() as own:
        told = run(own, "benchmarks.evaluate:looks", rounds=ROUNDS)
    small, large = told["small"], told["large"]
    return [
        at_most(f"evaluate: time after {SMALL * TIMES:,} views, in those after {SMALL:,}", ratio(large, small), GOAL),
        Line(
            f"  milliseconds, after {told['views'] * TIMES:,} and {told['views']:,} views in {told['rows']:,} tallies",
            f"{1000 * median(large):.0f}, {1000 * median(small):.0f}",
        ),
    ]


def looks(*, rounds: int) -> dict[str, Any]:
    """Runs inside an installation: CPU seconds of each look, alternating small and large tallies."""
    from django.db import transaction
    from django.db.models import F, Sum

    from analytics.looks.evaluate import evaluate
    from analytics.models import Tally
    from campaign.models import Campaign

    campaign = Campaign.objects.get()
    arms, placements = list(campaign.arms.all()), list(campaign.placements.all())
    share = SMALL / (DAYS * len(arms) * len(placements) * SHARES["exposed", 0])
    Tally.objects.bulk_create(
        Tally(
            day=date(2026, 1, 1) + timedelta(days=day),
            arm=arm,
            placement=placement,
            locale="en",
            outcome=outcome,
            value=value,
            count=max(1, round(share * (of_forty + (day + 3 * position) % 3 * (outcome != "exposed")))),
        )
        for day in range(DAYS)
        for placement in placements
        for position, arm in enumerate(arms)
        for (outcome, value), of_forty in SHARES.items()
    )
    seconds: dict[str, list[float]] = {"small": [], "large": []}
    for number in range(rounds + 1):
        for size, factor in (("small", 1), ("large", TIMES)):
            with transaction.atomic():
                Tally.objects.update(count=F("count") * factor)
                begun = time.process_time()
                evaluate(campaign, now=datetime.now(UTC))
                if number:
                    seconds[size].append(time.process_time() - begun)
                transaction.set_rollback(True)
    views = Tally.objects.filter(outcome="exposed").aggregate(Sum("count"))["count__sum"]
    return {**seconds, "views": views, "rows": Tally.objects.count()}
