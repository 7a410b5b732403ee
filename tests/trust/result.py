"""Results of rows and faults, as a table and as a report file."""

from __future__ import annotations

import json
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.installation import ROOT

REPORT = ROOT / "trust-report.json"
_PACKAGES = ("django", "granian", "psycopg", "playwright")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one row: what was examined, the figure, and the violations, if any."""

    n: str
    figure: str
    broken: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One row of the table of promises."""

    row: str
    promise: str
    engine: str
    n: str
    figure: str
    kept: bool
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A planted fault, and whether its row detected it for the right reason."""

    fault: str
    row: str
    engine: str
    found: bool
    why: str
    seconds: float


def table(lines: Sequence[PromiseRow]) -> str:
    """Format the rows as text."""
    text = [f"{'promise':46}{'engine':12}{'':7}{'seconds':>8}  what was looked at; what was found"]
    for line in lines:
        state = "kept" if line.kept else "BROKEN"
        text.append(f"{line.promise:46}{line.engine:12}{state:7}{line.seconds:>8.1f}  {line.n}; {line.figure}")
        text += [f"    {line.why}"] if line.why else []
    return "\n".join(text)


def faults_table(planted: Sequence[FaultRow]) -> str:
    """Format the planted faults as text."""
    text = [f"{'planted fault':46}{'engine':12}{'':7}{'seconds':>8}  what its row said"]
    for one in planted:
        state = "found" if one.found else "MISSED"
        text.append(f"{one.fault:46}{one.engine:12}{state:7}{one.seconds:>8.1f}  {one.row}: {one.why}")
    return "\n".join(text)


def write(lines: Sequence[PromiseRow], planted: Sequence[FaultRow], path: Path = REPORT) -> None:
    """Write the report as JSON."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False)
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "uncommitted_changes": bool(changed.stdout.strip()),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "system": platform.platform(),
            **{name: version(name) for name in _PACKAGES},
        },
        "rows": [asdict(line) for line in lines],
        "faults": [asdict(one) for one in planted],
    }
    path.write_text(f"{json.dumps(report, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
