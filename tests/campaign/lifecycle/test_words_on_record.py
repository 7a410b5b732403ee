"""Words that SQL alone marks as approved are launched by nobody, shown to nobody, and no look is taken with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from analytics.looks.evaluate import PlanChanged, evaluate
from campaign.kill_switch.stop import lift_stop, stop_message
from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.lifecycle.changed_campaigns import pause_changed_campaigns
from campaign.lifecycle.draft_versions import contributors, may_approve
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Arm, Campaign, Placement
from campaign.placements.changes import neutral_revisions
from messages.audit import log
from messages.audit.hash_chain import digest_of
from messages.models import AuditEntry, Message, Rendition
from messages.review import workflow
from messages.review.recorded_approvals import recorded_approvals
from tests import world

pytestmark = pytest.mark.django_db


def run(sql: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def mark_as_approved(words: Rendition) -> None:
    """Write by SQL all that an approval writes but for its entry on the record."""
    world.drop_triggers()
    run("UPDATE messaging_rendition SET state = 'approved', digest = %s WHERE id = %s", words.words_digest(), words.pk)
    run("UPDATE messaging_revision SET state = 'approved', digest = 'x' WHERE id = %s", words.revision_id)
    run(
        "INSERT INTO messaging_review (rendition_id, decision, digest, comment, checklist, override, overridden, at) "
        "VALUES (%s, 'approved', %s, '', '{}', '', '[]', '2020-01-01')",
        words.pk,
        words.words_digest(),
    )


def forge_an_entry(words: Rendition) -> None:
    """Write an entry with a digest that fits, as whoever has no key can."""
    mark_as_approved(words)
    last = log.last_entry()
    assert last is not None
    detail = {"revision": words.revision.number, "locale": words.locale, "words": words.words_digest()}
    entry = replace(
        last, number=last.number + 1, previous=last.digest, action="words-approve", kind="message", detail=detail
    )
    entry = replace(entry, ref=words.revision.message.key, actor="rafael")
    AuditEntry.objects.create(
        **{name: getattr(entry, name) for name in ("number", "at", "actor", "action", "kind", "ref", "label")},
        detail=detail,
        previous=entry.previous,
        digest=digest_of(entry),
        seal=last.seal,
    )


ROADS: dict[str, Callable[[Rendition], None]] = {
    "marked as approved": mark_as_approved,
    "with an entry that was forged": forge_an_entry,
}


def put_into(campaign: Campaign, words: Rendition) -> None:
    run("UPDATE campaign_armtext SET revision_id = %s WHERE arm_id = %s", words.revision_id, arm(campaign).pk)


def arm(campaign: Campaign) -> Arm:
    return campaign.arms.get(key="victim")


@pytest.mark.parametrize("road", ROADS)
def test_a_campaign_with_them_is_neither_sent_nor_launched(road: str) -> None:
    campaign, mara = world.draft(), world.person("mara", "manager")
    words = world.draft_rendition()
    transitions.submit(campaign, by=mara)
    put_into(campaign, words)
    ROADS[road](words)
    assert workflow.is_approval_valid(Rendition.objects.get(pk=words.pk))
    world.approve(campaign)
    with pytest.raises(ActionRefused, match="does not hold the approval of the text of “Victim”"):
        transitions.launch(campaign, by=mara, now=world.NOON)
    transitions.take_back(campaign, by=mara)
    with pytest.raises(ActionRefused, match="does not hold the approval of the text of “Victim”"):
        transitions.submit(campaign, by=mara)


@pytest.mark.parametrize("road", ROADS)
def test_they_are_shown_to_nobody_and_no_look_is_taken(road: str) -> None:
    campaign = world.launched()
    words = arm(campaign).first_revision.renditions.get()
    workflow.withdraw(words, by=world.person("mara"), now=world.NOON, reason="It frightens.")
    words.refresh_from_db()
    ROADS[road](words)
    assert world.AudienceSite().decide().status == 409
    assert changed_plans([campaign.pk]) == {campaign.pk: ["approvals"]}
    with pytest.raises(PlanChanged, match="approvals"):
        evaluate(campaign, now=world.NOON + timedelta(days=9))
    assert pause_changed_campaigns(now=world.NOON) == {campaign.pk: ["approvals"]}


def test_other_neutral_words_that_sql_chose_are_not_shown_in_pauses() -> None:
    ours = world.approved_revision("neutral", headline="Ours")
    theirs = world.approved_revision("neutral", headline="Theirs")
    place = world.placement(fallback=ours)
    assert world.AudienceSite().decide().json["message"]["headline"] == "Ours"
    Placement.objects.filter(pk=place.pk).update(fallback=theirs)
    assert world.AudienceSite().decide().status == 409


@pytest.mark.parametrize("road", ROADS)
def test_neutral_words_that_sql_approved_are_offered_nowhere_and_not_shown(road: str) -> None:
    words = world.draft_rendition()
    world.drop_triggers()
    run("UPDATE messaging_message SET frame = 'neutral' WHERE id = %s", words.revision.message_id)
    world.placement(fallback=words.revision)
    ROADS[road](words)
    assert words.revision_id not in neutral_revisions()
    assert world.AudienceSite().decide().status == 409


def test_a_campaign_that_sql_froze_launched_and_marked_as_running_is_shown_to_nobody() -> None:
    campaign = world.draft()
    world.drop_triggers()
    run("UPDATE campaign_campaign SET state = 'running', launched_at = '2020-01-01', locales = %s", '["en"]')
    run("UPDATE campaign_analysisplan SET frozen_at = '2020-01-01', fingerprint = %s, canonical = '{}'", "x" * 64)
    assert changed_plans([campaign.pk])
    assert world.AudienceSite().decide().status == 409


def test_what_was_approved_here_counts_and_its_withdrawal_ends_that() -> None:
    words = world.approved_revision("victim").renditions.get()
    assert recorded_approvals([words]) == {words.pk}
    workflow.withdraw(words, by=world.person("mara", "manager"), now=world.NOON, reason="Old.")
    assert recorded_approvals([Rendition.objects.get(pk=words.pk)]) == set()


class TestTheWordsOfAnArm:
    """Whoever wrote them has a part in the campaign that shows them, although a second person approved the words."""

    def shown(self) -> Campaign:
        """A draft that shows words which nora wrote, and rafael approved."""
        campaign, words = world.draft(), world.submitted_rendition("nora")
        read, answers = words.words_digest(), world.CHECKLIST_ALL_YES
        rafael = world.person("rafael", "reviewer")
        workflow.approve(words, by=rafael, now=world.NOON, read_digest=read, checklist=answers)
        put_into(campaign, words)
        return campaign

    def test_are_approved_with_the_campaign_by_somebody_else(self) -> None:
        campaign, nora = self.shown(), world.person("nora", "reviewer")
        transitions.submit(campaign, by=world.person("mara"))
        with pytest.raises(ActionRefused, match="cannot approve a campaign that you changed"):
            world.approve(campaign, by=nora)
        assert may_approve(campaign, world.person("rafael"))
        world.approve(campaign)

    def test_are_somebodys_also_if_the_rows_say_that_nobody_wrote_them(self) -> None:
        campaign = self.shown()
        world.drop_triggers()
        run("UPDATE messaging_rendition SET author_id = NULL")
        run("UPDATE messaging_revision SET author_id = NULL")
        assert world.person("nora").pk in contributors(campaign)

    def test_free_their_author_once_other_words_are_chosen(self) -> None:
        campaign = self.shown()
        put_into(campaign, world.approved_revision("victim").renditions.get())
        assert world.person("nora").pk not in contributors(campaign)


class TestAMessageThatWasStoppedEverywhere:
    def stopped(self, campaign: Campaign) -> Message:
        message = arm(campaign).first_revision.message
        stop_message(message, by=world.person("mara", "manager"), reason="It frightens.", now=world.NOON)
        return message

    def test_stays_stopped_for_a_launch_if_sql_lifts_the_stop(self) -> None:
        campaign, mara = world.draft(), world.person("mara", "manager")
        transitions.submit(campaign, by=mara)
        world.approve(campaign)
        self.stopped(campaign)
        run("UPDATE messaging_message SET stopped_at = NULL, stopped_by_id = NULL, stopped_reason = %s", "")
        with pytest.raises(ActionRefused, match="“Victim” is stopped everywhere"):
            transitions.launch(campaign, by=mara, now=world.NOON)

    def test_is_not_lifted_by_who_stopped_it_if_sql_names_another(self) -> None:
        message, rafael = self.stopped(world.draft()), world.person("rafael", "reviewer")
        run("UPDATE messaging_message SET stopped_by_id = %s WHERE id = %s", rafael.pk, message.pk)
        with pytest.raises(ActionRefused, match="a colleague has to allow it"):
            lift_stop(message, by=world.person("mara"), reason="It is fine.")
        lift_stop(message, by=world.person("olga", "reviewer"), reason="It is fine.")
