"""A look or a pause that somebody wrote into the database is not believed, and one as it was recorded is."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from analytics.disclosure import gate
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Estimate, GuardEvent, Release
from analytics.results import build
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db
COUNTS = {"neutral": (500, 150), "victim": (500, 225), "user": (500, 200), "both": (500, 250)}


@pytest.fixture
def campaign() -> Campaign:
    campaign = world.launched(margins={"annoyed": 0.03})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    return campaign


FORGERIES = {
    "an estimate": "UPDATE analytics_estimate SET effect = 0.2, low = 0.1, high = 0.3, verdict = 'better'",
    "an estimate less": "DELETE FROM analytics_estimate WHERE kind <> 'rate'",
    "a count that is shown": "UPDATE analytics_release SET arms = replace(CAST(arms AS text), '150', '140'){json}",
    "the split": "UPDATE analytics_analysis SET sample_ratio = 'ok', sample_ratio_p = 0.9",
    "a look that was never recorded": "UPDATE analytics_release SET seal = ''",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_look_that_was_changed_says_nothing(campaign: Campaign, forgery: str) -> None:
    assert gate.released_look(Analysis.objects.get()).changed_plan_keys == ()
    world.drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute(FORGERIES[forgery].format(json="::jsonb" if connection.vendor == "postgresql" else ""))
    for look in (gate.released_look(Analysis.objects.get()), *gate.latest_released_looks([campaign])):
        assert look.changed_plan_keys == ("look",)
        assert {e.verdict for e in look.estimates} <= {"", Estimate.Verdict.WITHHELD}
    report = build.latest(campaign)
    assert report is not None
    assert report.changed_plan_keys == ("look",)


def test_a_look_as_it_was_recorded_keeps_its_verdict_on_the_list_too(campaign: Campaign) -> None:
    (listed,) = gate.latest_released_looks([campaign])
    assert listed.changed_plan_keys == ()
    assert {e.verdict for e in listed.estimates} & {"better", "worse"}


def test_looks_from_before_there_were_seals_are_sealed_as_they_stand(campaign: Campaign) -> None:
    world.drop_triggers()
    Release.objects.update(seal="")
    import_module("analytics.migrations.0029_look_seals").seal_what_is_on_record(apps, None)
    assert gate.released_look(Analysis.objects.get()).changed_plan_keys == ()


def annoy(campaign: Campaign) -> None:
    world.tally(campaign, {key: (2000, 900 if key == "both" else 100) for key in COUNTS}, outcome="annoyed")


def test_harm_that_sql_says_was_accepted_stops_an_arm_all_the_same() -> None:
    campaign = world.launched(margins={"annoyed": 0.03})
    annoy(campaign)
    arm = campaign.arms.get(key="both")
    accepted = {"at": world.NOON, "effect": 1.0, "bound": 1.0, "margin": 0.03, "stop": 0}
    GuardEvent.objects.create(campaign=campaign, arm=arm, outcome="annoyed", **accepted)
    assert [event.arm for event in pause_harmful_arms(campaign, now=world.NOON)] == [arm]


def test_harm_that_a_person_accepted_does_not() -> None:
    campaign = world.launched(margins={"annoyed": 0.03})
    annoy(campaign)
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    arm_pauses.resume_arm(event.arm, by=world.person("mara", "manager"), reason="It is so.", now=world.NOON)
    assert pause_harmful_arms(campaign, now=world.NOON) == []
