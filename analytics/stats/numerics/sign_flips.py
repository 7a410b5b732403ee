"""The exact test that flips the signs of a few differences, and its interval. Standard library only."""

from collections.abc import Sequence
from math import ceil, inf

MOST_DIFFERENCES = 18
# From so many differences on the test can reach a level of 5%.
_ENOUGH = 6
# Sums that should be equal differ by rounding.
_ROUNDING = 1e-12


def sign_flip_p(differences: Sequence[float]) -> float:
    """The share of all 2^k ways to choose signs whose sum lies at least as far from zero as that of the data.

    >>> sign_flip_p([1.0, 2.0, 3.0])
    0.25
    """
    subsets = _subsets(differences)
    tolerance = _ROUNDING * sum(map(abs, differences))
    # Flipping the signs in a subset takes twice the subset's sum off the total.
    at_least = sum(total <= tolerance for total, _ in subsets)
    at_most = sum(total >= -tolerance for total, _ in subsets)
    return min(1.0, 2.0 * min(at_least, at_most) / len(subsets))


def smallest_p(differences: int) -> float:
    """The smallest p that a sign-flip test of so many differences can give.

    >>> smallest_p(4), smallest_p(6)
    (0.125, 0.03125)
    """
    return 2.0 ** (1 - differences)


def rejected_a_side(differences: int, alpha: float) -> int:
    """How many choices of signs on each side have a two-sided p below alpha; 0 if the test can reject nothing.

    >>> rejected_a_side(5, 0.05), rejected_a_side(6, 0.05), rejected_a_side(7, 0.05)
    (0, 1, 3)
    """
    return ceil(alpha / smallest_p(differences) * (1.0 - _ROUNDING)) - 1


def sign_flips_decide(differences: int, alpha: float) -> bool:
    """Whether there are six differences or more, and the test can reach this level with them."""
    return differences >= _ENOUGH and rejected_a_side(differences, alpha) > 0


def typical_means(differences: Sequence[float], level: float) -> tuple[float, float]:
    """The ends of the interval of means that the test would not reject: order statistics of the means of all subsets.

    Hartigan 1969, Journal of the American Statistical Association 64:1303. Infinite where the test can reject nothing.

    >>> typical_means([3.0, 1.0, 2.0, 6.0, 4.0, 5.0], 0.95)
    (1.0, 6.0)
    """
    means = sorted(total / size for total, size in _subsets(differences) if size)
    rejected = rejected_a_side(len(differences), 1.0 - level)
    return (means[rejected - 1], means[-rejected]) if rejected else (-inf, inf)


def _subsets(differences: Sequence[float]) -> list[tuple[float, int]]:
    """The sum and the size of each subset."""
    if not 1 <= len(differences) <= MOST_DIFFERENCES:
        raise ValueError(f"signs of 1 to {MOST_DIFFERENCES} differences can be flipped, not of {len(differences)}")
    subsets = [(0.0, 0)]
    for difference in differences:
        subsets += [(total + difference, size + 1) for total, size in subsets]
    return subsets
