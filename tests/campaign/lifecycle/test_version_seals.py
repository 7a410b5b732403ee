"""Versions of a draft that somebody wrote into the database, or took out of it, make nobody less of an author."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from campaign.lifecycle import clone, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.draft_versions import contributors, record_version
from campaign.models import Campaign, DraftVersion, PlannedOutcome
from campaign.wizard.draft import edit_draft
from messages.audit import signed_head
from messages.help_links import directory
from messages.models import AuditEntry, HelpLink
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam() -> User:
    return world.person("adam", "administrator")


def set_margin(campaign: Campaign, margin: float | None, *, by: User) -> None:
    PlannedOutcome.objects.filter(plan__campaign=campaign, role="guardrail").update(harm_margin=margin)
    record_version(campaign, by=by)


@pytest.fixture
def draft(adam: User) -> Campaign:
    """A draft of mara's, whose last version is adam's."""
    campaign = world.draft()
    record_version(campaign, by=world.person("mara"))
    set_margin(campaign, 0.01, by=adam)
    return campaign


def insert_version(campaign: Campaign, number: int, like: DraftVersion, *, seal: str = "") -> None:
    """Insert a version of mara's by SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaign_draftversion (campaign_id, number, by_id, at, content, digest, seal, put_back) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(campaign.pk, number, world.person("mara").pk, world.NOON, json.dumps(like.content), like.digest),
                *(seal, 1 if number == 3 else None),
            ],
        )


def test_a_new_machine_that_seals_a_version_first_notes_that_it_has_begun_to_sign(
    draft: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path)
    set_margin(draft, 0.02, by=world.person("mara"))
    assert (tmp_path / "audit.key").exists()
    assert isinstance(signed_head.read_note(), signed_head.Note)


@pytest.mark.parametrize("with_seal", [False, True])
def test_versions_that_were_inserted_clear_nobody(draft: Campaign, adam: User, with_seal: bool) -> None:
    first, last = draft.versions.order_by("number")
    for number, like in ((3, first), (4, last)):
        insert_version(draft, number, like, seal=like.seal if with_seal else "")
    assert adam.pk in contributors(draft)
    transitions.submit(draft, by=world.person("mara"))
    with pytest.raises(ActionRefused, match="You cannot approve a campaign that you changed"):
        world.approve(draft, by=adam)


def test_nor_over_http(draft: Campaign, adam: User, client: Client) -> None:
    first, last = draft.versions.order_by("number")
    insert_version(draft, 3, first)
    insert_version(draft, 4, last)
    transitions.submit(draft, by=world.person("mara"))
    world.sign_in(client, adam)
    html = client.get(f"/campaigns/{draft.slug}/plan/").content.decode()
    assert f'action="/campaigns/{draft.slug}/approve/"' not in html


def test_a_version_that_was_changed_past_the_triggers_clears_nobody(draft: Campaign, adam: User) -> None:
    set_margin(draft, 0.02, by=world.person("mara"))
    world.drop_triggers()
    DraftVersion.objects.filter(number=2).update(by=world.person("mara"))
    DraftVersion.objects.filter(number=3).update(by=adam)
    assert contributors(draft) == {adam.pk, world.person("mara").pk}


def test_a_version_that_was_taken_out_after_the_draft_was_sent_is_missed(draft: Campaign) -> None:
    transitions.submit(draft, by=world.person("mara"))
    world.drop_triggers()
    draft.versions.filter(number=2).delete()
    with pytest.raises(ActionRefused, match="not the ones that were sent"):
        world.approve(draft)


def test_an_untouched_history_still_frees_who_put_nothing_into_it(draft: Campaign, adam: User) -> None:
    set_margin(draft, None, by=adam)
    assert contributors(draft) == {world.person("mara").pk}


def test_a_copy_vouches_for_what_its_original_does(draft: Campaign, adam: User) -> None:
    mara = world.person("mara", "manager")
    set_margin(draft, None, by=adam)
    assert adam.pk not in contributors(clone.clone_campaign(draft, by=mara))
    insert_version(draft, 4, draft.versions.get(number=2))
    assert adam.pk in contributors(clone.clone_campaign(draft, by=mara))


def take_off_the_end(draft: Campaign, *, after: int = 1) -> None:
    world.drop_triggers()
    draft.versions.filter(number__gt=after).delete()


def test_versions_that_were_taken_off_the_end_free_nobody(draft: Campaign, adam: User) -> None:
    take_off_the_end(draft)
    assert adam.pk in contributors(draft)
    transitions.submit(draft, by=world.person("mara"))
    with pytest.raises(ActionRefused, match="cannot approve a campaign that you changed"):
        world.approve(draft, by=adam)
    transitions.take_back(draft, by=world.person("mara"))
    set_margin(draft, 0.03, by=world.person("mara"))
    assert adam.pk in contributors(draft)


def test_nor_if_only_help_links_were_changed_there(adam: User) -> None:
    draft = world.draft()
    record_version(draft, by=world.person("mara"))
    link = HelpLink.objects.order_by("pk")[0]
    seen = digest_of(link, directory.EDITABLE_FIELDS)
    directory.change(link, {"url": "https://elsewhere.example/"}, seen=seen, by=adam)
    assert adam.pk in contributors(draft)
    take_off_the_end(draft)
    assert adam.pk in contributors(draft)


def test_nor_if_the_campaign_was_given_another_name(draft: Campaign, adam: User) -> None:
    take_off_the_end(draft)
    Campaign.objects.filter(pk=draft.pk).update(slug="another")
    draft.refresh_from_db()
    assert adam.pk in contributors(draft)


def test_nor_in_a_copy(draft: Campaign, adam: User) -> None:
    mara = world.person("mara", "manager")
    copy = clone.clone_campaign(draft, by=mara)
    take_off_the_end(draft)
    take_off_the_end(copy)
    later = clone.clone_campaign(draft, by=mara)
    assert all(adam.pk in contributors(each) for each in (copy, later, clone.clone_campaign(copy, by=mara)))


def test_nor_if_what_somebody_put_back_was_taken_off(draft: Campaign, adam: User) -> None:
    mara = world.person("mara", "manager")
    set_margin(draft, 0.02, by=mara)  # adam's and mara's
    with edit_draft(draft, by=mara, put_back=1) as locked:
        PlannedOutcome.objects.filter(plan__campaign=locked, role="guardrail").update(harm_margin=None)
    assert contributors(draft) == {mara.pk}
    with edit_draft(draft, by=mara, put_back=2) as locked:
        PlannedOutcome.objects.filter(plan__campaign=locked, role="guardrail").update(harm_margin=0.01)
    take_off_the_end(draft, after=4)
    assert adam.pk in contributors(draft)


def test_a_longer_turn_of_one_person_is_one_entry_on_the_record(draft: Campaign, adam: User) -> None:
    for margin in (0.02, 0.03, 0.04):
        set_margin(draft, margin, by=adam)
    entries = AuditEntry.objects.filter(ref=draft.slug, action="campaign-change").order_by("number")
    assert [(entry.actor, entry.detail["version"]) for entry in entries] == [("mara", 1), ("adam", 2)]
