"""PURE  Simulate whether a comparison is told by the units that were named as still needed."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.comparison.verdict import CANNOT_TELL
from analytics.simulation_study.error_rates import SimulatedShare
from analytics.stats import Counts


def shares_with_verdict(
    *, now: Sequence[Counts], later_sizes: Sequence[int], bounds: Sequence[int], rules: Rules, count: int, seed: int
) -> list[SimulatedShare]:
    """The share of trials that reach a verdict with at most so many more units per arm, for each of the bounds.

    The true rates are as likely as what two arms show now makes them (flat priors). A look is taken at each of the
    later sizes of an arm.
    """
    source = np.random.default_rng(seed)
    taken = []
    for _ in range(count):
        rates = [source.beta(1 + counts.events, 1 + counts.n - counts.events) for counts in now]
        taken.append(_units_until_verdict(source, now, rates, later_sizes, rules))
    return [SimulatedShare(sum(units <= bound for units in taken) / count, count) for bound in bounds]


def _units_until_verdict(
    source: np.random.Generator, now: Sequence[Counts], rates: Sequence[float], later_sizes: Sequence[int], rules: Rules
) -> float:
    """How many more units per arm one trial takes; infinite if it is not told at any of the looks."""
    start, arms, looks = now[0].n, list(now), rules.looks
    for size in later_sizes:
        arms = [
            each + Counts(size - each.n, int(source.binomial(size - each.n, rate)))
            for each, rate in zip(arms, rates, strict=True)
        ]
        if rules.monitoring == "group-sequential":
            looks = (*looks, size / (rules.planned_per_arm or size))
        first, second = (ArmCounts(key, counts) for key, counts in zip("ab", arms, strict=True))
        (row,) = compare([first, second], [("b", "a")], replace(rules, looks=looks)).comparisons
        if row.verdict != CANNOT_TELL:
            return size - start
    return inf
