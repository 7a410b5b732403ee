"""Texts of an arm: of one appeal, none without the others, and an arm that SQL left without any breaks no page."""

from __future__ import annotations

import pytest
from django.test import Client

from campaign.kill_switch import stop
from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import AnalysisPlan, Arm, ArmText, Campaign
from campaign.serving.snapshot import compile_snapshot
from messages.models import Rendition
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


def test_an_arm_with_texts_of_two_appeals_is_neither_sent_nor_launched() -> None:
    campaign, mara = world.draft(texts=2), world.person("mara", "manager")
    neutral = world.approved_revision("neutral", headline="In disguise")

    def mix() -> None:
        ArmText.objects.filter(arm__key="victim", position=1).update(revision=neutral)

    transitions.submit(campaign, by=mara)
    mix()
    world.approve(campaign)
    with pytest.raises(ActionRefused, match="“Victim” have different appeals"):
        transitions.launch(campaign, by=mara, now=world.NOON)
    transitions.take_back(campaign, by=mara)
    with pytest.raises(ActionRefused, match="“Victim” have different appeals"):
        transitions.submit(campaign, by=mara)


def withdraw(text: ArmText) -> None:
    words = Rendition.objects.get(revision=text.revision, locale="en")
    workflow.withdraw(words, by=world.person("rafael", "reviewer"), now=world.NOON, reason="It frightens.")


def served(campaign: Campaign, key: str) -> list[int]:
    entry = compile_snapshot().placements["quiet-page"].campaign
    arm = campaign.arms.get(key=key)
    return [] if entry is None else [text.position for each in entry.arms if each.id == arm.pk for text in each.texts]


def test_one_text_of_several_that_is_withdrawn_is_stopped_and_the_campaign_goes_on() -> None:
    campaign = world.launched(texts=3)
    withdraw(ArmText.objects.get(arm__key="both", position=1))
    assert served(campaign, "both") == [0, 2]
    assert served(campaign, "user") == [0, 1, 2]
    stopped = ArmText.objects.get(stopped_at__isnull=False)
    assert (stopped.position, stopped.stopped_reason) == (1, "Its words were withdrawn: It frightens.")
    assert campaign.deviations.get().by == world.person("rafael")
    assert changed_plans([campaign.pk]) == {}


def test_the_last_text_of_an_arm_that_is_withdrawn_holds_the_campaign() -> None:
    world.launched(texts=2)
    for position in (0, 1):
        withdraw(ArmText.objects.get(arm__key="both", position=position))
    assert compile_snapshot().placements["quiet-page"].campaign is None
    assert ArmText.objects.filter(stopped_at=None, arm__key="both").count() == 1


def test_one_language_of_a_text_that_is_withdrawn_leaves_the_text_in_the_others() -> None:
    campaign = world.draft(arms={"one": 1, "two": 1})
    for arm in campaign.arms.all():
        arm.texts.all().delete()
        for position in range(2):
            revision = world.approved_revision(
                "other", headline=f"Words for {arm.key}" + " again" * position, locales=("en", "es")
            )
            ArmText.objects.create(arm=arm, position=position, revision=revision)
    AnalysisPlan.objects.update(texts="different")
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    withdraw(ArmText.objects.get(arm__key="two", position=1))
    assert not ArmText.objects.filter(stopped_at__isnull=False).exists()
    entry = compile_snapshot().placements["quiet-page"].campaign
    assert entry is not None
    assert entry.locales == ("es",)


@pytest.mark.parametrize("state", ["draft", "launched"])
@pytest.mark.parametrize("path", ["/", "/campaigns/pilot/", "/campaigns/pilot/plan/", "/campaigns/pilot/plan-it/"])
def test_an_arm_whose_texts_were_deleted_breaks_no_page(path: str, state: str, client: Client) -> None:
    campaign = world.launched() if state == "launched" else world.draft()
    world.drop_triggers()
    ArmText.objects.filter(arm__key="both").delete()
    world.sign_in(client, world.person("mara", "manager", "analyst"))
    assert client.get(path).status_code in (200, 302)
    assert client.get("/api/v1/campaigns/pilot/").status_code == 200
    assert compile_snapshot().placements["quiet-page"].campaign is None
    assert (changed_plans([campaign.pk]) == {}) == (state == "draft")


@pytest.mark.parametrize("page", ["", "results/", "watch/", "plan-it/words/", "versions/"])
def test_nor_one_of_its_campaign(page: str, client: Client) -> None:
    campaign = world.draft()
    if page in ("results/", "watch/"):
        transitions.submit(campaign, by=world.person("mara", "manager"))
        world.approve(campaign)
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    world.drop_triggers()
    ArmText.objects.filter(arm=Arm.objects.get(key="both")).delete()
    world.sign_in(client, world.person("mara", "manager", "analyst"))
    assert client.get(f"/campaigns/pilot/{page}").status_code in (200, 302)


def test_a_draft_is_previewed_without_the_texts_of_stopped_messages() -> None:
    campaign = world.draft(texts=2)
    arm = campaign.arms.get(key="both")
    message = arm.texts.all()[1].revision.message

    def previewed() -> list[int]:
        return [text.position for text in compile_snapshot().placements["quiet-page"].previews[arm.pk].texts]

    assert previewed() == [0, 1]
    stop.stop_message(message, by=world.person("mara", "manager"), reason="It frightens.", now=world.NOON)
    assert previewed() == [0]
    message.refresh_from_db()
    stop.lift_stop(message, by=world.person("rafael", "reviewer"), reason="It does not.")
    assert previewed() == [0, 1]
