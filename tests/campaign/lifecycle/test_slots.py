"""Two campaigns share a place if both frozen plans say so, and no slot is in both."""

from __future__ import annotations

import json
import multiprocessing
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from campaign.lifecycle import launch_checks, launch_queue, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.clone import clone_campaign
from campaign.lifecycle.draft_versions import draft_content, restore_content
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign
from campaign.wizard.questions.sample_size import daily_traffic
from tests import world

pytestmark = pytest.mark.django_db


def approved(slug: str, **options: Any) -> Campaign:
    campaign = world.draft(slug, **options)
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    return campaign


def launch(campaign: Campaign) -> None:
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON - timedelta(days=1))


@pytest.mark.parametrize(
    ("running", "other"), [((1, 100), (1, 50)), ((1, 50), (1, 100)), ((1, 50), (50, 100)), ((20, 30), (25, 26))]
)
def test_a_slot_in_both_keeps_the_second_from_its_launch(running: tuple[int, int], other: tuple[int, int]) -> None:
    world.launched("first", slots=running)
    with pytest.raises(ActionRefused, match="is already running"):
        launch(approved("second", slots=other))


@pytest.mark.parametrize(("running", "other"), [((1, 50), (51, 100)), ((30, 100), (1, 29)), ((1, 1), (100, 100))])
def test_otherwise_both_run(running: tuple[int, int], other: tuple[int, int]) -> None:
    world.launched("first", slots=running)
    launch(approved("second", slots=other))
    assert set(Campaign.objects.values_list("state", flat=True)) == {"running"}


def test_the_obstacle_says_which_slots_are_taken() -> None:
    world.launched("first", slots=(1, 60))
    (obstacle,) = launch_checks.occupied_placement_obstacles(world.draft("second", slots=(51, 100)))
    assert "in slots 1 to 60 of 100" in obstacle.sentence


def test_a_campaign_that_counts_something_else_does_not_share() -> None:
    world.launched("first", slots=(1, 50), unit="session")
    second = approved("second", slots=(51, 100))
    with pytest.raises(ActionRefused, match="counts a different unit"):
        launch(second)


def test_nor_does_one_that_shows_one_message_at_a_time() -> None:
    plan = {"period": "day", "clusters": "period", "period_weeks": 8}
    campaign = world.draft("periods", unit="period", slots=(1, 50), plan=plan)
    reasons = {obstacle.reason for obstacle in launch_checks.submission_obstacles(campaign)}
    assert launch_checks.ObstacleReason.SLOTS in reasons


def test_a_paused_campaign_comes_back_only_to_slots_that_are_free() -> None:
    first = world.launched("first", slots=(1, 50))
    transitions.pause(first, by=world.person("mara"))
    world.launched("second", slots=(40, 100))
    with pytest.raises(ActionRefused, match="is already running"):
        transitions.resume(first, by=world.person("mara"))


def test_the_queue_waits_for_the_slots_and_not_for_the_place() -> None:
    first, _second = world.launched("first", slots=(1, 50)), world.launched("second", slots=(51, 100))
    third = approved("third", slots=(1, 50))
    launch_queue.join_queue(third, by=world.person("mara"), now=world.NOON)
    assert [campaign.slug for campaign in launch_queue.campaigns_ahead(third)] == ["first"]
    assert launch_queue.launch_queued_campaigns(now=world.NOON) == []
    transitions.close(first, by=world.person("mara"), now=world.NOON)
    assert [campaign.slug for campaign in launch_queue.launch_queued_campaigns(now=world.NOON)] == ["third"]


class TestTheRecord:
    def test_both_frozen_plans_name_their_slots(self) -> None:
        for slug, slots in (("first", [1, 50]), ("second", [51, 100])):
            campaign = world.launched(slug, slots=tuple(slots))
            assert json.loads(campaign.plan.canonical)["slots"] == slots

    def test_a_plan_for_the_whole_place_is_hashed_as_before(self) -> None:
        assert "slots" not in json.loads(world.launched().plan.canonical)

    def test_sql_cannot_change_them_after_the_launch(self) -> None:
        campaign = world.launched(slots=(1, 50))
        for change in ({"first_slot": 2}, {"last_slot": 100}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Campaign.objects.filter(pk=campaign.pk).update(**change)

    @pytest.mark.parametrize("before", [(1, 50), (1, 100)])
    def test_a_change_past_the_trigger_is_noticed(self, before: tuple[int, int]) -> None:
        campaign = world.launched(slots=before)
        world.drop_triggers()
        Campaign.objects.filter(pk=campaign.pk).update(last_slot=60)
        assert changed_plans([campaign.pk]) == {campaign.pk: ["slots"]}

    @pytest.mark.parametrize("slots", [(0, 50), (1, 101), (50, 49)])
    def test_the_database_refuses_what_is_no_range(self, slots: tuple[int, int]) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=world.draft().pk).update(first_slot=slots[0], last_slot=slots[1])

    def test_versions_of_a_draft_hold_them_and_older_ones_stand_for_all(self) -> None:
        campaign = world.draft(slots=(1, 50))
        content = draft_content(campaign)
        assert content["campaign"]["last_slot"] == 50
        older = {**content, "campaign": {key: value for key, value in content["campaign"].items() if "slot" not in key}}
        restore_content(campaign, older)
        assert (campaign.first_slot, campaign.last_slot) == (1, 100)
        assert "last_slot" not in draft_content(world.draft("whole"))["campaign"]

    def test_a_copy_takes_them_over(self) -> None:
        copy = clone_campaign(world.draft(slots=(51, 100)), by=world.person("mara"))
        assert (copy.first_slot, copy.last_slot) == (51, 100)


def launch_in_a_process(slug: str, gate: Any, results: Any) -> None:
    """Launch once both processes are ready."""
    connections.close_all()
    gate.wait(60)
    try:
        launch(Campaign.objects.get(slug=slug))
        results.put((slug, "launched"))
    except ActionRefused as refusal:
        results.put((slug, str(refusal)))
    finally:
        connections.close_all()


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("other", "launched"), [((50, 100), 1), ((51, 100), 2)])
def test_two_processes_that_launch_at_once_never_share_a_slot(other: tuple[int, int], launched: int) -> None:
    approved("first", slots=(1, 50))
    approved("second", slots=other)
    connections.close_all()
    forking = multiprocessing.get_context("fork")
    gate, results = forking.Barrier(2), forking.Queue()
    processes = [
        forking.Process(target=launch_in_a_process, args=(slug, gate, results)) for slug in ("first", "second")
    ]
    for process in processes:
        process.start()
    said = dict(results.get(timeout=120) for _ in processes)
    for process in processes:
        process.join(60)
    assert list(said.values()).count("launched") == launched
    assert all("is already running" in answer for answer in said.values() if answer != "launched")


class TestThePages:
    """A manager plans the second campaign beside the first, and everybody reads who has what."""

    def plan_slots(self, client: Client, slug: str, first: str, last: str) -> str:
        place = Campaign.objects.get(slug=slug).placements.get()
        address = f"/campaigns/{slug}/plan-it/places/"
        was = re.search(r'name="was" value="(\w*)"', client.get(address).content.decode())
        assert was is not None
        fields = {"places": str(place.pk), "first_slot": first, "last_slot": last, "was": was[1], "do": "save"}
        return client.post(address, fields, follow=True).content.decode()

    def test_a_second_campaign_is_planned_beside_the_first(self, client: Client) -> None:
        world.launched("first", slots=(1, 50))
        world.draft("second")
        world.sign_in(client, world.person("mara"))
        shown = client.get("/campaigns/second/plan-it/places/").content.decode()
        assert "“The pilot” is running here now, in slots 1 to 50 of 100." in shown
        self.plan_slots(client, "second", "51", "100")
        assert Campaign.objects.filter(slug="second", first_slot=51, last_slot=100).exists()
        shown = client.get("/campaigns/second/").content.decode()
        assert "It has slots 51 to 100 of 100, which is 50 of 100 views of its placements." in shown
        assert "“The pilot” has slots 1 to 50 at one of these placements." in shown
        registered = client.get("/campaigns/second/plan/").content.decode()
        assert "This campaign has slots 51 to 100" in registered

    @pytest.mark.parametrize(("first", "last"), [("60", "50"), ("0", "50"), ("1", "101"), ("x", "50")])
    def test_what_is_no_range_is_refused_and_kept(self, client: Client, first: str, last: str) -> None:
        world.draft("second")
        world.sign_in(client, world.person("mara"))
        shown = self.plan_slots(client, "second", first, last)
        assert "There is a problem" in shown
        assert f'value="{first}"' in shown
        assert '<details class="fold" open' in shown
        assert Campaign.objects.get().last_slot == 100

    def test_empty_fields_mean_all_views(self, client: Client) -> None:
        world.draft("second", slots=(1, 50))
        world.sign_in(client, world.person("mara"))
        self.plan_slots(client, "second", "", "")
        assert (Campaign.objects.get().first_slot, Campaign.objects.get().last_slot) == (1, 100)

    def test_the_place_lists_both(self, client: Client) -> None:
        world.launched("first", slots=(1, 50))
        world.launched("second", slots=(51, 100))
        world.sign_in(client, world.person("mara"))
        shown = client.get("/placements/quiet-page/").content.decode()
        assert "(slots 1 to 50 of 100)" in shown
        assert "(slots 51 to 100 of 100)" in shown

    def test_so_do_the_watch_page_and_the_api(self, client: Client) -> None:
        world.launched("first", slots=(1, 50))
        world.launched("second", slots=(51, 100))
        world.sign_in(client, world.person("mara"))
        assert "It has slots 1 to 50 of 100" in client.get("/campaigns/first/watch/").content.decode()
        told = client.get("/api/v1/campaigns/second/").json()
        assert (told["first_slot"], told["last_slot"]) == (51, 100)

    def test_half_of_the_views_take_twice_as_long(self) -> None:
        place = world.placement("busy", expected_per_day=1000)
        whole, half = world.draft("whole", at=place), world.draft("half", at=place, slots=(1, 50))
        assert (daily_traffic(whole), daily_traffic(half)) == (1000, 500)
