"""The time of the statistics relative to statsmodels and tea-tasting, on the same counts, in turns."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.stats import Counts, proportions
from benchmarks.ratio_table import Line

ROUNDS = 15
ARMS, OUTCOMES, STRATA = 10, 10, 100


def seconds(*sides: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The median time of each side, taken in turns after one round that does not count."""
    times: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, kept in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            if number:
                kept.append(time.perf_counter() - start)
    return [median(kept) for kept in times]


def _arm(number: int, outcome: int, people: int) -> ArmCounts:
    """One arm whose people stand in 100 strata."""
    n = people // STRATA
    cells = {str(s): Counts(n, n * (20 + (7 * number + 3 * outcome + s) % 30) // 100) for s in range(STRATA)}
    total = Counts(sum(c.n for c in cells.values()), sum(c.events for c in cells.values()))
    return ArmCounts(f"arm{number}", total, strata=cells)


def _everything(people: int, rules: Rules) -> Callable[[], object]:
    tables = [[_arm(number, outcome, people) for number in range(ARMS)] for outcome in range(OUTCOMES)]
    pairs = [(f"arm{number}", "arm0") for number in range(1, ARMS)]
    return lambda: [compare(table, pairs, rules) for table in tables]


def measure() -> list[Line]:
    """Every comparison of a large plan; one interval beside statsmodels; the same work beside tea-tasting."""
    switched_on = Rules(stratified=True, monitoring="always-valid", planned_per_arm=100_000)
    large, few, many = seconds(
        _everything(100_000, switched_on), _everything(10_000, Rules()), _everything(10**9, Rules()), rounds=5
    )
    lines = [
        Line(
            f"statistics: {ARMS} arms, {OUTCOMES} outcomes, {STRATA} strata, seconds",
            f"{large:.3f}",
            "at most 0.5",
            large <= 0.5,
        ),
        Line("  the same plan with 10^9 people per arm against 10^4, times", f"{many / few:.2f}"),
    ]
    statsmodels = importlib.import_module("statsmodels.stats.proportion").confint_proportions_2indep
    treated, control = Counts(4981, 1798), Counts(5012, 1354)
    ours, theirs = seconds(
        lambda: [proportions.difference(treated=treated, control=control) for _ in range(20)],
        lambda: [statsmodels(1798, 4981, 1354, 5012, method="score", compare="diff") for _ in range(20)],
    )
    lines.append(_beside("one score interval: share of statsmodels' time", ours / theirs, 1.0))
    try:
        tea: Any = importlib.import_module("tea_tasting")
    except ImportError:
        return [*lines, Line("  tea-tasting", "not installed: make bench installs it")]
    return lines + _beside_tea(tea, treated, control)


def _beside_tea(tea: Any, treated: Counts, control: Counts) -> list[Line]:
    def aggregate(counts: Counts) -> Any:
        p = counts.proportion
        return tea.aggr.Aggregates(count_=counts.n, mean_={"x": p}, var_={"x": p * (1 - p) * counts.n / (counts.n - 1)})

    metric, a, b = tea.Proportion("x"), aggregate(control), aggregate(treated)
    ours, theirs = seconds(
        lambda: [proportions.difference(treated=treated, control=control) for _ in range(20)],
        lambda: [metric.analyze_aggregates(a, b) for _ in range(20)],
    )
    plain = Rules()
    tables = [[_arm(number, outcome, 100_000) for number in range(ARMS)] for outcome in range(OUTCOMES)]
    theirs_in = [[aggregate(arm.counts) for arm in table] for table in tables]
    ours_all, theirs_all = seconds(
        _everything(100_000, plain),
        lambda: [metric.analyze_aggregates(table[0], arm) for table in theirs_in for arm in table[1:]],
        rounds=5,
    )
    return [
        _beside("one comparison: share of tea-tasting's time", ours / theirs, 1.0),
        _beside(f"{ARMS} arms, {OUTCOMES} outcomes: share of tea-tasting's time", ours_all / theirs_all, 0.2),
    ]


def _beside(name: str, share: float, goal: float) -> Line:
    return Line(name, f"{share:.3f}", f"at most {goal:g}", share <= goal)
