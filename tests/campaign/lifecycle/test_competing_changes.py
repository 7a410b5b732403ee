"""Each verb on a campaign, with a copy that was read before somebody else changed the campaign."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaign.lifecycle import arm_pauses, deviations, launch_queue, transitions
from campaign.lifecycle.actions import ActionRefused, record_campaign_action
from campaign.lifecycle.approval import approval_fingerprint
from campaign.models import AnalysisPlan, Arm, Campaign
from messages.audit import log
from tests import world

pytestmark = pytest.mark.django_db
LATER = world.NOON + timedelta(days=9)


def mara() -> User:
    return world.person("mara", "manager")


def rafael() -> User:
    return world.person("rafael", "reviewer")


def approved() -> Campaign:
    campaign = submitted()
    world.approve(campaign)
    return campaign


def queued() -> Campaign:
    campaign = approved()
    launch_queue.join_queue(campaign, by=mara(), now=world.NOON)
    return campaign


def submitted() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=mara())
    return campaign


def approve(stale: Campaign) -> None:
    """Approve from a stale copy what a fresh page shows."""
    read = approval_fingerprint(Campaign.objects.get(pk=stale.pk))
    transitions.approve(stale, by=rafael(), read_fingerprint=read)


def paused() -> Campaign:
    campaign = world.launched()
    transitions.pause(campaign, by=mara())
    return campaign


def with_paused_arm() -> Campaign:
    campaign = world.launched()
    arm_pauses.pause_arm(campaign.arms.get(key="user"), by=mara(), reason="It may frighten.", now=world.NOON)
    return campaign


Verb = Callable[[Campaign], object]
VERBS: dict[str, tuple[Callable[[], Campaign], Verb]] = {
    "submit": (world.draft, lambda stale: transitions.submit(stale, by=mara())),
    "approve": (submitted, lambda stale: approve(stale)),
    "take_back": (approved, lambda stale: transitions.take_back(stale, by=mara())),
    "send_back": (submitted, lambda stale: transitions.send_back(stale, by=rafael(), reason="Not neutral.")),
    "launch": (approved, lambda stale: transitions.launch(stale, by=mara(), now=world.NOON)),
    "queue": (approved, lambda stale: launch_queue.join_queue(stale, by=mara(), now=world.NOON)),
    "leave_queue": (queued, lambda stale: launch_queue.leave_queue(stale, by=mara())),
    "pause": (world.launched, lambda stale: transitions.pause(stale, by=mara())),
    "resume": (paused, lambda stale: transitions.resume(stale, by=mara())),
    "close": (world.launched, lambda stale: transitions.close(stale, by=mara(), now=world.NOON)),
    "pause_arm": (
        world.launched,
        lambda stale: arm_pauses.pause_arm(stale.arms.all()[1], by=mara(), reason="It may frighten.", now=world.NOON),
    ),
    "resume_arm": (
        with_paused_arm,
        lambda stale: arm_pauses.resume_arm(
            stale.arms.get(key="user"), by=mara(), reason="It does not.", now=world.NOON
        ),
    ),
    "record_deviation": (
        world.launched,
        lambda stale: deviations.record_deviation(stale, what="A day off.", why="Strike.", by=mara(), now=world.NOON),
    ),
}


def read_whole(campaign: Campaign) -> Campaign:
    """Another copy of a campaign, with its plan and arms already read."""
    copy = Campaign.objects.select_related("plan").prefetch_related("arms").get(pk=campaign.pk)
    assert copy.plan is not None
    return copy


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_puts_nothing_back_that_somebody_changed_meanwhile(verb: str) -> None:
    prepare, act = VERBS[verb]
    stale = read_whole(prepare())
    was_launched = stale.launched_at is not None
    Campaign.objects.filter(pk=stale.pk).update(ends_at=LATER)
    if was_launched:  # dates change with a step on record alone
        record_campaign_action(log.Action.CAMPAIGN_CLOSE, Campaign.objects.get(pk=stale.pk), by=mara())
    else:  # afterwards the database refuses it
        renamed = {"name": "Renamed", "ethics_reference": "Board 7", "hypothesis": "Another one."}
        Campaign.objects.filter(pk=stale.pk).update(**renamed)
        Arm.objects.filter(campaign=stale).update(name="Renamed too", weight=3)
        AnalysisPlan.objects.filter(campaign=stale).update(planned_per_arm=999, level=0.9)
    if verb == "launch":  # what was changed is what was approved
        fresh = Campaign.objects.get(pk=stale.pk)
        transitions.take_back(fresh, by=mara())
        transitions.submit(fresh, by=mara())
        world.approve(fresh)
    act(stale)
    stored = Campaign.objects.get(pk=stale.pk)
    assert stored.ends_at == (world.NOON if verb == "close" else LATER)
    if not was_launched:
        assert {name: getattr(stored, name) for name in renamed} == renamed
        assert set(stored.arms.values_list("name", "weight")) == {("Renamed too", 3)}
        assert (stored.plan.planned_per_arm, stored.plan.level) == (999, 0.9)
    if verb == "launch":
        assert '"planned_per_arm":999' in stored.plan.canonical


@pytest.mark.parametrize("verb", sorted(transitions.TRANSITIONS.keys() - {"schedule"}))
def test_a_verb_is_refused_by_the_state_that_is_stored(verb: str) -> None:
    prepare, act = VERBS[verb]
    stale = read_whole(prepare())
    Campaign.objects.filter(pk=stale.pk).update(state=Campaign.State.CLOSED)
    with pytest.raises(ActionRefused, match="cannot"):
        act(stale)
    assert Campaign.objects.get(pk=stale.pk).state == Campaign.State.CLOSED


def test_a_plan_changed_after_the_approval_is_not_launched_from_the_copy_that_was_approved() -> None:
    campaign = approved()
    stale: Any = read_whole(campaign)
    AnalysisPlan.objects.filter(campaign=campaign).update(planned_per_arm=400, level=0.95)
    Campaign.objects.filter(pk=campaign.pk).update(hypothesis="After the fact.")
    with pytest.raises(ActionRefused, match="changed since the approval"):
        transitions.launch(stale, by=mara(), now=world.NOON)
