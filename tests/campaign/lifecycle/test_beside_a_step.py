"""Who changes something by SQL has it vouched for by no step beside it, and confirms nothing that SQL proposed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.changed_campaigns import pause_changed_campaigns
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import ArmText, Campaign, Placement
from campaign.placements import changes
from messages.help_links import directory
from messages.help_links.directory import HelpRefused
from messages.models import HelpLink
from messages.proposals import ProposalRefused, proposal_digest
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
EVIL = "https://elsewhere.example/"


def run(sql: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def mara() -> User:
    return world.person("mara", "manager")


@pytest.fixture
def campaign() -> Campaign:
    return world.launched(texts=2, at=world.placement(leave_url="https://ours.example/", continue_url=EVIL))


def take_away_an_address() -> None:
    place = Placement.objects.get()
    seen = digest_of(place, changes.PLACEMENT_FIELDS)
    changes.change_placement(place, {"continue_url": ""}, seen=seen, by=mara())


def retire_a_link() -> None:
    directory.retire(HelpLink.objects.order_by("-pk")[0], by=mara(), today=world.NOON.date(), reason="Closed.")


def stop_a_text(campaign: Campaign) -> None:
    text = ArmText.objects.filter(arm__campaign=campaign, arm__key="both", stopped_at=None)[0]
    arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=mara())


def pause_another_arm(campaign: Campaign) -> None:
    arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="Harm.", now=world.NOON, by=mara())


BESIDE: dict[str, tuple[str, str, Callable[[Campaign], None]]] = {
    "an address, beside one that was taken away": (
        f"UPDATE campaign_placement SET leave_url = '{EVIL}'",
        "doors",
        lambda campaign: take_away_an_address(),
    ),
    "a help link, beside one that was retired": (
        f"UPDATE messaging_helplink SET url = '{EVIL}' WHERE id = (SELECT min(id) FROM messaging_helplink)",
        "help_links",
        lambda campaign: retire_a_link(),
    ),
    "an address, beside a help link that was retired": (
        f"UPDATE campaign_placement SET leave_url = '{EVIL}'",
        "doors",
        lambda campaign: retire_a_link(),
    ),
    "a stopped text, beside one that was stopped": (
        "UPDATE campaign_armtext SET stopped_at = NULL, stopped_reason = ''",
        "arms",
        stop_a_text,
    ),
    "a stopped text, beside an arm that was paused": (
        "UPDATE campaign_armtext SET stopped_at = NULL, stopped_reason = ''",
        "arms",
        pause_another_arm,
    ),
}


@pytest.mark.parametrize("change", BESIDE)
def test_a_step_does_not_vouch_for_what_sql_changed_beside_it(campaign: Campaign, change: str) -> None:
    sql, part, step = BESIDE[change]
    text = campaign.arms.get(key="user").texts.get(position=0)
    arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=mara())
    assert changed_plans([campaign.pk]) == {}
    run(sql)
    step(campaign)
    assert part in changed_plans([campaign.pk])[campaign.pk]
    assert campaign.pk in pause_changed_campaigns(now=world.NOON)


def test_and_goes_on_vouching_for_what_was_as_it_was_left(campaign: Campaign) -> None:
    take_away_an_address()
    retire_a_link()
    stop_a_text(campaign)
    pause_another_arm(campaign)
    assert changed_plans([campaign.pk]) == {}


def forge_a_proposal(table: str, values: dict[str, str]) -> None:
    """Write by SQL that rafael proposed this."""
    rafael = world.person("rafael", "reviewer")
    run(f"UPDATE {table} SET proposed = %s, proposed_by_id = %s", json.dumps(values), rafael.pk)


@pytest.mark.parametrize("was_proposed", [False, True])
def test_nobody_confirms_an_address_that_sql_proposed(campaign: Campaign, was_proposed: bool) -> None:
    place = campaign.placements.get()
    if was_proposed:  # and replaced by SQL
        seen = digest_of(place, changes.PLACEMENT_FIELDS)
        other = {"leave_url": "https://other.example/"}
        changes.change_placement(place, other, seen=seen, by=world.person("rafael", "manager"))
    forge_a_proposal("campaign_placement", {"leave_url": EVIL})
    place.refresh_from_db()
    with pytest.raises(ProposalRefused, match="does not say who proposed"):
        changes.confirm_proposal(place, seen=proposal_digest(place), by=mara())
    changes.withdraw_proposal(place, by=mara())
    assert Placement.objects.get().leave_url == "https://ours.example/"


def test_nor_a_help_link(campaign: Campaign) -> None:
    forge_a_proposal("messaging_helplink", {"url": EVIL})
    link = HelpLink.objects.all()[0]
    with pytest.raises(HelpRefused, match="does not say who proposed"):
        directory.confirm_proposal(link, seen=proposal_digest(link), by=mara(), today=timezone.localdate())


class TestANewHelpLink:
    def link(self, campaign: Campaign) -> HelpLink:
        assert campaign.state == Campaign.State.RUNNING
        link = HelpLink(name="New", url="https://new.example/", lane="self", country="*")
        return directory.add(link, by=mara())

    def check(self, link: HelpLink) -> None:
        directory.confirm(HelpLink.objects.get(pk=link.pk), by=mara(), today=timezone.localdate())

    def test_is_not_checked_by_who_added_it_though_rows_say_otherwise(self, campaign: Campaign) -> None:
        link = self.link(campaign)
        for by in (world.person("rafael", "manager").pk, None):
            HelpLink.objects.filter(pk=link.pk).update(proposed_by=by)
            with pytest.raises(HelpRefused, match=r"does not say who added|cannot check your own link"):
                self.check(link)

    def test_is_not_checked_if_sql_changed_or_added_it(self, campaign: Campaign) -> None:
        link = self.link(campaign)
        rafael = world.person("rafael", "manager")
        HelpLink.objects.filter(pk=link.pk).update(url=EVIL)
        with pytest.raises(HelpRefused, match="does not say who added"):
            directory.confirm(HelpLink.objects.get(pk=link.pk), by=rafael, today=timezone.localdate())
        HelpLink.objects.filter(pk=link.pk).update(key="another")
        with pytest.raises(HelpRefused, match="does not say who added"):
            self.check(link)

    def test_is_checked_by_a_colleague(self, campaign: Campaign) -> None:
        link = self.link(campaign)
        directory.confirm(link, by=world.person("rafael", "manager"), today=timezone.localdate())
        assert HelpLink.objects.for_visitors().filter(pk=link.pk).exists()
        transitions.pause(campaign, by=mara())
        assert changed_plans([campaign.pk]) == {}
