"""What of a launched campaign may change is missed if SQL changed it, and not if a step on record did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.looks.evaluate import PlanChanged, evaluate
from analytics.worker import steps
from campaign.kill_switch import stop
from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import ArmText, Campaign
from campaign.placements import changes
from messages.help_links import directory
from messages.models import HelpLink
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db

STATEMENTS: dict[str, tuple[str, str]] = {
    "a text is stopped": ("UPDATE campaign_armtext SET stopped_at = '2026-03-01' WHERE position = 1", "arms"),
    "an arm is paused": ("UPDATE campaign_arm SET paused_at = '2026-03-01' WHERE key = 'both'", "arms"),
    "the campaign is paused": ("UPDATE campaign_campaign SET state = 'paused'", "state"),
    "it ends later": ("UPDATE campaign_campaign SET ends_at = '2030-01-01'", "dates"),
    "a button leads elsewhere": ("UPDATE campaign_placement SET leave_url = 'https://elsewhere.example/'", "doors"),
    "nothing is counted": ("UPDATE campaign_placement SET counts_signed_only = true", "doors"),
    "another partner": ("UPDATE campaign_partner SET name = 'The Police'", "doors"),
    "another site may show it": ("UPDATE campaign_placement SET allowed_origins = '[]'", "doors"),
    "a help link leads elsewhere": ("UPDATE messaging_helplink SET url = 'https://elsewhere.example/'", "help_links"),
    "a help link is gone": ("UPDATE messaging_helplink SET retired_on = '2026-03-01'", "help_links"),
    "nobody hears of harm": ("DELETE FROM campaign_analysisplan_told", "recipients"),
}


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def campaign() -> Campaign:
    campaign = world.draft(texts=2)
    mara = world.person("mara", "manager")
    campaign.plan.told.add(mara)
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    transitions.launch(campaign, by=mara, now=world.NOON - timedelta(days=1))
    return campaign


@pytest.mark.parametrize("change", STATEMENTS)
def test_what_sql_changed_is_found_and_no_look_is_taken(campaign: Campaign, change: str) -> None:
    sql, part = STATEMENTS[change]
    assert changed_plans([campaign.pk]) == {}
    run(sql)
    assert changed_plans([campaign.pk])[campaign.pk] == [part]
    with pytest.raises(PlanChanged, match=part):
        evaluate(campaign, now=world.NOON)


def test_the_worker_says_so_in_its_log(campaign: Campaign, caplog: pytest.LogCaptureFixture) -> None:
    run(STATEMENTS["a help link leads elsewhere"][0])
    steps.pause_changed_campaigns(world.NOON)
    assert f"Campaign {campaign.pk} was changed directly in the database and is paused: help_links" in caplog.text


def test_the_results_say_so(campaign: Campaign, client: Client) -> None:
    world.tally(campaign, {"neutral": (100, 30), "victim": (100, 45), "user": (100, 40), "both": (100, 50)})
    evaluate(campaign, now=world.NOON)
    run(STATEMENTS["a button leads elsewhere"][0])
    world.sign_in(client, world.person("ana", "analyst"))
    assert "doors" in client.get(f"/campaigns/{campaign.slug}/results/").content.decode()


def test_a_text_that_was_stopped_is_missed_if_sql_shows_it_again(campaign: Campaign) -> None:
    text = ArmText.objects.filter(arm__key="both")[0]
    arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=world.person("mara"))
    assert changed_plans([campaign.pk]) == {}
    run("UPDATE campaign_armtext SET stopped_at = NULL")
    assert changed_plans([campaign.pk]) == {campaign.pk: ["arms"]}


def test_a_later_step_vouches_for_nothing_but_what_it_changes(campaign: Campaign) -> None:
    run(STATEMENTS["a button leads elsewhere"][0])
    transitions.pause(campaign, by=world.person("mara"))
    arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Harm.", now=world.NOON, by=world.person("mara"))
    assert changed_plans([campaign.pk]) == {campaign.pk: ["doors"]}


def leave(campaign: Campaign, address: str) -> None:
    place = campaign.placements.get()
    seen = digest_of(place, changes.PLACEMENT_FIELDS)
    changes.change_placement(place, {"leave_url": address}, seen=seen, by=world.person("mara"))


def change_link(campaign: Campaign) -> None:
    link = HelpLink.objects.all()[0]
    directory.retire(link, by=world.person("mara"), today=world.NOON.date(), reason="Closed.")


def check_a_new_link(campaign: Campaign) -> None:
    link = HelpLink(name="New", url="https://new.example/", lane="self", country="*")
    directory.add(link, by=world.person("mara"))
    directory.confirm(link, by=world.person("rafael"), today=timezone.localdate())


def stop_message(campaign: Campaign, key: str) -> None:
    message = campaign.arms.get(key=key).first_revision.message
    stop.stop_message(message, by=world.person("mara"), reason="It frightens.", now=world.NOON)


STEPS: dict[str, Callable[[Campaign], object]] = {
    "pause": lambda campaign: transitions.pause(campaign, by=world.person("mara")),
    "close": lambda campaign: transitions.close(campaign, by=world.person("mara"), now=world.NOON),
    "pause an arm": lambda campaign: arm_pauses.pause_arm(
        campaign.arms.get(key="both"), reason="Harm.", now=world.NOON, by=world.person("mara")
    ),
    "stop a text's message": lambda campaign: stop_message(campaign, "both"),
    "stop the control's message": lambda campaign: stop_message(campaign, "neutral"),
    "retire a help link": change_link,
    "add a help link": check_a_new_link,
    "take an address away": lambda campaign: leave(campaign, ""),
    "propose an address": lambda campaign: leave(campaign, "https://other.example/"),
    "close by the worker": lambda campaign: transitions.close_due_campaigns(now=world.NOON),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_on_record_is_taken_for_a_change_by_sql(step: str) -> None:
    place = world.placement(leave_url="https://leave.example/")
    campaign = world.draft(texts=2, at=place)
    campaign.ends_at = world.NOON - timedelta(hours=1)
    campaign.save()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON - timedelta(days=1))
    STEPS[step](Campaign.objects.get())
    assert changed_plans([campaign.pk]) == {}
