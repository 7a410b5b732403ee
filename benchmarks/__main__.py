"""`python -m benchmarks [NAME ...]`: measure; status 1 if a goal is missed."""

from __future__ import annotations

import argparse
import sys

from benchmarks import (
    changed_campaigns,
    decide,
    embed,
    evaluate,
    events,
    first_words,
    fold,
    large_installation,
    latency,
    learned_results,
    result_files,
    results_page,
    staff_pages,
    statistics,
    tables,
    texts,
    unleash,
    worker_memory,
)
from benchmarks.processes import NeedsLinux, require_linux
from benchmarks.ratio_table import Line, table

BENCHMARKS = {
    "decide": decide.measure,
    "keys": decide.measure_keys,
    "unleash": unleash.measure,
    "events": events.measure,
    "latency": latency.measure,
    "scale": large_installation.measure,
    "fold": fold.measure,
    "texts": texts.measure,
    "evaluate": evaluate.measure,
    "embed": embed.measure,
    "files": result_files.measure,
    "results": results_page.measure,
    "learned": learned_results.measure,
    "words": first_words.measure,
    "start": worker_memory.measure,
    "staff": staff_pages.measure,
    "statistics": statistics.measure,
    "tables": tables.measure,
    "verify": changed_campaigns.measure,
}


def main(arguments: list[str]) -> int:
    """Measure and print one table; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(BENCHMARKS), help="all of them if none is named")
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    try:
        require_linux()
    except NeedsLinux as reason:
        print(reason, file=sys.stderr)
        return 2
    lines: list[Line] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        lines += BENCHMARKS[name]()
    print(table(lines))
    return 1 if any(line.met is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
