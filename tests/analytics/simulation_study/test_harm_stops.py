"""The short, seeded version of the harm stop in `make simulate`."""

import numpy as np
import pytest

from analytics.simulation_study import harm_stops
from analytics.simulation_study.harm_stops import DaysToStop
from analytics.stats import Counts

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("control", "margin"), [(0.03, 0.01), (0.003, 0.003), (0.0002, 0.0002)])
def test_hourly_looks_rarely_stop_messages_on_the_margin(control: float, margin: float) -> None:
    found = harm_stops.false_stop_rate(control=control, margin=margin, per_hour=20, count=60, seed=1)
    # At most 5%: Binomial(60, 0.05) is above 8 with a chance of under 1%.
    assert found.share * 60 <= 8


def test_what_is_skipped_could_not_have_stopped_anything() -> None:
    source = np.random.default_rng(2)
    n = source.integers(1, 3_000, size=1_500)
    events, harmed = source.binomial(n, source.choice([0.0, 0.002, 0.05], size=1_500)), source.binomial(n, 0.06)
    may_cross = harm_stops._may_cross(harmed, events, n, 0.01)
    stopped = np.array(
        [
            harm_stops._is_stopped(
                Counts(int(n[i]), int(harmed[i])), Counts(int(n[i]), int(events[i])), margin=0.01, n_planned=4_000
            )
            for i in range(1_500)
        ]
    )
    assert stopped.sum() > 100
    assert (~may_cross).sum() > 500
    assert not (stopped & ~may_cross).any()


@pytest.mark.parametrize(
    ("control", "treated", "days"),
    # An outside audit's pair of one-sided beta-mixture sequences stops 0.3% against 10% on day 3, 0 against 30% on day
    # 1. Ten events in each arm came on day 32, and never.
    [(0.003, 0.10, DaysToStop(3, 4)), (0.0, 0.30, DaysToStop(1, 1)), (0.01, 0.01, DaysToStop(None, None))],
)
def test_a_harmful_message_is_stopped_within_days(control: float, treated: float, days: DaysToStop) -> None:
    found = harm_stops.days_to_stop(
        control=control, treated=treated, margin=0.01, per_day=100, views_a_day=0, smallest_cell=0, count=40, seed=3
    )
    assert found == days
