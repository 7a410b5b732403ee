"""What a row of the table says, the table, and the report as a file."""

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
    """One promise: what was looked at, what was found, and why it is broken if it is."""

    n: str
    figure: str
    broken: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A row of the table."""

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
    """A fault, and whether its row found it, for the right reason."""

    fault: str
    row: str
    engine: str
    found: bool
    why: str
    seconds: float


def table(lines: Sequence[PromiseRow]) -> str:
    """The rows as text."""
    text = [f"{'promise':46}{'engine':12}{'':7}{'seconds':>8}  what was looked at; what was found"]
    for line in lines:
        state = "kept" if line.kept else "BROKEN"
        text.append(f"{line.promise:46}{line.engine:12}{state:7}{line.seconds:>8.1f}  {line.n}; {line.figure}")
        text += [f"    {line.why}"] if line.why else []
    return "\n".join(text)


def faults_table(planted: Sequence[FaultRow]) -> str:
    """The planted faults as text."""
    text = [f"{'planted fault':46}{'engine':12}{'':7}{'seconds':>8}  what its row said"]
    for one in planted:
        state = "found" if one.found else "MISSED"
        text.append(f"{one.fault:46}{one.engine:12}{state:7}{one.seconds:>8.1f}  {one.row}: {one.why}")
    return "\n".join(text)


def write(lines: Sequence[PromiseRow], planted: Sequence[FaultRow], path: Path = REPORT) -> None:
    """The report, for programs and for the record."""
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
