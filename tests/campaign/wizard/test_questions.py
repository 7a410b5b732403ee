"""Every question of the wizard is complete: registered, with a page, a summary and its part of the plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import get_template

from campaign.lifecycle.clone import clone_campaign
from campaign.lifecycle.frozen_plan import plan_content
from campaign.lifecycle.launch_checks import ObstacleReason
from campaign.models import Campaign
from campaign.preregistration.export import build_plan_document
from campaign.wizard import questions
from campaign.wizard.questions import QUESTION_KEYS, QUESTIONS, Question
from messages.models import Message
from tests import world

DECLARED = [name for name in inspect.get_annotations(Question) if not name.startswith("_")]
NOT_ASKED = {"campaign", "salt_sha256", "denominator"}  # parts of the plan that no question decides
NOT_OF_THE_PLAN = {ObstacleReason.STALE_HELP_LINK, ObstacleReason.NO_ORGANISATION}

each_question = pytest.mark.parametrize("question", QUESTIONS, ids=QUESTION_KEYS)


def matched_sets() -> tuple[str, ...]:
    """Two sets with an approved text for each frame."""
    keys = ("one-set", "other-set")
    for key in keys:
        for frame in ("neutral", "victim", "user", "both"):
            if not Message.objects.filter(matched_set=key, frame=frame).exists():
                world.approved_revision(frame, matched_set=key)
    return keys


# For each question another answer than that of `world.draft`.
OTHER_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "learn": lambda stored: replace(stored, name="Another name", hypothesis="Another hypothesis."),
    "compare": lambda stored: replace(stored, preset="against"),
    "texts": lambda stored: replace(
        stored, **({"design": "one", "sets": ()} if stored.sets else {"design": "matched", "sets": matched_sets()})
    ),
    "words": lambda stored: replace(
        stored, control="victim", arms=tuple(replace(arm, name=f"{arm.name} 2", weight=2) for arm in stored.arms[:1])
    ),
    "places": lambda stored: replace(stored, chosen=(), first_slot=11, last_slot=60),
    "success": lambda stored: replace(stored, primary="rating", secondary=()),
    "harm": lambda stored: replace(stored, margins={"left": 3.0}),
    "sureness": lambda stored: replace(
        stored,
        level=0.8,
        power=0.95,
        monitoring="group-sequential",
        looks=(0.5, 1.0),
        spending="pocock",
        correction="bonferroni",
        unit="period" if stored.unit == "session" else "session",
        within="placement" if stored.within else "placement-day",
        design_effect=1.4,
        period="week",
        washout_minutes=120,
    ),
    "length": lambda stored: replace(stored, expected=21.0, smallest=7.0, planned=777, spread=2.0),
    "ethics": lambda stored: replace(stored, ethics_reference="Board, 17", ethics_exemption=""),
    "told": lambda stored: replace(stored, webhook="https://alarm.example/"),
}


def test_every_question_class_is_registered_once() -> None:
    """Compare with the files, so that a module that nobody imports fails too."""
    modules = {path.stem for path in Path(questions.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert {type(question).__module__.rpartition(".")[2] for question in QUESTIONS} == modules
    assert len({question.key for question in QUESTIONS}) == len(QUESTIONS)
    assert {type(question) for question in QUESTIONS} == set(Question.__subclasses__())


@each_question
def test_a_question_declares_every_part_itself(question: Question[Any, Any]) -> None:
    assert [name for name in DECLARED if name not in vars(type(question))] == []


@each_question
def test_a_question_has_a_template_named_like_its_module(question: Question[Any, Any]) -> None:
    module = type(question).__module__.rpartition(".")[2]
    assert question.template_name == f"campaign/wizard/{module}.html"
    get_template(question.template_name)


@pytest.mark.django_db
@each_question
def test_an_answer_is_a_frozen_dataclass_that_the_form_shows_and_returns(question: Question[Any, Any]) -> None:
    world.draft(plan={"expected_rate": 0.3})
    Campaign.objects.update(hypothesis="It works.")
    campaign = Campaign.objects.get()
    stored: Any = question.read(campaign)
    with pytest.raises(FrozenInstanceError):
        setattr(stored, fields(stored)[0].name, None)
    shown = question.build_form(campaign, stored)
    data = {name: value for name in shown.fields if (value := shown[name].value()) not in (None, False)}
    if question.key == "told":  # one has to be chosen
        data["told"] = [str(world.person("mara", "manager").pk)]
        stored = replace(stored, people=(world.person("mara").pk,))
    form = question.build_form(campaign, question.read(campaign), data)
    assert form.is_valid(), form.errors
    if question.key == "places":  # an unknown number stays empty
        assert form.answer().chosen == stored.chosen
    else:
        assert form.answer() == stored


@pytest.mark.django_db
@each_question
def test_another_answer_changes_the_summary_and_what_is_declared_of_plan_and_preregistration(
    question: Question[Any, Any],
) -> None:
    campaign = world.draft(plan={"expected_rate": 0.3}, at=world.placement(network_share=10), texts=2, design="matched")
    summary, plan, rows = question.describe(campaign), plan_content(campaign.plan), registration_rows(campaign)
    changed_plan, changed_rows = set[str](), set[str]()
    for _ in range(2):  # a choice of three has two others
        question.write(campaign, OTHER_ANSWERS[question.key](question.read(campaign)), by=world.person("mara"))
        campaign.save()
        campaign = Campaign.objects.get()
        assert question.describe(campaign) != summary
        changed_plan |= changed_keys(plan, plan_content(campaign.plan))
        changed_rows |= changed_keys(rows, registration_rows(campaign))
    assert changed_plan == question.plan_keys
    assert changed_rows == question.registration_rows


@pytest.mark.django_db
def test_every_key_of_the_frozen_plan_is_asked_for() -> None:
    by_period = world.draft("by-period", unit="period", plan={"period": "day"})
    plan = plan_content(world.draft(texts=2, design="matched", slots=(1, 50)).plan) | plan_content(by_period.plan)
    assert set().union(*(question.plan_keys for question in QUESTIONS)) == set(plan) - NOT_ASKED


def test_every_obstacle_to_a_launch_is_removed_by_one_question() -> None:
    reasons = [reason for question in QUESTIONS for reason in question.obstacles]
    assert len(reasons) == len(set(reasons))
    assert set(reasons) == set(ObstacleReason) - NOT_OF_THE_PLAN


@pytest.mark.django_db
def test_a_copy_of_a_campaign_has_every_answer_but_its_name() -> None:
    campaign = world.draft(plan={"expected_rate": 0.3})
    for question in QUESTIONS:
        question.write(campaign, OTHER_ANSWERS[question.key](question.read(campaign)), by=world.person("mara"))
        campaign.save()
        campaign = Campaign.objects.get()
    copy = Campaign.objects.get(pk=clone_campaign(campaign, by=world.person("nora", "manager")).pk)
    copy.name = campaign.name
    assert {question.key for question in QUESTIONS if question.read(copy) != question.read(campaign)} == set()


def test_the_page_about_planning_lists_the_questions_in_their_order() -> None:
    page = (settings.BASE_DIR / "docs" / "planning.md").read_text("utf-8")
    table = page.partition("| question | what it becomes |")[2].partition("\n\n")[0]
    listed = [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()[2:]]
    assert listed == [str(question.title) for question in QUESTIONS]


def registration_rows(campaign: Campaign) -> dict[str, Any]:
    document = build_plan_document(campaign.plan)
    return {row.key: row for section in document.sections for row in section.rows}


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
