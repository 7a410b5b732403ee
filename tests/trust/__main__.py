"""Run every row and every planted fault, print tables, and write trust-report.json.

Exits with 1 if a promise is broken or a fault is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

import django

from tests.trust.bench import Bench, Fault
from tests.trust.faults import FAULTS, POSTGRESQL_TOO, PROMISES
from tests.trust.promises import check
from tests.trust.result import FaultRow, PromiseRow, Result, faults_table, table, write
from tests.trust.sandbox import can_sandbox


def main(arguments: Sequence[str]) -> int:
    """Run the requested rows and faults; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of {', '.join(PROMISES)}; all if none is named")
    parser.add_argument("--fast", action="store_true", help="a little of each: seconds, not minutes")
    parser.add_argument("--faults", action="store_true", help="plant the faults too, each of which must be found")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one of the two; both without it")
    asked = parser.parse_args(arguments)
    unknown = set(asked.rows) - set(PROMISES)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    if not can_sandbox():
        sys.exit("This needs Linux namespaces: run it as root, or where `unshare --map-root-user --mount --net` works.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
    django.setup()
    rows = asked.rows or list(PROMISES)
    engines = [asked.engine] if asked.engine else ["sqlite", "postgresql"]
    runs = [(row, engine) for engine in engines for row in rows if engine == "sqlite" or row in POSTGRESQL_TOO]
    lines = [_run_row(row, Bench(engine=engine, fast=asked.fast)) for row, engine in runs]
    sys.stdout.write(f"{table(lines)}\n")
    faults = [fault for fault in FAULTS if asked.faults and (fault.row, fault.engine) in runs]
    planted = [_run_fault(fault) for fault in faults]
    if planted:
        sys.stdout.write(f"\n{faults_table(planted)}\n")
    write(lines, planted)
    broken = sum(not line.kept for line in lines)
    missed = sum(not one.found for one in planted)
    sys.stdout.write(
        f"\n{len(lines)} rows, broken {broken}; {len(planted)} planted faults, missed {missed}; see trust-report.json\n"
    )
    return 1 if broken or missed else 0


def _run_row(row: str, bench: Bench) -> PromiseRow:
    begun = time.monotonic()
    _print_progress(f"{row}, {bench.engine} ...")
    result = _run_check(row, bench)
    why = "; ".join(result.broken[:4]) + (f"; and {len(result.broken) - 4} more" if len(result.broken) > 4 else "")
    seconds = round(time.monotonic() - begun, 1)
    _print_progress(f"    {'kept' if result.is_kept else f'BROKEN: {why}'}; {result.figure} ({seconds} s)")
    return PromiseRow(row, PROMISES[row], bench.engine, result.n, result.figure, result.is_kept, why, seconds)


def _run_fault(fault: Fault) -> FaultRow:
    begun = time.monotonic()
    _print_progress(f"planted: {fault.name} ...")
    result = _run_check(fault.row, Bench(engine=fault.engine, fast=True, fault=fault))
    why = next((line for line in result.broken if fault.expected_word in line), "")
    seconds = round(time.monotonic() - begun, 1)
    _print_progress(f"    {f'found: {why}' if why else f'MISSED; {result.figure}'} ({seconds} s)")
    return FaultRow(fault.name, fault.row, fault.engine, bool(why), why or result.figure, seconds)


def _run_check(row: str, bench: Bench) -> Result:
    """Run one row. An exception counts as a broken promise, so that the other rows still run."""
    try:
        return check(row, bench)
    except Exception as error:
        return Result(n="", figure="", broken=(f"the row ended early: {type(error).__name__}: {error}"[:300],))


def _print_progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
