"""Pull the plug more often: the server and the writer under the shim, thousands of crashes, and the planted faults."""

# ruff: noqa: T201  (it is a command: it prints)
from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.demo_installation import copy_demo_installation
from tests.power.ledger import Acknowledged, simulate_cuts
from tests.power.recording import Recording
from tests.power.runs import AWAY, server_killed_under_load, writer_under_load

Run = Callable[[Mapping[str, str]], tuple[Recording, list[Acknowledged]]]


def main(arguments: list[str]) -> int:
    """Run, print a table, and say by the exit status whether nothing was lost and each planted fault was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.power", description=__doc__)
    parser.add_argument("--events", type=int, default=4_000, help="acknowledged events in each run")
    parser.add_argument("--cuts", type=int, default=1_000, help="how often the plug is pulled in each run")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    each = asked.events // 4
    runs: dict[str, Run] = {
        "server, killed with -9": lambda own: server_killed_under_load(own, acknowledged=asked.events),
        "writer, four threads": lambda own: writer_under_load(own, each=each),
        "writer, the database away: the spool": lambda own: writer_under_load({**own, **AWAY}, each=each),
    }
    well = True
    print(f"{'run':52}{'events':>8}{'operations':>12}{'cuts':>7}{'lost':>7}{'broken':>8}{'seconds':>9}")
    for name, run in runs.items():
        well &= _line(name, run, {}, cuts=asked.cuts, seed=asked.seed) == 0
    for name, run in list(runs.items())[:2]:
        for planted in ("OFF", "NORMAL"):
            faulty = {"DJANGO_SETTINGS_MODULE": "tests.power.unsynced", "UNSYNCED": planted}
            well &= _line(f"{name}, planted: synchronous={planted}", run, faulty, cuts=20, seed=asked.seed) > 0
    print("nothing was lost, and each planted fault was seen" if well else "NOT as it should be")
    return 0 if well else 1


def _line(name: str, run: Run, more: Mapping[str, str], *, cuts: int, seed: int) -> int:
    """One run and its line; how many acknowledged events were lost, or files broken where nothing was planted."""
    begun, chance = time.monotonic(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="second-thought-power-") as folder:
        recording, ledger = run({**copy_demo_installation(Path(folder)), **more})
        end = recording.position()
        worst = simulate_cuts(recording, ledger, [*(chance.randint(0, end) for _ in range(cuts // 2)), end])
        torn = simulate_cuts(recording, ledger, [chance.randint(0, end) for _ in range(cuts // 2)], chance=chance)
        operations = len(recording.operations())
    lost, broken = len(worst.lost | torn.lost), len(worst.broken + torn.broken)
    seconds = time.monotonic() - begun
    print(
        f"{name:52}{len(ledger):>8}{operations:>12}{worst.cuts + torn.cuts:>7}{lost:>7}{broken:>8}{seconds:>9.0f}",
        flush=True,
    )
    return lost if more else lost + broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
