"""The worker's steps are idempotent, and a failing one stops no other."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, FoldProgress, GuardEvent, ShutHour, WorkerStep
from analytics.worker import steps
from analytics.worker.loop import Worker
from analytics.worker.steps import STEPS, ScheduledStep
from campaign.keys.rotation import rotate_receipt_key
from campaign.keys.store import campaigns_with_subject_secret, receipt_keys, subject_secret
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.audit import continuity
from tests import world
from tests.installation import new_installation

pytestmark = [pytest.mark.django_db(databases=["default", "audience"]), pytest.mark.slow]
LATER = world.NOON + timedelta(hours=4)


def everything(now: datetime) -> dict[str, bool]:
    """Run every step once at a given time, and return which of them succeeded."""
    at_work = Worker(clock=lambda: now)
    return {step.name: at_work.run(step) for step in STEPS}


def test_one_round_counts_what_has_closed_and_looks_at_it() -> None:
    campaign = world.launched(plan={"planned_per_arm": 1})
    site = world.AudienceSite()
    for _ in range(12):
        site.report_event(site.new_receipt(), "left")
    assert all(everything(LATER).values())
    assert world.open_views() == 0
    assert sum(n for (_, outcome, _), n in world.tallies(campaign).items() if outcome == "left") == 12
    assert Analysis.objects.filter(campaign=campaign).count() == 1


def test_a_second_round_with_nothing_new_changes_nothing() -> None:
    campaign = world.launched(plan={"planned_per_arm": 1})
    site = world.AudienceSite()
    for _ in range(12):
        site.report_event(site.new_receipt(), "left")
    everything(LATER)
    before = world.tallies(campaign)
    everything(LATER + timedelta(minutes=1))
    assert (world.tallies(campaign), Analysis.objects.count()) == (before, 1)


def test_a_step_that_fails_is_noted_by_name_and_stops_no_other() -> None:
    def fail(now: datetime) -> str:
        raise ValueError("holds something of someone")

    steps = (ScheduledStep("broken", 1, fail), ScheduledStep("sound", 1, lambda now: ""))
    assert Worker(steps, clock=lambda: world.NOON).run_due() == 2
    broken, sound = WorkerStep.objects.order_by("name")
    assert (broken.failure, broken.succeeded_at) == ("ValueError", None)
    assert (sound.failure, sound.succeeded_at) == ("", world.NOON)


def test_a_step_waits_until_it_is_due_again() -> None:
    at_work = Worker((ScheduledStep("now and then", 3600, lambda now: ""),), clock=lambda: world.NOON)
    assert [at_work.run_due(), at_work.run_due()] == [1, 0]


def test_in_a_restored_backup_views_are_forgotten_and_nothing_else_happens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else it would launch what was taken out of the queue since, take looks and send notices about them."""
    monkeypatch.setattr(continuity, "is_older_database", lambda: True)
    ran: list[str] = []

    def note(name: str) -> Callable[[datetime], str]:
        return lambda now: ran.append(name) or ""  # type: ignore[func-returns-value]

    worker = Worker(tuple(replace(step, run=note(step.name)) for step in STEPS), clock=lambda: world.NOON)
    worker.run_due()
    assert set(ran) == {"spool", "fold", "prune", "placement tests", "shared links"}
    assert caplog.messages == [f"The worker only deletes views. {continuity.OLDER_DATABASE}"]
    monkeypatch.setattr(continuity, "is_older_database", lambda: False)
    worker.run_due()
    assert set(ran) == {step.name for step in STEPS}


@pytest.mark.parametrize("command", ["evaluate", "guard"])
def test_nor_by_hand(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuity, "is_older_database", lambda: True)
    with pytest.raises(CommandError, match=r"manage\.py restored"):
        call_command(command, world.launched().slug)


def test_the_head_of_the_audit_record_leaves_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "AUDIT_HEAD_DIRECTORY", str(tmp_path))
    world.launched()
    (step,) = [step for step in STEPS if step.name == steps.AUDIT_HEAD_STEP]

    def copies(now: datetime) -> list[str]:
        Worker(clock=lambda: now).run(step)
        return [path.name for path in tmp_path.iterdir()]

    (name,) = copies(world.NOON)
    (tmp_path / name).unlink()
    assert copies(world.NOON + timedelta(hours=1)) == []
    assert copies(world.NOON + timedelta(days=1)) == [f"audit-head-{world.NOON + timedelta(days=1):%Y-%m-%d}.txt"]


class TestSchedule:
    def test_a_campaign_opens_and_closes_when_its_time_has_come(self) -> None:
        campaign = world.draft()
        campaign.starts_at, campaign.ends_at = world.NOON + timedelta(hours=1), world.NOON + timedelta(hours=3)
        campaign.save()
        transitions.submit(campaign, by=world.person("mara", "manager"))
        world.approve(campaign)
        transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)
        states = []
        for hours in (0, 1, 2, 3, 4):
            steps.open_and_close_campaigns(world.NOON + timedelta(hours=hours))
            states.append(Campaign.objects.get().state)
        assert states == ["scheduled", "running", "running", "closed", "closed"]

    def test_messages_start_by_the_servers_clock_even_if_no_worker_runs(self) -> None:
        campaign = world.draft()
        campaign.starts_at = world.NOON + timedelta(hours=1)
        campaign.save()
        transitions.submit(campaign, by=world.person("mara", "manager"))
        world.approve(campaign)
        transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)
        site = world.AudienceSite()
        assert site.decide().code == "campaign_not_started"
        site.now += 3600
        assert site.decide().status == 200

    def test_a_campaign_that_someone_closes_meanwhile_is_left_alone(self) -> None:
        campaign = world.launched()
        read = Campaign.objects.get(pk=campaign.pk)
        transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)
        assert not transitions._apply_due_transition(read, "running")
        assert Campaign.objects.get().state == "closed"


class TestGuardAndLooks:
    def test_an_arm_that_does_harm_is_paused(self) -> None:
        campaign = world.launched(margins={"annoyed": 0.02})
        world.tally(
            campaign,
            {"neutral": (4000, 40), "victim": (4000, 40), "user": (4000, 40), "both": (4000, 900)},
            outcome="annoyed",
        )
        assert steps.enforce_guardrails(LATER) == "1 guardrails crossed"
        assert (steps.enforce_guardrails(LATER), GuardEvent.objects.get().arm.key) == ("", "both")

    def test_a_plan_with_named_points_is_looked_at_there_and_nowhere_else(self) -> None:
        campaign = world.launched(plan={"monitoring": "group-sequential", "looks": [0.5, 1.0], "planned_per_arm": 100})
        for day, seen, looks in ((1, 20, 1), (2, 60, 2), (3, 70, 2), (4, 100, 3), (5, 130, 3)):
            counted(campaign, seen)
            steps.record_due_looks(world.NOON + timedelta(days=day))
            assert Analysis.objects.count() == looks, f"after {seen} people for each message"
        shown = Analysis.objects.order_by("look").values_list("embargoed", "exploratory")
        assert [embargoed for embargoed, _ in shown] == [True, False, False]
        assert [exploratory for _, exploratory in shown][1:] == [False, False]

    @pytest.mark.slow
    def test_a_plan_for_any_time_is_looked_at_once_a_day_that_brought_people(self) -> None:
        campaign = world.launched(plan={"monitoring": "always-valid", "looks": [0.1, 1.0], "planned_per_arm": 100})
        taken = []
        for hours, seen in ((1, 20), (2, 30), (25, 40), (26, 40), (49, 40)):
            counted(campaign, seen)
            steps.record_due_looks(world.NOON + timedelta(hours=hours))
            taken.append(Analysis.objects.count())
        assert taken == [1, 1, 2, 2, 2]

    def test_a_closed_campaign_is_looked_at_once_more(self) -> None:
        campaign = world.launched(plan={"planned_per_arm": 100})
        counted(campaign, 40)
        steps.record_due_looks(world.NOON)
        transitions.close(campaign, by=world.person("mara", "manager"), now=world.NOON)
        counted(campaign, 45)
        steps.record_due_looks(world.NOON)
        steps.record_due_looks(world.NOON)
        assert Analysis.objects.count() == 2


def test_a_campaign_that_cannot_be_evaluated_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (world.launched(name, at=world.placement(name)) for name in ("first", "second"))
    for campaign in (first, second):
        counted(campaign, 100)

    def evaluate_one(campaign: Campaign, *, now: datetime) -> None:
        if campaign.pk == first.pk:
            raise ZeroDivisionError
        evaluate(campaign, now=now)

    monkeypatch.setattr(steps, "evaluate", evaluate_one)
    assert not Worker(clock=lambda: LATER).run(ScheduledStep("evaluate", 1, steps.record_due_looks))
    assert WorkerStep.objects.get().failure == "ZeroDivisionError"
    assert Analysis.objects.get().campaign == second


def counted(campaign: Campaign, seen: int) -> None:
    """Set the tallies to a number of people for each arm, a third of whom turned back."""
    campaign.arms.get(key="neutral").tallies.model.objects.filter(arm__campaign=campaign).delete()
    campaign.arms.get(key="neutral").served.model.objects.filter(arm__campaign=campaign).delete()
    world.tally(campaign, {arm.key: (seen, seen // 3) for arm in campaign.arms.all()})


def test_the_secret_of_a_closed_campaign_is_destroyed_even_if_closing_was_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    campaign = world.launched(unit="subject")
    subject_secret(tmp_path, campaign.pk)
    assert steps.destroy_unneeded_keys(LATER) == ""
    Campaign.objects.filter(pk=campaign.pk).update(state="closed")  # and the process died before it went on
    assert steps.destroy_unneeded_keys(LATER) == "1 secrets destroyed"
    assert campaigns_with_subject_secret(tmp_path) == []


def test_the_secret_of_a_campaign_that_this_database_does_not_know_is_kept_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker started with an empty database destroys nothing."""
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    kept = subject_secret(tmp_path, 987_654)
    for _ in range(3):
        assert steps.destroy_unneeded_keys(LATER) == ""
    assert subject_secret(tmp_path, 987_654) == kept
    assert [record.args for record in caplog.records] == [(987_654,)]


def test_a_receipt_key_is_destroyed_when_its_last_receipt_has_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    receipt_keys(tmp_path)
    rotate_receipt_key(tmp_path, now=LATER.timestamp(), lead_seconds=0)
    assert steps.destroy_unneeded_keys(LATER + timedelta(hours=25)) == ""
    assert steps.destroy_unneeded_keys(LATER + timedelta(hours=27)) == "1 old receipt keys destroyed"
    assert list(receipt_keys(tmp_path)) == [2]


def test_pruning_removes_what_has_run_out_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_NEWEST_HOURS_KEPT", 1)
    Session.objects.create(session_key="old", session_data="", expire_date=world.NOON - timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=world.NOON + timedelta(days=1))
    for closes in (world.HOUR - 24 * 15, world.HOUR - 1):
        ShutHour.objects.create(closes=closes)
        FoldProgress.objects.create(closes=closes, through=65_536, compacted=True)
    assert steps.prune_expired_records(world.NOON) == "1 sessions, 2 old notes removed"
    assert [session.session_key for session in Session.objects.all()] == ["new"]
    assert [ShutHour.objects.get().closes, FoldProgress.objects.get().closes] == [world.HOUR - 1] * 2


@pytest.mark.process
@pytest.mark.proof
def test_a_second_worker_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    """The first is killed, so the operating system releases its lock."""
    with new_installation(tmp_path) as environment:
        _take_turns(environment)


def _take_turns(environment: Mapping[str, str]) -> None:
    command = [sys.executable, "manage.py", "worker"]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    second = None
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "Working.\n"
        second = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert second.stdout.readline() == "Another worker is running. Waiting for it to stop.\n"
        first.kill()
        assert second.stdout.readline() == "Working.\n"
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=20) == 0
    finally:
        for child in (first, second):
            if child is not None:
                child.kill()
                child.communicate()


def test_asked_to_stop_the_worker_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path)
    stop, said = threading.Event(), list[str]()

    def last(now: datetime) -> str:
        stop.set()
        return "done"

    began = time.monotonic()
    Worker((ScheduledStep("last", 1, last),), write_line=said.append).run_until(stop, poll_seconds=60)
    assert said == ["Working.", "last: done"]
    assert time.monotonic() - began < 30
