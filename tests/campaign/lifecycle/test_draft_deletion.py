"""A draft that was never sent can be deleted, with its versions; anything else stays, whatever SQL says."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from campaign.lifecycle import clone, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.draft_deletion import delete_draft, may_delete
from campaign.lifecycle.draft_versions import record_version
from campaign.lifecycle.tags import set_tags
from campaign.models import Arm, Campaign, DraftVersion, Tag
from campaign.wizard.answers import create_draft
from campaign.wizard.questions import HypothesisAnswer
from messages.models import AuditEntry
from tests import world


def mara() -> User:
    return world.person("mara", "manager")


def drawn_up() -> Campaign:
    draft = world.draft()
    record_version(draft, by=mara())
    set_tags(draft, ["spring"])
    return draft


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_deleted_draft_is_left_but_an_entry_on_the_record() -> None:
    delete_draft(drawn_up(), by=mara())
    assert [model.objects.count() for model in (Campaign, DraftVersion, Arm, Tag)] == [0, 0, 0, 0]
    entry = AuditEntry.objects.order_by("-number")[0]
    assert (entry.actor, entry.action, entry.label) == ("mara", "campaign-delete", "The pilot")


@pytest.mark.django_db
class TestADraft:
    def test_that_was_sent_once_stays_though_it_is_a_draft_again(self) -> None:
        draft = drawn_up()
        transitions.submit(draft, by=mara())
        transitions.take_back(draft, by=mara())
        with pytest.raises(ActionRefused, match="stays on record"):
            delete_draft(draft, by=mara())

    def test_can_be_deleted_by_who_began_it_and_by_managers(self) -> None:
        draft = drawn_up()
        mara().groups.set(world.person("ana", "analyst").groups.all())
        assert may_delete(draft, User.objects.get(username="mara"))
        assert may_delete(draft, world.person("max", "manager"))
        assert not may_delete(draft, world.person("ana"))
        with pytest.raises(ActionRefused, match="Only a manager"):
            delete_draft(draft, by=world.person("ana"))

    def test_leaves_its_address_to_nobody(self) -> None:
        first = create_draft(HypothesisAnswer("Spring", ""), by=mara())
        delete_draft(first, by=mara())
        assert create_draft(HypothesisAnswer("Spring", ""), by=mara()).slug == "spring-2"
        copied = clone.clone_campaign(Campaign.objects.get(), by=mara())
        delete_draft(copied, by=mara())
        assert clone.clone_campaign(Campaign.objects.get(), by=mara()).slug == "spring-4"

    def test_is_deleted_on_a_page_that_asks_first(self, client: Client) -> None:
        drawn_up()
        world.sign_in(client, mara())
        assert "Delete this draft" in client.get("/campaigns/pilot/").content.decode()
        assert "Tick the box first" in client.post("/campaigns/pilot/delete/").content.decode()
        assert (
            "Deleted: “The pilot”."
            in client.post("/campaigns/pilot/delete/", {"sure": "1"}, follow=True).content.decode()
        )
        assert not Campaign.objects.exists()

    def test_is_not_deleted_by_a_reviewer(self, client: Client) -> None:
        drawn_up()
        world.sign_in(client, world.person("rafael", "reviewer"))
        assert client.post("/campaigns/pilot/delete/", {"sure": "1"}).status_code == 403


@pytest.mark.django_db
class TestTheDatabase:
    def test_refuses_to_delete_the_end_of_a_history(self) -> None:
        draft = drawn_up()
        with pytest.raises(IntegrityError, match="a version of a draft on record"), transaction.atomic():
            draft.versions.all().delete()

    def test_refuses_to_delete_or_to_forget_what_was_sent(self) -> None:
        draft = drawn_up()
        transitions.submit(draft, by=mara())
        with pytest.raises(IntegrityError, match="sent for approval stays"), transaction.atomic():
            Campaign.objects.update(submitted_at=None)
        with pytest.raises(IntegrityError, match="sent for approval stays"), transaction.atomic():
            Campaign.objects.filter(pk=draft.pk)._raw_delete("default")
