"""A clock that jumped ahead stops the worker before it acts; one that is right, however it got there, does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from analytics import clock_check
from analytics.clock_check import ClockReading, describe_jump
from analytics.models import ClockRecord, WorkerStep
from analytics.worker.loop import Worker
from campaign.keys.rotation import rotate_receipt_key
from campaign.keys.store import receipt_keys
from tests import world

pytestmark = [pytest.mark.django_db(databases=["default", "audience"]), pytest.mark.slow]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path)
    monkeypatch.setattr(clock_check, "_BOOT_ID", tmp_path / "boot_id")
    start_machine("first start")
    return tmp_path


def start_machine(boot: str) -> None:
    clock_check._BOOT_ID.write_text(boot, "ascii")


def one_pass(now: datetime, uptime: float, said: list[str] | None = None) -> int:
    """How many steps a new worker runs at a time by the clock, and so many seconds after the machine's start."""
    return Worker(clock=lambda: now, uptime=lambda: uptime, write_line=(said or []).append).run_due()


def everything() -> list[object]:
    """Every row of every table."""
    return [row for model in apps.get_models() for row in model._base_manager.order_by("pk").values()]


@pytest.fixture
def running(keys: Path) -> world.AudienceSite:
    """A running campaign with open views and an old receipt key, whose worker has just passed."""
    receipt_keys(keys)
    rotate_receipt_key(keys, now=world.NOON.timestamp(), lead_seconds=0)
    world.launched(plan={"planned_per_arm": 1})
    site = world.AudienceSite()
    assert one_pass(world.NOON, 1_000) > 5
    for _ in range(12):
        site.report_event(site.new_receipt(), "left")
    return site


def test_a_pass_with_the_clock_three_days_ahead_changes_no_table_and_no_key(
    running: world.AudienceSite, keys: Path, caplog: pytest.LogCaptureFixture
) -> None:
    receipt = running.new_receipt()
    before, files = everything(), {path.name: path.read_bytes() for path in keys.iterdir()}
    assert one_pass(world.NOON + 3 * DAY, 1_002) == 0
    assert (everything(), {path.name: path.read_bytes() for path in keys.iterdir()}) == (before, files)
    assert running.report_event(receipt, "left").status == 200
    assert "clock says 2026-" in caplog.text
    assert "worker --clock-is-right" in caplog.text


def test_the_worker_goes_on_by_itself_once_the_clock_is_set_right(running: world.AudienceSite) -> None:
    now, said = [world.NOON + 3 * DAY], list[str]()
    worker = Worker(clock=lambda: now[0], uptime=lambda: 1_002, write_line=said.append)
    assert worker.run_due() == 0
    now[0] = world.NOON + timedelta(seconds=2)
    assert worker.run_due() > 5
    assert said[0] == "The clock is right again."


def test_what_is_wrong_is_said_once(running: world.AudienceSite, caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(clock=lambda: world.NOON + 3 * DAY, uptime=lambda: 1_002)
    assert [worker.run_due() for _ in range(5)] == [0] * 5
    assert len(caplog.records) == 1


def test_a_jump_is_noticed_while_the_database_is_away(
    running: world.AudienceSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [world.NOON + MINUTE]
    worker = Worker(clock=lambda: now[0], uptime=lambda: 1_060)
    assert worker.check_clock()

    def lost() -> None:
        raise DatabaseError

    monkeypatch.setattr(clock_check, "last_reading", lost)
    assert worker.check_clock()
    now[0] += 3 * DAY
    assert not worker.check_clock()


def test_before_the_first_record_of_the_clock_the_last_steps_tell_when_the_last_pass_was() -> None:
    WorkerStep.objects.create(name="fold", began_at=world.NOON)
    assert one_pass(world.NOON + 3 * DAY, 1_000) == 0
    assert one_pass(world.NOON + HOUR, 1_000) > 5


class TestATimeOff:
    def test_after_a_short_one_the_worker_works(self, running: world.AudienceSite) -> None:
        start_machine("second start")
        assert one_pass(world.NOON + 5 * HOUR, 30) > 5

    def test_after_a_week_it_waits_until_somebody_says_that_the_clock_is_right(
        self, running: world.AudienceSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start_machine("second start")
        now, said = world.NOON + 7 * DAY, StringIO()
        assert one_pass(now, 30) == 0
        monkeypatch.setattr(timezone, "now", lambda: now)
        monkeypatch.setattr(clock_check, "machine_uptime", lambda: 31.0)
        call_command("worker", clock_is_right=True, stdout=said)
        assert said.getvalue().startswith("Confirmed.")
        assert one_pass(now, 32) > 5
        assert world.open_views() == 0

    def test_a_worker_that_was_stopped_for_a_week_on_a_running_machine_needs_nobody(
        self, running: world.AudienceSite
    ) -> None:
        week = (7 * DAY).total_seconds()
        assert one_pass(world.NOON + 7 * DAY, 1_000 + week) > 5

    def test_where_the_system_names_no_start_a_smaller_uptime_tells_of_one(self) -> None:
        last = ClockReading(world.NOON, "", 1_000)
        assert describe_jump(ClockReading(world.NOON + 5 * HOUR, "", 30), last) == ""
        assert describe_jump(ClockReading(world.NOON + 7 * DAY, "", 30), last) != ""
        assert describe_jump(ClockReading(world.NOON + 5 * HOUR, "", 1_030), last) != ""


def test_a_clock_that_goes_back_and_comes_again_stops_nothing(running: world.AudienceSite) -> None:
    assert one_pass(world.NOON - 3 * DAY, 1_100) > 5
    assert one_pass(world.NOON + 2 * MINUTE, 1_120) > 5
    assert ClockRecord.objects.get().at == world.NOON + 2 * MINUTE


def test_the_clock_is_recorded_once_a_minute(running: world.AudienceSite) -> None:
    for seconds in (1, 30, 59):
        one_pass(world.NOON + timedelta(seconds=seconds), 1_000 + seconds)
    assert ClockRecord.objects.get().at == world.NOON
    one_pass(world.NOON + MINUTE, 1_060)
    assert ClockRecord.objects.get().at == world.NOON + MINUTE


@pytest.mark.parametrize("command", [("worker", "--once"), ("fold",), ("guard", "pilot"), ("evaluate", "pilot")])
def test_a_command_that_acts_by_the_clock_refuses_as_well(
    command: tuple[str, ...], running: world.AudienceSite
) -> None:
    jumped = ClockReading(timezone.now() - 3 * DAY, "first start", clock_check.machine_uptime() - 2)
    clock_check.record_reading(jumped)
    before = everything()
    with pytest.raises((CommandError, SystemExit)):
        call_command(*command)
    assert everything() == before
