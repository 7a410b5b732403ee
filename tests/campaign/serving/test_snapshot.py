"""What a web process holds in memory, and what it finds on the disk when the database is away."""

import math
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.db import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.keys.store import destroy_subject_secret, subject_secret
from campaign.lifecycle import arm_pauses, transitions
from campaign.models import Arm, Campaign, Placement
from campaign.serving import snapshot
from campaign.serving.page_paths import page_path
from campaign.serving.snapshot import SnapshotRefresher, compile_snapshot
from campaign.serving.snapshot_entries import Snapshot
from campaign.serving.snapshot_file import SnapshotFile
from messages.audit import continuity
from messages.models import AuditEntry, HelpLink, Message, Rendition, Revision
from messages.review import workflow
from tests import world
from tests.messages.audit.test_continuity import restore_backup

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.jsonl"


@pytest.fixture
def file(path: Path) -> SnapshotFile:
    return SnapshotFile(path, key_directory=settings.KEY_DIRECTORY)


@pytest.fixture
def varied() -> Snapshot:
    """Campaigns of each unit, a draft with previews, a placement with a fallback, words beyond ASCII."""
    fallback = world.approved_revision("neutral", headline="Stille – ohne Zählung", locales=("en", "de"))
    world.launched(at=world.placement(fallback=fallback, leave_url="https://leave.example/"))
    world.launched("by-tab", at=world.placement("tab"), unit="session")
    subjects = world.launched("by-subject", at=world.placement("subject"), unit="subject")
    Campaign.objects.filter(pk=subjects.pk).update(ends_at=world.NOON)
    world.draft("later", at=world.placement("draft"))
    return compile_snapshot()


def database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(snapshot, "read_coarse_version", lost)


@pytest.mark.slow
def test_what_is_kept_is_what_was_compiled(file: SnapshotFile, varied: Snapshot) -> None:
    file.write(varied)
    kept = file.read()
    assert kept is not None
    assert kept == varied
    assert {entry.campaign.ends for entry in kept.placements.values() if entry.campaign} == {
        math.inf,
        world.NOON.timestamp(),
    }


def test_a_server_that_starts_while_the_database_is_away_shows_messages(
    file: SnapshotFile, varied: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SnapshotRefresher(file).refresh()
    site = world.AudienceSite()
    database_is_away(monkeypatch)
    keeper = SnapshotRefresher(file)
    assert keeper.refresh()
    site.snapshot = keeper.current
    answer = site.decide()
    assert (answer.status, len(answer.json["receipt"])) == (200, 112)
    assert keeper.current.is_compiled


def test_once_the_database_is_back_its_word_counts(
    file: SnapshotFile, varied: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    SnapshotRefresher(file).refresh()
    keeper = SnapshotRefresher(file)
    with monkeypatch.context() as outage:
        database_is_away(outage)
        keeper.refresh()
    transitions.pause(Campaign.objects.get(slug="pilot"), by=world.person("mara", "manager"))
    assert keeper.refresh()
    assert keeper.current == compile_snapshot()


def test_a_server_that_never_read_the_database_shows_nothing(
    file: SnapshotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_is_away(monkeypatch)
    keeper = SnapshotRefresher(file)
    assert not keeper.refresh()
    assert not keeper.current.is_compiled


def test_no_secret_of_a_subject_is_in_the_file(file: SnapshotFile, path: Path, varied: Snapshot) -> None:
    campaign = Campaign.objects.get(slug="by-subject")
    secret = subject_secret(settings.KEY_DIRECTORY, campaign.pk)
    file.write(varied)
    content = path.read_bytes()
    assert secret not in content
    assert secret.hex().encode() not in content
    kept = file.read()
    assert kept is not None
    entry = kept.placements["subject"].campaign
    assert entry is not None
    assert entry.secret == secret


def test_a_campaign_whose_secret_is_destroyed_is_over(file: SnapshotFile, varied: Snapshot) -> None:
    file.write(varied)
    destroy_subject_secret(settings.KEY_DIRECTORY, Campaign.objects.get(slug="by-subject").pk)
    kept = file.read()
    assert kept is not None
    assert (kept.placements["subject"].campaign, kept.placements["subject"].reason) == (None, "campaign_ended")
    assert kept.placements["tab"].campaign is not None


def test_only_the_servers_own_user_can_read_it(file: SnapshotFile, path: Path, varied: Snapshot) -> None:
    file.write(varied)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_file_that_is_up_to_date_is_left_alone(file: SnapshotFile, path: Path, varied: Snapshot) -> None:
    file.write(varied)
    before = path.stat().st_ino
    file.write(varied)
    assert path.stat().st_ino == before
    changed = {number: replace(entry, version=("changed",)) for number, entry in varied.placement_ids.items()}
    file.write(replace(varied, placement_ids=changed))
    assert path.stat().st_ino != before


def test_what_a_process_left_that_died_over_it_is_cleared_away(
    file: SnapshotFile, path: Path, varied: Snapshot
) -> None:
    old, new = path.with_name(f".{path.name}.old"), path.with_name(f".{path.name}.new")
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, 0))
    file.write(varied)
    assert (old.exists(), new.exists(), path.exists()) == (False, True, True)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]\n", b'{"format": 3}\n', b'{"format": 2}\n{"id": 7}\n'])
def test_a_file_that_cannot_be_read_is_passed_over(file: SnapshotFile, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert file.read() is None


def test_a_file_that_was_cut_short_is_passed_over(file: SnapshotFile, path: Path, varied: Snapshot) -> None:
    file.write(varied)
    os.truncate(path, path.stat().st_size - 20)
    assert file.read() is None


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path, varied: Snapshot) -> None:
    (tmp_path / "file").write_text("not a directory")
    SnapshotFile(tmp_path / "file" / "snapshot.jsonl", key_directory=settings.KEY_DIRECTORY).write(varied)


class TestWordsThatManyPlacementsShow:
    """A thousand placements hold them once, and each leads to its own addresses."""

    @pytest.fixture
    def two(self) -> Campaign:
        return world.launched(at=world.placement("one"), places=["two"])

    @staticmethod
    def shown(compiled: Snapshot, key: str) -> list[int]:
        return [id(offer.rendition) for offer in compiled.placements[key].served_texts()]

    def test_are_rendered_once(self, two: Campaign) -> None:
        compiled = compile_snapshot()
        assert self.shown(compiled, "one") == self.shown(compiled, "two")

    def test_are_rendered_apart_where_a_button_leads_elsewhere(self, two: Campaign) -> None:
        world.change_places("two", leave_url="https://leave.example/")
        site = world.AudienceSite()
        assert not set(self.shown(site.snapshot, "one")) & set(self.shown(site.snapshot, "two"))
        left = [site.decide(placement=key).json["message"]["actions"][0]["href"] for key in ("one", "two")]
        assert left == [page_path("one", "left", "en"), "https://leave.example/"]

    def test_lead_to_the_addresses_of_the_placement_that_shows_them(self, two: Campaign) -> None:
        site = world.AudienceSite()
        for key, other in (("one", "two"), ("two", "one")):
            answer, page = site.decide(placement=key), site.get(f"/m/{key}/")
            assert answer.json["message"]["actions"][2]["href"] == page_path(key, "help/self", "en")
            for body in (answer.body, page.body):
                assert f"/m/{key}/".encode() in body
                assert f"/m/{other}/".encode() not in body
                assert b"STANDS-HERE" not in body

    def test_are_the_same_after_one_of_them_was_compiled_anew(self, two: Campaign) -> None:
        before = compile_snapshot()
        world.change_places("two", allowed_origins=["https://elsewhere.example"])
        after = compile_snapshot(before)
        assert after.placements["two"] is not before.placements["two"]
        assert self.shown(after, "two") == self.shown(before, "one")

    def test_are_kept_once_and_read_once(self, two: Campaign, file: SnapshotFile, path: Path) -> None:
        file.write(compile_snapshot())
        assert path.read_text().count("A both headline") == 4  # in the answer and in three forms of the page
        kept = file.read()
        assert kept is not None
        assert self.shown(kept, "one") == self.shown(kept, "two")


def test_only_the_placement_that_changed_is_compiled_anew() -> None:
    world.launched("one", at=world.placement("one"))
    world.launched("two", at=world.placement("two"))
    before = compile_snapshot()
    transitions.pause(Campaign.objects.get(slug="two"), by=world.person("mara", "manager"))
    after = compile_snapshot(before)
    assert after.placements["one"] is before.placements["one"]
    assert (after.placements["two"].campaign, after.placements["two"].reason) == (None, "campaign_paused")


@pytest.mark.parametrize(
    "change", ["leave_url", "origins", "fallback", "partner", "help link", "arm", "state", "withdrawn", "gone"]
)
def test_whatever_is_served_is_noticed_when_it_changes(
    change: str, clock_that_stands_still: time_machine.Traveller
) -> None:
    campaign = world.launched(at=world.placement("one"))
    place = Placement.objects.get(key="one")
    keeper = SnapshotRefresher()
    assert (keeper.refresh(), keeper.refresh()) == (True, False)
    before = keeper.current.placements["one"]
    clock_that_stands_still.shift(1)
    if change == "leave_url":
        world.change_places(leave_url="https://elsewhere.example/")
    elif change == "origins":
        world.change_places(allowed_origins=["https://elsewhere.example"])
    elif change == "fallback":
        world.choose_fallback(world.approved_revision("neutral"))
    elif change == "state":
        transitions.pause(campaign, by=world.person("mara", "manager"))
    elif change == "withdrawn":
        words = campaign.arms.get(key="both").first_revision.renditions.get()
        workflow.withdraw(words, by=world.person("mara", "manager"), reason="A test.", now=world.NOON)
    elif change == "partner":
        place.partner.name = "Another name"
        place.partner.save()
    elif change == "help link":
        told = {"name": "Help", "url": "https://help.example/", "lane": "self", "country": "*"}
        HelpLink.objects.create(key="new", **told, verified_on=world.NOON.date())
    elif change == "arm":
        arm_pauses.pause_arm(campaign.arms.get(key="both"), reason="a test", now=world.NOON)
    else:
        world.drop_triggers()
        campaign.placements.clear()
        place.changes.all().delete()
        place.delete()
    assert keeper.refresh()
    assert keeper.current.placements.get("one") is not before
    assert not keeper.refresh()


@pytest.mark.slow
def test_campaigns_that_did_not_change_cost_five_queries_however_many_they_are(
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    for number in range(5):
        world.launched(f"c{number}", at=world.placement(f"p{number}"))
    before = compile_snapshot()
    with django_assert_max_num_queries(5):  # type: ignore[operator]  # pytest-django's fixture has no public type
        after = compile_snapshot(before)
    assert all(after.placements[key] is before.placements[key] for key in before.placements)


class TestAPausedArm:
    """Its units see the control's words; nobody else's assignment moves."""

    UNITS = tuple(f"visitor-{number}" for number in range(400))

    def assigned(self, site: world.AudienceSite) -> dict[str, tuple[str, bool]]:
        """Unit -> the headline that it sees, and whether it is counted."""
        answers = {unit: site.decide(unit=unit).json for unit in self.UNITS}
        return {u: (answer["message"]["headline"], answer["receipt"] is not None) for u, answer in answers.items()}

    @pytest.mark.parametrize("key", ["victim", "user", "both"])
    def test_keeps_its_place_so_that_every_other_unit_keeps_its_arm(self, key: str) -> None:
        campaign = world.launched(arms={"neutral": 3, "victim": 2, "user": 1, "both": 2})
        before = self.assigned(world.AudienceSite())
        arm_pauses.pause_arm(campaign.arms.get(key=key), reason="a test", now=world.NOON)
        after = self.assigned(world.AudienceSite())
        theirs = f"A {key} headline"
        assert {unit for unit in before if before[unit][0] == theirs} == {u for u in after if not after[u][1]}
        for unit, (headline, counted) in before.items():
            assert counted
            assert after[unit] == (("A neutral headline", False) if headline == theirs else (headline, True))

    def test_gets_its_own_units_back_when_it_is_resumed(self) -> None:
        campaign = world.launched()
        before = self.assigned(world.AudienceSite())
        both = campaign.arms.get(key="both")
        arm_pauses.pause_arm(both, reason="a test", now=world.NOON)
        arm_pauses.resume_arm(both, by=world.person("mara"), reason="It was a mistake.", now=world.NOON)
        assert self.assigned(world.AudienceSite()) == before

    def test_is_what_is_kept_with_its_own_words_for_the_preview(self, file: SnapshotFile) -> None:
        campaign = world.launched()
        both = campaign.arms.get(key="both")
        arm_pauses.pause_arm(both, reason="a test", now=world.NOON)
        compiled = compile_snapshot()
        file.write(compiled)
        assert file.read() == compiled
        entry = compiled.placements["quiet-page"]
        assert entry.campaign is not None
        (paused,) = (arm for arm in entry.campaign.arms if arm.paused)
        assert (paused.id, paused.texts) == (both.pk, entry.campaign.arms[0].texts)
        assert b"A both headline" in entry.previews[both.pk].texts[0].renditions["en"].message_json[0]

    def test_may_lose_its_words_while_the_others_go_on(self) -> None:
        campaign = world.launched()
        arm_pauses.pause_arm(campaign.arms.get(key="user"), reason="a test", now=world.NOON)
        withdraw(campaign.arms.get(key="user").first_revision)
        entry = compile_snapshot().placements["quiet-page"].campaign
        assert entry is not None
        assert entry.locales == ("en",)


def test_no_words_of_a_stopped_message_are_compiled_whatever_was_launched_with_them() -> None:
    """The kill switch pauses what is launched; this holds for what is launched in the same moment."""
    fallback = world.approved_revision("neutral", headline="Quiet")
    campaign = world.launched(at=world.placement(fallback=fallback))
    rafael = world.person("rafael")
    told = {"stopped_at": world.NOON, "stopped_by": rafael, "stopped_reason": "It may frighten."}
    arm = campaign.arms.get(key="user")
    Message.objects.filter(pk__in=[fallback.message_id, arm.first_revision.message_id]).update(**told)
    entry = compile_snapshot().placements["quiet-page"]
    assert (entry.campaign, entry.fallback) == (None, None)
    assert arm.pk not in entry.previews


class TestOnlyApprovedWordsAreServed:
    def test_a_translation_that_nobody_approved_is_not(self) -> None:
        campaign = world.draft()
        for arm in campaign.arms.all():
            translate(arm)
        launch(campaign)
        entry = compile_snapshot().placements["quiet-page"].campaign
        assert entry is not None
        assert entry.locales == ("en",)
        assert {locale for arm in entry.arms for locale in arm.locales()} == {"en"}

    def test_a_translation_that_is_approved_after_the_launch_changes_no_trial(self) -> None:
        campaign = world.draft()
        translated = [translate(arm) for arm in campaign.arms.all()]
        launch(campaign)
        keeper = SnapshotRefresher()
        keeper.refresh()
        for rendition in translated:
            workflow.submit(rendition, now=world.NOON)
            workflow.approve(rendition, by=None, now=world.NOON)
        assert keeper.refresh()
        entry = keeper.current.placements["quiet-page"].campaign
        assert entry is not None
        assert entry.locales == ("en",)
        assert {locale for arm in entry.arms for locale in arm.locales()} == {"en"}

    def test_words_that_are_withdrawn_are_gone_at_the_next_look_and_the_fallback_is_shown(self) -> None:
        fallback = world.approved_revision("neutral", headline="Quiet")
        campaign = world.launched(at=world.placement(fallback=fallback))
        keeper = SnapshotRefresher()
        keeper.refresh()
        withdraw(campaign.arms.get(key="user").first_revision)
        assert keeper.refresh(), "the snapshot notices"
        entry = keeper.current.placements["quiet-page"]
        assert (entry.campaign, entry.reason) == (None, "campaign_paused")
        assert list(entry.fallback or ()) == ["en"]
        site = world.AudienceSite()
        answer = site.decide()
        assert (answer.status, answer.json["message"]["headline"]) == (200, "Quiet")

    def test_one_language_that_is_withdrawn_leaves_the_others(self) -> None:
        campaign = world.draft()
        for arm in campaign.arms.all():
            arm.texts.update(revision=world.approved_revision(arm.key, locales=("en", "es")))
        launch(campaign)
        withdraw(campaign.arms.get(key="user").first_revision, "es")
        entry = compile_snapshot().placements["quiet-page"].campaign
        assert entry is not None
        assert entry.locales == ("en",)

    def test_a_fallback_that_is_withdrawn_is_not(self) -> None:
        fallback = world.approved_revision("neutral")
        world.placement(fallback=fallback)
        keeper = SnapshotRefresher()
        keeper.refresh()
        assert keeper.current.placements["quiet-page"].fallback
        withdraw(fallback)
        assert keeper.refresh()
        assert keeper.current.placements["quiet-page"].fallback is None

    def test_words_that_were_changed_past_the_database_are_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever a state says: the digest decides."""
        world.launched()
        monkeypatch.setattr(Rendition, "words_digest", lambda words: "of other words")
        assert compile_snapshot().placements["quiet-page"].campaign is None

    def test_staff_preview_a_draft_before_anybody_approved_it(self) -> None:
        campaign = world.draft()
        translate(campaign.arms.get(key="user"))
        previews = compile_snapshot().placements["quiet-page"].previews
        assert {locale for arm in previews.values() for locale in arm.locales()} == {"en", "es"}


def translate(arm: Arm) -> Rendition:
    return Rendition.objects.create(revision=arm.first_revision, locale="es", headline="Un titular", body="Palabras.")


def withdraw(revision: Revision, locale: str = "en") -> None:
    rafael = world.person("rafael", "reviewer")
    workflow.withdraw(revision.renditions.get(locale=locale), by=rafael, now=world.NOON, reason="It may frighten.")


def launch(campaign: Campaign) -> None:
    mara = world.person("mara", "manager")
    transitions.submit(campaign, by=mara)
    world.approve(campaign)
    transitions.launch(campaign, by=mara, now=world.NOON - timedelta(days=1))


class TestABackupThatWasRestored:
    @pytest.fixture(autouse=True)
    def keys(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")

    def test_shows_nothing_until_it_is_taken_into_use(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, caplog: pytest.LogCaptureFixture
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            campaign = world.launched()
            transitions.pause(campaign, by=world.person("mara"))
        keeper = SnapshotRefresher()
        keeper.refresh()
        assert "quiet-page" in keeper.current.placements
        restore_backup(entries=AuditEntry.objects.count() - 1)
        Campaign.objects.update(state=Campaign.State.RUNNING)
        assert keeper.refresh()
        assert not keeper.refresh()
        assert set(keeper.current.placements) == set()
        assert caplog.text.count("Nothing is shown.") == 1
        with django_capture_on_commit_callbacks(execute=True):
            continuity.go_on(by="command line (root)")
        assert keeper.refresh()
        assert "quiet-page" in keeper.current.placements
