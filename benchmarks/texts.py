"""What several texts in each arm cost: the demo campaign with one text an arm, and with twelve, in turns.

Both installations serve the same campaign; in one each arm has eleven more texts of the starter library. Decisions and
events are compared by requests per CPU-second, counting by the CPU time of a fold, and a worker by its memory.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import repeat
from statistics import median

from benchmarks.events import requests
from benchmarks.fold import GOAL as FOLD_GOAL
from benchmarks.fold import ROUNDS as FOLD_ROUNDS
from benchmarks.fold import VIEWS
from benchmarks.installation import DECIDE, Served, driven, installation, receipts, serving
from benchmarks.process_runner import run
from benchmarks.processes import on_core, resident_mib, two_cores
from benchmarks.ratio_table import Effort, Line, at_least, at_most, in_turns, ratio
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION

TEXTS = 12
ROUNDS, SECONDS = 31, 0.7
MOST_RECEIPTS = 6_000
SPEED_GOAL, MEMORY_GOAL = 0.9, 1.05
SNAPSHOTS = 15


def measure() -> list[Line]:
    """Speed, memory, snapshot, fold and rows with twelve texts an arm, relative to those with one."""
    (many_folds, many_rows), (few_folds, few_rows) = _count(TEXTS), _count(1)
    with installation() as one, installation() as twelve:
        run(twelve, "benchmarks.texts:add_texts", texts=TEXTS)
        with (
            serving(PRODUCTION_APPLICATION, one) as few,
            serving(PRODUCTION_APPLICATION, twelve) as many,
            on_core(two_cores()[1]),
        ):
            decided_few, decided_many, told_few, told_many = in_turns(
                [partial(_decide, few), partial(_decide, many), partial(_events, few), partial(_events, many)],
                rounds=ROUNDS,
            )
            memory = [resident_mib(many.worker), resident_mib(few.worker)]
        compiled = [run(own, "benchmarks.texts:snapshot_seconds", times=SNAPSHOTS) for own in (twelve, one)]
    many_seconds, few_seconds = (1e3 * median(each) for each in compiled)
    return [
        *_compare_speed("decide", decided_many, decided_few),
        *_compare_speed("events", told_many, told_few),
        Line(
            f"texts: memory of a worker with {TEXTS} an arm, beside one",
            f"{memory[0] / memory[1]:.2f}",
            f"at most {MEMORY_GOAL:g}",
            memory[0] <= MEMORY_GOAL * memory[1],
        ),
        Line("  MiB", f"{memory[0]:.1f}, {memory[1]:.1f}"),
        Line(f"texts: a snapshot with {TEXTS} an arm, and with one, ms", f"{many_seconds:.1f}, {few_seconds:.1f}"),
        *(
            at_most(
                f"texts: fold, share of insertion's CPU time, {name}",
                ratio(fold["folded"], fold["inserted"]),
                FOLD_GOAL,
            )
            for name, fold in ((f"{TEXTS} an arm", many_folds), ("one an arm", few_folds))
        ),
        Line(
            "texts: rows of counts by text with one an arm", f"{few_rows['by_text']}", "none", not few_rows["by_text"]
        ),
        Line(
            f"  rows of counts, and of those by text, with {TEXTS}", f"{many_rows['tallies']}, {many_rows['by_text']}"
        ),
        Line("  rows of counts with one", f"{few_rows['tallies']}"),
    ]


def _count(texts: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    """The cost of counting views in an installation of its own, which shuts hours, and the rows that it leaves."""
    with installation() as own:
        if texts > 1:
            run(own, "benchmarks.texts:add_texts", texts=texts)
        costs = run(own, "benchmarks.fold:costs", views=VIEWS // FOLD_ROUNDS, rounds=FOLD_ROUNDS, texts=texts)
        return costs, run(own, "benchmarks.texts:rows")


def _compare_speed(name: str, many: list[Effort], few: list[Effort]) -> list[Line]:
    large, small = [effort.per_cpu_second for effort in many], [effort.per_cpu_second for effort in few]
    return [
        at_least(f"texts: {name}, speed with {TEXTS} an arm, beside one", ratio(large, small), SPEED_GOAL),
        Line("  a CPU-second", f"{median(large):,.0f}, {median(small):,.0f}"),
    ]


def _decide(served: Served) -> Effort:
    return driven(served, repeat(DECIDE), seconds=SECONDS)


def _events(served: Served) -> Effort:
    return driven(served, requests(receipts(served.port, MOST_RECEIPTS), batch=1), seconds=SECONDS)


def add_texts(*, texts: int) -> None:
    """Runs inside an installation: give each arm so many texts, of the starter library whatever they say.

    The campaign is launched, so the triggers that hold its texts are dropped first.
    """
    from django.db import connection

    from campaign.models import Arm, ArmText, Campaign
    from campaign.record_triggers import TRIGGERS
    from messages.models import Revision

    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            for statement in trigger.drop(connection.vendor):
                cursor.execute(statement)
    approved = list(Revision.objects.filter(state="approved").order_by("pk"))
    for arm in Arm.objects.prefetch_related("texts"):
        own = {text.revision_id for text in arm.texts.all()}
        others = [revision for revision in approved if revision.pk not in own]
        ArmText.objects.bulk_create(
            ArmText(arm=arm, position=position, revision=revision)
            for position, revision in enumerate(others[: texts - 1], start=1)
        )
        if ArmText.objects.filter(arm=arm).count() != texts:
            raise RuntimeError("the starter library has too few texts")
    Campaign.objects.get().save(update_fields=["changed_at"])


def snapshot_seconds(*, times: int) -> list[float]:
    """Runs inside an installation: how long it takes to compile the snapshot of all campaigns, each time."""
    from campaign.serving.snapshot import compile_snapshot

    seconds = []
    for _ in range(times):
        begun = time.process_time()
        compile_snapshot()
        seconds.append(time.process_time() - begun)
    return seconds


def rows() -> dict[str, int]:
    """Runs inside an installation: how many rows of counts there are, and how many by text."""
    from analytics.models import Tally, TextTally

    return {"tallies": Tally.objects.count(), "by_text": TextTally.objects.count()}
