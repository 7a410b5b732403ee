"""Who changed a draft, who may therefore approve it, and putting back what it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.clone import clone_campaign
from campaign.lifecycle.draft_versions import contributors, draft_content, possible_approvers
from campaign.models import Arm, Campaign, DraftVersion
from campaign.placements import changes
from campaign.wizard import answers, versions
from campaign.wizard import arms as wizard_arms
from campaign.wizard.questions import QUESTIONS, HypothesisAnswer
from messages.models import AuditEntry
from messages.stale_copies import digest_of
from tests import world
from tests.campaign.wizard.test_questions import OTHER_ANSWERS

pytestmark = pytest.mark.django_db


def root() -> User:
    return world.person("root", "administrator")


def mara() -> User:
    return world.person("mara", "manager")


def names(people: list[User] | set[int]) -> list[str]:
    pks = [person if isinstance(person, int) else person.pk for person in people]
    return sorted(User.objects.filter(pk__in=pks).values_list("username", flat=True))


def rename(campaign: Campaign, name: str, *, by: User) -> None:
    question = QUESTIONS[0]
    seen = question.read(Campaign.objects.get(pk=campaign.pk)).digest()
    answers.save_answer(campaign, question, HypothesisAnswer(name, "It works."), seen_digest=seen, by=by)


def test_an_administrator_who_rewrote_a_draft_does_not_approve_it() -> None:
    campaign = world.draft()
    rename(campaign, "Quite another", by=root())
    transitions.submit(campaign, by=root())
    with pytest.raises(ActionRefused, match="you changed"):
        world.approve(campaign, by=root())
    assert names(possible_approvers(campaign)) == []
    world.approve(campaign)  # Rafael did not change it
    assert campaign.approved_by == world.person("rafael")


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_whoever_answers_any_question_anew_is_on_record(question: Any) -> None:
    campaign = world.draft()
    stored = question.read(campaign)
    other = OTHER_ANSWERS[question.key](stored)
    answers.save_answer(campaign, question, other, seen_digest=stored.digest(), by=root())
    assert names(contributors(campaign)) == ["mara", "root"]


def add(campaign: Campaign) -> object:
    world.approved_revision("other")
    return wizard_arms.add_arm(campaign, by=root())


def remove(campaign: Campaign) -> None:
    wizard_arms.remove_arm(campaign, "user", by=root())


def reword(campaign: Campaign) -> None:
    arm, other = campaign.arms.get(key="user"), world.approved_revision("user")
    wizard_arms.choose_revision(campaign, "user", other, seen_revision_id=arm.first_revision.pk, by=root())


@pytest.mark.parametrize("change", [add, remove, reword])
def test_whoever_changes_the_messages_is_on_record(change: Callable[[Campaign], object]) -> None:
    campaign = world.draft()
    change(campaign)
    assert names(contributors(campaign)) == ["mara", "root"]


def test_an_answer_that_changes_nothing_makes_nobody_an_author() -> None:
    campaign = world.draft()
    question = QUESTIONS[0]
    stored = question.read(campaign)
    answers.save_answer(campaign, question, stored, seen_digest=stored.digest(), by=root())
    assert names(contributors(campaign)) == ["mara"]


def test_whoever_sends_what_nobody_on_record_wrote_answers_for_it() -> None:
    campaign = world.draft()
    rename(campaign, "On record", by=mara())
    Arm.objects.filter(campaign=campaign, key="both").update(weight=9)
    transitions.submit(campaign, by=root())
    assert names(contributors(campaign)) == ["mara", "root"]


def test_putting_back_a_version_that_somebody_did_not_touch_lets_them_approve() -> None:
    campaign = world.draft()
    rename(campaign, "Of mara", by=mara())
    before = draft_content(campaign)
    rename(campaign, "Of root", by=root())
    wizard_arms.remove_arm(campaign, "both", by=root())
    versions.put_back(campaign, 2, newest=9, by=root())
    assert draft_content(campaign) == before
    assert names(contributors(campaign)) == ["mara"]
    transitions.submit(campaign, by=mara())
    world.approve(campaign, by=root())
    assert AuditEntry.objects.filter(action="campaign-put-back", detail__version=2).exists()


def test_putting_back_a_version_with_ones_own_changes_frees_nobody() -> None:
    campaign = world.draft()
    rename(campaign, "Of root", by=root())
    rename(campaign, "Of mara", by=mara())
    versions.put_back(campaign, 2, newest=9, by=mara())
    assert names(contributors(campaign)) == ["mara", "root"]


def test_only_a_draft_is_put_back() -> None:
    campaign = world.draft()
    rename(campaign, "Of mara", by=mara())
    transitions.submit(campaign, by=mara())
    with pytest.raises(ActionRefused, match="Only a draft"):
        versions.put_back(campaign, 1, newest=9, by=mara())


def test_a_copy_stays_a_work_of_whoever_made_what_it_takes_over() -> None:
    campaign = world.draft()
    wizard_arms.remove_arm(campaign, "user", by=root())
    copy = clone_campaign(campaign, by=world.person("nora", "manager"))
    assert names(contributors(copy)) == ["mara", "nora", "root"]
    transitions.submit(copy, by=world.person("nora"))
    with pytest.raises(ActionRefused, match="you changed"):
        world.approve(copy, by=root())


def test_over_http_nobody_approves_their_own_draft_by_way_of_a_colleagues_copy() -> None:
    campaign, client = world.draft(), signed_in(mara())
    rename(campaign, "Of root", by=root())
    client.post("/campaigns/pilot/copy/")
    client.post("/campaigns/pilot-2/submit/")
    copy = Campaign.objects.get(slug="pilot-2")
    assert copy.state == "submitted"
    read = approval_fingerprint(copy)
    signed_in(root()).post("/campaigns/pilot-2/approve/", {"have_read": "1", "read": read})
    copy.refresh_from_db()
    assert copy.state == "submitted"
    assert names(possible_approvers(copy)) == []


def test_a_copy_of_a_launched_campaign_is_of_who_made_that() -> None:
    copy = clone_campaign(world.launched(), by=world.person("nora", "manager"))
    assert names(contributors(clone_campaign(copy, by=world.person("lena", "manager")))) == ["lena", "mara", "nora"]


def test_putting_back_in_a_copy_what_somebody_did_not_touch_frees_them() -> None:
    campaign = world.draft()
    wizard_arms.remove_arm(campaign, "user", by=root())
    copy = clone_campaign(campaign, by=mara())
    versions.put_back(copy, 1, newest=9, by=mara())
    assert names(contributors(copy)) == ["mara"]


def test_a_version_is_shown_with_who_may_approve_it_once_it_is_put_back() -> None:
    campaign = world.draft(at=world.placement())
    rename(campaign, "Of root", by=root())
    place, otto = campaign.placements.get(), world.person("otto", "administrator")
    seen = digest_of(place, changes.PLACEMENT_FIELDS)
    changes.change_placement(place, {"leave_url": "https://elsewhere.example/"}, seen=seen, by=otto)
    world.person("rafael", "reviewer")
    newest, *_, first = versions.version_rows(campaign)
    assert [names(list(row.approvers)) for row in (newest, first)] == [["rafael"], ["rafael", "root"]]
    versions.put_back(campaign, 1, newest=9, by=mara())
    assert names(possible_approvers(campaign)) == ["rafael", "root"]


def test_the_history_cannot_be_rewritten_in_the_database() -> None:
    campaign = world.draft()
    rename(campaign, "Of root", by=root())
    with pytest.raises(IntegrityError, match="version of a draft"), transaction.atomic():
        DraftVersion.objects.update(by=mara())
    with pytest.raises(IntegrityError, match="version of a draft"), transaction.atomic():
        DraftVersion.objects.filter(number=2).delete()


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


def test_the_page_says_who_changed_what_and_puts_a_version_back() -> None:
    campaign = world.draft()
    rename(campaign, "Of root", by=root())
    client = signed_in(mara())
    html = " ".join(client.get("/campaigns/pilot/versions/").content.decode().split())
    assert "name, question or dates" in html
    assert "Restore this version" in html
    client.post("/campaigns/pilot/versions/", {"number": "1", "newest": "2"})
    assert Campaign.objects.get().name == "The pilot"
    for number in ("", "x", "9" * 30):
        response = client.post("/campaigns/pilot/versions/", {"number": number}, follow=True)
        assert "This version does not exist." in response.content.decode()


def test_a_page_that_is_older_than_a_colleagues_change_puts_nothing_back() -> None:
    campaign = world.draft()
    rename(campaign, "Of root", by=root())
    client = signed_in(mara())
    assert '<input type="hidden" name="newest" value="2">' in client.get("/campaigns/pilot/versions/").content.decode()
    rename(campaign, "Of root, later", by=root())
    for old in ({"newest": "2"}, {}):
        response = client.post("/campaigns/pilot/versions/", {"number": "1"} | old, follow=True)
        assert "A colleague has changed the draft." in response.content.decode()
        assert Campaign.objects.get().name == "Of root, later"


def test_a_page_says_who_may_approve_and_what_to_do_when_nobody_may() -> None:
    campaign, rafael = world.draft(), world.person("rafael", "reviewer")
    transitions.submit(campaign, by=mara())
    client = signed_in(mara())
    assert "These people can decide: rafael." in client.get("/campaigns/pilot/").content.decode()
    User.objects.filter(pk=rafael.pk).update(is_active=False)
    html = client.get("/campaigns/pilot/").content.decode()
    assert "Nobody here can approve" in html
    assert "/campaigns/pilot/versions/" in html


def test_over_http_an_administrator_alone_launches_nothing_that_they_rewrote() -> None:
    campaign = world.draft()
    rename(campaign, "Quite another", by=root())
    transitions.submit(campaign, by=root())
    client = signed_in(root())
    html = client.get("/campaigns/pilot/plan/").content.decode()
    assert 'action="/campaigns/pilot/approve/"' not in html
    client.post("/campaigns/pilot/approve/", {"have_read": "1", "read": "0" * 64})
    assert Campaign.objects.get().state == "submitted"
    assert "pilot" not in client.get("/reviews/").content.decode()
