"""Two sides measured in turns, and what their ratio is; the table that says whether each goal is met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Effort:
    """What one side did in one round: how many pieces of work, in how much CPU time of its server."""

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
        """By the clock on the wall: for what waits for a disk rather than for the CPU."""
        return self.done / self.wall_seconds

    @property
    def busy(self) -> float:
        """The share of the round in which the server was at work: near 1, the client was not what held it up."""
        return self.cpu_seconds / self.wall_seconds


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio over the rounds of one run."""

    median: float
    low: float
    high: float


def ratio(ours: Sequence[float], yardstick: Sequence[float]) -> Ratio:
    """Ours over the yardstick, round by round; the middle, least and greatest of these."""
    each = [a / b for a, b in zip(ours, yardstick, strict=True)]
    return Ratio(median(each), min(each), max(each))


def in_turns(sides: Sequence[Callable[[], Effort]], *, rounds: int, warm_up: int = 1) -> list[list[Effort]]:
    """Each side's rounds, A B A B ..., after `warm_up` rounds that do not count."""
    efforts: list[list[Effort]] = [[] for _ in sides]
    for number in range(warm_up + rounds):
        for side, kept in zip(sides, efforts, strict=True):
            effort = side()
            if number >= warm_up:
                kept.append(effort)
    return efforts


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, how it came out, and whether that is enough; None: no goal."""

    name: str
    figure: str
    goal: str = ""
    met: bool | None = None


def at_least(name: str, found: Ratio, goal: float | None = None) -> Line:
    """A ratio that should be large; its median is what counts."""
    if goal is None:
        return Line(name, _told(found))
    return Line(name, _told(found), f"at least {goal:g}", found.median >= goal)


def at_most(name: str, found: Ratio, goal: float) -> Line:
    """A ratio that should be small; its median is what counts."""
    return Line(name, _told(found), f"at most {goal:g}", found.median <= goal)


def _told(found: Ratio) -> str:
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
    """The ratio with its goal, and for information the figures that it was made of."""
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
