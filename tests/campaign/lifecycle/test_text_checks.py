"""A campaign is not sent before its texts are what its plan says of them."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.launch_checks import ObstacleReason, common_locales, launch_remarks, submission_obstacles
from campaign.models import AnalysisPlan, ArmText, Campaign
from messages.models import Rendition, Revision
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db
TWO = {"neutral": 1, "victim": 1}


def reasons(campaign: Campaign) -> list[ObstacleReason]:
    return [obstacle.reason for obstacle in submission_obstacles(Campaign.objects.get(pk=campaign.pk))]


@pytest.mark.parametrize("design", ["matched", "different"])
@pytest.mark.parametrize("texts", [2, 12])
def test_whole_plans_are_sent(design: str, texts: int) -> None:
    assert reasons(world.draft(arms=TWO, texts=texts, design=design)) == []


@pytest.mark.parametrize(
    ("design", "reasons_given"), [("matched", [ObstacleReason.ONE_SET]), ("different", [ObstacleReason.ONE_TEXT] * 2)]
)
def test_one_text_is_too_few_for_both_designs(design: str, reasons_given: list[ObstacleReason]) -> None:
    assert reasons(world.draft(arms=TWO, design=design)) == reasons_given


def test_several_texts_need_a_word_on_how_they_relate() -> None:
    campaign = world.draft(arms=TWO, texts=2)
    AnalysisPlan.objects.update(texts="")
    assert reasons(campaign) == [ObstacleReason.SEVERAL_TEXTS]


class TestMatchedSets:
    def test_stand_at_the_same_places_in_every_arm(self) -> None:
        campaign = world.draft(arms=TWO, texts=3, design="matched")
        first, second, _ = campaign.arms.get(key="victim").texts.all()
        first_revision, second_revision = first.revision, second.revision
        ArmText.objects.filter(pk=first.pk).update(position=11)
        ArmText.objects.filter(pk=second.pk).update(position=0)
        ArmText.objects.filter(pk=first.pk).update(position=1)
        arm = campaign.arms.with_texts().get(key="victim")
        assert [text.revision for text in arm.texts.all()][:2] == [second_revision, first_revision]
        assert reasons(campaign) == [ObstacleReason.NOT_MATCHED]

    def test_have_as_many_texts_in_every_arm(self) -> None:
        campaign = world.draft(arms=TWO, texts=3, design="matched")
        campaign.arms.get(key="victim").texts.get(position=2).delete()
        assert reasons(campaign) == [ObstacleReason.NOT_MATCHED]

    def test_hold_no_text_without_a_set(self) -> None:
        campaign = world.draft(arms=TWO, texts=2)
        AnalysisPlan.objects.update(texts="matched")
        assert reasons(campaign) == [ObstacleReason.NOT_MATCHED]

    def test_hold_no_set_twice(self) -> None:
        campaign = world.draft(arms=TWO, texts=2, design="matched")
        for arm in campaign.arms.all():
            newer = arm.texts.get(position=0).revision.message.revisions.create(number=2, claim_strength="none")
            arm.texts.filter(position=1).update(revision=newer)
        assert ObstacleReason.NOT_MATCHED in reasons(campaign)

    def test_with_texts_that_differ_in_more_than_their_appeal_are_not_sent(self) -> None:
        campaign = world.draft(arms=TWO, texts=2, design="matched")
        text = campaign.arms.get(key="victim").texts.get(position=1)
        newer = text.revision.message.revisions.create(number=2, claim_strength="none")
        body = "One therapist says that it may hurt.\n\nSecond."
        words = Rendition.objects.create(revision=newer, locale="en", headline="A victim headline", body=body)
        workflow.submit(words, now=world.NOON)
        workflow.approve(words, by=None, now=world.NOON)
        ArmText.objects.filter(pk=text.pk).update(revision=newer)
        (obstacle,) = submission_obstacles(campaign)
        assert obstacle.reason == ObstacleReason.UNEQUAL_TEXTS
        assert obstacle.sentence.startswith(
            "In the set “pilot-set-2”, these messages differ in more than their appeal. The lengths differ: “Victim” "
        )
        assert "“Victim” cites a source, and “Neutral” does not." in obstacle.sentence

    def test_of_the_starter_library_are_sent(self) -> None:
        world.load_starter_library()
        campaign = world.draft(texts=2, design="matched")
        for arm in campaign.arms.with_texts():
            for text, key in zip(arm.texts.all(), ("not-asked", "explain-and-hide"), strict=True):
                ArmText.objects.filter(pk=text.pk).update(
                    revision=Revision.objects.get(message__matched_set=key, message__frame=arm.frame)
                )
        assert reasons(campaign) == []

    def test_are_those_of_the_arms_that_are_compared(self) -> None:
        campaign = world.draft(texts=2, design="matched", pairs=[["victim", "neutral"]])
        campaign.arms.get(key="both").texts.get(position=1).delete()
        assert reasons(campaign) == []


def test_unequal_numbers_of_different_texts_are_sent_with_a_remark() -> None:
    campaign = world.draft(arms=TWO, texts=3)
    assert launch_remarks(campaign) == []
    campaign.arms.get(key="victim").texts.get(position=2).delete()
    assert reasons(campaign) == []
    (remark,) = launch_remarks(campaign)
    assert remark.startswith("“Victim” has 2 texts and “Neutral” has 3.")
    assert remark.endswith("Use the same number of texts for each message: add some, or leave some out.")


def test_a_message_that_is_not_compared_may_have_another_number() -> None:
    campaign = world.draft(texts=3, pairs=[["victim", "neutral"]])
    campaign.arms.get(key="both").texts.get(position=2).delete()
    assert launch_remarks(campaign) == []


def test_the_languages_of_a_campaign_are_those_that_every_text_has() -> None:
    campaign = world.draft(arms=TWO, texts=2)
    assert common_locales(campaign) == ["en"]
    spanish = world.approved_revision("victim", locales=("es",))
    ArmText.objects.create(arm=campaign.arms.get(key="victim"), position=2, revision=spanish)
    assert common_locales(campaign) == []
    assert reasons(campaign) == [ObstacleReason.NO_LANGUAGE]


def test_what_was_approved_is_not_launched_once_sql_took_a_text_away() -> None:
    campaign, mara = world.draft(arms=TWO, texts=2, design="matched"), world.person("mara", "manager")
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    campaign.arms.get(key="victim").texts.get(position=1).delete()
    with pytest.raises(ActionRefused):
        transitions.launch(Campaign.objects.get(), by=mara, now=world.NOON)


def test_the_page_for_launching_repeats_the_remark_and_launches_all_the_same(client: Client) -> None:
    campaign, mara = world.draft(arms=TWO, texts=3), world.person("mara", "manager")
    campaign.arms.get(key="victim").texts.get(position=2).delete()
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    world.sign_in(client, mara)
    html = client.get(f"/campaigns/{campaign.slug}/launch/").content.decode()
    assert "“Victim” has 2 texts and “Neutral” has 3." in html
    assert "Freeze the plan and launch" in html
