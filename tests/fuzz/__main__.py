"""python -m tests.fuzz [--cases N] [--seed N]     the audience surface of a real server, by its own description
python -m tests.fuzz receipts [--forgeries N]   forged receipts
"""

# ruff: noqa: T201  (it is a command: it prints)
from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import forge, schema_cases, wire
from tests.fuzz.site import start_fuzzed_site


def main(arguments: list[str]) -> int:
    """Fuzz, print a report, and return 1 if there are faults."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["surface", "receipts"], default="surface")
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--forgeries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    return receipts(asked.forgeries, asked.seed) if asked.what == "receipts" else surface(asked.cases, asked.seed)


def surface(cases: int, seed: int) -> int:
    """Send generated cases, then malformed requests, to one server."""
    with tempfile.TemporaryDirectory(prefix="second-thought-fuzz-") as folder, start_fuzzed_site(Path(folder)) as site:
        begun = time.monotonic()
        site.filler.chance = random.Random(seed)
        report = schema_cases.drive(site.base, site.filler, cases=cases, first_seed=seed)
        oddities = wire.MalformedRequests(site.marks, site.filler.receipts[0])
        outcomes = wire.drive(site.port, oddities, alive=site.is_serving)
        kept, marks, seconds = site.find_stored_marks(), site.marks.made, time.monotonic() - begun
    replies = Counter(str(outcome.status or "hung up") for outcome in outcomes)
    print(f"{'operation':34}{'cases':>8}  statuses")
    for operation, counts in report.statuses.items():
        print(f"{operation:34}{counts.total():>8}  {_format_counts(counts)}")
    print(f"{'broken and strange requests':34}{len(outcomes):>8}  {_format_counts(replies)}")
    faults = report.faults + [f"{outcome.fault}: {outcome.sent.name}" for outcome in outcomes if outcome.fault]
    hangs = report.hangs + sum(outcome.seconds >= wire.PATIENCE for outcome in outcomes)
    errors = report.server_errors + sum((outcome.status or 0) >= 500 for outcome in outcomes)
    print(f"\nevents: {_format_counts(report.events)}: {report.accepted_share:.0%} accepted")
    print(
        f"{report.cases + len(outcomes)} cases in {seconds:.0f} s; the slowest answer came after {report.slowest:.2f} s"
    )
    print(f"5xx {errors}, hangs {hangs}, stored marks {len(kept)} of {marks}, answers not as described {len(faults)}")
    for line in [*faults[:20], *kept]:
        print(f"FAULT: {line}")
    return 1 if faults or kept else 0


def receipts(forgeries: int, seed: int) -> int:
    """Try forged receipts of every kind."""
    verdict = forge.try_forgeries(forgeries, first_seed=seed)
    for kind, count in verdict.tried.items():
        print(f"{kind:45}{count:>8}")
    print(f"\nforgeries {verdict.tried.total()}, accepted {len(verdict.accepted)}, stumbled {len(verdict.crashed)}")
    for kind, what in verdict.accepted[:20] + verdict.crashed[:20]:
        print(f"FAULT: {kind}: {what}")
    return 1 if verdict.accepted or verdict.crashed else 0


def _format_counts(counts: Counter[int] | Counter[str]) -> str:
    return ", ".join(f"{key}: {count}" for key, count in sorted(counts.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
