"""`manage.py what_we_hold` says all that is there, in plain words, and nothing about any one message or person."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections

from analytics.data_inventory import counts, plain_words, schema
from analytics.fold.fold import fold
from analytics.ingest import writer
from analytics.ingest.open_views import OpenViewRow
from campaign.keys.store import receipt_keys, subject_secret
from tests import world

BOTH = ["audience", "default"]
NEXT_FOLD = world.HOUR + 3


@pytest.fixture(autouse=True)
def directories_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "DATA_DIRECTORY", tmp_path)
    monkeypatch.setattr(settings, "KEY_DIRECTORY", tmp_path / "keys")


def said(after: timedelta = timedelta(0)) -> str:
    return " ".join(plain_words.render_text(counts.take_inventory(now=world.NOON + after)).split())


def away(monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    """Whatever is asked of this database fails, as when it is away."""

    def fails(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(connections[alias], "execute_wrappers", [fails])


@pytest.mark.django_db(databases=BOTH)
class TestWhatIsSaid:
    def test_open_views_are_counted_with_the_hour_of_the_oldest(self) -> None:
        campaign = world.launched()
        site = world.AudienceSite()
        for _ in range(3):
            assert site.report_event(site.new_receipt(), "left").status == 200
        held = counts.take_inventory(now=world.NOON)
        assert held.row_count("analytics_openview") == 3
        assert "3 open views" in said()
        assert "hour that began on 2 March 2026, 12:00 UTC" in said()
        assert campaign.name not in said()

    def test_what_should_be_gone_already_is_said(self) -> None:
        world.launched()
        site = world.AudienceSite()
        site.report_event(site.new_receipt(), "left")
        assert "deleted already" not in said()
        assert "1 of them should have been counted and deleted already" in said(after=timedelta(hours=4))

    def test_after_a_fold_only_totals_are_left(self) -> None:
        world.launched()
        site = world.AudienceSite()
        site.report_event(site.new_receipt(), "left")
        site.served.flush()
        fold(hour=NEXT_FOLD)
        held = counts.take_inventory(now=world.NOON)
        assert (held.row_count("analytics_openview"), held.row_count("analytics_tally")) == (0, 3)
        assert "3 daily totals of 2 March 2026: how many views had one outcome, not which." in said()
        assert "1 daily total of 2 March 2026: how many messages were sent." in said()

    def test_events_in_the_spool_are_counted(self) -> None:
        writer.local_spool().add(
            lambda shut: [OpenViewRow(world.HOUR + 3, b"n" * 16, 1, 2, 3, "en", world.HOUR, 1, None, None)]
        )
        assert "1 view that waits on this machine's disk" in said()

    def test_keys_are_counted_and_never_shown(self, tmp_path: Path) -> None:
        (secret,) = receipt_keys(tmp_path / "keys").values()
        other = subject_secret(tmp_path / "keys", 7)
        output = said() + json.dumps(counts.as_dict(counts.take_inventory(now=world.NOON)))
        assert "1 key to sign receipts" in output
        assert "1 secret of a campaign" in output
        for each in (secret, other):
            assert each.hex() not in output
            assert repr(each)[2:-1] not in output

    def test_people_are_counted_and_never_named(self) -> None:
        world.person("mara", "manager")
        world.person("rosa", "reviewer")
        assert "2 staff accounts" in said()
        assert "mara" not in said()

    def test_no_arm_placement_or_outcome_is_named(self) -> None:
        campaign = world.launched(at=world.placement("a-secret-spot"))
        world.tally(campaign, {"both": (1, 1)})
        output = said() + json.dumps(counts.as_dict(counts.take_inventory(now=world.NOON)))
        assert "2 daily totals" in output
        names = [*campaign.arms.values_list("name", flat=True), "a-secret-spot", "turned_back", campaign.slug]
        assert not [name for name in names if name in output]

    def test_a_file_that_is_not_ours_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "old-audience.dump").write_bytes(b"")
        assert f"1 file in these directories that this program does not know. {tmp_path}/old-audience.dump" in said()

    def test_a_log_file_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "0 log files" in said()
        handlers = {"file": {"class": "logging.FileHandler", "filename": "/var/log/second-thought.log"}}
        monkeypatch.setattr(settings, "LOGGING", {"handlers": handlers})
        assert "1 log file: /var/log/second-thought.log." in said()


@pytest.mark.django_db(databases=BOTH)
class TestIsThatAll:
    def test_both_databases_are_compared_with_what_is_declared(self) -> None:
        assert said().count("and nothing else. Compared just now.") == 2
        assert "Not here, because it is never written down" in said()

    def test_a_table_that_is_not_declared_is_said_and_counted(self) -> None:
        with connections["audience"].cursor() as cursor:
            cursor.execute("CREATE TABLE visitors (address varchar(45))")
            cursor.execute("INSERT INTO visitors VALUES ('192.0.2.7')")
        assert "The table visitors is not declared." in said()
        assert "Not here, because it is never written down" not in said()
        held = counts.as_dict(counts.take_inventory(now=world.NOON))
        assert held["databases"]["audience"]["rows"]["visitors"] == 1

    def test_every_declared_table_is_counted(self) -> None:
        held = counts.take_inventory(now=world.NOON)
        counted = {name for one in held.databases.values() for name in one.rows or {}}
        assert counted == {table.name for table in schema.tables() if table.database != "spool"}


@pytest.mark.django_db(databases=BOTH)
class TestWithoutADatabase:
    def test_it_works_while_the_audience_database_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        away(monkeypatch, "audience")
        output = said()
        assert "The audience database does not answer" in output
        assert "The audience database could not be compared" in output
        assert "0 staff accounts" in output

    def test_it_works_while_the_other_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        away(monkeypatch, "default")
        output = said()
        assert "0 open views" in output
        assert output.count("The default database does not answer") == 3

    def test_a_spool_that_cannot_be_read_is_said(self) -> None:
        settings.SPOOL_DIRECTORY.mkdir()
        (settings.SPOOL_DIRECTORY / "spool.sqlite3").write_bytes(b"not a database, by far" * 100)
        assert "There is a spool, and it cannot be read." in said()


@pytest.mark.django_db(databases=BOTH)
def test_the_command_prints_both_forms() -> None:
    plain, form = StringIO(), StringIO()
    call_command("what_we_hold", stdout=plain)
    call_command("what_we_hold", json=True, stdout=form)
    assert plain.getvalue().startswith("What a seizure would find right now")
    assert max(len(line) for line in plain.getvalue().splitlines()) <= plain_words.WIDTH
    told = json.loads(form.getvalue())
    assert told["open_views"] == {"oldest_hour": None, "overdue": 0}
    assert told["databases"]["audience"]["not_as_declared"] == []
