"""A change from the plan that SQL took away, changed or wrote is missed, and the campaign shown to nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from analytics.looks.evaluate import PlanChanged, evaluate
from analytics.worker import steps
from campaign.lifecycle import arm_pauses, recorded_deviations, transitions
from campaign.lifecycle.deviations import record_deviation
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign
from campaign.placements import changes
from messages.models import AuditEntry
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db

BY_SQL = {
    "deleted": "DELETE FROM campaign_deviation WHERE id = (SELECT max(id) FROM campaign_deviation)",
    "all deleted": "DELETE FROM campaign_deviation",
    "changed": "UPDATE campaign_deviation SET why = 'Nothing of note.'",
    "of nobody": "UPDATE campaign_deviation SET by_id = NULL",
    "inserted": "INSERT INTO campaign_deviation (campaign_id, at, by_id, what, why) "
    "SELECT campaign_id, at, by_id, 'A partner cheated.', why FROM campaign_deviation",
}


def run(statement: str) -> None:
    world.drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute(statement)


def report(campaign: Campaign, what: str = "It ran longer.") -> None:
    record_deviation(campaign, what=what, why="A partner asked.", by=world.person("mara", "manager"), now=world.NOON)


@pytest.fixture
def campaign() -> Campaign:
    """A running campaign with two changes from its plan: one that was reported, and a pause."""
    place = world.placement(leave_url="https://partner.example/")
    campaign, mara = world.launched(at=place), world.person("mara", "manager")
    report(campaign)
    arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="A complaint.", now=world.NOON, by=mara)
    campaign.refresh_from_db()
    return campaign


def test_what_staff_and_the_worker_record_is_on_record(campaign: Campaign) -> None:
    mara, place = world.person("mara"), campaign.placements.get()
    arm_pauses.resume_arm(campaign.arms.get(key="both"), reason="Settled.", now=world.NOON, by=mara)
    changes.change_placement(place, {"leave_url": ""}, seen=digest_of(place, changes.PLACEMENT_FIELDS), by=mara)
    transitions.pause(campaign, by=mara)
    steps._say_that_counts_changed(campaign, now=world.NOON)
    assert campaign.deviations.count() == 5
    assert changed_plans([campaign.pk]) == {}


@pytest.mark.parametrize("statement", BY_SQL.values(), ids=BY_SQL)
def test_what_sql_did_is_found_and_no_look_is_taken(campaign: Campaign, statement: str) -> None:
    run(statement)
    assert changed_plans([campaign.pk]) == {campaign.pk: ["deviations"]}
    with pytest.raises(PlanChanged):
        evaluate(campaign, now=world.NOON + timedelta(days=9))
    assert steps.pause_changed_campaigns(world.NOON) == "1 campaigns paused"


@pytest.mark.parametrize("statement", BY_SQL.values(), ids=BY_SQL)
def test_a_step_beside_it_does_not_vouch_for_it(campaign: Campaign, statement: str) -> None:
    run(statement)
    report(campaign, "Another.")
    assert changed_plans([campaign.pk]) == {campaign.pk: ["deviations"]}


def test_an_entry_out_of_which_sql_took_the_deviation_is_not_genuine(campaign: Campaign) -> None:
    run("DELETE FROM campaign_deviation")
    for entry in AuditEntry.objects.filter(action="campaign-deviate"):
        detail = {name: value for name, value in entry.detail.items() if name != recorded_deviations.DETAIL}
        AuditEntry.objects.filter(pk=entry.pk).update(detail=detail)
    assert changed_plans([campaign.pk]) == {campaign.pk: ["deviations"]}


def test_those_of_a_campaign_that_is_older_than_such_entries_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as before:
        before.setattr(recorded_deviations, "DETAIL", "before")
        campaign = world.launched("before-such-entries")
        report(campaign)
    assert changed_plans([campaign.pk]) == {}
    report(campaign, "Longer still.")
    assert changed_plans([campaign.pk]) == {}
    run(BY_SQL["deleted"])
    assert changed_plans([campaign.pk]) == {campaign.pk: ["deviations"]}


def test_who_planned_a_campaign_is_missed_if_sql_names_another(campaign: Campaign) -> None:
    other = world.person("other", "analyst")
    run(f"UPDATE campaign_campaign SET created_by_id = {other.pk}")
    assert changed_plans([campaign.pk]) == {campaign.pk: ["author"]}
