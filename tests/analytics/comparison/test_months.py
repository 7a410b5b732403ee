"""Month by month: the counts between two looks, each month against the first."""

from __future__ import annotations

from datetime import date
from math import pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from analytics.comparison.months import LookCounts, MonthEffect, monthly_effects
from analytics.stats import Counts
from analytics.stats.sequential import confidence_sequence

START = date(2026, 1, 3)


def effects(
    *looks: tuple[date, tuple[int, int], tuple[int, int]], higher_is_better: bool = True, views: int = 0
) -> list[MonthEffect]:
    counted = [LookCounts(day, Counts(*treated), Counts(*control)) for day, treated, control in looks]
    return monthly_effects(
        counted,
        first_day=START,
        level=0.95,
        people_planned=10_000,
        higher_is_better=higher_is_better,
        views_per_network=lambda first, last: views,
    )


class TestAMonth:
    def test_is_what_came_between_its_last_look_and_that_of_the_month_before(self) -> None:
        january, february = effects(
            (date(2026, 1, 10), (900, 300), (100, 30)),
            (date(2026, 1, 30), (4_500, 1_800), (500, 150)),
            (date(2026, 2, 27), (9_000, 3_375), (1_000, 290)),
        )
        assert (january.from_day, january.to_day) == (START, date(2026, 1, 30))
        assert (february.from_day, february.to_day) == (date(2026, 1, 30), date(2026, 2, 27))
        assert (january.treated_rate, january.control_rate) == (0.4, 0.3)
        assert (february.treated_rate, february.control_rate) == (1_575 / 4_500, 140 / 500)
        found = confidence_sequence(treated=Counts(4_500, 1_575), control=Counts(500, 140), n_planned=10_000)
        assert (february.effect, february.low) == (found.effect, found.interval.low)  # type: ignore[union-attr]

    def test_without_a_look_is_told_with_the_next(self) -> None:
        months = effects(
            (date(2026, 1, 30), (4_500, 1_800), (500, 150)), (date(2026, 3, 30), (9_000, 3_375), (1_000, 290))
        )
        assert [month.to_day.month for month in months] == [1, 3]

    @pytest.mark.parametrize("treated", [(9_000, 4_050), (9_000, 1_350)])
    def test_that_one_network_could_have_turned_says_so(self, treated: tuple[int, int]) -> None:
        # 15 more or fewer of 100; the interval lies more than 9 from zero. 100 views move it by 100 x .7 / 900: 7.8.
        look = (date(2026, 1, 30), treated, (1_000, 300))
        assert not effects(look, views=100)[0].by_one_network
        assert effects(look, views=200)[0].by_one_network

    def test_of_which_we_cannot_tell_is_turned_by_nobody(self) -> None:
        assert not effects((date(2026, 1, 30), (9_000, 2_700), (1_000, 300)), views=200)[0].by_one_network

    def test_of_a_few_people_has_no_effect(self) -> None:
        (month,) = effects((date(2026, 1, 30), (450, 180), (50, 9)))
        assert (month.treated_rate, month.control_rate, month.effect) == (0.4, 0.18, None)


class TestFading:
    FIRST = (date(2026, 1, 30), (9_000, 4_050), (1_000, 300))  # 45 against 30 of 100: +15
    SECOND = (date(2026, 2, 27), (18_000, 7_200), (2_000, 600))  # then 35 against 30: +5
    THIRD = (date(2026, 3, 5), (18_900, 7_515), (2_100, 630))

    def test_is_said_of_a_month_that_is_over_and_surely_smaller_than_the_first(self) -> None:
        # By hand: z = .10 / sqrt(.45*.55/9000 + .3*.7/1000 + .35*.65/9000 + .3*.7/1000): 4.6.
        z = 0.10 / sqrt(0.45 * 0.55 / 9_000 + 0.35 * 0.65 / 9_000 + 2 * 0.3 * 0.7 / 1_000)
        assert 2 * (1 - NormalDist().cdf(z)) < 0.05 * 6 / pi**2
        assert [month.fades for month in effects(self.FIRST, self.SECOND, self.THIRD)] == [None, True, None]

    def test_is_not_said_of_a_month_that_goes_on(self) -> None:
        assert [month.fades for month in effects(self.FIRST, self.SECOND)] == [None, None]

    def test_is_not_said_of_growth(self) -> None:
        more = (date(2026, 2, 27), (18_000, 9_000), (2_000, 600))
        last = (date(2026, 3, 5), (18_900, 9_450), (2_100, 630))
        assert [month.fades for month in effects(self.FIRST, more, last)] == [None, False, None]

    def test_turns_round_where_less_is_better(self) -> None:
        first = (date(2026, 1, 30), (9_000, 1_350), (1_000, 300))  # 15 against 30: -15
        second = (date(2026, 2, 27), (18_000, 3_600), (2_000, 600))  # 25 against 30: -5
        last = (date(2026, 3, 5), (18_900, 3_800), (2_100, 630))
        assert [month.fades for month in effects(first, second, last, higher_is_better=False)] == [None, True, None]

    def test_is_told_as_what_one_network_could_have_done(self) -> None:
        # By hand: 10 fewer, less 30 x .7 / 970 in the holdout of each of two months, is 5.7: z = 2.6, p = 0.009 < 0.03.
        # With 60 views it is 10 less 2 x 60 x .7 / 940, which is 1.1: z = 0.5.
        looks = (self.FIRST, self.SECOND, self.THIRD)
        few, many = effects(*looks, views=30)[1], effects(*looks, views=60)[1]
        assert (few.fades, few.fades_by_one_network) == (True, False)
        assert (many.fades, many.fades_by_one_network) == (True, True)

    @pytest.mark.parametrize("months", [12])
    def test_is_rarely_said_where_nothing_fades(self, months: int) -> None:
        # 400 uses of a year without any fading: at most 5% may say so in any month, and three standard errors of that.
        draws = np.random.default_rng(20261130)
        uses, said = 400, 0
        treated = draws.binomial(1_800, 0.4, (uses, months)).cumsum(axis=1)
        control = draws.binomial(200, 0.3, (uses, months)).cumsum(axis=1)
        for one, other in zip(treated.tolist(), control.tolist(), strict=True):
            looks = [
                (date(2026, month, 28), (1_800 * month, one[month - 1]), (200 * month, other[month - 1]))
                for month in range(1, months + 1)
            ]
            said += any(month.fades for month in effects(*looks))
        assert said / uses < 0.05 + 3 * sqrt(0.05 * 0.95 / uses)
