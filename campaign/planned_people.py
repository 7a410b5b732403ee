"""PURE  The people that a plan asks for: one number in all, split by the shares of the arms."""

from collections.abc import Sequence
from math import ceil


def planned_people(planned_per_arm: int, weights: Sequence[float]) -> int:
    """Return the people in all: `planned_per_arm` is their mean over the arms with a weight above zero.

    >>> planned_people(2_286, [1, 3, 0])
    4572
    """
    return planned_per_arm * _shown_count(weights)


def mean_per_arm(people: float, weights: Sequence[float]) -> int:
    """Return the least mean over the shown arms that comes to this many people in all.

    >>> mean_per_arm(6_095, [1, 3])
    3048
    """
    return ceil(people / _shown_count(weights))


def people_by_arm(people: int, weights: Sequence[float]) -> list[int]:
    """Return how many of the people each arm gets by its share.

    >>> people_by_arm(9_000, [3, 2, 2, 2])
    [3000, 2000, 2000, 2000]
    """
    total = sum(weights)
    return [round(people * weight / total) if total else 0 for weight in weights]


def _shown_count(weights: Sequence[float]) -> int:
    return max(sum(weight > 0 for weight in weights), 1)
