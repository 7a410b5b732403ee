"""Deviations stay on record, and the frozen plan stays unchanged."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.deviations import record_deviation
from campaign.models import Campaign, Deviation
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def deviated(campaign: Campaign, **said: str) -> Deviation:
    told = {"what": "It ran two days longer.", "why": "A partner asked for it."} | said
    return record_deviation(campaign, **told, by=world.person("mara", "manager"), now=world.NOON)


def test_a_deviation_is_kept_with_who_when_and_why_and_stands_on_the_record() -> None:
    made = deviated(world.launched())
    assert (made.by, made.at) == (world.person("mara"), world.NOON)
    entry = AuditEntry.objects.get(action="campaign-deviate")
    assert (entry.detail["what"], entry.detail["why"]) == (made.what, made.why)


def test_the_plan_and_its_fingerprint_stay_as_they_were() -> None:
    campaign = world.launched()
    before = (campaign.plan.canonical, campaign.plan.fingerprint)
    deviated(campaign)
    campaign.plan.refresh_from_db()
    assert (campaign.plan.canonical, campaign.plan.fingerprint) == before


def test_a_plan_that_is_not_frozen_is_changed_instead() -> None:
    with pytest.raises(ActionRefused, match="not frozen"):
        deviated(world.draft())


@pytest.mark.parametrize("gap", [{"what": " "}, {"why": "\0"}, {"what": "x" * 501}])
def test_what_and_why_are_both_said(gap: dict[str, str]) -> None:
    with pytest.raises(ActionRefused, match="what changed from the plan and why"):
        deviated(world.launched(), **gap)


def test_only_a_manager_records_one() -> None:
    with pytest.raises(ActionRefused, match="Only a manager"):
        record_deviation(world.launched(), what="A", why="B", by=world.person("ana", "analyst"), now=world.NOON)


def test_the_database_itself_refuses_to_change_one() -> None:
    made = deviated(world.launched())
    with pytest.raises(IntegrityError, match="deviation on record"), transaction.atomic():
        Deviation.objects.filter(pk=made.pk).update(why="Something nicer.")


def test_the_database_itself_refuses_to_delete_one() -> None:
    made = deviated(world.launched())
    with pytest.raises(IntegrityError, match="deviation on record"), transaction.atomic():
        Deviation.objects.filter(pk=made.pk).delete()
    assert Deviation.objects.count() == 1
