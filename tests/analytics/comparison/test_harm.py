"""Harm is seen from the first visitor on, however rare it is, and false stops stay rare."""

import random
from typing import Any

import pytest

from analytics.comparison.harm import HarmfulArm, find_harmful_arms, harm_bound
from analytics.stats import Counts, Estimate, sequential

# Four arms share the 5%, of whom three are compared with the control; 28 days of 100 people an arm are planned.
SHARED: dict[str, Any] = {"level": 1 - 0.05 / 3, "n_planned": 5_600}


def harmful(treated: Counts, control: Counts, *, margin: float = 0.01, **more: Any) -> list[HarmfulArm]:
    rules: dict[str, Any] = {"control": "control", "margin": margin, "lower_is_better": True, **SHARED}
    return find_harmful_arms({"control": control, "treated": treated}, **rules | more)


def first_day(treated_a_day: int, control_by_day: list[int], **more: Any) -> int:
    """The first day on which the arm is stopped, with 100 people an arm and day."""
    for day, in_control in enumerate(control_by_day, 1):
        if harmful(Counts(100 * day, treated_a_day * day), Counts(100 * day, in_control), **more):
            return day
    raise AssertionError("never stopped")


def test_a_harm_of_a_third_is_stopped_on_the_first_day() -> None:
    """0 against 30 of 100: an outside audit's two one-sided beta-mixture sequences stop on day 1; it never stopped."""
    assert first_day(30, [0] * 28) == 1
    assert first_day(30, [0] * 28, views_per_network=2, smallest_cell=10) == 1


def test_a_rare_harm_is_stopped_within_days() -> None:
    """3 of 1,000 against 10 of 100: the audit's two sequences stop on day 3, and ten events came on day 32."""
    expected = [round(0.3 * day) for day in range(1, 41)]
    assert first_day(10, expected) == 3
    assert first_day(10, expected, smallest_cell=10) == 5


def test_all_against_none_is_stopped() -> None:
    (found,) = harmful(Counts(1000, 900), Counts(1000, 0))
    assert found.effect == 0.9
    assert found.bound > 0.8


def test_what_one_network_forged_stops_nothing() -> None:
    """30 forged events of 500 beside none stop an arm, unless that many may come from one network."""
    forged, none = Counts(500, 30), Counts(500, 0)
    assert harmful(forged, none)
    assert harmful(forged, none, views_per_network=5)
    assert not harmful(forged, none, views_per_network=30)
    assert not harmful(Counts(9, 9), Counts(9, 0), views_per_network=9)


@pytest.mark.parametrize("views", [5, 20, 60])
def test_no_way_to_spread_forged_views_stops_a_harmless_arm(views: int) -> None:
    """Whatever part of its views a network puts into either arm, they are taken off again."""
    honest = Counts(2000, 60)
    spread = [
        find_harmful_arms(
            {"t": honest + Counts(part, part), "c": honest + Counts(views - part, 0)},
            control="c",
            margin=0.0,
            lower_is_better=True,
            views_per_network=views,
            **SHARED,
        )
        for part in range(views + 1)
    ]
    assert spread == [[]] * (views + 1)


def test_the_bound_is_the_higher_of_an_exact_one_and_one_for_large_samples() -> None:
    common = {"level": 0.95, "n_planned": 10_000}
    rare = harm_bound(Counts(300, 30), Counts(300, 1), **common)  # type: ignore[arg-type]
    plain = harm_bound(Counts(5000, 400), Counts(5000, 150), **common)  # type: ignore[arg-type]
    large = sequential.confidence_sequence(
        treated=Counts(5000, 400), control=Counts(5000, 150), level=0.975, n_planned=10_000, alternative="greater"
    )
    assert isinstance(large, Estimate)
    assert 0.02 < rare < 29 / 300
    assert plain == large.interval.low


def test_fewer_of_a_good_outcome_is_the_harm() -> None:
    arms = {"control": Counts(5000, 2000), "worse": Counts(5000, 1500)}
    rules: dict[str, Any] = {"control": "control", "margin": 0.02, "level": 0.95, "n_planned": 10_000}
    assert [harm.arm for harm in find_harmful_arms(arms, **rules, lower_is_better=False)] == ["worse"]
    assert find_harmful_arms(arms, **rules, lower_is_better=True) == []


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_a_small_part_changes_nothing_that_is_decided(lower_is_better: bool) -> None:
    """1 to 9 of 800 in either arm, with or without the outcome: all of them are judged alike."""
    found = {
        tuple(
            find_harmful_arms(
                {"control": Counts(800, few if lower_is_better else 800 - few), "treated": Counts(800, 300)},
                control="control",
                margin=0.01,
                lower_is_better=lower_is_better,
                smallest_cell=10,
                **SHARED,
            )
        )
        for few in range(1, 10)
    }
    assert len(found) == 1
    assert found != {()}


def test_watching_every_day_rarely_stops_an_arm_that_stands_on_its_margin() -> None:
    """28 daily looks with a true harm of exactly the margin: the 95% bound may be crossed in at most 5% of trials."""
    source = random.Random(3)
    crossed, trials = 0, 100
    for _ in range(trials):
        control, treated = Counts(0, 0), Counts(0, 0)
        for _ in range(28):
            control += Counts(100, sum(source.random() < 0.05 for _ in range(100)))
            treated += Counts(100, sum(source.random() < 0.07 for _ in range(100)))
            if harmful(treated, control, margin=0.02, level=0.95):
                crossed += 1
                break
    # Binomial(100, 0.05): above 11 with a chance of about 1%; the bound is conservative, so far fewer are expected.
    assert crossed <= 11
