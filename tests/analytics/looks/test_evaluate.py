from typing import Any

import pytest
from django.db import IntegrityError, transaction

from analytics.looks import release
from analytics.looks.evaluate import NotEvaluable, evaluate
from analytics.models import Analysis, Estimate, Release
from analytics.results import build
from campaign.lifecycle import transitions
from tests import world

pytestmark = pytest.mark.django_db

COUNTS = {"neutral": (5012, 1754), "victim": (4987, 1996), "user": (5020, 1841), "both": (4981, 2198)}


def looked(counts: dict[str, tuple[int, int]] = COUNTS) -> Analysis:
    campaign = world.launched(plan={"planned_per_arm": 4_500})
    world.tally(campaign, counts)
    return evaluate(campaign, now=world.NOON)


def test_a_verdict_that_one_network_could_turn_is_held_and_says_so() -> None:
    """A plan of 100 people leaves one network 1 in 100: 201 of these 20,000 views, which move a difference by 2.72."""
    campaign = world.launched(plan={"planned_per_arm": 100})
    world.tally(campaign, COUNTS)
    rows = evaluate(campaign, now=world.NOON).estimates.filter(kind="difference", outcome="turned_back")
    assert [row.verdict for row in rows] == [
        "better",
        "cannot-tell-yet",
        "better",
        "cannot-tell-yet",
        "cannot-tell-yet",
    ]
    told = build.build(Analysis.objects.get())
    assert (
        "but the evidence is not strong enough. We cannot tell yet. One network alone could have changed this "
        "result, so there is no verdict yet."
    ) in told.primary.differences[3].sentence
    assert [row.one_network.split(". ")[-1] for row in told.checks] == [
        "About 2 hostile networks would be needed to change the answer.",
        "One network could have changed it by at most 2.8 of 100 people.",
        "About 3 hostile networks would be needed to change the answer.",
        "That could change the answer, so there is no verdict yet.",
        "That could change the answer, so there is no verdict yet.",
    ]


def test_a_placement_through_which_all_come_has_no_verdict() -> None:
    one_house = world.placement(network_share=100)
    campaign = world.launched(plan={"planned_per_arm": 4_500}, at=one_house)
    world.tally(campaign, COUNTS)
    rows = evaluate(campaign, now=world.NOON).estimates.filter(kind="difference", outcome="turned_back")
    assert {row.verdict for row in rows} == {"cannot-tell-yet"}


def test_the_share_of_the_launch_decides_after_the_campaign_is_closed_and_another_is_declared() -> None:
    campaign = world.launched(plan={"planned_per_arm": 4_500}, at=world.placement(network_share=100))
    world.tally(campaign, COUNTS)
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    campaign.placements.update(network_share=0)
    rows = evaluate(campaign, now=world.NOON).estimates.filter(kind="difference", outcome="turned_back")
    assert {row.verdict for row in rows} == {"cannot-tell-yet"}


def test_a_look_compares_the_arms_as_planned() -> None:
    analysis = looked()
    rows = analysis.estimates.filter(kind="difference", outcome="turned_back")
    assert [[row.treated.key, row.control.key] for row in rows if row.control] == world.PAIRS
    assert [row.verdict for row in rows] == ["better", "cannot-tell-yet", "better", "worse", "better"]
    assert analysis.sample_ratio == "ok"
    assert analysis.plan_fingerprint == analysis.campaign.plan.fingerprint


def test_the_report_says_it_in_one_sentence() -> None:
    told = build.build(looked())
    # 2198 of 4981 is 44.1%; 1754 of 5012 is 35.0%; the difference 9.1 has the 95% interval 7.2 to 11.0.
    assert told.sentence == (
        "Of 100 people who saw the message with both harms, 44 turned back; "
        "9 more than with the neutral text (7 to 11)."
    )
    assert told.interval_sentence.startswith("Against the message about harm to the victim: 4 more (2 to 6). ")


def test_a_message_that_backfires_is_told_first() -> None:
    told = build.build(looked(COUNTS | {"user": (5020, 1400)}))
    assert "28 turned back; 7 fewer than with the neutral text" in told.sentence
    assert "did worse" in told.sentence


def test_each_look_is_added_and_none_is_changed() -> None:
    first = looked()
    second = evaluate(first.campaign, now=world.NOON)
    assert (first.look, second.look, Analysis.objects.count()) == (1, 2, 2)
    first.level = 0.5
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        first.save()
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        Estimate.objects.update(verdict="better")


def test_a_broken_split_withholds_the_verdict_and_the_sentence() -> None:
    analysis = looked(COUNTS | {"both": (4000, 1800)})
    told = build.build(analysis)
    assert (analysis.sample_ratio, told.withheld) == ("alarm", True)
    assert {row.verdict for row in told.primary.differences} == {"withheld"}
    assert not any(character.isdigit() for character in told.sentence)


def test_served_but_never_seen_is_visible_per_arm() -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    campaign.arms.get(key="user").served.update(count=9000)
    analysis = evaluate(campaign, now=world.NOON)
    told = build.build(analysis)
    assert next(row.served for row in told.primary.rates if row.key == "user") == 9000
    assert analysis.reach_p is not None
    assert analysis.reach_p < 1e-6
    assert [item.status for item in told.quality if "less often" in item.label] == ["caution"]


def test_a_look_before_anyone_was_counted_is_too_early_and_with_an_exception_says_so() -> None:
    campaign = world.launched()
    assert "too early" in build.build(evaluate(campaign, now=world.NOON)).sentence
    told = build.build(evaluate(campaign, now=world.NOON, embargo_exception="Ana: to see it empty."))
    assert told.sentence == "Nobody has been counted yet."
    assert {row.verdict for row in told.primary.differences} == {"cannot-tell-yet"}


def test_a_campaign_without_a_frozen_plan_cannot_be_evaluated() -> None:
    with pytest.raises(NotEvaluable, match="frozen plan"):
        evaluate(world.draft(), now=world.NOON)


def test_a_guardrail_uses_its_own_smallest_difference() -> None:
    analysis = looked()
    assert set(analysis.estimates.filter(outcome="annoyed").values_list("smallest_difference", flat=True)) == {None}
    assert "no-meaningful-difference" not in analysis.estimates.filter(outcome="annoyed").values_list(
        "verdict", flat=True
    )


@pytest.mark.django_db(transaction=True)
def test_what_takes_time_does_not_keep_others_from_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    proper = release.decide_release
    inside: list[bool] = []

    def decide(*arguments: Any) -> Release:
        inside.append(transaction.get_connection().in_atomic_block)
        return proper(*arguments)

    monkeypatch.setattr(release, "decide_release", decide)
    evaluate(campaign, now=world.NOON)
    assert inside == [False]


def test_a_look_that_another_overtook_is_taken_again_with_that_one_known(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    proper = release.decide_release
    calls: list[int] = []

    def decide(*arguments: Any) -> Release:
        calls.append(len(calls))
        decided = proper(*arguments)
        if len(calls) == 1:
            evaluate(campaign, now=world.NOON)
        return decided

    monkeypatch.setattr(release, "decide_release", decide)
    assert (evaluate(campaign, now=world.NOON).look, len(calls)) == (2, 3)
