"""Measure sides in turns, compute their ratios, and print a table with goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Effort:
    """The work of one side in one round, and the CPU time of its server."""

    done: int
    cpu_seconds: float
    wall_seconds: float

    @property
    def per_cpu_second(self) -> float:
        if self.cpu_seconds <= 0:
            raise ValueError("a round too short to have cost any CPU time")
        return self.done / self.cpu_seconds

    @property
    def per_second(self) -> float:
        """By wall-clock time, for work that waits for a disk rather than the CPU."""
        return self.done / self.wall_seconds

    @property
    def busy(self) -> float:
        """The share of the round in which the server was busy: near 1, the client was not the bottleneck."""
        return self.cpu_seconds / self.wall_seconds


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio over the rounds of one run."""

    median: float
    low: float
    high: float


def ratio(ours: Sequence[float], yardstick: Sequence[float]) -> Ratio:
    """Our figure divided by the yardstick's, for each round: median, minimum and maximum."""
    each = [a / b for a, b in zip(ours, yardstick, strict=True)]
    return Ratio(median(each), min(each), max(each))


def in_turns(sides: Sequence[Callable[[], Effort]], *, rounds: int, warm_up: int = 1) -> list[list[Effort]]:
    """Each side's rounds, in the order A B A B ..., after `warm_up` rounds."""
    efforts: list[list[Effort]] = [[] for _ in sides]
    for number in range(warm_up + rounds):
        for side, kept in zip(sides, efforts, strict=True):
            effort = side()
            if number >= warm_up:
                kept.append(effort)
    return efforts


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, the figure, the goal, and whether it is met (None: no goal)."""

    name: str
    figure: str
    goal: str = ""
    met: bool | None = None


def at_least(name: str, found: Ratio, goal: float | None = None) -> Line:
    """A ratio whose median should be large."""
    if goal is None:
        return Line(name, _format(found))
    return Line(name, _format(found), f"at least {goal:g}", found.median >= goal)


def at_most(name: str, found: Ratio, goal: float) -> Line:
    """A ratio whose median should be small."""
    return Line(name, _format(found), f"at most {goal:g}", found.median <= goal)


def _format(found: Ratio) -> str:
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def speed_lines(
    name: str,
    *,
    ours: Sequence[Effort],
    yardstick: Sequence[Effort],
    goal: float | None = None,
    unit: str,
    beside: str = "share of a constant's speed",
    theirs: str = "constant's requests",
) -> list[Line]:
    """The ratio with its goal, and the figures that it was computed from."""
    a, b = [effort.per_cpu_second for effort in ours], [effort.per_cpu_second for effort in yardstick]
    busy = (median(effort.busy for effort in ours), median(effort.busy for effort in yardstick))
    return [
        at_least(f"{name}: {beside}", ratio(a, b), goal),
        Line(
            f"  {unit} a CPU-second, {theirs}",
            f"{median(a):,.0f}, {median(b):,.0f} (server {busy[0]:.0%}, {busy[1]:.0%} busy)",
        ),
    ]


def table(lines: Sequence[Line]) -> str:
    """The lines in columns."""
    rows = [("", "measured", "goal", ""), *((line.name, line.figure, line.goal, _verdict(line.met)) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _verdict(met: bool | None) -> str:
    return "" if met is None else "met" if met else "MISSED"
