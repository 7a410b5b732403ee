import numpy as np
import pytest

from analytics.comparison.reach import unequal_reach_p
from analytics.stats import Counts


def test_a_message_that_is_seen_less_often_is_found() -> None:
    reach = [Counts(9_000, 5_020), Counts(5_000, 5_000), Counts(5_000, 5_000), Counts(5_000, 5_000)]
    assert (unequal_reach_p(reach, planned_per_arm=5_000) or 0.0) < 1e-6


def test_equal_reach_is_no_evidence_and_nothing_served_no_answer() -> None:
    assert unequal_reach_p([Counts(5_000, 4_000)] * 4, planned_per_arm=5_000) == 1.0
    assert unequal_reach_p([Counts(900, 900)] * 2, planned_per_arm=5_000) == 1.0
    assert unequal_reach_p([Counts(0, 0)] * 2, planned_per_arm=5_000) is None


@pytest.mark.slow
def test_daily_looks_rarely_find_a_reach_unequal_that_is_equal() -> None:
    """100 campaigns of four arms, a look on each of 28 days."""
    served = 250 * np.arange(1, 29)
    seen = np.random.default_rng(4).binomial(250, 0.8, size=(100, 28, 4)).cumsum(axis=1)
    found = [
        min(
            unequal_reach_p([Counts(int(n), int(x)) for x in arms], planned_per_arm=7_000) or 0.0
            for n, arms in zip(served, campaign, strict=True)
        )
        for campaign in seen
    ]
    # At most 1%: Binomial(100, 0.01) is above 4 with a chance of under 1%.
    assert sum(p < 0.01 for p in found) <= 4
