"""A frozen plan stays what it was, in all of its tables, and a change past the triggers is found."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from campaign.lifecycle import arm_pauses
from campaign.lifecycle.frozen_plan import canonical_json, changed_plans, fingerprint_of
from campaign.models import AnalysisPlan, Arm, Campaign, PlannedOutcome
from campaign.record_triggers import restore_triggers
from messages.models import Rendition
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db

CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    # each statement of SQL, and the key of the plan that it would change
    "another outcome": (lambda: PlannedOutcome.objects.filter(role="primary").update(outcome="left"), "outcomes"),
    "another margin": (lambda: PlannedOutcome.objects.filter(role="guardrail").update(harm_margin=0.5), "outcomes"),
    "one outcome less": (lambda: PlannedOutcome.objects.filter(role="guardrail").delete(), "outcomes"),
    "one outcome more": (
        lambda: PlannedOutcome.objects.create(plan=AnalysisPlan.objects.get(), outcome="left", role="secondary"),
        "outcomes",
    ),
    "another weight": (lambda: Arm.objects.filter(key="both").update(weight=9), "arms"),
    "another control": (lambda: Arm.objects.filter(key="neutral").update(is_control=False), "arms"),
    "other words": (
        lambda: Arm.objects.filter(key="both").update(revision=Arm.objects.get(key="user").revision),
        "arms",
    ),
    "arms in another order": (lambda: Arm.objects.filter(key="neutral").update(position=9), "arms"),
    "one arm more": (
        lambda: Arm.objects.create(
            campaign=Campaign.objects.get(), key="more", name="More", revision=Arm.objects.get(key="user").revision
        ),
        "arms",
    ),
    "one arm less": (lambda: Arm.objects.filter(key="both").delete(), "arms"),
    "another salt": (lambda: Campaign.objects.update(salt="chosen"), "salt_sha256"),
    "another hypothesis": (lambda: Campaign.objects.update(hypothesis="What we found."), "hypothesis"),
    "another unit": (lambda: Campaign.objects.update(unit="session"), "unit"),
    "another ethics board": (lambda: Campaign.objects.update(ethics_reference="Board 9"), "ethics"),
    "one place more": (lambda: Campaign.objects.get().placements.add(world.placement("side-page")), "placements"),
    "one place less": (lambda: Campaign.objects.get().placements.clear(), "placements"),
    "another level": (lambda: AnalysisPlan.objects.update(level=0.5), "level"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_any_part_of_a_frozen_plan(change: str) -> None:
    world.launched()
    with pytest.raises(IntegrityError, match="frozen plan"), transaction.atomic():
        CHANGES[change][0]()


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_lets_each_part_of_a_draft_be_changed(change: str) -> None:
    world.draft()
    CHANGES[change][0]()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_past_the_triggers_is_found(change: str) -> None:
    act, key = CHANGES[change]
    campaign = world.launched()
    assert changed_plans([campaign.pk]) == {}
    world.drop_triggers()
    act()
    assert key in changed_plans([campaign.pk])[campaign.pk]


def test_a_fingerprint_that_was_written_anew_with_its_plan_does_not_hide_the_change() -> None:
    """The rows decide: a plan whose text, hash and rows were all replaced is another plan, which the record tells."""
    campaign = world.launched()
    world.drop_triggers()
    AnalysisPlan.objects.update(canonical=campaign.plan.canonical.replace("0.95", "0.50"))
    assert changed_plans([campaign.pk]) == {campaign.pk: ["fingerprint"]}


def test_a_launched_campaign_is_not_deleted_nor_its_plan() -> None:
    campaign = world.launched()
    with connection.cursor() as cursor:
        for table in ("campaign_analysisplan", "campaign_campaign"):
            with pytest.raises(IntegrityError), transaction.atomic():
                cursor.execute(f"DELETE FROM {table}")
    assert Campaign.objects.get() == campaign


def test_labels_pauses_and_later_languages_are_no_change() -> None:
    campaign = world.launched()
    mara: User = world.person("mara", "manager")
    Campaign.objects.update(name="Another name")
    campaign.arms.filter(key="both").update(name="Another label")
    arm_pauses.pause_arm(campaign.arms.get(key="both"), by=mara, reason="It may frighten.", now=world.NOON)
    for arm in campaign.arms.all():
        spanish = Rendition.objects.create(revision=arm.revision, locale="es", headline="Hola", body="Palabras.")
        workflow.submit(spanish, now=world.NOON)
        workflow.approve(spanish, by=None, now=world.NOON)
    workflow.withdraw(
        campaign.arms.get(key="user").revision.renditions.get(locale="en"),
        by=world.person("rafael", "reviewer"),
        now=world.NOON,
        reason="It may frighten.",
    )
    assert changed_plans([campaign.pk]) == {}


def test_a_plan_that_an_earlier_version_froze_with_fewer_keys_is_unchanged() -> None:
    campaign = world.launched()
    world.drop_triggers()
    plan = campaign.plan
    content = json.loads(plan.canonical)
    fewer = {key: value for key, value in content.items() if key not in ("ethics", "power", "factorial")}
    plan.canonical = canonical_json(fewer)
    plan.fingerprint = fingerprint_of(plan.canonical)
    plan.save()
    assert changed_plans([campaign.pk]) == {}


def test_many_plans_take_as_many_queries_as_one(django_assert_num_queries: Callable[[int], object]) -> None:
    first = world.launched()
    second = world.launched("second", at=world.placement("side-page"))
    for pks in ([first.pk], [first.pk, second.pk]):
        with django_assert_num_queries(8):  # type: ignore[attr-defined]  # a context manager
            changed_plans(pks)


def test_triggers_are_back_after_they_were_dropped_for_a_migration() -> None:
    world.launched()
    world.drop_triggers()
    restore_triggers(using="default")
    with pytest.raises(IntegrityError, match="frozen plan"), transaction.atomic():
        Arm.objects.update(weight=2)
