"""A clone copies the plan, but neither approvals nor random values."""

from __future__ import annotations

import pytest

from campaign.lifecycle import arm_pauses, frozen_plan
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.clone import clone_campaign
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db


def copied(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=clone_campaign(campaign, by=world.person("nora", "manager")).pk)


def test_a_copy_asks_the_same_of_the_same_arms_at_the_same_places() -> None:
    campaign = world.launched(
        texts=2, design="matched", plan={"expected_rate": 0.3, "webhook": "https://ngo.example/hook"}
    )
    campaign.plan.told.add(world.person("mara"))
    made = copied(campaign)
    told, original = frozen_plan.current_plan_content(made.plan), frozen_plan.current_plan_content(campaign.plan)
    assert {k for k in told if told[k] != original[k]} == {"campaign", "salt_sha256"}
    assert [person.username for person in made.plan.told.all()] == ["mara"]
    assert made.plan.webhook == "https://ngo.example/hook"


def test_a_copy_is_a_draft_of_whoever_made_it_that_nobody_approved() -> None:
    made = copied(world.launched())
    assert (made.state, made.created_by.username, made.approved_by) == ("draft", "nora", None)
    assert (made.launched_at, made.starts_at, made.ends_at, made.locales) == (None, None, None, [])
    assert (made.plan.frozen_at, made.plan.canonical, made.plan.fingerprint) == (None, "", "")


def test_a_copy_draws_anew() -> None:
    campaign = world.launched()
    assert copied(campaign).salt != campaign.salt


def test_the_original_stays_as_it_is() -> None:
    campaign = world.launched()
    before = (campaign.plan.pk, campaign.plan.fingerprint, campaign.plan.outcomes.count(), campaign.arms.count())
    copied(campaign)
    after = Campaign.objects.get(pk=campaign.pk)
    assert (after.plan.pk, after.plan.fingerprint, after.plan.outcomes.count(), after.arms.count()) == before


def test_an_arm_that_was_paused_for_harm_is_whole_again() -> None:
    campaign = world.launched()
    arm_pauses.pause_arm(campaign.arms.get(key="user"), reason="Harm", now=world.NOON)
    assert copied(campaign).arms.get(key="user").paused_at is None


def test_copies_of_copies_are_numbered_on() -> None:
    first = world.launched()
    second = copied(first)
    assert [second.slug, copied(second).slug, copied(first).slug] == ["pilot-2", "pilot-3", "pilot-4"]
    assert second.name == "The pilot (2)"


def test_the_longest_name_and_address_still_fit() -> None:
    campaign = world.draft("p" * 50)
    Campaign.objects.filter(pk=campaign.pk).update(name="n" * 160)
    campaign.refresh_from_db()
    made = copied(campaign)
    assert len(made.slug) <= 50
    assert len(made.name) <= 160


def test_a_copy_stands_on_the_record_with_its_original() -> None:
    copied(world.launched())
    entry = AuditEntry.objects.get(action="campaign-copy")
    assert (entry.ref, entry.detail["original"]) == ("pilot-2", "pilot")


def test_only_a_manager_copies() -> None:
    with pytest.raises(ActionRefused, match="Only a manager"):
        clone_campaign(world.launched(), by=world.person("ana", "analyst"))
