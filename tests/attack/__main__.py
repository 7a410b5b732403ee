"""Run an attack against the real server: `python -m tests.attack flood --networks 1`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Flood a new installation in each way; 1 if one network turned a verdict or moved it too far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=["flood"])
    parser.add_argument("--networks", type=int, default=1, help="how many networks the attacker holds")
    parser.add_argument("--servers", type=int, default=1, help="how many servers answer, in turn")
    options = parser.parse_args()
    held = True
    for fast, selective in product([True, False], [True, False]):
        ways = ["--fast"] * fast + ["--selective"] * selective
        command = [sys.executable, "-m", "tests.attack.server_flood", *ways]
        command += ["--networks", str(options.networks), "--servers", str(options.servers)]
        with tempfile.TemporaryDirectory(prefix="second-thought-flood-") as directory:
            variables = {**os.environ, "DATA_DIRECTORY": directory}
            held &= subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode == 0
    return 0 if held or options.networks > 1 else 1


if __name__ == "__main__":
    sys.exit(main())
