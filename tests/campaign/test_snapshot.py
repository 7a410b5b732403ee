"""What a web process holds in memory, and what it finds on the disk when the database is away."""

import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError

from campaign import lifecycle, snapshot
from campaign.keyring import destroy_subject_secret, subject_secret
from campaign.models import Campaign, Placement
from campaign.snapshot import Keeper, Snapshot, compile_snapshot
from campaign.snapshot_file import SnapshotFile
from messages.models import HelpLink
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.jsonl"


@pytest.fixture
def file(path: Path) -> SnapshotFile:
    return SnapshotFile(path, keys=settings.KEY_DIRECTORY)


@pytest.fixture
def varied() -> Snapshot:
    """Campaigns of each unit, a draft with previews, a placement with a fallback, words beyond ASCII."""
    fallback = world.approved("neutral", headline="Stille – ohne Zählung", locales=("en", "de"))
    world.launched(at=world.placement(fallback=fallback, leave_url="https://leave.example/"))
    world.launched("by-tab", at=world.placement("tab"), unit="session")
    subjects = world.launched("by-subject", at=world.placement("subject"), unit="subject")
    Campaign.objects.filter(pk=subjects.pk).update(ends_at=world.NOON)
    world.draft("later", at=world.placement("draft"))
    return compile_snapshot()


def database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(snapshot, "read_marks", lost)


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
    assert Keeper(file).refresh()
    site = world.Site()
    database_is_away(monkeypatch)
    keeper = Keeper(file)
    assert keeper.refresh()
    site.snapshot = keeper.current
    answer = site.decide()
    assert (answer.status, len(answer.json["receipt"])) == (200, 103)
    assert keeper.current.compiled


def test_once_the_database_is_back_its_word_counts(
    file: SnapshotFile, varied: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keeper(file).refresh()
    keeper = Keeper(file)
    with monkeypatch.context() as outage:
        database_is_away(outage)
        keeper.refresh()
    lifecycle.pause(Campaign.objects.get(slug="pilot"), by=world.person("mara", "manager"))
    assert keeper.refresh()
    assert keeper.current == compile_snapshot()


def test_a_server_that_never_read_the_database_shows_nothing(
    file: SnapshotFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    database_is_away(monkeypatch)
    keeper = Keeper(file)
    assert not keeper.refresh()
    assert not keeper.current.compiled


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
    changed = {number: replace(entry, mark=("changed",)) for number, entry in varied.placement_ids.items()}
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


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]\n", b'{"format": 2}\n', b'{"format": 1}\n{"id": 7}\n'])
def test_a_file_that_cannot_be_read_is_passed_over(file: SnapshotFile, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert file.read() is None


def test_a_file_that_was_cut_short_is_passed_over(file: SnapshotFile, path: Path, varied: Snapshot) -> None:
    file.write(varied)
    os.truncate(path, path.stat().st_size - 20)
    assert file.read() is None


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path, varied: Snapshot) -> None:
    (tmp_path / "file").write_text("not a directory")
    SnapshotFile(tmp_path / "file" / "snapshot.jsonl", keys=settings.KEY_DIRECTORY).write(varied)


def test_only_the_placement_that_changed_is_compiled_anew() -> None:
    world.launched("one", at=world.placement("one"))
    world.launched("two", at=world.placement("two"))
    before = compile_snapshot()
    lifecycle.pause(Campaign.objects.get(slug="two"), by=world.person("mara", "manager"))
    after = compile_snapshot(before)
    assert after.placements["one"] is before.placements["one"]
    assert (after.placements["two"].campaign, after.placements["two"].reason) == (None, "campaign_paused")


@pytest.mark.parametrize("change", ["leave_url", "partner", "help link", "arm", "gone"])
def test_whatever_is_served_is_noticed_when_it_changes(change: str) -> None:
    campaign = world.launched(at=world.placement("one"))
    place = Placement.objects.get(key="one")
    keeper = Keeper()
    assert (keeper.refresh(), keeper.refresh()) == (True, False)
    before = keeper.current.placements["one"]
    if change == "leave_url":
        Placement.objects.update(leave_url="https://elsewhere.example/")
    elif change == "partner":
        place.partner.name = "Another name"
        place.partner.save()
    elif change == "help link":
        HelpLink.objects.create(key="new", name="Help", url="https://help.example/", lane="self", country="*")
    elif change == "arm":
        lifecycle.pause_arm(campaign.arms.get(key="both"), reason="a test", now=world.NOON)
    else:
        campaign.placements.clear()
        place.delete()
    assert keeper.refresh()
    assert keeper.current.placements.get("one") is not before
    assert not keeper.refresh()


def test_campaigns_that_did_not_change_cost_four_queries_however_many_they_are(
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    for number in range(5):
        world.launched(f"c{number}", at=world.placement(f"p{number}"))
    before = compile_snapshot()
    with django_assert_max_num_queries(4):  # type: ignore[operator]  # pytest-django's fixture has no public type
        after = compile_snapshot(before)
    assert all(after.placements[key] is before.placements[key] for key in before.placements)
