"""A worker that is not there is missed: by the log, by staff pages and by mail, from processes that are alive."""

from __future__ import annotations

import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError
from django.test import Client

from analytics import worker_alarm
from analytics.models import WorkerAlarm, WorkerStep
from analytics.worker_alarm import WorkerWatch
from campaign.entrypoints import launcher
from tests import world
from tests.installation import ROOT, manage, new_installation

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LONG_AGO = (
    "from analytics.models import WorkerStep; WorkerStep.objects.create(name='fold', began_at='2026-01-01T00:00Z')"
)


@pytest.fixture(autouse=True)
def _administrators(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    for name, role in (("root", "administrator"), ("mara", "manager")):
        person = world.person(name, role)
        person.email = f"{name}@ngo.example"
        person.save()


class Site:
    """A serving process whose clock the test sets."""

    def __init__(self) -> None:
        self.now = world.NOON
        self.watch = WorkerWatch(clock=lambda: self.now)

    def look(self) -> bool:
        self.watch.check()
        return self.watch.is_silent


def work(site: Site) -> None:
    WorkerStep.objects.update_or_create(name="schedule", defaults={"began_at": site.now})


def test_a_worker_that_stops_is_told_after_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    work(site)
    site.now += 10 * MINUTE
    assert not site.look()
    site.now += MINUTE
    assert site.look()
    (told,) = mail.outbox
    assert (told.to, told.subject) == (["root@ngo.example"], "Second Thought: background work has stopped")
    assert [record.message for record in caplog.records] == [
        "The worker has stopped: nothing is counted, and no view is deleted. Start it."
    ]


def test_a_worker_that_never_came_is_missed_as_well() -> None:
    site = Site()
    assert not site.look()
    site.now += 11 * MINUTE
    assert site.look()


def test_each_outage_is_mailed_once_a_day_whichever_process_looks(caplog: pytest.LogCaptureFixture) -> None:
    site, other = Site(), Site()
    work(site)
    for minutes in (11, 12, 13):
        site.now = other.now = world.NOON + minutes * MINUTE
        assert site.look()
        assert other.look()
    assert len(mail.outbox) == 1
    assert len(caplog.records) == 2  # each process once
    site.now += DAY
    site.look()
    assert len(mail.outbox) == 2


def test_when_it_works_again_the_alarm_ends_and_the_next_outage_is_told() -> None:
    site = Site()
    work(site)
    site.now += 11 * MINUTE
    assert site.look()
    work(site)
    assert not site.look()
    assert not WorkerAlarm.objects.exists()
    site.now += 11 * MINUTE
    site.look()
    assert len(mail.outbox) == 2


def test_a_clock_that_was_set_back_hides_no_silence_and_makes_none() -> None:
    site = Site()
    work(site)
    WorkerStep.objects.create(name="pulse", began_at=site.now)
    site.now -= 3 * DAY
    assert site.look()
    work(site)
    assert not site.look()


def test_a_worker_that_waits_for_its_clock_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "analytics.clock_check.current_problem", lambda now: "If it is right, say so: manage.py worker …"
    )
    site = Site()
    site.now += 11 * MINUTE
    site.look()
    assert "say so: manage.py worker" in mail.outbox[0].body


def test_a_mail_server_that_takes_nothing_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise ConnectionRefusedError

    site = Site()
    site.now += 11 * MINUTE
    with monkeypatch.context() as broken:
        broken.setattr(mail.EmailMessage, "send", refuse)
        site.look()
    assert mail.outbox == []
    site.look()
    assert len(mail.outbox) == 1


def test_a_database_that_is_away_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise DatabaseError

    site = Site()
    site.now += 11 * MINUTE
    assert site.look()
    monkeypatch.setattr(WorkerWatch, "_check", lost)
    assert site.look()


@pytest.mark.slow
def test_staff_pages_say_so_and_others_do_not(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_alarm.worker_watch(), "is_silent", True)
    said = "The background worker has not run for more than ten minutes."
    assert said not in client.get("/sign-in/").content.decode()
    world.sign_in(client, world.person("ana", "analyst"))
    assert said in client.get("/").content.decode()
    partner = Client()
    world.sign_in(partner, world.person("pia", "partner contact"))
    assert said not in partner.get("/placements/").content.decode()
    monkeypatch.setattr(worker_alarm.worker_watch(), "is_silent", False)
    assert said not in client.get("/").content.decode()


@pytest.mark.process
def test_a_real_server_looks_by_itself(tmp_path: Path) -> None:
    with new_installation(tmp_path) as environment:
        manage("shell", "--no-imports", "-c", LONG_AGO, environment=environment)
        command = launcher.server_command(port=launcher.free_port())
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
            in_vain = threading.Timer(60, server.terminate)  # else a line that never comes is waited for without end
            in_vain.start()
            try:
                assert server.stderr is not None
                assert any("The worker has stopped" in line for line in server.stderr)
            finally:
                in_vain.cancel()
                server.terminate()
