"""What a closed campaign showed is written once its last look may be read, and holds what was released alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import translation
from pytest_django import Settings

from analytics.learned.record import record_result, unrecorded_campaigns
from analytics.looks.evaluate import evaluate
from analytics.models import LearnedResult, Tally
from analytics.results import build
from analytics.worker.steps import record_learned_results
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world
from tests.analytics.learned.closed_campaigns import BACKFIRE, BETTER, NOTHING, WIDE, closed, learned

pytestmark = pytest.mark.django_db


def facets(result: LearnedResult, kind: str) -> set[str]:
    return set(result.facets.filter(kind=kind).values_list("value", flat=True))


def test_the_worker_writes_a_closed_campaign_once() -> None:
    closed()
    assert record_learned_results(world.NOON) == "1 results of closed campaigns written"
    assert record_learned_results(world.NOON) == ""
    assert LearnedResult.objects.count() == 1


def test_a_campaign_that_runs_is_not_written() -> None:
    campaign = world.launched()
    world.tally(campaign, BETTER)
    evaluate(campaign, now=world.NOON)
    assert list(unrecorded_campaigns()) == []
    assert record_result(Campaign.objects.get()) is None


def test_a_campaign_that_was_closed_before_its_first_planned_look_is_not_written() -> None:
    campaign = world.launched(plan={"planned_per_arm": 10**6, "monitoring": "fixed"})
    world.tally(campaign, BETTER)
    evaluate(campaign, now=world.NOON)
    transitions.close(Campaign.objects.get(), by=world.person("mara", "manager"), now=world.NOON)
    assert list(unrecorded_campaigns()) == []


def test_an_early_look_by_exception_is_not_written() -> None:
    campaign = world.launched(plan={"planned_per_arm": 10**6, "monitoring": "fixed"})
    world.tally(campaign, BETTER)
    evaluate(campaign, now=world.NOON, embargo_exception="ana: a partner asks")
    transitions.close(Campaign.objects.get(), by=world.person("mara", "manager"), now=world.NOON)
    assert list(unrecorded_campaigns()) == []
    assert record_result(Campaign.objects.get()) is None


@pytest.mark.parametrize("counts", [BETTER, NOTHING, BACKFIRE], ids=["better", "nothing", "backfire"])
def test_the_sentence_is_that_of_the_results_page_in_each_language(counts: dict[str, tuple[int, int]]) -> None:
    result = learned(counts=counts)
    campaign = Campaign.objects.get()
    for language in ("en", "es"):
        with translation.override(language):
            report = build.latest(campaign)
            assert report is not None
            assert result.sentences[language] == report.sentence


def test_nothing_and_backfires_have_their_verdicts() -> None:
    assert "no-meaningful-difference" in facets(learned("nothing", NOTHING, plan=WIDE), "verdict")
    assert "worse" in facets(learned("backfire", BACKFIRE), "verdict")


def test_a_broken_split_is_written_as_withheld_and_compares_nothing() -> None:
    result = learned(counts=BETTER | {"both": (3000, 1200)})
    assert facets(result, "verdict") == {"withheld"}
    assert not result.comparisons.exists()


def test_it_is_found_by_frame_theme_place_and_language() -> None:
    result = learned()
    assert facets(result, "frame") == {"neutral", "victim", "user", "both"}
    assert facets(result, "placement") <= {"page", "server", "hosted"}
    assert facets(result, "placement")
    assert facets(result, "language") == {"en"}
    assert facets(result, "theme")


@pytest.mark.parametrize(
    ("plan", "design"),
    [({}, "view"), ({"strata": "placement"}, "placement"), ({"clusters": "placement-day"}, "placement-day")],
    ids=str,
)
def test_the_design_decides_whether_it_is_pooled(plan: dict[str, str], design: str) -> None:
    result = learned(plan=plan)
    assert result.design == design
    assert set(result.comparisons.values_list("not_pooled", flat=True)) == {"" if design == "view" else "design"}


def test_only_comparisons_with_the_control_are_written() -> None:
    assert list(learned().comparisons.values_list("treated", "control")) == [
        ("victim", "neutral"),
        ("user", "neutral"),
        ("both", "neutral"),
    ]


def test_hidden_counts_are_not_written_and_the_comparison_is_not_pooled() -> None:
    result = learned(counts=BETTER | {"both": (4981, 3)})
    both = result.comparisons.get(treated="both")
    assert (both.treated_n, both.treated_events, both.effect) == (None, None, None)
    assert both.not_pooled == "hidden"


def test_two_campaigns_that_differ_in_one_small_count_are_written_alike() -> None:
    """Pages show what is written, so what cannot be told from it cannot be told from them."""
    written = []
    for slug, few in (("one", 2), ("two", 5)):
        result = learned(slug, BETTER | {"both": (4981, few)})
        rows = list(
            result.comparisons.values("treated", "treated_n", "treated_events", "control_n", "effect", "verdict")
        )
        written.append(json.dumps([result.sentences, result.people, rows, sorted(facets(result, "verdict"))]))
    assert written[0] == written[1]


def test_a_later_look_replaces_what_was_written() -> None:
    learned()
    campaign = Campaign.objects.get()
    Tally.objects.filter(outcome="exposed", arm__key="both").update(count=5600)
    evaluate(campaign, now=world.NOON + timedelta(days=1))
    assert list(unrecorded_campaigns()) == [campaign]
    again = record_result(campaign)
    assert again is not None
    assert again.look == 2
    assert LearnedResult.objects.count() == 1


def test_a_larger_small_cell_has_it_written_anew(settings: Settings) -> None:
    learned()
    assert list(unrecorded_campaigns()) == []
    settings.SMALL_CELL *= 2
    assert list(unrecorded_campaigns()) == list(Campaign.objects.all())


def test_a_plan_that_was_changed_in_the_database_removes_what_was_written() -> None:
    learned()
    world.drop_triggers()
    campaign = Campaign.objects.get()
    campaign.plan.smallest_difference = 0.3
    campaign.plan.save()
    assert record_result(Campaign.objects.get()) is None
    assert not LearnedResult.objects.exists()
