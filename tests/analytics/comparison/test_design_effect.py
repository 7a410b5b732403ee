"""What the counts of arms are worth where everybody of a period sees the same message."""

from __future__ import annotations

import pytest

from analytics.comparison.design_effect import design_effect
from analytics.comparison.harm import find_harmful_arms
from analytics.stats import Counts

NEUTRAL = [Counts(1000, events) for events in (20, 45, 25, 38, 22)]


def test_a_day_of_a_thousand_people_is_worth_a_hundred_or_so_while_little_is_known_of_days() -> None:
    luck = design_effect({"neutral": [Counts(1000, 30)], "both": [Counts(1000, 40)]})
    assert luck.variation == 0.5
    # 1 + 1000 * 0.25 * 0.03 / 0.97 = 8.73.
    assert luck.effective("neutral", Counts(1000, 30)) == Counts(114, 3)


def test_what_periods_show_takes_the_place_of_what_is_assumed() -> None:
    alike, apart = [Counts(1000, 30)] * 40, [Counts(1000, 5), Counts(1000, 55)] * 20
    assert design_effect({"a": alike, "b": alike}).variation == 0.2
    assert design_effect({"a": apart, "b": apart}).variation == pytest.approx(0.9)


@pytest.mark.parametrize("counts", [Counts(0, 0), Counts(100, 0), Counts(100, 100)])
def test_what_does_not_vary_is_worth_as_many_as_came(counts: Counts) -> None:
    assert design_effect({"a": [counts]}).effective("a", counts) == counts


def test_it_does_not_depend_on_single_events_of_a_day() -> None:
    one_more = [*NEUTRAL[:-1], Counts(1000, 23)]
    assert design_effect({"a": NEUTRAL, "b": NEUTRAL}) == design_effect({"a": one_more, "b": NEUTRAL})


def test_bad_days_of_one_arm_are_no_harm_and_a_harm_on_all_its_days_is() -> None:
    def found(days: list[Counts]) -> bool:
        arms = {"neutral": NEUTRAL, "both": days}
        return bool(
            find_harmful_arms(
                {key: sum(each, Counts(0, 0)) for key, each in arms.items()},
                control="neutral",
                margin=0.01,
                level=0.95,
                n_planned=10_000,
                lower_is_better=True,
                luck=design_effect(arms),
            )
        )

    assert not found([Counts(1000, events) for events in (30, 90, 130, 30, 32)])
    assert found([Counts(1000, 300)] * 5)
