"""What /health and /metrics tell, whom, and what they do not."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from analytics import health
from analytics.ingest import disk_probe, open_views, writer
from analytics.models import WorkerStep
from analytics.worker.loop import Worker
from analytics.worker.steps import STEPS
from campaign.serving.routing import OutcomeEvent
from campaign.serving.snapshot_entries import EMPTY_SNAPSHOT
from tests import world

pytestmark = pytest.mark.django_db(databases=["default", "audience"])


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.health.timezone.now", lambda: world.NOON)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> world.AudienceSite:
    monkeypatch.setattr(health, "MONITOR", health.HealthMonitor())
    world.launched()
    return world.AudienceSite()


@pytest.fixture
def worked() -> None:
    """The worker has just done every step."""
    at_work = Worker(clock=lambda: world.NOON)
    assert all([at_work.run(step) for step in STEPS])  # noqa: C419  (every step, also after one that failed)


def ask(site: world.AudienceSite, path: str = "/health/ready", **environ: str) -> world.SurfaceReply:
    """Ask from this machine, after a new check."""
    health.MONITOR.check()
    return site.get(path, **{"REMOTE_ADDR": "127.0.0.1", **environ})


def lost(*_: object, **__: object) -> None:
    raise OperationalError("connection refused")


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_all_is_well(site: world.AudienceSite, worked: None) -> None:
    answer = ask(site)
    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert answer.json["databases"] == {"default": "up", "audience": "up"}
    assert (answer.json["recording"], set(answer.json["disks"].values())) == (True, {"takes writes"})
    assert [step["name"] for step in answer.json["worker"]["steps"]] == sorted(step.name for step in STEPS)
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_worker_messages_are_shown_and_someone_should_look(site: world.AudienceSite) -> None:
    answer = ask(site)
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert answer.json["worker"] == {"status": "never seen", "steps": []}


def test_a_worker_that_was_not_seen_for_long_is_late(site: world.AudienceSite, worked: None) -> None:
    WorkerStep.objects.filter(name="fold").update(succeeded_at=world.NOON - timedelta(minutes=5))
    told = ask(site).json["worker"]
    assert told["status"] == "late"
    assert [step["name"] for step in told["steps"] if step["late"]] == ["fold"]


def test_a_step_that_fails_shows_by_the_name_of_its_error(site: world.AudienceSite, worked: None) -> None:
    WorkerStep.objects.filter(name="fold").update(failure="OperationalError")
    told = ask(site).json
    assert (told["status"], told["worker"]["status"]) == ("degraded", "failing")
    assert [step["failure"] for step in told["worker"]["steps"] if step["failure"]] == ["OperationalError"]


def test_a_database_that_is_away_shows_and_messages_go_on(
    site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_views, "check_reachable", lost)
    answer = ask(site)
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert answer.json["databases"] == {"default": "up", "audience": "away"}
    assert answer.json["recording"] is True  # the spool takes events


def test_a_process_that_never_read_a_campaign_is_not_ready(site: world.AudienceSite) -> None:
    site.snapshot = EMPTY_SNAPSHOT
    answer = ask(site)
    assert (answer.status, answer.json["status"]) == (503, "unavailable")


class TestDisks:
    def test_a_full_disk_is_not_ready_though_nobody_came(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "posix_fallocate", full)
        answer = ask(site)
        assert (answer.status, answer.json["status"], answer.json["recording"]) == (503, "unavailable", False)
        assert set(answer.json["disks"].values()) == {"full or read-only"}

    @pytest.mark.only_on("sqlite", reason="the database is a file there")
    def test_events_are_recorded_as_long_as_one_disk_takes_writes(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        proper = disk_probe.takes_writes
        for full_disk in (settings.SPOOL_DIRECTORY, Path(connections["audience"].settings_dict["NAME"]).parent):
            monkeypatch.setattr(disk_probe, "takes_writes", lambda one, bad=full_disk: one != bad and proper(one))
            answer = ask(site)
            assert (answer.status, answer.json["status"], answer.json["recording"]) == (200, "degraded", True)

    def test_a_directory_that_is_not_there_is_made_and_nothing_stays_in_it(self, tmp_path: Path) -> None:
        assert disk_probe.takes_writes(tmp_path / "spool")
        assert list((tmp_path / "spool").iterdir()) == []
        (tmp_path / "file").touch()
        assert not disk_probe.takes_writes(tmp_path / "file")


class TestWhoMayAsk:
    @pytest.mark.parametrize("path", ["/health/ready", "/metrics"])
    @pytest.mark.parametrize(
        "asking",
        [
            {"REMOTE_ADDR": "192.0.2.7"},
            {"REMOTE_ADDR": ""},
            {"HTTP_X_REAL_IP": "192.0.2.7"},
            {"HTTP_X_FORWARDED_FOR": "192.0.2.7, 127.0.0.1"},
            {"HTTP_FORWARDED": "for=192.0.2.7"},
            {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_REAL_IP": "127.0.0.1"},
            {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "},
        ],
    )
    def test_a_stranger_is_told_nothing(self, site: world.AudienceSite, path: str, asking: dict[str, str]) -> None:
        answer = ask(site, path, **asking)
        assert (answer.status, answer.code) == (401, "not_authenticated")

    @pytest.mark.parametrize("asking", [{}, {"REMOTE_ADDR": "::1"}, {"HTTP_X_REAL_IP": "127.0.0.1"}])
    def test_this_machine_may_ask(self, site: world.AudienceSite, asking: dict[str, str]) -> None:
        assert ask(site, **asking).status == 200
        assert ask(site, "/metrics", **asking).status == 200

    def test_whoever_shows_the_token_may_ask(self, site: world.AudienceSite, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "METRICS_TOKEN", "t0ken")
        for shown in ("", "t0ken", "Bearer t0ke", "Bearer t0ken "):
            assert ask(site, "/metrics", REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION=shown).status == 401
        for path in ("/health/ready", "/metrics"):
            assert ask(site, path, REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION="Bearer t0ken").status == 200

    def test_live_answers_everybody_and_asks_nothing(self, site: world.AudienceSite) -> None:
        assert (site.get("/health/live").status, site.get("/health/live").json) == (200, {"status": "ok"})
        assert site.post("/health/live", {}).code == "method_not_allowed"


class TestWork:
    def test_however_many_ask_nothing_is_queried_or_written(
        self, site: world.AudienceSite, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        health.MONITOR.check()
        monkeypatch.setattr(disk_probe, "takes_writes", full)
        with django_assert_num_queries(0), django_assert_num_queries(0, using="audience"):
            for path in ("/health/ready", "/metrics") * 50:
                assert site.get(path, REMOTE_ADDR="127.0.0.1").status == 200

    def test_it_checks_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checked = threading.Semaphore(0)
        monkeypatch.setattr(health, "check_health", lambda now: checked.release())
        monkeypatch.setattr(health, "CHECK_SECONDS", 0.001)
        health.HealthMonitor().start()
        assert all(checked.acquire(timeout=20) for _ in range(3))

    def test_a_state_of_long_ago_is_not_told(self, site: world.AudienceSite, monkeypatch: pytest.MonkeyPatch) -> None:
        assert site.get("/health/ready", REMOTE_ADDR="127.0.0.1").code == "not_checked"
        health.MONITOR.check()
        monkeypatch.setattr(health, "STALE_SECONDS", -1.0)
        answer = site.get("/health/ready", REMOTE_ADDR="127.0.0.1")
        assert (answer.status, answer.code) == (503, "not_checked")

    def test_a_check_that_fails_is_tried_again(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failures = iter([ZeroDivisionError])
        proper = health.check_health

        def check(now: datetime) -> health.Health:
            for failure in failures:
                raise failure
            return proper(now=now)

        monkeypatch.setattr(health, "check_health", check)
        health.MONITOR.check()
        assert site.get("/health/ready", REMOTE_ADDR="127.0.0.1").code == "not_checked"
        assert ask(site).status == 200


class TestNothingDependsOnVisitors:
    """One more or one less event must not show: who asks each second would see it happen."""

    @staticmethod
    def told(site: world.AudienceSite) -> tuple[bytes, bytes]:
        return ask(site, "/metrics").body, ask(site).body

    def test_an_event(self, site: world.AudienceSite, worked: None) -> None:
        before = self.told(site)
        site.report_event(site.new_receipt(), "left")
        assert self.told(site) == before

    def test_views_that_closed_and_are_not_counted_yet(self, site: world.AudienceSite, worked: None) -> None:
        before = self.told(site)
        site.now -= 6 * 3600
        site.report_event(site.new_receipt())
        assert self.told(site) == before

    def test_events_that_wait_in_the_spool(self, site: world.AudienceSite, worked: None) -> None:
        before = self.told(site)
        receipt = site.read_receipt(site.new_receipt())
        writer.spool_events([OutcomeEvent(receipt, "left", None)], hour=site.hour, spool=writer.local_spool())
        assert self.told(site) == before

    def test_a_fold_that_counts_and_one_that_finds_nothing(self, site: world.AudienceSite, worked: None) -> None:
        before = self.told(site)
        site.now -= 6 * 3600
        for _ in range(40):
            site.report_event(site.new_receipt())
        at_work = Worker(clock=lambda: world.NOON)
        assert all([at_work.run(step) for step in STEPS])  # noqa: C419  (every step, also after one that failed)
        assert world.open_views() == 0
        assert self.told(site) == before

    def test_a_spool_step_while_the_database_is_away(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(open_views, "check_reachable", lost)
        spool_step = next(step for step in STEPS if step.name == "spool")
        receipt = site.read_receipt(site.new_receipt())
        empty = Worker(clock=lambda: world.NOON).run(spool_step), self.told(site)
        writer.spool_events([OutcomeEvent(receipt, "left", None)], hour=site.hour, spool=writer.local_spool())
        assert (Worker(clock=lambda: world.NOON).run(spool_step), self.told(site)) == empty


def test_metrics_say_the_same_as_ready(site: world.AudienceSite, worked: None) -> None:
    answer = ask(site, "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    lines = answer.body.decode().splitlines()
    for line in (
        "second_thought_serving 1.0",
        "second_thought_recording 1.0",
        'second_thought_database_up{database="audience"} 1.0',
        'second_thought_disk_takes_writes{disk="spool"} 1.0',
        'second_thought_worker_step_late{step="fold"} 0.0',
        'second_thought_worker_step_failing{step="fold"} 0.0',
    ):
        assert line in lines
