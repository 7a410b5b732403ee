"""The short, seeded version of the harm stop in `make simulate`."""

import numpy as np
import pytest

from analytics.simulation_study import harm_stops, period_harm_stops
from analytics.simulation_study.harm_stops import DaysToStop
from analytics.simulation_study.period_harm_stops import HarmByDay
from analytics.simulation_study.text_harm_stops import text_stops
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
    may_cross = harm_stops.may_cross(harmed, n, events, n, 0.01, level=harm_stops.LEVEL)
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


class TestOneText:
    def test_on_the_margin_is_rarely_stopped_nor_is_its_arm(self) -> None:
        found = text_stops(
            control=0.03, harms=(0.01,) * 4, margin=0.01, per_text_a_look=120, looks_a_day=1, count=40, seed=4
        )
        # At most 5%: Binomial(40, 0.05) is above 6 with a chance of under 1%.
        assert found.false.share * 40 <= 6

    def test_that_harms_beside_three_on_the_margin_is_stopped_alone_and_soon(self) -> None:
        found = text_stops(
            control=0.03,
            harms=(0.27, 0.01, 0.01, 0.01),
            margin=0.01,
            per_text_a_look=25,
            looks_a_day=1,
            count=20,
            seed=5,
        )
        assert (found.first, found.false.share) == (DaysToStop(2, 3), 0.0)


class TestOneArmADay:
    """By people, bad days are taken for harm; by what days are worth, harm is still stopped within days."""

    ON_THE_MARGIN = HarmByDay(2, 4, control=0.03, harm=0.01, margin=0.01, per_day=1_000, spread=0.6)

    def test_messages_on_the_margin_are_rarely_stopped_as_planned_and_often_by_people(self) -> None:
        planned, _ = period_harm_stops.stops(self.ON_THE_MARGIN, by_people=False, count=30, seed=6)
        people, _ = period_harm_stops.stops(self.ON_THE_MARGIN, by_people=True, count=30, seed=6)
        # At most 5%: Binomial(30, 0.05) is above 5 with a chance of under 1%.
        assert planned.share * 30 <= 5
        assert people.share > 0.3

    def test_a_harmful_message_is_stopped_within_days(self) -> None:
        case = HarmByDay(2, 4, control=0.03, harm=0.27, margin=0.01, per_day=300, spread=0.3)
        _, days = period_harm_stops.stops(case, by_people=False, count=20, seed=7)
        assert days == DaysToStop(5, 8)
