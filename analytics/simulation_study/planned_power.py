"""PURE  Simulate whether a planned number of people, split by shares, has the power that was promised."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analytics.comparison.compare import compare
from analytics.comparison.inputs import ArmCounts, Rules
from analytics.simulation_study.error_rates import SimulatedShare
from analytics.stats import Counts

_DIFFERENT = ("better", "worse")
_Counts = npt.NDArray[np.int64]


def planned_power(
    *, people: int, weights: Sequence[int], rates: Sequence[float], rules: Rules, count: int, seed: int
) -> tuple[SimulatedShare, SimulatedShare]:
    """The share of trials in which the second arm is called different from the first: at the last look, and at any.

    `people` in all are split by chance, each arm is compared with the first, and `rules.looks` are those of the plan.
    """
    source = np.random.default_rng(seed)
    shares = np.array(weights) / sum(weights)
    last = at_any = 0
    for _ in range(count):
        called = [
            _is_called_different(n, events, weights, rules, rules.looks[: look + 1])
            for look, (n, events) in enumerate(_counts_at_looks(source, people, shares, rates, rules.looks))
        ]
        last += called[-1]
        at_any += any(called)
    return SimulatedShare(last / count, count), SimulatedShare(at_any / count, count)


def _counts_at_looks(
    source: np.random.Generator,
    people: int,
    shares: npt.NDArray[np.float64],
    rates: Sequence[float],
    looks: Sequence[float],
) -> list[tuple[_Counts, _Counts]]:
    """Draw the people and the events of each arm up to each look."""
    steps = np.diff([0, *(round(share * people) for share in looks)])
    new = np.array([source.multinomial(step, shares) for step in steps])
    events = source.binomial(new, rates)
    return list(zip(np.cumsum(new, axis=0), np.cumsum(events, axis=0), strict=True))


def _is_called_different(
    n: _Counts, events: _Counts, weights: Sequence[int], rules: Rules, looks: tuple[float, ...]
) -> bool:
    arms = [
        ArmCounts(str(number), Counts(int(seen), int(x)), weight)
        for number, (seen, x, weight) in enumerate(zip(n, events, weights, strict=True))
    ]
    pairs = [(arm.key, "0") for arm in arms[1:]]
    return compare(arms, pairs, replace(rules, looks=looks)).comparisons[0].verdict in _DIFFERENT
