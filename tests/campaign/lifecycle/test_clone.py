"""A clone copies the plan, but neither approvals nor random values."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.kill_switch.stop import lift_stop, stop_message
from campaign.lifecycle import arm_pauses, frozen_plan, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.clone import clone_campaign
from campaign.lifecycle.draft_versions import contributors
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


class TestWhatWasStopped:
    """By the harm stop, by the kill switch or by a person: no copy takes it along."""

    def test_an_arm_is_left_out_with_its_comparisons(self) -> None:
        campaign = world.launched()
        arm_pauses.pause_arm(campaign.arms.get(key="user"), reason="Harm", now=world.NOON)
        made = copied(campaign)
        assert sorted(made.arms.values_list("key", flat=True)) == ["both", "neutral", "victim"]
        assert made.plan.comparisons == [["victim", "neutral"], ["both", "neutral"], ["both", "victim"]]

    def test_a_text_is_left_out_and_a_matched_set_with_it(self) -> None:
        for design, left in (("different", 2), ("matched", 1)):
            campaign = world.launched(design, at=world.placement(design), texts=2, design=design)
            text = campaign.arms.get(key="user").texts.get(position=0)
            arm_pauses.stop_text(text, reason="Harm", now=world.NOON)
            made = copied(campaign)
            assert [t.revision_id for t in made.arms.get(key="user").texts.all()] == [
                campaign.arms.get(key="user").texts.get(position=1).revision_id
            ]
            assert made.arms.get(key="both").texts.count() == left

    def test_a_message_that_was_stopped_everywhere_is_left_out(self) -> None:
        campaign, mara = world.launched(), world.person("mara", "manager")
        transitions.close(campaign, by=mara, now=world.NOON)
        message = campaign.arms.get(key="user").first_revision.message
        stop_message(message, by=mara, reason="It frightens.", now=world.NOON)
        assert not copied(campaign).arms.filter(key="user").exists()

    def test_whoever_stopped_it_does_not_approve_the_copy(self) -> None:
        campaign, rafael = world.launched(texts=2), world.person("rafael", "reviewer")
        text = campaign.arms.get(key="user").texts.get(position=0)
        assert rafael.pk not in contributors(copied(campaign))
        arm_pauses.stop_text(text, reason="I do not like it.", now=world.NOON, by=rafael)
        assert rafael.pk in contributors(copied(campaign))

    def test_nor_does_who_stopped_its_message_everywhere(self) -> None:
        campaign, mara, rafael = world.launched(), world.person("mara", "manager"), world.person("rafael", "reviewer")
        message = campaign.arms.get(key="user").first_revision.message
        transitions.close(campaign, by=mara, now=world.NOON)
        stop_message(message, by=rafael, reason="I do not like it.", now=world.NOON)
        made = copied(campaign)
        assert rafael.pk in contributors(made)
        assert rafael.pk in contributors(copied(made))
        lift_stop(message, by=mara, reason="It was fine.")
        assert rafael.pk in contributors(made)
        assert rafael.pk not in contributors(copied(campaign))

    def test_the_page_says_what_was_left_out(self, client: Client) -> None:
        campaign = world.launched()
        arm_pauses.pause_arm(campaign.arms.get(key="user"), reason="Harm", now=world.NOON)
        world.sign_in(client, world.person("mara", "manager"))
        shown = client.post(f"/campaigns/{campaign.slug}/copy/", follow=True).content.decode()
        assert "Stopped messages were left out: User." in shown


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
