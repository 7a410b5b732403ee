"""CPU time, memory, children and mapped files of running processes, from /proc of Linux."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


class NeedsLinux(Exception):
    """This machine has no /proc with CPU times."""


def require_linux() -> None:
    """Raise NeedsLinux if /proc has no CPU times."""
    if not (PROC / "self" / "stat").is_file():
        raise NeedsLinux(f"The benchmarks need Linux: they read CPU time from /proc, which {sys.platform} has not.")


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/<pid>/stat that are used here; CPU time is in clock ticks."""

    parent: int
    ticks: int
    ticks_of_dead_children: int


def read_stat(line: str) -> Stat:
    """Parse one line of /proc/<pid>/stat; the command's name may contain spaces and brackets."""
    fields = line.rpartition(")")[2].split()
    return Stat(
        parent=int(fields[1]),
        ticks=int(fields[11]) + int(fields[12]),
        ticks_of_dead_children=int(fields[13]) + int(fields[14]),
    )


def family(pid: int, parents: dict[int, int]) -> set[int]:
    """The process and all its descendants, given the parent of every process."""
    found, more = {pid}, True
    while more:
        children = {child for child, parent in parents.items() if parent in found} - found
        found |= children
        more = bool(children)
    return found


def _stats() -> dict[int, Stat]:
    stats = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = read_stat((entry / "stat").read_text(encoding="utf-8", errors="replace"))
            except OSError:  # it has ended meanwhile
                continue
    return stats


def living_family(pid: int) -> set[int]:
    """The process and its living descendants."""
    return family(pid, {child: stat.parent for child, stat in _stats().items()})


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, with that of their children that have ended."""
    stats = [read_stat((PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")) for pid in pids]
    return sum(stat.ticks + stat.ticks_of_dead_children for stat in stats) / os.sysconf("SC_CLK_TCK")


def status_kib(status: str, name: str) -> int:
    """One size in KiB from the text of /proc/<pid>/status."""
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


def resident_mib(pid: int) -> float:
    """The memory that the process holds now, in MiB (VmRSS)."""
    return status_kib((PROC / str(pid) / "status").read_text(encoding="utf-8"), "VmRSS") / 1024


def mapped(pid: int, package: str) -> bool:
    """True if the process has a compiled file of this installed Python package in its memory."""
    return f"/site-packages/{package}/" in (PROC / str(pid) / "maps").read_text(encoding="utf-8")


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Pin this process, and those it starts, to a core; None means no pinning."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def two_cores() -> tuple[int | None, int | None]:
    """A core for the server and another for the client, or nothing to pin to."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (None, None)
