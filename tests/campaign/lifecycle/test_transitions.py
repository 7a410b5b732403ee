import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import translation

from campaign.lifecycle import launch_checks, transitions, webhook_tests
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_content, approval_fingerprint
from campaign.models import AnalysisPlan, Arm, Campaign
from messages.models import AuditEntry, Rendition, Revision
from messages.review import workflow
from messages.review.authorship import record_writing
from tests import world

pytestmark = pytest.mark.django_db


def test_launching_freezes_the_plan_under_its_own_hash() -> None:
    plan = world.launched().plan
    assert plan.frozen_at is not None
    assert plan.fingerprint == hashlib.sha256(plan.canonical.encode()).hexdigest()
    assert json.loads(plan.canonical)["comparisons"] == world.PAIRS


def test_the_plan_commits_to_the_exact_words_of_every_arm() -> None:
    campaign = world.launched()
    promised = json.loads(campaign.plan.canonical)["arms"]
    assert {arm["arm"]: arm["words"] for arm in promised} == {
        a.key: a.first_revision.digest for a in campaign.arms.all()
    }
    assert {arm["arm"]: arm["languages"] for arm in promised} == {
        arm.key: {"en": arm.first_revision.renditions.get().words_digest()} for arm in campaign.arms.all()
    }


def test_a_frozen_plan_cannot_be_changed_even_in_the_database() -> None:
    plan = world.launched().plan
    plan.level = 0.5
    with pytest.raises(IntegrityError, match="frozen plan"), transaction.atomic():
        plan.save()


def test_nobody_approves_their_own_campaign() -> None:
    campaign = world.draft()
    mara = world.person("mara", "manager", "reviewer")
    transitions.submit(campaign, by=mara)
    with pytest.raises(ActionRefused, match="you changed"):
        world.approve(campaign, by=mara)


def test_the_database_too_refuses_an_approval_by_the_author() -> None:
    campaign = world.draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(approved_by=campaign.created_by)


@pytest.mark.parametrize("verb", ["approve", "launch", "pause", "resume", "close"])
def test_a_draft_can_only_be_submitted(verb: str) -> None:
    campaign = world.draft()
    everyone = world.person("eve", "manager", "reviewer")
    more: dict[str, Any] = {"approve": {"read_fingerprint": ""}}.get(verb, {})
    more |= {"now": world.NOON} if verb in ("launch", "close") else {}
    with pytest.raises(ActionRefused, match="cannot"):
        getattr(transitions, verb)(campaign, by=everyone, **more)
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_only_a_manager_launches() -> None:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    with pytest.raises(ActionRefused, match="Only a manager"):
        transitions.launch(campaign, by=world.person("ana", "analyst"), now=world.NOON)


def test_a_campaign_that_would_end_before_it_starts_is_not_launched() -> None:
    campaign = world.draft()
    campaign.ends_at = world.NOON - timedelta(days=3)
    campaign.save()
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    with pytest.raises(ActionRefused, match="later end"):
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)


def test_pause_and_resume_keep_the_plan() -> None:
    campaign = world.launched()
    before = campaign.plan.fingerprint
    transitions.pause(campaign, by=world.person("mara"))
    transitions.resume(campaign, by=world.person("mara"))
    assert (campaign.state, campaign.plan.fingerprint) == ("running", before)


def test_two_campaigns_cannot_run_at_one_placement() -> None:
    world.launched()
    second = world.draft("second")
    transitions.submit(second, by=world.person("mara"))
    world.approve(second)
    with pytest.raises(ActionRefused, match="is already running"):
        transitions.launch(second, by=world.person("mara"), now=world.NOON)


def test_a_campaign_with_words_that_nobody_approved_cannot_be_submitted() -> None:
    campaign = world.draft()
    rendition = campaign.arms.get(key="user").first_revision.renditions.get()
    workflow.withdraw(rendition, by=world.person("rafael", "reviewer"), now=world.NOON, reason="It may frighten.")
    with pytest.raises(ActionRefused, match="text of “User” is not approved"):
        transitions.submit(campaign, by=world.person("mara"))


def test_approved_words_cannot_be_changed_even_in_the_database() -> None:
    campaign = world.draft()
    rendition = Rendition.objects.filter(revision=campaign.arms.get(key="user").first_revision).get()
    rendition.headline = "Something else"
    with pytest.raises(IntegrityError, match="new revision"), transaction.atomic():
        rendition.save()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda c: c.arms.exclude(key="neutral").delete(), "at least two messages"),
        (lambda c: c.arms.update(is_control=False), "which message is the control"),
        (lambda c: c.arms.update(weight=0), "share above zero"),
        (lambda c: c.placements.clear(), "at least one placement"),
        (lambda c: c.plan.outcomes.all().delete(), "primary outcome"),
        (lambda c: type(c.plan).objects.update(comparisons=[["user", "nobody"]]), "name two messages"),
        (lambda c: type(c.plan).objects.update(comparisons=[]), "name two messages"),
        (lambda c: c.plan.outcomes.filter(role="guardrail").update(outcome="help_affected"), "neither good nor bad"),
        (lambda c: c.plan.outcomes.filter(role="guardrail").update(outcome="rating", harm_margin=0.1), "harm limit"),
        (lambda c: type(c.plan).objects.update(correction="dunnett", monitoring="always-valid"), "a single look"),
        (lambda c: type(c.plan).objects.update(correction="dunnett", strata="placement"), "for yes/no outcomes"),
        (lambda c: type(c.plan).objects.update(correction="dunnett"), "with one control"),
    ],
)  # fmt: skip
def test_an_incomplete_draft_says_what_is_missing(spoil: object, says: str) -> None:
    campaign = world.draft()
    spoil(campaign)  # type: ignore[operator]
    with pytest.raises(ActionRefused, match=says):
        transitions.submit(Campaign.objects.get(pk=campaign.pk), by=world.person("mara"))


def test_a_campaign_has_one_control() -> None:
    campaign = world.draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Arm.objects.filter(campaign=campaign).update(is_control=True)


def test_a_launch_keeps_the_languages_that_every_arm_has_approved() -> None:
    campaign = world.draft()
    translated = [translate(arm) for arm in campaign.arms.all()]
    for rendition in translated[1:]:
        approve(rendition)
    launch(campaign)
    assert campaign.locales == ["en"]
    approve(translated[0])
    campaign.refresh_from_db()
    assert (launch_checks.common_locales(campaign), campaign.locales) == (["en", "es"], ["en"])
    assert [list(arm["languages"]) for arm in json.loads(campaign.plan.canonical)["arms"]] == [["en"]] * 4


def test_arms_without_an_approved_language_in_common_cannot_be_submitted() -> None:
    campaign = world.draft()
    arm = campaign.arms.get(key="user")
    approve(translate(arm))
    workflow.withdraw(
        arm.first_revision.renditions.get(locale="en"), by=rafael(), now=world.NOON, reason="It may frighten."
    )
    with pytest.raises(ActionRefused, match="no approved language in common"):
        transitions.submit(campaign, by=world.person("mara"))


def test_a_campaign_whose_words_were_withdrawn_does_not_resume() -> None:
    campaign = world.launched()
    transitions.pause(campaign, by=world.person("mara"))
    words = campaign.arms.get(key="user").first_revision.renditions.get()
    workflow.withdraw(words, by=rafael(), now=world.NOON, reason="It may frighten.")
    with pytest.raises(ActionRefused, match="were withdrawn"):
        transitions.resume(campaign, by=world.person("mara"))


def test_the_plan_tells_every_exception_that_its_words_rest_on() -> None:
    campaign = world.draft()
    arm = campaign.arms.get(key="user")
    root = User.objects.create_superuser("root")
    revision = Revision.objects.create(message=arm.first_revision.message, number=2, claim_strength="none", author=root)
    rendition = Rendition.objects.create(
        revision=revision, locale="en", headline="A headline", body="You asked for it."
    )
    record_writing(rendition, by=root)
    workflow.submit(rendition, by=root, now=world.NOON, override="A court's words.")
    read = rendition.words_digest()
    workflow.approve(
        rendition,
        by=world.person("otto", "administrator"),
        now=world.NOON,
        read_digest=read,
        checklist=world.CHECKLIST_ALL_YES,
        override="They are.",
    )
    arm.texts.update(revision=revision)
    launch(campaign)
    told = {arm["arm"]: arm["exceptions"] for arm in json.loads(campaign.plan.canonical)["arms"]}
    assert told["user"] == [
        {"language": "en", "by": "root", "reason": "A court's words."},
        {"language": "en", "by": "otto", "reason": "They are."},
    ]
    assert told["neutral"] == []


def rafael() -> User:
    return world.person("rafael", "reviewer")


def translate(arm: Arm) -> Rendition:
    return Rendition.objects.create(revision=arm.first_revision, locale="es", headline="Un titular", body="Palabras.")


def approve(rendition: Rendition) -> None:
    workflow.submit(rendition, now=world.NOON)
    workflow.approve(rendition, by=None, now=world.NOON)


def launch(campaign: Campaign) -> None:
    mara = world.person("mara", "manager")
    transitions.submit(campaign, by=mara)
    world.approve(campaign, by=rafael())
    transitions.launch(campaign, by=mara, now=world.NOON - timedelta(days=1))


def submitted_by_mara() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara"))
    return campaign


def test_a_reviewer_sends_a_campaign_back_with_a_reason_that_stays_on_record() -> None:
    campaign = submitted_by_mara()
    transitions.send_back(campaign, by=world.person("rafael", "reviewer"), reason="  The control is not neutral. ")
    assert campaign.state == "draft"
    entry = AuditEntry.objects.get(action="campaign-send-back")
    assert (entry.actor, entry.detail) == ("rafael", {"reason": "The control is not neutral."})


def test_nobody_sends_a_campaign_back_without_saying_why() -> None:
    for reason in ("", " \0 ", "x" * 501):
        with pytest.raises(ActionRefused, match="what has to change"):
            transitions.send_back(submitted_or_found(), by=world.person("rafael", "reviewer"), reason=reason)


def submitted_or_found() -> Campaign:
    return Campaign.objects.filter(state="submitted").first() or submitted_by_mara()


def test_nobody_sends_back_their_own_and_managers_send_back_nothing() -> None:
    campaign = submitted_by_mara()
    with pytest.raises(ActionRefused, match="you changed"):
        transitions.send_back(campaign, by=world.person("mara", "reviewer"), reason="No.")
    with pytest.raises(ActionRefused, match="Only a reviewer"):
        transitions.send_back(campaign, by=world.person("nora", "manager"), reason="No.")


def change_size(campaign: Campaign) -> None:
    AnalysisPlan.objects.filter(campaign=campaign).update(planned_per_arm=400, level=0.9)


def change_weight(campaign: Campaign) -> None:
    campaign.arms.filter(key="both").update(weight=7)


def change_name(campaign: Campaign) -> None:
    campaign.arms.filter(key="both").update(name="Something harmless")


def change_end(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(ends_at=world.NOON + timedelta(days=365))


def change_door(campaign: Campaign) -> None:
    campaign.placements.update(leave_url="https://elsewhere.example/")


def change_webhook(campaign: Campaign) -> None:
    AnalysisPlan.objects.filter(campaign=campaign).update(webhook="https://hook.example/another-secret")
    webhook_tests.record_test(AnalysisPlan.objects.get(campaign=campaign), failure="", now=world.NOON)


def change_recipients(campaign: Campaign) -> None:
    campaign.plan.told.add(world.person("eve", "manager"))


def add_language(campaign: Campaign) -> None:
    for arm in campaign.arms.all():
        approve(translate(arm))


CHANGES = [
    change_size,
    change_weight,
    change_name,
    change_end,
    change_door,
    change_webhook,
    change_recipients,
    add_language,
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_approval_is_of_exactly_what_was_read(change: Callable[[Campaign], None]) -> None:
    campaign = submitted_by_mara()
    read = approval_fingerprint(campaign)
    change(campaign)
    with pytest.raises(ActionRefused, match="changed while you were reading"):
        transitions.approve(campaign, by=rafael(), read_fingerprint=read)


@pytest.mark.parametrize("change", CHANGES)
def test_only_exactly_what_was_approved_is_launched(change: Callable[[Campaign], None]) -> None:
    campaign = submitted_by_mara()
    world.approve(campaign)
    change(campaign)
    with pytest.raises(ActionRefused, match="changed since the approval"):
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    assert Campaign.objects.get().state == "approved"


def test_what_is_approved_shows_nobody_the_path_of_a_webhook() -> None:
    campaign = submitted_by_mara()
    change_webhook(campaign)
    assert "another-secret" not in str(approval_content(campaign))


def test_approving_what_was_read_keeps_the_languages_open_until_launch() -> None:
    campaign = submitted_by_mara()
    transitions.approve(campaign, by=rafael(), read_fingerprint=approval_fingerprint(campaign))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.locales) == ("approved", [])


def test_a_draft_without_a_plan_has_nothing_to_approve() -> None:
    campaign = Campaign.objects.create(slug="empty", name="Empty", created_by=world.person("mara"), state="submitted")
    assert approval_fingerprint(campaign) == ""
    with pytest.raises(ActionRefused, match="changed while you were reading"):
        transitions.approve(campaign, by=rafael(), read_fingerprint="")


def test_refusals_speak_the_readers_language() -> None:
    campaign = world.draft()
    with translation.override("es"), pytest.raises(ActionRefused) as refused:
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    assert "cannot" not in str(refused.value)
