"""The transition pages of a campaign: permissions, texts and effects."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from campaign.api.transition_views import TRANSITION_VIEWS
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.review import workflow
from tests import world
from tests.campaign.overview.test_plan_views import PLAN, REASON, as_
from tests.messages.help_links.test_views import page, text

pytestmark = pytest.mark.django_db

HERE = "/campaigns/pilot/"


@pytest.fixture
def manager(client: Client) -> Client:
    return as_(client, "mara", "manager")


@pytest.fixture
def reviewer() -> Client:
    return as_(Client(), "rafael", "reviewer")


def state() -> str:
    return Campaign.objects.get(slug="pilot").state


def submitted() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    return campaign


def approved() -> Campaign:
    campaign = submitted()
    world.approve(campaign)
    return campaign


def unconfirmed(client: Client) -> Client:
    """Let the last confirmation with a second factor be too old."""
    session = client.session
    session["confirmed_at"] = 0
    session.save()
    return client


class TestConfirmation:
    """Twelve minutes after signing in, a step asks by each road whether it is still the same person."""

    BY_BUTTON = ("submit", "approve")  # all others have a page of their own
    ASKED_FOR_NONE = frozenset({"take_back", "send_back"})  # they end in a draft

    def test_each_declared_step_is_asked_for_one_or_named_here(self) -> None:
        steps = {view.transition for view in TRANSITION_VIEWS}
        by_launch_page = {"schedule", "queue", "leave_queue"}
        assert steps | self.ASKED_FOR_NONE | by_launch_page == set(transitions.TRANSITIONS)

    @pytest.mark.parametrize("step", [view.transition for view in TRANSITION_VIEWS])
    def test_page_and_api_ask_alike(self, step: str) -> None:
        made = world.draft()
        _, _, role = transitions.TRANSITIONS[step]
        client = unconfirmed(as_(Client(), "rafael", role))
        reply = client.post(f"/api/v1/campaigns/pilot/{step}/")
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "confirm_first")
        reply = client.post(f"{HERE}{step}/", {"have_read": "1", "sure": "1"})
        back = f"{HERE}plan/" if step in self.BY_BUTTON else f"{HERE}{step}/"
        assert reply.headers["Location"] == f"/account/confirm/?{urlencode({'next': back})}"
        made.refresh_from_db()
        assert made.state == Campaign.State.DRAFT

    def test_the_last_page_of_the_wizard_asks_as_well(self, manager: Client) -> None:
        world.draft()
        assert unconfirmed(manager).get(f"{HERE}plan-it/").status_code == 200
        reply = manager.post(f"{HERE}plan-it/", {"seen": ""})
        assert reply.headers["Location"] == f"/account/confirm/?{urlencode({'next': f'{HERE}plan-it/'})}"
        assert state() == "draft"

    def test_whoever_confirmed_presses_the_button_again_and_approves(self, reviewer: Client) -> None:
        submitted()
        rafael = world.person("rafael", "reviewer")
        unconfirmed(reviewer).post(f"{HERE}approve/", {"have_read": "1", "read": "x"})
        assert state() == "submitted"
        html = text(
            reviewer.post("/account/confirm/", {"code": world.fresh_code(rafael), "next": f"{HERE}plan/"}, follow=True)
        )
        assert "then press the button again" in html
        read = re.search(r'name="read" value="(\w{64})"', page(reviewer, f"{HERE}plan/"))
        assert read
        reviewer.post(f"{HERE}approve/", {"have_read": "1", "read": read[1]})
        assert state() == "approved"


class TestApproval:
    def test_a_manager_sends_a_draft_to_the_reviewers_queue(self, manager: Client, reviewer: Client) -> None:
        world.draft()
        assert "Campaigns waiting for approval" not in page(reviewer, "/reviews/")
        manager.post(f"{HERE}submit/")
        html = page(reviewer, "/reviews/")
        assert "Campaigns waiting for approval" in html
        assert PLAN in html

    def test_whoever_made_it_does_not_find_it_in_their_queue(self, manager: Client) -> None:
        submitted()
        world.person("mara", "reviewer")
        assert "Campaigns waiting for approval" not in page(manager, "/reviews/")

    def test_a_second_person_approves_what_they_have_read(self, reviewer: Client) -> None:
        submitted()
        html = page(reviewer, PLAN)
        read = re.search(r'name="read" value="(\w{64})"', html)
        assert read
        html = text(reviewer.post(f"{HERE}approve/", {"have_read": "1", "read": read[1]}, follow=True))
        assert "Approved. A manager can launch it now." in html
        assert state() == "approved"

    def test_an_approval_without_having_read_is_asked_for(self, reviewer: Client) -> None:
        submitted()
        html = text(reviewer.post(f"{HERE}approve/", {}))
        assert "Read everything, then tick the box." in html
        assert "<title>Error:" in html
        assert re.search(r'<input type="checkbox" name="have_read"[^>]*autofocus>', html), "the page is long"
        assert state() == "submitted"

    def test_a_plan_that_changed_meanwhile_is_read_again(self, reviewer: Client) -> None:
        submitted()
        html = text(reviewer.post(f"{HERE}approve/", {"have_read": "1", "read": "0" * 64}, follow=True))
        assert "changed while you were reading it" in html
        assert state() == "submitted"

    def test_sending_back_needs_a_reason_and_keeps_what_was_typed(self, reviewer: Client) -> None:
        submitted()
        html = text(reviewer.post(f"{HERE}send-back/", {"reason": "x" * 501}))
        assert 'id="reason-error"' in html
        assert "x" * 501 in html
        reviewer.post(f"{HERE}send-back/", {"reason": REASON})
        assert state() == "draft"


class TestLaunch:
    def test_the_page_says_what_will_happen_before_it_does(self, manager: Client) -> None:
        approved()
        html = page(manager, f"{HERE}launch/")
        assert "is frozen and gets a fingerprint" in html
        assert "Immediately: the next visitor sees one of its messages." in html
        assert "rafael; exempt: Nobody real takes part." in html
        assert state() == "approved"

    def test_who_hears_of_harm_is_named(self, manager: Client) -> None:
        campaign = approved()
        campaign.plan.told.add(world.person("nora"))
        campaign.plan.webhook = "https://ngo.example/secret-path"
        campaign.plan.save()
        html = page(manager, f"{HERE}launch/")
        assert "nora" in html
        assert "A program at ngo.example is alerted too." in html
        assert "secret-path" not in html

    def test_pressing_it_launches_and_leads_to_the_frozen_plan(self, manager: Client) -> None:
        approved()
        html = text(manager.post(f"{HERE}launch/", follow=True))
        assert "Launched. The plan is frozen with the fingerprint" in html
        assert "Download as PDF" in html
        assert state() == "running"

    def test_what_is_in_the_way_stands_there_with_where_to_mend_it(self, manager: Client) -> None:
        campaign = approved()
        words = campaign.arms.get(key="user").first_revision
        workflow.withdraw(words.renditions.get(), by=world.person("rafael"), now=world.NOON, reason="It may frighten.")
        html = page(manager, f"{HERE}launch/")
        assert f'The text of “User” is not approved. <a href="/messages/{words.message.key}/">' in html
        assert "Freeze the plan and launch" not in html

    def test_a_launch_that_cannot_be_is_refused_and_says_why(self, manager: Client) -> None:
        campaign = approved()
        campaign.placements.clear()
        html = text(manager.post(f"{HERE}launch/", follow=True))
        assert "Choose at least one placement." in html
        assert state() == "approved"

    def test_a_draft_cannot_be_launched_from_its_page(self, manager: Client) -> None:
        world.draft()
        assert "so you cannot launch it here" in page(manager, f"{HERE}launch/")


@pytest.mark.parametrize("step", ["launch", "pause", "resume", "close"])
def test_what_visitors_notice_asks_first_whether_it_is_still_you(manager: Client, step: str) -> None:
    world.launched()
    for answer in (unconfirmed(manager).get(f"{HERE}{step}/"), manager.post(f"{HERE}{step}/", {"sure": "1"})):
        assert answer.headers["Location"] == f"/account/confirm/?next=%2Fcampaigns%2Fpilot%2F{step}%2F"
    assert state() == "running"


class TestPausingAndClosing:
    def test_each_page_says_what_it_does_before_it_does_it(self, manager: Client) -> None:
        world.launched()
        assert "nobody sees its messages" in page(manager, f"{HERE}pause/")
        assert "it cannot be started again" in page(manager, f"{HERE}close/")
        assert state() == "running"

    def test_pausing_and_showing_again(self, manager: Client) -> None:
        world.launched()
        manager.post(f"{HERE}pause/")
        assert state() == "paused"
        assert "Show it again" in page(manager, f"{HERE}resume/")
        manager.post(f"{HERE}resume/")
        assert state() == "running"

    def test_closing_needs_a_tick(self, manager: Client) -> None:
        world.launched()
        html = text(manager.post(f"{HERE}close/"))
        assert "Tick the box first. This cannot be undone." in html
        assert state() == "running"
        manager.post(f"{HERE}close/", {"sure": "1"})
        assert state() == "closed"

    def test_only_a_campaign_with_keys_says_that_they_are_destroyed(self, manager: Client) -> None:
        world.launched()
        assert "no keys to destroy" in page(manager, f"{HERE}close/")
        world.launched("subjects", at=world.placement("another"), unit="subject")
        assert "Its keys are destroyed" in page(manager, "/campaigns/subjects/close/")

    def test_where_there_is_nothing_to_do_the_page_says_so(self, manager: Client) -> None:
        world.launched()
        html = page(manager, f"{HERE}resume/")
        assert "there is nothing to do here" in html
        assert "<form class" not in html.partition("<main")[2].partition("</main>")[0]


class TestWhatComesNext:
    def test_each_state_has_one_next_step(self, manager: Client, reviewer: Client) -> None:
        campaign = world.draft()
        assert "Review and submit" in page(manager, HERE)
        transitions.submit(campaign, by=world.person("mara"))
        assert "This campaign is waiting for someone who did not change or send it" in page(manager, HERE)
        assert "Read and decide" in page(reviewer, HERE)
        world.approve(campaign, by=world.person("rafael"))
        assert "Prepare the launch" in page(manager, HERE)
        assert "Prepare the launch" not in page(reviewer, HERE)
        transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
        assert "Pause it" in page(manager, HERE)
        transitions.close(campaign, by=world.person("mara"), now=world.NOON)
        assert "closed for good" in page(manager, HERE)

    def test_a_launched_campaign_is_changed_by_planning_a_new_one(self, manager: Client) -> None:
        world.launched()
        html = text(manager.post(f"{HERE}copy/", follow=True))
        assert "This is a new draft, copied from “The pilot”" in html
        assert Campaign.objects.get(slug="pilot-2").state == "draft"
