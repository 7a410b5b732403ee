"""The directory of help links: overdue checks, launch blockers, and the audit record."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from io import StringIO
from typing import get_args

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from analytics.simulated_visits import demo
from analytics.worker import steps
from campaign.lifecycle import transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import Campaign
from campaign.serving.snapshot import compile_snapshot
from messages.audit import log
from messages.audit_pages.wording import describe_action
from messages.help_links import directory, freshness
from messages.help_links.directory import HelpRefused
from messages.help_links.link_checker import ProbeCode, ProbeResult
from messages.models import AuditEntry, HelpLink
from messages.proposals import SavedFields
from messages.stale_copies import digest_of
from tests import world

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def a_link(key: str = "somewhere", **fields: object) -> HelpLink:
    told = {"name": "Somewhere", "url": "https://some.example/", "lane": "self", "country": "GB", "note": "For all."}
    return HelpLink.objects.create(key=key, **told | fields)


def change(link: HelpLink, **values: object) -> SavedFields:
    """Save these fields as somebody who sees this copy of a link."""
    seen = digest_of(link, directory.EDITABLE_FIELDS)
    return directory.change(link, values, seen=seen, by=world.person("mara"))


def approved_campaign() -> Campaign:
    campaign = world.draft()
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    return campaign


def launch(campaign: Campaign) -> None:
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)


class TestLaunching:
    @pytest.mark.parametrize(("days", "launches"), [(0, True), (180, True), (181, False), (None, False)])
    def test_a_message_whose_link_is_older_than_180_days_cannot_launch(self, days: int | None, launches: bool) -> None:
        campaign = approved_campaign()
        checked = None if days is None else TODAY - timedelta(days=days)
        HelpLink.objects.filter(lane="self").update(verified_on=checked)
        if launches:
            launch(campaign)
        else:
            with pytest.raises(ActionRefused, match="Help: self"):
                launch(campaign)
        campaign.refresh_from_db()
        assert campaign.state == ("running" if launches else "approved")

    def test_the_refusal_names_each_link_and_where_to_say_that_it_works(self) -> None:
        campaign = approved_campaign()
        HelpLink.objects.filter(lane="self").update(verified_on=None)
        HelpLink.objects.filter(lane="affected").update(verified_on=TODAY - timedelta(days=200))
        with pytest.raises(ActionRefused) as refused:
            launch(campaign)
        said = str(refused.value)
        assert "“Help: self” (nobody has opened it yet: /help-links/help-self/)" in said
        assert "“Help: affected” (last opened 200 days ago: /help-links/help-affected/)" in said

    def test_a_new_installation_says_which_to_check_first(self) -> None:
        world.load_starter_library()
        campaign = approved_campaign()
        HelpLink.objects.update(verified_on=None, verified_by="")
        with pytest.raises(ActionRefused, match="each of these 27 help links") as refused:
            launch(campaign)
        assert all(link.name in str(refused.value) for link in HelpLink.objects.all())
        for link in HelpLink.objects.all():
            directory.confirm(link, by=world.person("rafael"), today=TODAY)
        launch(campaign)

    @pytest.mark.parametrize(("lane", "whom"), list(freshness.MISSING_LANE_SENTENCES.items()))
    def test_with_no_link_for_one_of_the_two_people_nothing_launches(self, lane: str, whom: str) -> None:
        campaign = approved_campaign()
        for link in HelpLink.objects.filter(lane=lane):
            directory.retire(link, by=world.person("mara"), today=TODAY, reason="Gone.")
        with pytest.raises(ActionRefused) as refused:
            launch(campaign)
        assert str(refused.value) == whom

    def test_a_retired_link_keeps_nothing_from_launching(self) -> None:
        campaign = approved_campaign()
        directory.retire(a_link(), by=world.person("mara"), today=TODAY, reason="Not for us.")
        launch(campaign)

    def test_a_running_campaign_goes_on_when_its_links_go_stale_and_may_pause_and_resume(self) -> None:
        campaign = world.launched()
        HelpLink.objects.update(verified_on=TODAY - timedelta(days=400))
        assert compile_snapshot().placements["quiet-page"].campaign is not None
        transitions.pause(campaign, by=world.person("mara"))
        transitions.resume(campaign, by=world.person("mara"))
        assert campaign.state == "running"

    def test_lint_and_launch_agree_on_every_day(self) -> None:
        """Both use the same limit."""
        world.mark_help_links_checked()
        for days in range(170, 190):
            HelpLink.objects.update(verified_on=TODAY - timedelta(days=days))
            assert (
                bool(directory.lint_help_directory(TODAY))
                == bool(directory.launch_blockers(today=TODAY))
                == (days > freshness.STALE_AFTER_DAYS)
            )

    def test_the_demo_checks_in_its_own_name(self) -> None:
        world.load_starter_library()
        demo.create_accounts()
        demo.create_campaign(now=world.NOON, origins=[], planned_per_arm=100)
        assert set(HelpLink.objects.values_list("verified_by", flat=True)) == {"the demo, which opened none of them"}
        assert AuditEntry.objects.filter(action="help-check", actor=demo.CHECKER).count() == 27


class TestChecking:
    def test_it_is_put_down_by_whom_and_when(self) -> None:
        link = a_link()
        directory.confirm(link, by=world.person("rafael"), today=TODAY)
        link.refresh_from_db()
        assert (link.verified_on, link.verified_by) == (TODAY, "rafael")
        entry = AuditEntry.objects.latest("number")
        assert (entry.actor, entry.action, entry.ref) == ("rafael", "help-check", "somewhere")
        assert entry.detail["address"] == "https://some.example/"

    @pytest.mark.parametrize("field", directory.FIELDS_FOR_VISITORS)
    def test_what_changed_meanwhile_is_not_checked(self, field: str) -> None:
        link = a_link()
        others = {"lane": "affected", "url": "https://other.example/"}
        HelpLink.objects.update(**{field: others.get(field, "xx")})
        with pytest.raises(HelpRefused, match="has changed this link"):
            directory.confirm(link, by=world.person("rafael"), today=TODAY)
        link.refresh_from_db()
        assert link.verified_on is None

    def test_a_new_address_counts_as_not_checked(self) -> None:
        link = a_link(verified_on=TODAY, verified_by="rafael", probe="answers", probe_said="It answered.")
        assert change(link, url="https://other.example/").at_once == ["url"]
        link.refresh_from_db()
        assert (link.verified_on, link.verified_by, link.probe) == (None, "", "")
        assert AuditEntry.objects.latest("number").detail["before"] == "https://some.example/"

    def test_a_change_of_what_visitors_do_not_read_keeps_the_check(self) -> None:
        link = a_link(verified_on=TODAY, verified_by="rafael")
        change(link, staff_note="Ask for Eve.", verified_on=None)  # the latter is ignored
        link.refresh_from_db()
        assert link.staff_note == "Ask for Eve."
        assert HelpLink.objects.filter(verified_on=TODAY, verified_by="rafael").exists()

    def test_saving_without_a_change_writes_nothing(self) -> None:
        assert change(a_link(), url="https://some.example/") == ([], [])
        assert not AuditEntry.objects.exists()

    def test_a_new_link_is_never_checked_and_has_a_key_of_its_own(self) -> None:
        keys = []
        for name in ("Somewhere", "Somewhere", "مساعدة", "مساعدة"):
            link = HelpLink(name=name, url="https://some.example/", lane="self", country="*", verified_on=TODAY)
            keys.append(directory.add(link, by=world.person("mara")).key)
        assert keys == ["somewhere", "somewhere-2", "link", "link-2"]
        assert not HelpLink.objects.exclude(verified_on=None).exists()


class TestRetiring:
    def test_visitors_do_not_see_it_and_it_comes_back_once_a_colleague_has_checked_it(self) -> None:
        world.launched()
        link = a_link(verified_on=TODAY, verified_by="rafael")
        assert b"some.example" in world.AudienceSite().get("/m/quiet-page/help/self").body
        directory.retire(link, by=world.person("mara"), today=TODAY, reason="Closed.")
        assert b"some.example" not in world.AudienceSite().get("/m/quiet-page/help/self").body
        assert all("Somewhere" not in remark.sentence for remark in directory.lint_help_directory(TODAY))
        Campaign.objects.update(state="closed")  # while it runs: test_proposals
        directory.restore(link, by=world.person("mara"))
        link.refresh_from_db()
        assert b"some.example" not in world.AudienceSite().get("/m/quiet-page/help/self").body
        with pytest.raises(HelpRefused, match="your own link"):
            directory.confirm(link, by=world.person("mara"), today=TODAY)
        directory.confirm(link, by=world.person("rafael"), today=TODAY)
        assert b"some.example" in world.AudienceSite().get("/m/quiet-page/help/self").body
        actions = [e.action for e in AuditEntry.objects.filter(kind="help")]
        assert actions == ["help-check", "help-restore", "help-retire"]

    def test_nothing_is_retired_checked_or_taken_up_twice(self) -> None:
        link, mara = a_link(), world.person("mara")
        with pytest.raises(HelpRefused, match="not retired"):
            directory.restore(link, by=mara)
        directory.retire(link, by=mara, today=TODAY, reason="Closed.")
        with pytest.raises(HelpRefused, match="already retired"):
            directory.retire(link, by=mara, today=TODAY, reason="Closed.")
        with pytest.raises(HelpRefused, match="is retired"):
            directory.confirm(link, by=mara, today=TODAY)


class TestWhatVisitorsRead:
    def test_they_read_what_is_known_and_nothing_of_what_is_not(self) -> None:
        world.launched()
        facts = {"contact": "0800 000 000", "hours": "Every day, 9 to 17", "cost": "free", "facts_from": "a page"}
        a_link(**facts, country="*", staff_note="for us", verified_on=TODAY)
        page = world.AudienceSite().get("/m/quiet-page/help/self").body.decode()
        assert "0800 000 000" in page
        assert "Every day, 9 to 17 · Free" in page
        assert "for us" not in page
        assert "a page" not in page

    @pytest.mark.parametrize(
        "change", [{"hours": "9 to 17"}, {"cost": "free"}, {"contact": "1"}, {"source": "X"}, {"retired_on": TODAY}]
    )
    def test_a_change_reaches_a_running_server(self, change: dict[str, object]) -> None:
        world.launched()
        a_link(verified_on=TODAY)
        before = compile_snapshot()
        HelpLink.objects.filter(key="somewhere").update(**change)
        assert compile_snapshot(before).placements["quiet-page"] is not before.placements["quiet-page"]


class TestAskingByMachine:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The requested addresses; each answers with status 500."""
        asked: list[str] = []

        def probe(url: str) -> ProbeResult:
            asked.append(url)
            return ProbeResult("fails", "It says 500.")

        monkeypatch.setattr(directory, "probe", probe)
        return asked

    def test_what_a_machine_finds_is_a_flag_and_never_a_check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        link = a_link()
        for code, flagged in (("missing", 1), ("answers", 0)):
            monkeypatch.setattr(directory, "probe", lambda url, code=code: ProbeResult(code, "It said so."))
            assert directory.probe_all(now=world.NOON) == flagged
            link.refresh_from_db()
            assert (link.probe, link.probe_said, link.probed_at) == (code, "It said so.", world.NOON)
            assert (link.verified_on, link.verified_by) == (None, "")

    def test_retired_links_are_not_asked(self, asked: list[str]) -> None:
        a_link(retired_on=TODAY)
        a_link("other", url="https://other.example/")
        directory.probe_all(now=world.NOON)
        assert asked == ["https://other.example/"]

    def test_every_code_of_the_probe_is_a_choice(self) -> None:
        assert set(get_args(ProbeCode)) == set(HelpLink.Probe.values)

    def test_the_command_says_what_it_found_and_ends_with_1(self, asked: list[str]) -> None:
        a_link()
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("check_help_links", "somewhere", stdout=out)
        assert ended.value.code == 1
        assert "fails    Somewhere: It says 500." in out.getvalue()

    def test_the_command_knows_its_links(self, asked: list[str]) -> None:
        with pytest.raises(CommandError, match="no help link nowhere"):
            call_command("check_help_links", "nowhere")

    def test_the_worker_asks_only_where_someone_wants_it(self, asked: list[str]) -> None:
        assert "help links" not in [step.name for step in steps.STEPS]
        a_link()
        assert steps.probe_help_links(timezone.now()) == "1 help links need to be checked"


_FIRST_LINKS = (
    *("take-it-down", "report-remove", "shore", "stopncii", "ccri", "esafety"),
    *("stop-it-now-uk", "stop-it-now-us", "parents-protect"),
)


def test_the_migration_tells_of_the_starter_links_only_what_a_source_says() -> None:
    world.load_starter_library()
    HelpLink.objects.exclude(key__in=_FIRST_LINKS).delete()
    told = {link.key: (link.channels, link.facts_from) for link in HelpLink.objects.all()}
    HelpLink.objects.update(channels=["web"], facts_from="")  # as before the migration
    import_module("messages.migrations.0009_help_links").tell_what_is_known(apps, BaseDatabaseSchemaEditor(connection))
    assert {link.key: (link.channels, link.facts_from) for link in HelpLink.objects.all()} == told


def test_the_starter_links_say_nothing_that_we_do_not_know() -> None:
    world.load_starter_library()
    assert not HelpLink.objects.exclude(hours="", cost="").exists()
    assert not HelpLink.objects.exclude(verified_on=None).exists()
    told = HelpLink.objects.exclude(channels=["web"], contact="")
    assert [link.key for link in told if not link.facts_from] == []


def test_each_step_has_its_sentence_on_the_record() -> None:
    for action in log.Action:
        assert "did “" not in describe_action(action, label="X", detail={})
