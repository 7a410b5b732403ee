from itertools import product

import pytest

from analytics.stats.numerics.sign_flips import rejected_a_side, sign_flip_p, smallest_p, typical_means


def test_it_counts_all_choices_of_signs() -> None:
    differences = [0.3, 0.1, 0.2, -0.1, 0.1]
    # Brute force over all 32; sums that tie are counted, though their roundings differ.
    sums = [sum(s * d for s, d in zip(signs, differences, strict=True)) for signs in product((1, -1), repeat=5)]
    assert sign_flip_p(differences) == sum(abs(each) > abs(sums[0]) - 1e-9 for each in sums) / 32


def test_nothing_but_zeros_gives_one() -> None:
    assert sign_flip_p([0.0, 0.0]) == 1.0


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.03125, 0.2])
def test_what_is_rejected_has_a_p_below_alpha_and_the_next_has_not(count: int, alpha: float) -> None:
    rejected = rejected_a_side(count, alpha)
    assert rejected == 0 or rejected * smallest_p(count) < alpha
    assert (rejected + 1) * smallest_p(count) >= alpha


def test_five_differences_leave_the_interval_open() -> None:
    assert typical_means([1.0, 2.0, 3.0, 4.0, 5.0], 0.95) == (float("-inf"), float("inf"))
