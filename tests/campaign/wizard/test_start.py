"""A new campaign starts from nothing, from a published design, or from an earlier campaign."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign.lifecycle import launch_checks, transitions
from campaign.models import Campaign
from campaign.wizard.designs import DESIGNS
from campaign.wizard.questions import QUESTIONS
from messages.review import message_lint
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


@pytest.fixture
def library() -> None:
    world.load_starter_library(now=timezone.now())


def start(client: Client, key: str, **more: Any) -> Campaign:
    response = client.post("/campaigns/new/", {"name": "Spring", "start": key, "do": "save", **more})
    assert response.status_code == 302, response.context["form"].errors
    return Campaign.objects.order_by("-pk")[0]


def frames(campaign: Campaign) -> list[str]:
    return [arm.frame for arm in campaign.arms.with_texts()]


@pytest.mark.parametrize(
    ("key", "expected", "comparisons"),
    [
        ("full", ["neutral", "victim", "user", "both"], 5),
        ("any", ["neutral", "both"], 1),
        ("themes", ["user"] * 4, 3),
        ("benchmarks", ["neutral", "both", "other", "other"], 5),
        ("switchback", ["neutral", "both"], 1),
    ],
)
def test_a_design_begins_with_its_arms_and_comparisons(
    mara: Client, library: None, key: str, expected: list[str], comparisons: int
) -> None:
    campaign = start(mara, key)
    assert frames(campaign) == expected
    assert len(campaign.plan.comparisons) == comparisons
    assert campaign.hypothesis == str(DESIGNS[key].hypothesis)
    names = [arm.name for arm in campaign.arms.all()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("key", DESIGNS)
def test_a_design_can_be_submitted_after_a_press_of_continue_on_each_page(
    mara: Client, library: None, key: str
) -> None:
    """Only what no design can know is typed: the place, the expected rate, and who agreed."""
    campaign, place = start(mara, key), world.placement(expected_per_day=2000)
    typed: dict[str, dict[str, Any]] = {
        "places": {"places": [place.pk]},
        "length": {"expected": "35"},
        "ethics": {"ethics_reference": "2027-17"},
    }
    for question in QUESTIONS:
        url = f"/campaigns/{campaign.slug}/plan-it/{question.key}/"
        form = mara.get(url).context["form"]
        shown = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
        was = question.read(Campaign.objects.get(pk=campaign.pk)).digest()
        answer = mara.post(url, {**shown, **typed.get(question.key, {}), "was": was, "do": "save"})
        assert answer.status_code == 302, (question.key, answer.context["form"].errors)
    assert launch_checks.submission_obstacles(Campaign.objects.get(pk=campaign.pk)) == []


def test_the_recommended_design_starts_with_texts_that_differ_in_nothing_but_their_appeal(
    mara: Client, library: None
) -> None:
    campaign = start(mara, "full")
    arms = list(campaign.arms.with_texts())
    assert campaign.plan.texts == "matched"
    assert [len(arm.texts.all()) for arm in arms] == [4] * 4
    for number in range(4):
        at_place = {arm.name: list(arm.texts.all())[number].revision for arm in arms}
        assert not any(message_lint.lint_arm_revisions(at_place).values())


def test_the_switchback_counts_days_and_looks_once(mara: Client, library: None) -> None:
    campaign = start(mara, "switchback")
    plan = campaign.plan
    assert (campaign.unit, plan.period, plan.clusters, plan.monitoring) == ("period", "day", "period", "fixed")
    assert [len(arm.texts.all()) for arm in campaign.arms.with_texts()] == [1, 1]


def test_my_own_choice_starts_with_different_texts_named_by_their_themes(mara: Client, library: None) -> None:
    campaign = start(mara, "", hypothesis="It helps.")
    was = QUESTIONS[1].read(campaign).digest()
    mara.post(f"/campaigns/{campaign.slug}/plan-it/compare/", {"preset": "own", "was": was, "do": "save"})
    arms = list(campaign.arms.with_texts())
    themes = [arm.first_revision.message.theme.name for arm in arms]
    assert [arm.name for arm in arms] == themes
    assert len(set(themes)) == 2


def test_an_earlier_campaign_gives_its_plan_under_the_new_name(mara: Client) -> None:
    first = world.draft(plan={"smallest_difference": 0.07})
    Campaign.objects.update(hypothesis="It helps.")
    copy = start(mara, "earlier", earlier=first.pk)
    assert (copy.name, copy.hypothesis) == ("Spring", "It helps.")
    assert copy.pk != first.pk
    assert copy.plan.smallest_difference == 0.07
    assert list(copy.arms.values_list("key", flat=True)) == list(first.arms.values_list("key", flat=True))


def test_a_campaign_that_was_launched_can_be_the_start_too(mara: Client) -> None:
    campaign = world.launched()
    transitions.close(campaign, by=world.person("mara"), now=timezone.now())
    assert start(mara, "earlier", earlier=campaign.pk, hypothesis="Anew.").state == "draft"


def test_without_the_campaign_nothing_is_made(mara: Client) -> None:
    world.draft()
    page = mara.post("/campaigns/new/", {"name": "Spring", "start": "earlier"}).content.decode()
    assert "Choose a campaign from the list." in page
    assert Campaign.objects.count() == 1


def test_a_design_without_approved_texts_makes_no_draft_and_says_what_is_missing(mara: Client) -> None:
    page = mara.post("/campaigns/new/", {"name": "Spring", "start": "full"}).content.decode()
    assert "There are no approved texts left in: Neutral text." in page
    assert not Campaign.objects.exists()


def test_from_nothing_the_sentence_is_asked_for(mara: Client) -> None:
    page = mara.post("/campaigns/new/", {"name": "Spring", "start": ""}).content.decode()
    assert "Enter one sentence." in page
