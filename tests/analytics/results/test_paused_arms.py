"""Sentences about paused arms. No number in them discloses a small count."""

import pytest

from analytics.disclosure import gate
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.models import GuardEvent
from analytics.results import paused_arms
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from tests import world
from tests.analytics.guardrails.test_harm_stop import QUIET, watched

pytestmark = pytest.mark.django_db


def campaign_with_guardrail_pause(counts: tuple[int, int] = (5000, 400), *, seen: int = 5000) -> Campaign:
    quiet = dict.fromkeys(QUIET, (seen, seen * 3 // 100))
    campaign = watched(quiet | {"both": counts})
    pause_harmful_arms(campaign, now=world.NOON)
    return campaign


def test_it_says_in_whole_people_of_100_what_was_seen_and_what_the_plan_allows() -> None:
    (one,) = paused_arms.find_paused_arms(campaign_with_guardrail_pause((5000, 600))).paused
    assert one.guardrail_sentences == (
        "Of 100 people who saw “Both”, at least 7 more said it annoyed them than of 100 who saw “Neutral”. "
        "The plan allows 1.",
    )
    assert one.magnitude_shown
    assert GuardEvent.objects.get().bound > 0.07


def test_it_says_no_number_while_one_in_100_is_fewer_than_ten_people() -> None:
    (one,) = paused_arms.find_paused_arms(campaign_with_guardrail_pause((900, 200), seen=900)).paused
    assert one.guardrail_sentences == (
        (
            "More people said it annoyed them after “Both” than after “Neutral”. The difference is "
            "clearly more than the 1 in 100 that the plan allows."
        ),
    )
    assert not one.magnitude_shown
    assert GuardEvent.objects.get().in_hundred is None


def test_it_says_no_number_that_says_no_more_than_the_margin() -> None:
    campaign = campaign_with_guardrail_pause((5000, 600))
    world.drop_triggers()
    GuardEvent.objects.update(in_hundred=1, bound=0.0123)
    (one,) = paused_arms.find_paused_arms(campaign).paused
    assert "clearly more than the 1 in 100" in one.guardrail_sentences[0]


def test_of_a_good_outcome_fewer_is_the_harm() -> None:
    campaign = campaign_with_guardrail_pause((5000, 600))
    world.drop_triggers()
    GuardEvent.objects.update(outcome="help_self")
    (one,) = paused_arms.find_paused_arms(campaign).paused
    assert "at least 7 fewer asked for help to stop" in one.guardrail_sentences[0]


@pytest.mark.parametrize(("share", "people", "percent"), [(0.0399, 1000, 3), (0.0399, 999, None), (-0.2, 1000, 0)])
def test_a_percentage_is_rounded_down_and_released_only_for_enough_people(
    share: float, people: int, percent: int | None
) -> None:
    assert gate.releasable_percent(share, people=people) == percent


def test_a_stricter_small_cell_asks_for_more_people(settings: object) -> None:
    settings.SMALL_CELL = 20  # type: ignore[attr-defined]  # pytest-django's fixture has no public type
    assert gate.releasable_percent(0.05, people=1999) is None
    assert gate.releasable_percent(0.05, people=2000) == 5


def test_who_was_paused_by_hand_has_no_such_sentence() -> None:
    campaign = world.launched()
    arm_pauses.pause_arm(
        campaign.arms.get(key="user"), by=world.person("mara"), reason="A partner asked.", now=world.NOON
    )
    (one,) = paused_arms.find_paused_arms(campaign).paused
    assert (one.arm.key, one.guardrail_sentences, one.arm.paused_reason) == ("user", (), "A partner asked.")


def test_a_stop_stays_in_sight_after_its_arm_was_resumed() -> None:
    campaign = campaign_with_guardrail_pause()
    arm = campaign.arms.get(key="both")
    arm_pauses.resume_arm(arm, by=world.person("mara"), reason="They help as well.", now=world.NOON)
    found = paused_arms.find_paused_arms(campaign)
    assert (found.paused, [event.arm.key for event in found.resumed_events]) == ((), ["both"])
    arm_pauses.pause_arm(arm, by=world.person("mara"), reason="A partner asked.", now=world.NOON)
    found = paused_arms.find_paused_arms(campaign)
    assert [one.guardrail_sentences for one in found.paused] == [()], "the second pause was for another reason"
    assert len(found.resumed_events) == 1
