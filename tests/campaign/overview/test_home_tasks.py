"""The home page: the first steps that tick themselves, and what waits for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.launch_checks import ObstacleReason, submission_obstacles
from campaign.models import Campaign
from campaign.overview.home_tasks import first_steps, home_tasks, waiting_counts
from messages.help_links import directory
from messages.models import HelpLink
from messages.roles import roles_held
from messages.staff_mail import mailboxes
from tests import world

pytestmark = pytest.mark.django_db


def mara() -> User:
    return world.person("mara", "manager")


def rafael() -> User:
    return world.person("rafael", "reviewer")


def waiting(user: User) -> list[str]:
    return [task.sentence for task in home_tasks(user, with_links=True)]


def counts(user: User) -> Mapping[str, int]:
    return waiting_counts(user, roles_held(user))


class TestTheFirstSteps:
    def done(self) -> list[bool]:
        return [step.is_done for step in first_steps(mara())]

    def test_tick_themselves_one_by_one_and_go_away_with_the_last(self) -> None:
        assert self.done() == [False, False, False, False]
        rafael()
        assert self.done() == [True, False, False, False]
        world.mark_help_links_checked()
        assert self.done() == [True, True, False, False]
        world.placement()
        assert self.done() == [True, True, True, False]
        transitions.submit(world.draft(), by=mara())
        assert self.done() == []

    def test_are_for_who_can_take_them(self) -> None:
        assert first_steps(rafael()) == []
        assert first_steps(mara())[0].url == "", "a manager cannot invite"
        assert first_steps(world.person("ada", "administrator"))[0].url == "/people/invite/"

    def test_a_reviewer_alone_is_no_second_person_for_themselves(self) -> None:
        assert not first_steps(world.person("ada", "administrator"))[0].is_done

    def test_are_over_once_something_was_launched(self) -> None:
        world.launched()
        HelpLink.objects.update(verified_on=None)
        assert self.done() == []


class TestWhatWaits:
    def test_a_campaign_waits_for_whoever_may_approve_it(self) -> None:
        rafael()
        transitions.submit(world.draft(), by=mara())
        assert waiting(rafael()) == ["Read “The pilot” and decide whether to approve it"]
        assert waiting(mara()) == []

    def test_an_approved_one_waits_for_a_manager(self) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=mara())
        world.approve(campaign)
        assert waiting(mara()) == ["Launch “The pilot”, which is approved"]
        assert waiting(rafael()) == []

    def test_a_draft_waits_for_its_maker_and_says_if_it_was_sent_back(self) -> None:
        campaign = world.draft()
        assert waiting(mara()) == ["Continue planning “The pilot”"]
        mina = world.person("mina", "manager")
        assert waiting(mina) == ["Confirm your email address, so that you are alerted to harm"]
        mailboxes.confirm(mina, "mina@ngo.example")
        assert waiting(mina) == []
        transitions.submit(campaign, by=mara())
        transitions.send_back(campaign, by=rafael(), reason="Too few people.")
        assert waiting(mara()) == ["Change “The pilot”, which a reviewer sent back"]

    def test_a_stopped_arm_is_something_to_decide(self) -> None:
        campaign = world.launched()
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="It upset people.", by=rafael(), now=world.NOON)
        assert waiting(mara()) == ["Decide what to do next: “Both” was stopped in “The pilot”"]
        Campaign.objects.update(state=Campaign.State.CLOSED)
        assert waiting(mara()) == []

    def test_words_wait_for_those_who_did_not_write_them(self) -> None:
        world.submitted_rendition("mara")
        assert "Review a colleague’s text" in waiting(rafael())
        assert "Review a colleague’s text" not in waiting(world.person("mara", "manager", "reviewer"))

    def test_links_to_check_are_counted_and_lead_to_the_first(self) -> None:
        world.load_starter_library(now=timezone.now())
        task = home_tasks(rafael(), with_links=True)[-1]
        overdue = directory.overdue_checks(today=timezone.localdate())
        assert (task.sentence, task.count) == ("Check help links", len(overdue))
        assert task.url == directory.staff_url(overdue[0].link)
        assert home_tasks(rafael(), with_links=False) == []

    def test_nothing_waits_for_an_analyst(self) -> None:
        transitions.submit(world.draft(), by=mara())
        assert waiting(world.person("ana", "analyst")) == []


def test_the_page_shows_steps_and_tasks(client: Client) -> None:
    world.sign_in(client, mara())
    page = client.get("/").content.decode()
    assert "0 of 4 done" in page
    world.draft()
    assert "Continue planning “The pilot”" in client.get("/").content.decode()


def test_a_sample_is_a_draft_with_every_answer_but_who_agreed(client: Client) -> None:
    world.load_starter_library(now=timezone.now())
    world.sign_in(client, mara())
    page = client.post("/campaigns/new/sample/", follow=True).content.decode()
    draft = Campaign.objects.get()
    assert draft.state == "draft"
    assert draft.plan.planned_per_arm > 100
    assert [place.name for place in draft.placements.all()] == ["Our own page"]
    assert "Each question but this one has the recommended answer" in page
    assert "ethics_exemption" in page
    missing = [obstacle.reason for obstacle in submission_obstacles(draft)]
    assert missing == [ObstacleReason.NO_ETHICS]


def test_a_sample_uses_the_placement_that_is_there(client: Client) -> None:
    world.load_starter_library(now=timezone.now())
    place = world.placement()
    world.sign_in(client, mara())
    client.post("/campaigns/new/sample/")
    assert list(Campaign.objects.get().placements.all()) == [place]


def test_there_is_no_sample_without_messages(client: Client) -> None:
    world.sign_in(client, mara())
    page = client.post("/campaigns/new/sample/", follow=True).content.decode()
    assert "There are no approved messages yet" in page
    assert not Campaign.objects.exists()


class TestBadges:
    def test_the_navigation_says_how_much_waits_where(self, client: Client) -> None:
        transitions.submit(world.draft(), by=mara())
        world.sign_in(client, rafael())
        menu = " ".join(client.get("/messages/").content.decode().split())
        assert 'Reviews <span class="badge">1<span class="unseen"> waiting for you</span></span>' in menu
        assert 'Campaigns <span class="badge">' not in menu
        assert 'Menu <span class="badge">1<' in menu, "the menu of a phone is closed"

    def test_they_are_worked_out_anew_once_something_is_done(self, client: Client) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=mara())
        assert counts(rafael())["reviews:queue"] == 1
        world.approve(campaign, by=rafael())
        assert counts(rafael())["reviews:queue"] == 0
        assert counts(mara())["campaign:list"] == 1, "it can be launched"

    def test_between_two_entries_on_the_record_they_cost_one_query(self, django_assert_num_queries: Any) -> None:
        transitions.submit(world.draft(), by=mara())
        held = roles_held(rafael())
        waiting_counts(rafael(), held)
        reviewer = rafael()
        with django_assert_num_queries(1):
            assert waiting_counts(reviewer, held) == {"reviews:queue": 1}
