"""Rehearsals: simulated visitors walk the whole campaign, and nothing is written to the real installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from analytics.models import Rehearsal
from analytics.rehearsal import campaign_copy, runner, sandbox, views
from analytics.simulated_visits import walkthrough
from campaign.keys.reloader import KeyReloader
from campaign.lifecycle import transitions
from campaign.models import Campaign
from messages.models import AuditEntry, HelpLink, Rendition
from tests import world
from tests.installation import copy_migrated_databases

pytestmark = pytest.mark.django_db(databases=["default", "audience"])
DATABASE_OF = {"analytics.OpenView": "audience", "analytics.ShutHour": "audience"}


@pytest.fixture(autouse=True)
def migrated_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each sandbox with migrated databases, because migrating takes longer than the walkthrough."""
    own = sandbox.sandbox_environment

    def prepared(directory: Path) -> dict[str, str]:
        copy_migrated_databases(directory)
        return own(directory)

    monkeypatch.setattr(sandbox, "sandbox_environment", prepared)


@pytest.fixture
def campaign() -> Campaign:
    """Return a draft of two arms that could be launched. Only its fallback text is missing."""
    return world.draft(arms={"neutral": 1, "victim": 1}, plan={"planned_per_arm": 5000})


def state() -> dict[str, Any]:
    """Return the number of rows in each real table, and the content of the files in the real directories."""
    models = [model for model in apps.get_models() if model is not Rehearsal]
    rows = {m._meta.label: m._default_manager.using(DATABASE_OF.get(m._meta.label, "default")).count() for m in models}
    real = {Path(settings.DATA_DIRECTORY), Path(settings.KEY_DIRECTORY), Path(settings.SPOOL_DIRECTORY)}
    files = {
        str(path): path.read_bytes()
        for directory in real
        for path in directory.rglob("*")
        if path.is_file() and "sqlite3" not in path.name
    }
    return {"rows": rows, "files": files}


def rehearse_without_side_effects(campaign: Campaign) -> dict[str, Any]:
    """Rehearse a campaign, and check that it succeeds and changes nothing else."""
    before = state()
    result = runner.rehearse(campaign)
    assert result["report"] is not None
    assert state() == before
    return result


@pytest.mark.process
class TestWalkthrough:
    def test_every_form_to_a_look_that_an_analyst_can_read(self, campaign: Campaign) -> None:
        result = rehearse_without_side_effects(campaign)
        report = result["report"]
        (place,) = report["places"]
        assert set(place["forms"]) == {"page", "server", "hosted"}
        assert all(form["shown"] == form["counted"] > 10 for form in place["forms"].values())
        assert report["look"]["sample_ratio"] in (
            "ok",
            "caution",
        )  # visitors are drawn anew: 1 of 100 runs is a caution
        assert report["look"]["embargoed"] is False
        rates = [e for e in report["look"]["estimates"] if e["kind"] == "rate" and e["outcome"] == "turned_back"]
        assert {rate["treated"] for rate in rates} == {"neutral", "victim"}
        assert all(rate["n"] >= walkthrough.PEOPLE_PER_ARM for rate in rates)
        assert all(abs(rate["effect"] - report["rates"][rate["treated"]]) < 0.12 for rate in rates)
        assert report["views"] <= report["visitors"]
        assert result["problems"] == [{"code": "no-fallback", "placement": "quiet-page"}]

    @pytest.mark.parametrize(("period", "washout"), [("day", 60), ("1h", 30), ("12h", 300)])
    def test_a_campaign_of_periods_is_walked_for_all_its_days(self, period: str, washout: int) -> None:
        plan = {"period": period, "washout_minutes": washout, "clusters": "period", "period_weeks": 8}
        result = rehearse_without_side_effects(
            world.draft(arms={"neutral": 1, "victim": 1}, unit="period", plan={"planned_per_arm": 5000, **plan})
        )
        assert result["problems"] == [{"code": "no-fallback", "placement": "quiet-page"}]
        look = result["report"]["look"]
        assert look["embargoed"] is False
        (difference,) = [e for e in look["estimates"] if e["kind"] == "difference" and e["outcome"] == "turned_back"]
        assert difference["method"] == "permutation of periods"

    @pytest.mark.proof
    def test_says_what_is_missing_and_goes_on(self, campaign: Campaign) -> None:
        spanish = Rendition.objects.create(
            revision=campaign.arms.get(key="victim").first_revision, locale="es", headline="Uno", body="Dos."
        )
        spanish.state, spanish.digest = "approved", spanish.words_digest()
        spanish.save()
        campaign.placements.update(allowed_origins=[])
        campaign.ethics_exemption = ""
        campaign.save()
        HelpLink.objects.update(verified_on=None)
        codes = {problem["code"] for problem in rehearse_without_side_effects(campaign)["problems"]}
        assert codes == {"no-fallback", "missing-language", "no-origin", "before-launch"}

    def test_a_campaign_without_a_plan_is_reported_and_not_walked(self, campaign: Campaign) -> None:
        campaign.plan.outcomes.all().delete()
        result = runner.rehearse(campaign)
        assert result["report"] is None
        assert result["problems"] == [{"code": "before-launch", "said": "The plan needs a primary outcome."}]


class TestIsolation:
    @pytest.mark.process
    @pytest.mark.proof
    def test_pointed_at_the_real_directory_it_refuses_and_that_is_found(
        self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Planted fault: the process gets the environment of the real installation."""
        before = state()
        monkeypatch.setattr(sandbox, "sandbox_environment", lambda directory: dict(os.environ))
        with pytest.raises(subprocess.CalledProcessError):
            rehearse_without_side_effects(campaign)
        assert state() == before

    @pytest.mark.process
    @pytest.mark.proof
    def test_with_the_real_keys_it_refuses_too(self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        own, real = sandbox.sandbox_environment, {"KEY_DIRECTORY": str(settings.KEY_DIRECTORY)}
        monkeypatch.setattr(sandbox, "sandbox_environment", lambda directory: own(directory) | real)
        with pytest.raises(subprocess.CalledProcessError) as refused:
            rehearse_without_side_effects(campaign)
        assert b"outside of the rehearsal" in refused.value.stderr

    @pytest.mark.slow
    def test_the_walk_refuses_in_this_process(self, campaign: Campaign) -> None:
        with pytest.raises(sandbox.NotASandbox):
            walkthrough.run_walkthrough(campaign_copy.export_campaign(campaign))

    @pytest.mark.process
    def test_its_receipts_are_refused_by_the_real_surface(self, campaign: Campaign, tmp_path: Path) -> None:
        ids = (campaign.pk, campaign.arms.all()[0].pk, campaign.placements.get().pk)
        script = (
            "from django.conf import settings; from campaign.assignment.receipts import Receipt;"
            "from campaign.keys.reloader import KeyReloader;"
            "import time, os; hour = int(time.time()) // 3600;"
            "signer = KeyReloader(settings.KEY_DIRECTORY, clock=time.time).receipt_signer;"
            f"print(signer.issue(Receipt(*{ids}, hour, hour + 2, 'en', os.urandom(16))))"
        )
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=sandbox.sandbox_environment(tmp_path),
            check=True,
            capture_output=True,
            text=True,
        )
        site = world.AudienceSite(
            receipt_signer=KeyReloader(settings.KEY_DIRECTORY, clock=lambda: world.NOON.timestamp()).receipt_signer
        )
        site.now = timezone.now().timestamp()
        assert site.report_event(done.stdout.strip()).code == "receipt_invalid"
        assert world.open_views() == 0

    def test_no_name_address_or_password_is_taken_along(self, campaign: Campaign) -> None:
        User.objects.update(email="canary@example.org", first_name="Canary")
        campaign.plan.told.add(world.person("canary-told"))
        campaign.placements.get().partner.contacts.add(world.person("canary-contact", "partner contact"))
        rows = json.dumps(campaign_copy.export_campaign(campaign), default=str)
        assert "anary" not in rows
        assert "mara" not in rows
        assert campaign.salt not in rows

    @pytest.mark.process
    @pytest.mark.proof
    def test_nothing_of_it_stays_on_disk(self, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[Path] = []
        own = sandbox.sandbox_environment

        def noted(directory: Path) -> dict[str, str]:
            made.append(directory)
            return own(directory)

        monkeypatch.setattr(sandbox, "sandbox_environment", noted)
        campaign.plan.outcomes.all().delete()  # so that it is quick
        runner.rehearse(campaign)
        assert [directory.exists() for directory in made] == [False]


class TestRequests:
    @pytest.fixture
    def mara(self) -> User:
        return world.person("mara", "manager")

    @pytest.fixture
    def empty_result(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "rehearse", lambda campaign: {"report": None, "problems": []})

    def test_twice_is_asking_once(self, campaign: Campaign, mara: User) -> None:
        one, two = (runner.request_rehearsal(campaign, by=mara, now=world.NOON) for _ in range(2))
        assert one == two
        assert AuditEntry.objects.filter(action="campaign-rehearse").count() == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            Rehearsal.objects.create(campaign=campaign, asked_by=mara, asked_at=world.NOON)

    def test_is_refused_after_the_launch(self, mara: User) -> None:
        with pytest.raises(runner.RehearsalRefused):
            runner.request_rehearsal(world.launched(), by=mara, now=world.NOON)

    def test_the_last_one_is_kept(self, campaign: Campaign, mara: User, empty_result: None) -> None:
        for _ in range(2):
            runner.run_rehearsal(runner.request_rehearsal(campaign, by=mara, now=world.NOON))
        assert Rehearsal.objects.get().state == "done"

    def test_one_that_breaks_off_says_so(self, campaign: Campaign, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(campaign: Campaign) -> dict[str, Any]:
            raise subprocess.TimeoutExpired("rehearse", 1)

        monkeypatch.setattr(runner, "rehearse", broken)
        with pytest.raises(subprocess.TimeoutExpired):
            runner.run_rehearsal(runner.request_rehearsal(campaign, by=mara, now=world.NOON))
        assert Rehearsal.objects.get().state == "failed"

    @pytest.mark.process
    def test_the_worker_begins_one_and_notices_that_its_process_is_gone(
        self, campaign: Campaign, mara: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runner.request_rehearsal(campaign, by=mara, now=world.NOON)
        launcher = runner.RehearsalLauncher()
        monkeypatch.setattr(sys, "executable", "/bin/false")
        assert launcher.start_next(now=world.NOON) == 1
        assert launcher._process is not None
        launcher._process.wait()
        assert launcher.start_next(now=world.NOON) == 0
        assert Rehearsal.objects.get().state == "failed"

    def test_one_of_a_worker_that_died_is_broken_off_in_time(self, campaign: Campaign, mara: User) -> None:
        runner.request_rehearsal(campaign, by=mara, now=world.NOON)
        Rehearsal.objects.update(state="running")
        assert runner.RehearsalLauncher().start_next(now=world.NOON + timedelta(minutes=9)) == 0
        assert Rehearsal.objects.get().state == "running"
        runner.RehearsalLauncher().start_next(now=world.NOON + timedelta(minutes=10))
        assert Rehearsal.objects.get().state == "failed"


class TestThePage:
    @pytest.fixture
    def manager(self, client: Client) -> Client:
        world.sign_in(client, world.person("mara", "manager"))
        return client

    def page(self, client: Client) -> str:
        response = client.get("/campaigns/pilot/rehearsal/")
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    def test_leads_from_the_campaign_to_asking_and_waiting(self, campaign: Campaign, manager: Client) -> None:
        assert "/campaigns/pilot/rehearsal/" in manager.get("/campaigns/pilot/").content.decode()
        assert "Not rehearsed yet" in self.page(manager)
        manager.post("/campaigns/pilot/rehearsal/")
        assert "Waiting to start" in self.page(manager)

    @pytest.mark.process
    @pytest.mark.proof
    def test_is_marked_as_a_rehearsal_and_shows_problems_and_the_look(
        self, campaign: Campaign, manager: Client
    ) -> None:
        asked = runner.request_rehearsal(campaign, by=world.person("mara"), now=world.NOON)
        runner.run_rehearsal(asked)
        html = self.page(manager)
        assert html.count("Rehearsal: invented visitors") == 2
        assert "quiet-page: visitors see nothing while the campaign is paused." in html
        assert "No problems found" in html
        assert "Turned back" in html
        assert "the planned number was set to" in html
        assert '<a href="/placements/">Placements</a>' in html, "the navigation is the one of every page"
        assert "No results yet" in manager.get("/").content.decode(), "a rehearsal is no result"

    def test_every_problem_has_its_sentence(self, campaign: Campaign, manager: Client) -> None:
        names = {"said": "S", "language": "es", "arms": "A", "placement": "P", "way": "page", "arm": "A"}
        Rehearsal.objects.create(
            campaign=campaign,
            asked_by=world.person("mara"),
            asked_at=world.NOON,
            state="done",
            problems=[{"code": code, **names} for code in views.PROBLEM_SENTENCES],
        )
        html = self.page(manager)
        assert "There is no Spanish text for A" in html
        assert "%(" not in html

    def test_after_the_launch_there_is_no_button(self, campaign: Campaign, manager: Client) -> None:
        mara = world.person("mara")
        transitions.submit(campaign, by=mara)
        world.approve(campaign)
        transitions.launch(campaign, by=mara, now=world.NOON)
        assert "This campaign was launched without a rehearsal." in self.page(manager)
        manager.post("/campaigns/pilot/rehearsal/")
        assert not Rehearsal.objects.exists()
