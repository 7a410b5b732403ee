"""A campaign that SQL changed is shown to nobody, its people hear of it, and its pages say what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from analytics.models import Notice
from analytics.worker import steps
from campaign.lifecycle import after_backup, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.changed_campaigns import ComparisonTurns
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign
from messages.models import AuditEntry
from tests import world

pytestmark = pytest.mark.django_db
NOW = world.NOON

# By what somebody changed past this program: the statements, and what of the campaign then differs.
STATEMENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "a message": (
        ("UPDATE messaging_rendition SET body = 'Buy here.'", "UPDATE messaging_rendition SET digest = 'forged'"),
        "arms",
    ),
    "a share": (("UPDATE campaign_arm SET weight = 9 WHERE key = 'both'",), "arms"),
    "the plan": (("UPDATE campaign_analysisplan SET level = 0.5",), "level"),
    "a planned outcome": (("DELETE FROM campaign_plannedoutcome WHERE role <> 'primary'",), "outcomes"),
    "the plan's row": (("UPDATE campaign_analysisplan SET frozen_at = NULL",), "frozen_at"),
    "an address": (("UPDATE campaign_placement SET leave_url = 'https://elsewhere.example/'",), "doors"),
    "a help link": (("UPDATE messaging_helplink SET url = 'https://elsewhere.example/'",), "help_links"),
    "who is alerted to harm": (("DELETE FROM campaign_analysisplan_told",), "recipients"),
    "a place": (("UPDATE campaign_placement SET key = 'another'",), "placements"),
}


def run(*statements: str) -> None:
    """Run SQL as whoever holds the database would, past the triggers."""
    world.drop_triggers()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def shown(site: world.AudienceSite) -> str:
    """The headline that a page gets now, or why it gets none."""
    site.refresh()
    reply = site.decide()
    return reply.json["message"]["headline"] if reply.status == 200 else reply.code


@pytest.fixture
def campaign(settings: Any) -> Campaign:
    settings.EMAIL_HOST, settings.SITE_ADDRESS = "mail.example", "https://thought.example"
    place = world.placement(fallback=world.approved_revision("neutral", headline="Neutral words"))
    campaign = world.draft(at=place)
    mara = world.person("mara", "manager")
    for name, role in (("adam", "administrator"), ("tess", "analyst")):
        world.person(name, role)
    User.objects.update(email=Concat("username", Value("@ngo.example")))
    campaign.plan.told.add(world.person("tess"))
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    transitions.launch(campaign, by=mara, now=NOW - timedelta(days=1))
    return campaign


def test_a_campaign_as_it_was_launched_goes_on(campaign: Campaign) -> None:
    assert steps.pause_changed_campaigns(NOW) == ""
    campaign.refresh_from_db()
    assert campaign.state == "running"


@pytest.mark.parametrize("change", STATEMENTS)
def test_what_sql_changed_is_shown_to_nobody(campaign: Campaign, change: str) -> None:
    statements, part = STATEMENTS[change]
    site = world.AudienceSite()
    assert "headline" in shown(site)
    run(*statements)
    assert steps.pause_changed_campaigns(NOW) == "1 campaigns paused"
    site.refresh()
    assert site.decide(campaign.placements.get().key).code == "campaign_paused"
    entry = AuditEntry.objects.filter(action="campaign-pause").latest("number")
    assert (entry.actor, entry.ref) == ("worker", campaign.slug)
    assert part in entry.detail["changed"].split()
    deviation = campaign.deviations.get()
    assert deviation.by is None
    assert part in deviation.what


@pytest.mark.parametrize("change", STATEMENTS)
def test_a_change_is_found_by_who_verified_the_campaign_before(campaign: Campaign, change: str) -> None:
    statements, part = STATEMENTS[change]
    assert [changed_plans([campaign.pk]) for _ in range(2)] == [{}, {}]
    run(*statements)
    assert part in changed_plans([campaign.pk])[campaign.pk]


@pytest.mark.parametrize("change", STATEMENTS)
def test_its_people_and_administrators_are_told_at_once(campaign: Campaign, change: str) -> None:
    run(*STATEMENTS[change][0])
    steps.pause_changed_campaigns(NOW)
    steps.send_notices(NOW)
    assert sorted(person for each in mail.outbox for person in each.to) == [
        f"{name}@ngo.example" for name in ("adam", "mara", "tess")
    ]
    assert "changed directly in the database" in mail.outbox[0].body
    assert Notice.objects.get().kind == "changed"


def test_the_notice_is_in_the_language_of_the_installation(campaign: Campaign, settings: Any) -> None:
    settings.LANGUAGE_CODE = "es"
    run(*STATEMENTS["an address"][0])
    steps.pause_changed_campaigns(NOW)
    steps.send_notices(NOW)
    assert "directamente en la base de datos" in mail.outbox[0].body


def test_it_is_paused_once_for_one_change_and_again_for_another(campaign: Campaign) -> None:
    run(*STATEMENTS["an address"][0])
    assert steps.pause_changed_campaigns(NOW)
    assert not steps.pause_changed_campaigns(NOW)
    run(*STATEMENTS["a help link"][0])
    assert steps.pause_changed_campaigns(NOW)
    assert not steps.pause_changed_campaigns(NOW)
    run("UPDATE campaign_campaign SET state = 'running'")
    assert steps.pause_changed_campaigns(NOW)
    assert shown(world.AudienceSite()) == "campaign_paused"


def test_a_campaign_that_a_person_paused_loses_the_neutral_words_of_its_places(campaign: Campaign) -> None:
    transitions.pause(campaign, by=world.person("mara"))
    site = world.AudienceSite()
    assert shown(site) == "Neutral words"
    run(*STATEMENTS["an address"][0])
    steps.pause_changed_campaigns(NOW)
    assert shown(site) == "campaign_paused"


def test_it_is_shown_again_once_it_is_as_it_was(campaign: Campaign) -> None:
    before = campaign.placements.get().leave_url
    run(*STATEMENTS["an address"][0])
    mara = world.person("mara")
    transitions.pause(campaign, by=mara)  # before the worker looked
    with pytest.raises(ActionRefused, match="an address"):
        transitions.resume(campaign, by=mara)
    steps.pause_changed_campaigns(NOW)
    with pytest.raises(ActionRefused, match="an address"):
        transitions.resume(campaign, by=mara)
    run(f"UPDATE campaign_placement SET leave_url = '{before}'")
    transitions.resume(campaign, by=mara)
    assert changed_plans([campaign.pk]) == {}
    assert not steps.pause_changed_campaigns(NOW)
    assert "headline" in shown(world.AudienceSite())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE campaign_campaign SET state = 'running'",
        "UPDATE campaign_campaign SET state = 'running', launched_at = '2026-03-01'",
        "UPDATE campaign_campaign SET state = 'scheduled'",
    ],
)
def test_a_draft_that_sql_puts_before_visitors_is_paused(statement: str) -> None:
    draft = world.draft()
    run(statement)
    assert shown(world.AudienceSite()) != "A neutral headline"
    assert steps.pause_changed_campaigns(NOW) == "1 campaigns paused"
    assert shown(world.AudienceSite()) == "campaign_paused"
    with pytest.raises(ActionRefused, match="changed directly in the database"):
        transitions.resume(draft, by=world.person("mara", "manager"))


def test_a_campaign_whose_plan_was_deleted_is_paused(campaign: Campaign) -> None:
    run(
        "DELETE FROM campaign_plannedoutcome",
        "DELETE FROM campaign_analysisplan_told",
        "DELETE FROM campaign_webhooktest",
        "DELETE FROM campaign_analysisplan",
    )
    assert steps.pause_changed_campaigns(NOW) == "1 campaigns paused"
    assert shown(world.AudienceSite()) == "campaign_paused"


def test_an_entry_that_sql_forged_is_not_what_the_worker_goes_on_from(campaign: Campaign) -> None:
    run(*STATEMENTS["an address"][0])
    last = AuditEntry.objects.latest("number")
    last.pk, last.number, last.action, last.detail = None, last.number + 1, "campaign-address", {"about": "Help"}
    last.previous, last.digest = last.digest, "f" * 64
    last.save(force_insert=True)
    assert steps.pause_changed_campaigns(NOW)
    assert "doors" in changed_plans([campaign.pk])[campaign.pk]


def test_a_backup_that_nobody_confirmed_still_waits_for_that(campaign: Campaign) -> None:
    before = campaign.placements.get().leave_url
    after_backup.hold_campaigns(by="the site", backup_of="yesterday")
    run(*STATEMENTS["an address"][0])
    steps.pause_changed_campaigns(NOW)
    run(f"UPDATE campaign_placement SET leave_url = '{before}'")
    campaign.refresh_from_db()
    with pytest.raises(ActionRefused, match="A backup was restored"):
        transitions.resume(campaign, by=world.person("mara"))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["/", "/campaigns/pilot/", "/campaigns/pilot/watch/"])
def test_its_pages_say_so_and_what_to_do(campaign: Campaign, client: Client, page: str) -> None:
    world.sign_in(client, world.person("mara"))
    run(*STATEMENTS["a message"][0])
    for _ in range(2):  # before the worker looked as after it
        text = client.get(page).content.decode()
        assert "hanged directly in the database" in text
        assert page == "/" or "its messages" in text
        steps.pause_changed_campaigns(NOW)
    assert page == "/" or "restore the campaign from a backup" in text


def test_once_it_is_as_it_was_its_page_says_that_it_can_be_shown(campaign: Campaign, client: Client) -> None:
    before = campaign.placements.get().leave_url
    run(*STATEMENTS["an address"][0])
    steps.pause_changed_campaigns(NOW)
    run(f"UPDATE campaign_placement SET leave_url = '{before}'")
    world.sign_in(client, world.person("mara"))
    text = client.get("/campaigns/pilot/").content.decode()
    assert "The change has been undone" in text
    assert "/campaigns/pilot/resume/" in text


class TestTurns:
    """Where there are more open campaigns than a pass compares, each is compared all the same."""

    def open_campaigns(self, number: int, state: str = "running") -> list[int]:
        mara = world.person("mara")
        made = [Campaign(slug=f"{state}-{n}", name="x", state=state, created_by=mara) for n in range(number)]
        return [campaign.pk for campaign in Campaign.objects.bulk_create(made)]

    def test_all_are_compared_in_each_pass_while_they_are_few(self) -> None:
        numbers = {*self.open_campaigns(7), *self.open_campaigns(3, "paused")}
        turns = ComparisonTurns(most=10)
        assert [set(turns.next_share()) for _ in range(3)] == [numbers] * 3

    def test_those_that_are_shown_take_turns_and_paused_ones_a_tenth_of_a_pass(self) -> None:
        shown, paused = self.open_campaigns(30), self.open_campaigns(4, "paused")
        turns = ComparisonTurns(most=10)
        passes = [turns.next_share() for _ in range(4)]
        assert {len(each) for each in passes} == {10}
        assert set(shown) == {number for each in passes for number in each} - set(paused)
        assert set(paused) == {number for each in passes for number in each} - set(shown)

    def test_a_pass_goes_on_where_campaigns_were_closed_meanwhile(self) -> None:
        shown, turns = self.open_campaigns(20), ComparisonTurns(most=10)
        first = turns.next_share()
        Campaign.objects.filter(pk__in=first[-3:]).update(state="closed")
        assert turns.next_share() == shown[10:]
        assert turns.next_share() == [*first[:-3], *shown[10:13]]

    def test_the_worker_pauses_one_in_its_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(steps, "_turns", ComparisonTurns(most=1))
        first = world.launched()
        second = world.launched("second", at=world.placement("side-page"))
        run("UPDATE campaign_arm SET weight = 9")
        for _ in range(2):
            steps.pause_changed_campaigns(NOW)
        assert {campaign.state for campaign in Campaign.objects.filter(pk__in=[first.pk, second.pk])} == {"paused"}
