"""What /health and /metrics tell, and what they do not."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError

from analytics.ingest import open_views, writer
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
def site() -> world.AudienceSite:
    world.launched()
    return world.AudienceSite()


@pytest.fixture
def worked() -> None:
    """The worker has just done every step."""
    at_work = Worker(clock=lambda: world.NOON)
    assert all([at_work.run(step) for step in STEPS])  # noqa: C419  (every step, also after one that failed)


def test_all_is_well(site: world.AudienceSite, worked: None) -> None:
    answer = site.get("/health/ready")
    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert answer.json["databases"] == {"default": "up", "audience": "up"}
    assert (answer.json["spool"], answer.json["fold_lag_hours"]) == ("empty", 0)
    assert [step["name"] for step in answer.json["worker"]["steps"]] == sorted(step.name for step in STEPS)
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_worker_messages_are_shown_and_someone_should_look(site: world.AudienceSite) -> None:
    answer = site.get("/health/ready")
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert answer.json["worker"] == {"status": "never seen", "steps": []}


def test_a_worker_that_was_not_seen_for_long_is_late(site: world.AudienceSite, worked: None) -> None:
    WorkerStep.objects.filter(name="fold").update(succeeded_at=world.NOON - timedelta(minutes=5))
    assert site.get("/health/ready").json["worker"]["status"] == "late"


def test_a_step_that_fails_shows_by_the_name_of_its_error(site: world.AudienceSite, worked: None) -> None:
    WorkerStep.objects.filter(name="fold").update(failure="OperationalError")
    told = site.get("/health/ready").json
    assert (told["status"], told["worker"]["status"]) == ("degraded", "failing")
    assert [step["failure"] for step in told["worker"]["steps"] if step["failure"]] == ["OperationalError"]


def test_folding_that_is_behind_shows_in_whole_hours(site: world.AudienceSite, worked: None) -> None:
    site.now -= 6 * 3600
    site.report_event(site.new_receipt())
    told = site.get("/health/ready").json
    assert (told["fold_lag_hours"], told["status"]) == (3, "degraded")  # shown six hours ago, closed three hours ago


def test_a_database_that_is_away_shows_and_messages_go_on(
    site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(open_views, "oldest_closed_hour", lost)
    answer = site.get("/health/ready")
    assert (answer.status, answer.json["status"]) == (200, "degraded")
    assert answer.json["databases"] == {"default": "up", "audience": "away"}
    assert answer.json["fold_lag_hours"] is None


def test_events_that_wait_in_the_spool_show(site: world.AudienceSite, worked: None) -> None:
    receipt = site.read_receipt(site.new_receipt())
    writer.spool_events([OutcomeEvent(receipt, "left", None)], hour=site.hour, spool=writer.local_spool())
    assert site.get("/health/ready").json["spool"] == "holds events"


def test_a_process_that_never_read_a_campaign_is_not_ready(site: world.AudienceSite) -> None:
    site.snapshot = EMPTY_SNAPSHOT
    answer = site.get("/health/ready")
    assert (answer.status, answer.json["status"]) == (503, "unavailable")


def test_live_asks_nobody(site: world.AudienceSite) -> None:
    assert (site.get("/health/live").status, site.get("/health/live").json) == (200, {"status": "ok"})
    assert site.post("/health/live", {}).code == "method_not_allowed"


class TestMetrics:
    def test_they_are_off_unless_there_is_a_token(self, site: world.AudienceSite) -> None:
        assert (site.get("/metrics").status, site.get("/metrics").code) == (404, "not_found")

    def test_only_who_shows_the_token_gets_them(
        self, site: world.AudienceSite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "METRICS_TOKEN", "t0ken")
        for shown in ("", "t0ken", "Bearer t0ke", "Bearer t0ken "):
            assert site.get("/metrics", HTTP_AUTHORIZATION=shown).status == 401
        answer = site.get("/metrics", HTTP_AUTHORIZATION="Bearer t0ken")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")

    def test_they_say_the_same_as_ready(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "METRICS_TOKEN", "t0ken")
        lines = site.get("/metrics", HTTP_AUTHORIZATION="Bearer t0ken").body.decode().splitlines()
        assert 'second_thought_database_up{database="audience"} 1.0' in lines
        assert "second_thought_fold_lag_hours 0.0" in lines
        assert 'second_thought_worker_step_seconds_since_success{step="fold"} 0.0' in lines

    def test_neither_says_how_many_did_anything(
        self, site: world.AudienceSite, worked: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One more or one less event must not show: who asks each second would see it happen."""
        monkeypatch.setattr(settings, "METRICS_TOKEN", "t0ken")

        def told() -> tuple[bytes, bytes]:
            return site.get("/metrics", HTTP_AUTHORIZATION="Bearer t0ken").body, site.get("/health/ready").body

        before = told()
        site.report_event(site.new_receipt(), "left")
        assert told() == before
