"""Whoever has a part in what stands cannot approve it, and putting back what colleagues left is a part of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.approval import approval_fingerprint
from campaign.lifecycle.draft_versions import contributors, possible_approvers
from campaign.lifecycle.version_seals import seal_version
from campaign.models import AnalysisPlan, Campaign, Placement, PlannedOutcome
from campaign.placements import changes
from campaign.wizard import answers, versions
from campaign.wizard.draft import edit_draft
from campaign.wizard.questions import QUESTIONS, HypothesisAnswer
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
HARM = "/campaigns/pilot/plan-it/harm/"


def adam() -> User:
    return world.person("adam", "administrator")


def mara() -> User:
    return world.person("mara", "manager")


def nora() -> User:
    return world.person("nora", "manager")


def signed_in(user: User) -> Client:
    client = Client()
    world.sign_in(client, user)
    return client


def rename(campaign: Campaign, name: str, *, by: User, hypothesis: str = "It works.") -> None:
    question = QUESTIONS[0]
    seen = question.read(Campaign.objects.get(pk=campaign.pk)).digest()
    answers.save_answer(campaign, question, HypothesisAnswer(name, hypothesis), seen_digest=seen, by=by)


def put_back(campaign: Campaign, number: int, *, by: User) -> None:
    versions.put_back(campaign, number, newest=99, by=by)


def lead_to(url: str, *, by: User) -> None:
    place = Placement.objects.get()
    changes.change_placement(place, {"leave_url": url}, seen=digest_of(place, changes.PLACEMENT_FIELDS), by=by)


def names(people: Sequence[User] | set[int]) -> list[str]:
    pks = [person if isinstance(person, int) else person.pk for person in people]
    return sorted(User.objects.filter(pk__in=pks).values_list("username", flat=True))


class TestOneAdministratorAlone:
    """Over HTTP, as an administrator who has every role but is one person."""

    def sent(self, client: Client, *, step: str) -> Campaign:
        """The campaign after a person asked for this step with all that its page would send."""
        campaign = Campaign.objects.get()
        read = approval_fingerprint(campaign)
        client.post(f"/campaigns/pilot/{step}/", {"have_read": "1", "read": read, "sure": "on"})
        campaign.refresh_from_db()
        return campaign

    def set_harm_stop(self, client: Client, **fields: str) -> None:
        client.post(HARM, {"do": "save", "was": client.get(HARM).context["was"], **fields})

    def test_takes_out_no_harm_stop_that_an_early_draft_did_not_have_yet(self) -> None:
        campaign, author, client = world.draft(), signed_in(mara()), signed_in(adam())
        self.set_harm_stop(author)
        rename(campaign, "Unfinished", by=mara())
        rename(campaign, "Finished", by=mara())
        self.set_harm_stop(author, watch_annoyed="on", margin_annoyed="1")
        assert PlannedOutcome.objects.filter(role="guardrail", harm_margin__gt=0).exists()
        self.set_harm_stop(client)
        assert not PlannedOutcome.objects.filter(role="guardrail").exists()
        assert self.sent(author, step="submit").state == "submitted"
        assert names(contributors(campaign)) == ["adam", "mara"]
        assert self.sent(client, step="approve").state == "submitted"

    def test_is_not_freed_by_a_colleague_who_changes_a_name_and_changes_it_back(self) -> None:
        campaign, author, client = world.draft(), signed_in(mara()), signed_in(adam())
        rename(campaign, "Finished", by=mara())
        self.set_harm_stop(author)
        self.set_harm_stop(author, watch_annoyed="on", margin_annoyed="1")
        self.set_harm_stop(client)
        rename(campaign, "Finishd", by=mara())
        rename(campaign, "Finished", by=mara())
        assert self.sent(author, step="submit").state == "submitted"
        assert names(contributors(campaign)) == ["adam", "mara"]
        assert self.sent(client, step="approve").state == "submitted"

    def test_is_not_freed_by_a_colleague_who_mends_a_mistake_that_was_made_beside(self) -> None:
        campaign, author, client = world.draft(), signed_in(mara()), signed_in(adam())
        self.set_harm_stop(author)
        rename(campaign, "Finished", by=mara())
        rename(campaign, "Of adam", by=adam())
        self.set_harm_stop(author, watch_annoyed="on", margin_annoyed="1")
        self.set_harm_stop(client)
        rename(campaign, "Finishd", by=adam())
        rename(campaign, "Finished", by=mara())
        assert names(contributors(campaign)) == ["adam", "mara"]

    def test_puts_back_no_earlier_version_of_a_colleague_and_approves_it(self) -> None:
        campaign, client = world.draft(), signed_in(adam())
        rename(campaign, "Unfinished", by=mara())
        rename(campaign, "Finished", by=mara())
        client.post("/campaigns/pilot/versions/", {"number": "2", "newest": "3"})
        assert Campaign.objects.get().name == "Unfinished"
        assert self.sent(signed_in(mara()), step="submit").state == "submitted"
        assert self.sent(client, step="approve").state == "submitted"

    def test_neither_sends_a_colleagues_draft_and_approves_it(self) -> None:
        campaign, client = world.draft(), signed_in(adam())
        rename(campaign, "Unfinished", by=mara())
        assert self.sent(client, step="submit").state == "submitted"
        html = client.get("/campaigns/pilot/plan/").content.decode()
        assert 'action="/campaigns/pilot/approve/"' not in html
        assert self.sent(client, step="approve").state == "submitted"
        assert "pilot" not in client.get("/reviews/").content.decode()
        rafael = signed_in(world.person("rafael", "reviewer"))
        assert 'action="/campaigns/pilot/approve/"' in rafael.get("/campaigns/pilot/plan/").content.decode()

    def test_approves_once_a_colleague_has_sent_it_instead(self) -> None:
        campaign, client = world.draft(), signed_in(adam())
        rename(campaign, "Finished", by=mara())
        self.sent(client, step="submit")
        self.sent(client, step="take-back")
        self.sent(signed_in(mara()), step="submit")
        assert names(possible_approvers(Campaign.objects.get())) == ["adam"]
        assert self.sent(client, step="approve").state == "approved"


def test_a_version_from_before_there_was_a_choice_of_texts_has_one_each_once_it_is_put_back() -> None:
    campaign = world.draft()
    rename(campaign, "One", by=mara())
    assert "texts" not in campaign.versions.latest("number").content["plan"]
    with edit_draft(campaign, by=mara()) as locked:
        AnalysisPlan.objects.filter(campaign=locked).update(texts="matched")
    assert campaign.versions.latest("number").content["plan"]["texts"] == "matched"
    put_back(campaign, 1, by=mara())
    assert AnalysisPlan.objects.get().texts == ""


class TestWhoIsFree:
    def test_who_undid_their_own_changes_before_anybody_went_on(self) -> None:
        campaign = world.draft()
        rename(campaign, "Of mara", by=mara())
        rename(campaign, "Of adam", by=adam())
        rename(campaign, "Of adam too", by=adam())
        rename(campaign, "Of mara", by=adam())
        assert names(contributors(campaign)) == ["mara"]
        rename(campaign, "Of mara, later", by=mara())
        assert names(contributors(campaign)) == ["mara"]

    def test_who_undid_their_own_changes_after_somebody_went_on_is_not(self) -> None:
        campaign = world.draft()
        rename(campaign, "Of mara", by=mara())
        rename(campaign, "Of adam", by=adam())
        rename(campaign, "Of mara again", by=mara())
        put_back(campaign, 2, by=adam())
        assert names(contributors(campaign)) == ["adam", "mara"]

    def test_who_sees_all_that_they_had_no_part_in_put_back_by_somebody_else(self) -> None:
        campaign = world.draft()
        rename(campaign, "Of mara", by=mara())
        rename(campaign, "Of adam", by=adam())
        rename(campaign, "Of mara again", by=mara())
        put_back(campaign, 2, by=nora())
        assert names(contributors(campaign)) == ["mara", "nora"]

    def test_who_put_an_old_version_back_and_saw_that_undone(self) -> None:
        campaign = world.draft()
        rename(campaign, "First", by=mara())
        rename(campaign, "Second", by=mara())
        put_back(campaign, 2, by=adam())
        assert names(contributors(campaign)) == ["adam", "mara"]
        put_back(campaign, 3, by=mara())
        assert names(contributors(campaign)) == ["mara"]

    def test_nobody_by_undoing_what_they_did_on_top_of_an_old_version_that_they_put_back(self) -> None:
        campaign = world.draft()
        rename(campaign, "First", by=mara())
        rename(campaign, "Second", by=mara())
        rename(campaign, "First", by=adam())
        rename(campaign, "Third", by=adam())
        rename(campaign, "First", by=adam())
        assert names(contributors(campaign)) == ["adam", "mara"]

    def test_nobody_by_a_mix_of_parts_that_never_stood_together(self) -> None:
        campaign = world.draft()
        rename(campaign, "First", by=mara(), hypothesis="One.")
        rename(campaign, "Of adam", by=adam(), hypothesis="One.")
        rename(campaign, "Of adam", by=mara(), hypothesis="Two.")
        rename(campaign, "First", by=adam(), hypothesis="Two.")
        assert names(contributors(campaign)) == ["adam", "mara"]

    def test_nobody_by_taking_a_place_away_and_choosing_it_again_once_it_leads_elsewhere(self) -> None:
        campaign = world.draft()
        rename(campaign, "Of mara", by=mara())
        key = Placement.objects.get().key
        question = next(question for question in QUESTIONS if question.key == "places")
        chosen = question.read(campaign)
        answers.save_answer(campaign, question, replace(chosen, chosen=()), seen_digest=chosen.digest(), by=adam())
        lead_to("https://elsewhere.example/", by=adam())
        seen = question.read(Campaign.objects.get()).digest()
        answers.save_answer(campaign, question, chosen, seen_digest=seen, by=adam())
        assert campaign.placements.get().key == key
        assert names(contributors(campaign)) == ["adam", "mara"]


def test_a_version_is_put_back_with_its_place_also_where_another_has_its_key_now() -> None:
    campaign, other = world.draft(), world.placement("other-page", allowed_origins=["https://elsewhere.example"])
    rename(campaign, "Of mara", by=mara())
    place = campaign.placements.get()
    for changed, key in ((place, "old-page"), (other, "quiet-page")):
        seen = digest_of(changed, changes.PLACEMENT_FIELDS)
        changes.change_placement(changed, {"key": key}, seen=seen, by=adam())
    rename(campaign, "Of mara, later", by=mara())
    signed_in(mara()).post("/campaigns/pilot/versions/", {"number": "2", "newest": "99"})
    assert campaign.placements.get() == place
    assert names(contributors(campaign)) == ["adam", "mara"]


def test_a_version_of_before_places_had_numbers_is_put_back() -> None:
    campaign, place = world.draft(), Placement.objects.get()
    rename(campaign, "Of mara", by=mara())
    old = campaign.versions.get(number=2)
    old.content["placements"] = [place.key]
    old.pk, old.number = None, 3
    seal_version(old, previous=campaign.versions.get(number=2))
    old.save()
    rename(campaign, "Of adam", by=adam())
    put_back(campaign, 3, by=mara())
    assert campaign.placements.get() == place
    assert names(contributors(campaign)) == ["mara"]


def test_the_page_says_who_may_approve_a_version_once_this_reader_put_it_back() -> None:
    campaign = world.draft()
    rename(campaign, "Of mara", by=mara())
    rename(campaign, "Of mara, later", by=mara())
    rows = versions.version_rows(campaign, adam())
    assert [names(row.approvers) for row in rows] == [["adam"], [], []]
    html = " ".join(signed_in(adam()).get("/campaigns/pilot/versions/").content.decode().split())
    assert "If you restore it, nobody here can approve it." in html
    assert "If you restore a version that a colleague has changed since, that counts as your change." in html


def test_a_submission_that_the_record_does_not_hold_is_approved_by_nobody() -> None:
    campaign = world.draft()
    Campaign.objects.update(state="submitted")
    campaign.refresh_from_db()
    assert possible_approvers(campaign) == []
    with pytest.raises(ActionRefused, match="does not say who sent this campaign"):
        world.approve(campaign)
