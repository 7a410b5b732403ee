"""Open views of a database that is no longer used are counted once, and nothing of its files is left."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from analytics import file_lock
from analytics.data_inventory import counts, plain_words
from analytics.doctor import host_checks
from analytics.doctor.findings import FindingState
from analytics.fold.fold import fold
from analytics.fold.move_audience import MoveRefused, move_views, wipe_copy
from analytics.ingest import database_files, open_views, writer
from analytics.ingest.database_files import COMPANIONS, Content
from analytics.ingest.open_views import OpenViewRow
from analytics.ingest.spool import Spool
from analytics.models import FoldProgress, OpenView, ShutHour, Tally
from campaign.models import Campaign
from campaign.serving.routing import OutcomeEvent
from tests import world
from tests.analytics.fold.test_fold import EXPECTED, PlugPulledError, plug_pulled_at, shown
from tests.installation import copy_migrated_databases

pytestmark = [
    pytest.mark.django_db(databases=["default", "audience"]),
    pytest.mark.process,  # the old file is migrated in a process of its own, once for all runs
]
CLOSED = world.HOUR + 3
LATER = world.NOON + timedelta(hours=4)
TWICE = {key: 2 * count for key, count in EXPECTED.items()}
NONCES = [bytes([number]) * 16 for number in (0, 50, 100, 150, 200)]


@pytest.fixture(autouse=True)
def directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path / "data")
    monkeypatch.setattr(settings, "SPOOL_DIRECTORY", tmp_path / "data" / "spool")
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "data" / "keys")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def campaign() -> Campaign:
    return world.launched()


@pytest.fixture
def old(directory: Path, tmp_path: Path, campaign: Campaign) -> Path:
    """The database that was used before, with the five views of `shown`."""
    copy_migrated_databases(tmp_path / "migrated")
    file = (tmp_path / "migrated" / "audience.sqlite3").rename(directory / "audience.sqlite3")
    fill(file, campaign)
    return file


def fill(file: Path, campaign: Campaign) -> None:
    """Move what `shown` records in the database of the test to the old file."""
    shown(campaign)
    names = ", ".join(OpenViewRow._fields)
    with connections["audience"].cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {open_views.TABLE}")
        rows = cursor.fetchall()
    OpenView.objects.all().delete()
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("PRAGMA journal_mode = WAL")
        places = ", ".join("?" * len(OpenViewRow._fields))
        raw.executemany(f"INSERT INTO {open_views.TABLE} ({names}) VALUES ({places})", rows)


def shut_in(file: Path, closes: int = CLOSED) -> None:
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute(f"INSERT INTO {ShutHour._meta.db_table} VALUES (?)", [closes])


def left(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.name.startswith("audience.sqlite3")]


def test_closed_views_are_counted_and_nothing_is_left(old: Path, campaign: Campaign, directory: Path) -> None:
    for suffix in COMPANIONS:
        Path(f"{old}{suffix}").touch()
    assert move_views(old, now=LATER) == 5
    assert (world.tallies(campaign), world.open_views(), left(directory)) == (EXPECTED, 0, [])


def test_open_views_go_on_in_the_new_database(old: Path, campaign: Campaign) -> None:
    site = world.AudienceSite()
    assert move_views(old, now=world.NOON) == 5
    assert (world.tallies(campaign), world.open_views()) == ({}, 5)
    site.report_event(site.new_receipt(), "left")
    assert fold(hour=CLOSED).views == 6


def test_an_hour_that_was_counted_without_them_is_counted_once_more(old: Path, campaign: Campaign) -> None:
    """The site went on with the new database in the middle of an hour, and the hour was folded since."""
    shown(campaign)
    fold(hour=CLOSED)
    assert world.tallies(campaign) == EXPECTED
    assert move_views(old, now=LATER) == 5
    assert (world.tallies(campaign), world.open_views()) == (TWICE, 0)
    assert fold(hour=CLOSED).views == 0
    assert ShutHour.objects.filter(closes=CLOSED).exists()


def test_an_hour_that_the_old_database_had_begun_to_count_goes_on_where_it_stopped(
    old: Path, campaign: Campaign
) -> None:
    """Its first two views are in the totals, and were not deleted yet."""
    shut_in(old)
    FoldProgress.objects.create(closes=CLOSED, through=int.from_bytes(NONCES[2][:2], "big"))
    assert move_views(old, now=LATER) == 3
    assert sum(n for (_, outcome, _), n in world.tallies(campaign).items() if outcome == "exposed") == 3


def test_views_that_the_old_database_had_counted_are_not_counted_again(old: Path, campaign: Campaign) -> None:
    shut_in(old)
    FoldProgress.objects.create(closes=CLOSED, through=65_536)
    assert move_views(old, now=LATER) == 0
    assert (world.tallies(campaign), old.exists()) == ({}, False)


@pytest.mark.django_db(databases=["default", "audience"], transaction=True)
def test_a_move_interrupted_between_any_two_statements_loses_and_doubles_nothing(
    old: Path, campaign: Campaign, directory: Path
) -> None:
    assert not Path(f"{old}-wal").exists()
    whole, rounds = old.read_bytes(), 0
    while True:
        for model in (Tally, OpenView, ShutHour, FoldProgress):
            model.objects.all().delete()
        for path in directory.rglob("spool.*"):
            path.unlink()
        old.write_bytes(whole)
        shown(campaign)
        fold(hour=CLOSED)
        try:
            with plug_pulled_at(rounds):
                move_views(old, now=LATER)
            finished = True
        except PlugPulledError:
            finished = False
        fold(hour=CLOSED)  # the worker's turn comes before somebody runs the command again
        if old.exists():
            move_views(old, now=LATER)
        assert world.tallies(campaign) == TWICE, f"pulled after statement {rounds}"
        assert (world.open_views(), writer.local_spool().holds_events, left(directory)) == (0, False, [])
        if finished:
            break
        rounds += 1
    assert rounds > 20


def test_the_spool_of_another_directory_is_moved_as_well(campaign: Campaign, tmp_path: Path) -> None:
    site = world.AudienceSite()
    other = tmp_path / "elsewhere"
    events = [OutcomeEvent(site.read_receipt(site.new_receipt()), "left", None)]
    writer.spool_events(events, hour=world.HOUR, spool=Spool(other))
    assert move_views(other / "spool.sqlite3", now=LATER) == 1
    assert sum(n for (_, outcome, _), n in world.tallies(campaign).items() if outcome == "left") == 1


def test_the_bytes_are_overwritten_before_the_file_goes(old: Path, tmp_path: Path) -> None:
    os.link(old, tmp_path / "same-disk-blocks")
    move_views(old, now=world.NOON)
    held = (tmp_path / "same-disk-blocks").read_bytes()
    assert held
    assert not any(nonce in held for nonce in NONCES[1:])


class TestRefusals:
    def test_while_a_server_or_worker_uses_it(self, old: Path, campaign: Campaign) -> None:
        with (
            file_lock.hold_lock(open_views.use_lock_path(old), shared=True),
            pytest.raises(MoveRefused, match="still uses"),
        ):
            move_views(old, now=LATER)
        assert move_views(old, now=LATER) == 5

    def test_while_any_process_has_it_open(self, old: Path) -> None:
        with closing(sqlite3.connect(old)) as raw:
            raw.execute(f"SELECT * FROM {open_views.TABLE}").fetchone()
            with pytest.raises(MoveRefused, match="still has"):
                move_views(old, now=LATER)
        assert old.exists()

    @pytest.mark.only_on("sqlite", reason="the file of the database in use")
    def test_of_the_database_in_use(self) -> None:
        with pytest.raises(MoveRefused, match="is in use"):
            move_views(Path(str(connections["audience"].settings_dict["NAME"])), now=LATER)

    def test_of_views_of_campaigns_that_are_elsewhere(self, old: Path) -> None:
        with closing(sqlite3.connect(old)) as raw, raw:
            raw.execute(f"UPDATE {open_views.TABLE} SET arm = 987654")
        with pytest.raises(MoveRefused, match="Move that database first"):
            move_views(old, now=LATER)
        assert old.exists()

    def test_of_what_holds_no_open_views(self, directory: Path, tmp_path: Path) -> None:
        copy_migrated_databases(tmp_path / "migrated")
        for file in (tmp_path / "migrated" / "default.sqlite3", directory / "nothing", directory):
            with pytest.raises(MoveRefused):
                wipe_copy(file)
        assert (tmp_path / "migrated" / "default.sqlite3").exists()


def test_a_copy_is_wiped_and_not_counted(old: Path, campaign: Campaign, directory: Path) -> None:
    copy = directory / "before-the-update.bak"
    copy.write_bytes(old.read_bytes())
    call_command("move_audience", str(copy), wipe=True)
    assert (copy.exists(), old.exists(), world.tallies(campaign)) == (False, True, {})


def test_every_file_that_is_not_in_use_is_named_with_what_it_holds(old: Path, directory: Path, tmp_path: Path) -> None:
    (directory / "audience.bak").write_bytes(old.read_bytes())
    (directory / "gone.sqlite3-wal").write_bytes(b"rows")
    (tmp_path / "migrated" / "default.sqlite3").rename(directory / "default.sqlite3")
    found = {file.path.name: (file.content, file.views) for file in database_files.unused_files()}
    assert found == {
        "audience.bak": (Content.VIEWS, 5),
        "audience.sqlite3": (Content.VIEWS, 5),
        "default.sqlite3": (Content.STAFF, None),
        "gone.sqlite3-wal": (Content.JOURNAL, None),
    }
    held = counts.take_inventory(now=world.NOON)
    said = " ".join(plain_words.render_text(held).split())
    assert f"5 open views in {old}, which this installation does not use" in said
    assert len(counts.as_dict(held)["databases_not_in_use"]) == 4
    finding = host_checks.unused_database_finding()
    assert (finding.state, "and 1 more" in finding.said) == (FindingState.LEAKS, True)


def test_the_command_says_no_small_number(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("move_audience")
    assert capsys.readouterr().out.startswith("Moved fewer than 10 open views.")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("move_audience")
