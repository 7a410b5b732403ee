"""What is in use without a holdout is judged beside the control of its trial."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import GuardEvent, Tally
from analytics.results.paused_arms import observed_harm_sentence
from campaign.follow_up.use import put_to_use
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db

DAYS = 28
PERIODS = {"period": "day", "clusters": "period", "period_weeks": 4, "correction": "none"}


def in_use(annoyed: int, *, seen: int = 7_000, is_looked_at: bool = True, **options: Any) -> Campaign:
    """A message in use, everybody's, after a trial in which so many were annoyed after the control."""
    trial = world.launched(
        arms={"neutral": 1, "victim": 1},
        margins={"annoyed": 0.02},
        **{"unit": "period", "plan": PERIODS | {"planned_per_arm": 7_000}, **options},
    )
    count(trial, "neutral", seen, annoyed, days=DAYS)
    count(trial, "victim", seen, annoyed, days=DAYS)
    if is_looked_at:
        evaluate(trial, now=world.NOON + timedelta(days=DAYS + 1))
    manager = world.person("mara", "manager")
    use = put_to_use(trial, "victim", holdout=0, by_period=True, placements=list(trial.placements.all()), by=manager)
    transitions.close(trial, by=manager, now=world.NOON + timedelta(days=DAYS + 2))
    world.approve(use)
    transitions.launch(use, by=manager, now=world.NOON + timedelta(days=DAYS + 2))
    return use


def count(campaign: Campaign, key: str, seen: int, annoyed: int, *, days: int, every: int = 1) -> None:
    """Count people of an arm, equally many a day; those who were annoyed came on every so many days."""
    assert campaign.starts_at is not None
    common = {"arm": campaign.arms.get(key=key), "placement": campaign.placements.get(), "locale": "en"}
    for number in range(days):
        day = campaign.starts_at.date() + timedelta(days=number)
        people, those = (total * (number + 1) // days - total * number // days for total in (seen, annoyed * every))
        counts = {"exposed": people, "annoyed": 0 if number % every else those, "turned_back": people // 3}
        for outcome, people in counts.items():
            Tally.objects.create(**common, day=day, outcome=outcome, count=people)


def paused(use: Campaign) -> list[GuardEvent]:
    return pause_harmful_arms(use, now=world.NOON + timedelta(days=60))


def test_a_message_that_does_more_harm_than_the_control_of_the_trial_did_is_stopped() -> None:
    use = in_use(210)
    count(use, "victim", 7_000, 1_050, days=DAYS)
    (event,) = paused(use)
    assert event.arm.key == "victim"
    assert event.effect == pytest.approx(0.12)
    assert use.arms.get(key="victim").paused_at is not None
    told = observed_harm_sentence(event, use.arms.get(key="neutral"))
    assert "“Neutral” was seen in the trial. Nobody sees it now." in told


def test_one_that_does_as_much_is_not() -> None:
    use = in_use(210)
    count(use, "victim", 7_000, 210, days=DAYS)
    assert paused(use) == []


@pytest.mark.parametrize(("every", "stops"), [(1, 1), (7, 0)])
def test_more_harm_than_in_the_trial_that_came_on_a_few_days_is_taken_for_their_luck(every: int, stops: int) -> None:
    """9 of 100 after 3 of 100: evenly over the days, or all of it on Mondays."""
    use = in_use(210)
    count(use, "victim", 7_000, 630, days=DAYS, every=every)
    assert len(paused(use)) == stops


def test_without_a_look_that_showed_the_control_nothing_is_judged() -> None:
    use = in_use(210, is_looked_at=False)
    count(use, "victim", 7_000, 1_050, days=DAYS)
    assert paused(use) == []


@pytest.mark.parametrize(("annoyed", "stops"), [(3, 1), (0, 1)])
def test_a_small_number_of_the_trial_is_taken_for_the_most_that_it_can_be(annoyed: int, stops: int) -> None:
    use = in_use(annoyed)
    count(use, "victim", 7_000, 1_050, days=DAYS)
    (event,) = paused(use)
    assert event.effect == pytest.approx(1_050 / 7_000 - (9 if annoyed else 0) / 7_000)


def test_what_is_told_of_the_pause_is_of_the_message_in_use() -> None:
    """The control of the trial was told by the trial's looks, and nobody saw that of the use."""
    use = in_use(210)
    count(use, "victim", 7_000, 1_050, days=DAYS)
    assert paused(use)[0].judged_on == {"victim": [7_000, 1_050], "neutral": [0, 0]}


def test_with_a_holdout_the_control_that_is_seen_now_counts() -> None:
    visits = {"planned_per_arm": 7_000, "monitoring": "always-valid"}
    trial = world.launched(arms={"neutral": 1, "victim": 1}, margins={"annoyed": 0.02}, plan=visits)
    count(trial, "neutral", 7_000, 210, days=DAYS)
    manager = world.person("mara", "manager")
    use = put_to_use(trial, "victim", holdout=10, placements=list(trial.placements.all()), by=manager)
    transitions.close(trial, by=manager, now=world.NOON)
    world.approve(use)
    transitions.launch(use, by=manager, now=world.NOON)
    count(use, "victim", 7_000, 1_050, days=DAYS)
    count(use, "neutral", 7_000, 1_050, days=DAYS)
    assert paused(use) == []
