"""Approved campaigns wait for their places, and are launched one after the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaign.kill_switch.stop import stop_message
from campaign.lifecycle import after_backup, launch_queue, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign, Placement
from messages.models import AuditEntry, HelpLink
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db


PERIODS = {"period": "day", "clusters": "period", "period_weeks": 4, "correction": "none"}
HALVES = {"lower": (1, 50), "upper": (51, 100)}


def approved(
    slug: str, at: Placement | None = None, slots: tuple[int, int] = (1, 100), *, own_texts: bool = False
) -> Campaign:
    campaign = world.draft(slug, at=at, slots=slots)
    if own_texts:  # else a text that is withdrawn is withdrawn from every campaign
        for arm in campaign.arms.all():
            arm.texts.update(revision=world.approved_revision(arm.key, headline=f"The {slug} headline of {arm.key}"))
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    return campaign


def queued(slug: str, *, hours: int = 0, at: Placement | None = None, **more: Any) -> Campaign:
    campaign = approved(slug, at, **more)
    launch_queue.join_queue(campaign, by=world.person("mara"), now=world.NOON + timedelta(hours=hours))
    return campaign


def pass_of_the_worker(*, days: int = 1) -> list[str]:
    launched = launch_queue.launch_queued_campaigns(now=world.NOON + timedelta(days=days))
    return [campaign.slug for campaign in launched]


def close(campaign: Campaign) -> None:
    transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)


class TestTheQueue:
    def test_launches_one_after_the_other_in_the_order_in_which_they_came(self) -> None:
        first = world.launched("first")
        third, second = queued("third", hours=2), queued("second", hours=1)
        assert pass_of_the_worker() == []
        close(first)
        assert pass_of_the_worker() == ["second"]
        assert pass_of_the_worker() == []
        second.refresh_from_db()
        close(second)
        assert pass_of_the_worker() == ["third"]
        third.refresh_from_db()
        assert (third.state, third.queued_at, third.starts_at) == ("running", None, world.NOON + timedelta(days=1))

    def test_holds_no_place_for_a_campaign_that_is_to_start_later(self, client: Client) -> None:
        later = world.draft("later")
        Campaign.objects.filter(pk=later.pk).update(starts_at=world.NOON + timedelta(days=60))
        transitions.submit(later, by=world.person("mara", "manager"))
        world.approve(later)
        launch_queue.join_queue(later, by=world.person("mara"), now=world.NOON)
        sooner = queued("sooner", hours=1)
        with time_machine.travel(world.NOON, tick=False):
            assert launch_queue.campaigns_ahead(sooner) == []
        assert pass_of_the_worker() == ["sooner"]
        sooner.refresh_from_db()
        close(sooner)
        assert pass_of_the_worker(days=59) == []
        world.sign_in(client, world.person("mara"))
        with time_machine.travel(world.NOON, tick=False):
            assert "launched automatically on 1 May 2026" in client.get("/campaigns/later/").content.decode()
        transitions.launch(approved("at-once"), by=world.person("mara"), now=world.NOON)
        close(Campaign.objects.get(slug="at-once"))
        assert pass_of_the_worker(days=60) == ["later"]

    def test_lets_a_campaign_at_another_place_pass(self) -> None:
        world.launched("first")
        queued("second")
        queued("elsewhere", hours=1, at=world.placement("another-page"))
        assert pass_of_the_worker() == ["elsewhere"]

    def test_waits_while_a_campaign_there_is_paused(self) -> None:
        """A pause is there to show nothing, and it can be taken back."""
        first = world.launched("first")
        second = queued("second")
        transitions.pause(first, by=world.person("mara"))
        assert pass_of_the_worker() == []
        assert launch_queue.campaigns_ahead(second) == [first]
        transitions.resume(first, by=world.person("mara"))
        first.refresh_from_db()
        assert first.state == "running"
        transitions.pause(first, by=world.person("mara"))
        close(first)
        assert pass_of_the_worker() == ["second"]

    def test_begins_at_its_launch_where_its_start_has_passed(self) -> None:
        """Else its first periods would lie in the past, and nobody would be counted in them."""
        first = world.launched("first")
        second = world.draft("second", arms={"neutral": 1, "victim": 1}, unit="period", plan=PERIODS)
        Campaign.objects.filter(pk=second.pk).update(starts_at=world.NOON + timedelta(hours=6))
        second.refresh_from_db()
        transitions.submit(second, by=world.person("mara", "manager"))
        world.approve(second)
        launch_queue.join_queue(second, by=world.person("mara"), now=world.NOON)
        close(first)
        assert pass_of_the_worker(days=24) == ["second"]
        second.refresh_from_db()
        assert second.starts_at == world.NOON + timedelta(days=24)
        periods = second.plan.periods_from(second.starts_at)
        assert periods is not None
        assert periods.first > second.starts_at.timestamp() // 3600

    def test_launches_no_periods_that_would_not_be_over_by_their_end(self) -> None:
        first = world.launched("first")
        second = world.draft("second", arms={"neutral": 1, "victim": 1}, unit="period", plan=PERIODS)
        Campaign.objects.filter(pk=second.pk).update(ends_at=world.NOON + timedelta(days=40))
        second.refresh_from_db()
        transitions.submit(second, by=world.person("mara", "manager"))
        world.approve(second)
        launch_queue.join_queue(second, by=world.person("mara"), now=world.NOON)
        close(first)
        assert pass_of_the_worker(days=24) == []

    def test_checks_everything_that_a_launch_checks(self) -> None:
        first = world.launched("first")
        queued("second")
        queued("third", hours=1)
        close(first)
        HelpLink.objects.update(verified_on=world.NOON.date() - timedelta(days=400))
        assert pass_of_the_worker() == []

    def test_launches_nothing_that_was_changed_since_its_approval(self) -> None:
        first = world.launched("first")
        second = queued("second")
        close(first)
        Campaign.objects.filter(pk=second.pk).update(name="Another name")
        assert pass_of_the_worker() == []

    @pytest.mark.parametrize("lapse", ["text withdrawn", "stopped everywhere", "another unit"])
    def test_passes_over_what_may_not_run_any_more_and_its_page_says_why(self, client: Client, lapse: str) -> None:
        first = world.launched("first")
        second = queued("second", own_texts=True)
        queued("third", hours=1)
        revision = second.arms.get(key="both").first_revision
        if lapse == "text withdrawn":
            workflow.withdraw(revision.renditions.get(), by=world.person("rafael"), reason="Wrong.", now=world.NOON)
            told = "is not approved"
        elif lapse == "stopped everywhere":
            stop_message(revision.message, by=world.person("mara", "manager"), reason="It hurts.", now=world.NOON)
            told = "is stopped everywhere"
        else:
            Campaign.objects.filter(pk=second.pk).update(unit="period")
            told = "Say how long each placement shows one message."
        close(first)
        assert pass_of_the_worker() == ["third"]
        world.sign_in(client, world.person("mara"))
        assert told in client.get("/campaigns/second/launch/").content.decode()

    def test_two_that_share_a_place_run_there_at_once_and_a_third_waits_for_its_slots(self) -> None:
        halves = [queued(slug, hours=hours, slots=slots) for hours, (slug, slots) in enumerate(HALVES.items())]
        waiting = queued("third", hours=2, slots=(40, 60))
        assert pass_of_the_worker() == ["lower", "upper"]
        for campaign in halves:
            campaign.refresh_from_db()
        close(halves[0])
        assert pass_of_the_worker() == []
        assert launch_queue.campaigns_ahead(waiting) == [halves[1]]
        close(halves[1])
        assert pass_of_the_worker() == ["third"]

    def test_launches_periods_after_visits_and_pages_get_their_text_from_then_on(self) -> None:
        first = world.launched("first")
        second = world.draft("second", arms={"neutral": 1, "victim": 1}, unit="period", plan=PERIODS)
        transitions.submit(second, by=world.person("mara", "manager"))
        world.approve(second)
        launch_queue.join_queue(second, by=world.person("mara"), now=world.NOON)
        site = world.AudienceSite()
        text = "/api/v1/text?placement=quiet-page"
        assert site.get(text).json["error"]["code"] == "no_periods"
        close(first)
        assert pass_of_the_worker() == ["second"]
        site.refresh()
        site.now += 2 * 86_400
        assert site.get(text).json["message"]["headline"] in {"A neutral headline", "A victim headline"}

    def test_launches_nothing_in_the_name_of_somebody_who_may_not_launch_any_more(self) -> None:
        first = world.launched("first")
        queued("second")
        close(first)
        world.person("mara").groups.clear()
        assert pass_of_the_worker() == []

    def test_launches_nothing_that_somebody_wrote_into_the_queue_past_the_program(self) -> None:
        first = world.launched("first")
        second, third = approved("second"), queued("third", hours=1)
        launch_queue.leave_queue(third, by=world.person("mara"))
        nora = world.person("nora", "manager")
        Campaign.objects.filter(pk=second.pk).update(queued_at=world.NOON, queued_by=world.person("mara"))
        Campaign.objects.filter(pk=third.pk).update(queued_at=world.NOON, queued_by=world.person("mara"))
        close(first)
        assert pass_of_the_worker() == []
        launch_queue.join_queue(third, by=nora, now=world.NOON)
        Campaign.objects.filter(pk=third.pk).update(queued_by=world.person("mara"))
        assert pass_of_the_worker() == []

    def test_is_on_record_with_who_put_it_there(self) -> None:
        first = world.launched("first")
        queued("second")
        close(first)
        pass_of_the_worker()
        entries = AuditEntry.objects.filter(ref="second", action__in=("campaign-queue", "campaign-launch"))
        assert {(entry.action, entry.actor) for entry in entries} == {
            ("campaign-queue", "mara"),
            ("campaign-launch", "mara"),
        }


class TestWhoJoins:
    def test_only_what_is_approved(self) -> None:
        with pytest.raises(ActionRefused):
            launch_queue.join_queue(world.draft(), by=world.person("mara", "manager"), now=world.NOON)

    def test_only_a_manager(self) -> None:
        with pytest.raises(ActionRefused, match="manager"):
            launch_queue.join_queue(approved("second"), by=world.person("rafael", "reviewer"), now=world.NOON)

    def test_not_while_something_else_is_in_the_way(self) -> None:
        world.launched("first")
        second = approved("second")
        HelpLink.objects.update(verified_on=None)
        with pytest.raises(ActionRefused):
            launch_queue.join_queue(second, by=world.person("mara"), now=world.NOON)

    def test_nobody_twice(self) -> None:
        """Else the second time would lose its place, and it would be launched in another name."""
        world.launched("first")
        second = queued("second")
        with pytest.raises(ActionRefused, match="already"):
            launch_queue.join_queue(second, by=world.person("nora", "manager"), now=world.NOON + timedelta(hours=1))


class TestWhoLeaves:
    def test_whoever_is_taken_out_stays_approved(self) -> None:
        first = world.launched("first")
        second = queued("second")
        launch_queue.leave_queue(second, by=world.person("mara"))
        close(first)
        assert (second.state, pass_of_the_worker()) == ("approved", [])

    def test_whoever_is_taken_back(self) -> None:
        second = queued("second")
        transitions.take_back(second, by=world.person("mara"))
        transitions.submit(second, by=world.person("mara"))
        world.approve(second)
        assert pass_of_the_worker() == []

    def test_everybody_after_a_backup_was_restored(self) -> None:
        queued("second")
        after_backup.hold_campaigns(by="the site", backup_of="yesterday")
        assert Campaign.objects.get(slug="second").queued_at is None


class TestThePages:
    def test_offer_the_queue_where_only_another_campaign_is_in_the_way(self, client: Client) -> None:
        world.launched("first")
        approved("second")
        world.sign_in(client, world.person("mara"))
        shown = client.get("/campaigns/second/launch/").content.decode()
        assert "Launch it once its placements are free" in shown
        assert "Once its placements are free: until then their visitors see" in shown
        assert "Immediately" not in shown
        shown = client.post("/campaigns/second/launch/", {"action": "queue"}, follow=True).content.decode()
        assert "This campaign is approved and in the queue" in shown
        shown = client.get("/campaigns/second/launch/").content.decode()
        assert "Waiting for:" in shown
        assert "/campaigns/first/" in shown
        shown = client.post("/campaigns/second/launch/", {"action": "leave_queue"}, follow=True).content.decode()
        assert "Taken out of the queue. It is still approved." in shown

    def test_do_not_offer_it_otherwise(self, client: Client) -> None:
        approved("second")
        world.sign_in(client, world.person("mara"))
        assert "once its placements are free" not in client.get("/campaigns/second/launch/").content.decode()

    def test_of_a_place_list_who_waits_there(self, client: Client) -> None:
        world.launched("first")
        queued("second")
        world.sign_in(client, world.person("mara"))
        shown = client.get("/placements/quiet-page/").content.decode()
        assert "Waiting for this placement" in shown
        assert "/campaigns/second/" in shown
