"""Time and memory of `manage.py analyse` for a million rows, for 250,000 strata and for a million clusters."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random

from benchmarks.installation import ROOT
from benchmarks.ratio_table import Line

ROWS, STRATA = 1_000_000, 250_000
MOST_MB = 150


def measure() -> list[Line]:
    """Measure a million rows, a million by stratum and day, 250,000 strata of four arms, and a million clusters."""
    random = Random(1)

    def counts() -> str:
        return f"{random.randint(1, 20)},{random.randint(0, 1)}"

    plain = (f"{'abcd'[number % 4]},{counts()}" for number in range(ROWS))
    keyed = (f"{arm},site {site},{day},{counts()}" for arm in "abcd" for site in range(500) for day in range(500))
    strata = (f"{arm},site {site},{counts()}" for site in range(STRATA) for arm in "abcd")
    clusters = (f"{'abcd'[number % 4]},home {number},{counts()}" for number in range(ROWS))
    with tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory:
        path = Path(directory, "table.csv")
        lines = []
        for name, header, rows, goal, most in (
            ("a million rows", "arm,n,events", plain, 4.0, MOST_MB),
            ("a million rows by stratum and day", "arm,stratum,day,n,events", keyed, None, None),
            ("250,000 strata of four arms", "arm,stratum,n,events", strata, 5.0, None),
            ("a million clusters", "arm,cluster,n,events", clusters, None, None),
        ):
            _write(path, header, rows)
            seconds, megabytes = _analyse(path)
            lines += [
                Line(f"tables: {name}, CPU seconds", f"{seconds:.1f}", *_goal(seconds, goal)),
                Line("  and MB of memory at most", f"{megabytes:.0f}", *_goal(megabytes, most)),
            ]
    return lines


def _write(path: Path, header: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f"{header}\n")
        stream.writelines(f"{row}\n" for row in rows)


def _analyse(path: Path) -> tuple[float, float]:
    """The CPU seconds of the command from its start to its end, one after another, and the most memory it held."""
    command = [sys.executable, str(ROOT / "manage.py"), "analyse", str(path), "--control", "a", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "LOCAL_HTTP": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def _goal(figure: float, most: float | None) -> tuple[str, bool | None]:
    return ("", None) if most is None else (f"under {most:g}", figure < most)
