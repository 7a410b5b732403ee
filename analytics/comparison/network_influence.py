"""PURE  How far one network could have moved a difference, and how many it would take to turn a verdict.

Nobody knows which views are hostile. So the worst is assumed: that as many as one network could have counted lie in
one arm, and all of them had the outcome, or all lacked it. Without them the difference would be elsewhere by at most
the move worked out here; several networks move it by as many moves.
"""

from collections.abc import Sequence
from math import ceil, inf
from statistics import NormalDist

from analytics.stats.values import Estimate, NotEstimable

ONE_NETWORK = NotEstimable("One network alone could have changed this result, so there is no verdict yet.")


def largest_move(sizes: Sequence[int], rates: Sequence[float], *, views: int) -> float:
    """How far this many views of the worst kind move a difference between arms of these sizes and rates.

    100 of 5,000 people, of whom 40% had the outcome: if none of the 100 had it, the others' rate is 40.8%, and if all
    had it, 38.8%.

    >>> round(largest_move([5_000, 5_000], [0.4, 0.4], views=100), 4)
    0.0122
    """
    moves = [
        1.0 if views >= n else views * max(rate, 1 - rate) / (n - views) for n, rate in zip(sizes, rates, strict=True)
    ]
    return min(max(moves, default=0.0), 1.0) if views else 0.0


def margin_from_zero(estimate: Estimate, p_adjusted: float | None) -> float:
    """How far an estimate that differs from zero may move before it no longer does.

    The interval moves with the estimate. A corrected p-value is taken for that of a normal estimate, so that the room
    it leaves is a share of the effect.
    """
    normal = NormalDist()
    needed = normal.inv_cdf((1 + estimate.interval.level) / 2)
    p = 1.0 if p_adjusted is None else p_adjusted
    reached = inf if p < 1e-15 else normal.inv_cdf(1 - p / 2)
    room = min(abs(estimate.interval.low), abs(estimate.interval.high))
    return max(min(room, abs(estimate.effect) * (1 - needed / reached)), 0.0)


def networks_to_turn(margin: float, move: float) -> int | None:
    """How many hostile networks would have to be there to turn a verdict; None if no number would."""
    return max(ceil(margin / move), 1) if move > 0 else None
