"""One file declares what is stored; the databases' own catalogues, and the disk, hold that and nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections

from analytics.data_inventory import schema
from analytics.ingest.open_views import OpenViewRow
from analytics.ingest.spool import Spool
from campaign.keys.rotation import rotate_receipt_key
from campaign.keys.store import receipt_keys, subject_secret
from campaign.models import Arm
from campaign.serving import snapshot_file
from campaign.serving.snapshot import compile_snapshot
from campaign.serving.snapshot_file import SnapshotFile
from tests import world
from tests.installation import manage, new_installation

BOTH = ["audience", "default"]
IN_DATABASES = [(table.database, table.name) for table in schema.tables() if table.database in BOTH]
BY_AUDIENCE = [table for table in schema.tables() if table.written_by == "audience"]
VIEW = OpenViewRow(480_003, b"n" * 16, 1, 2, 3, "en", 480_000, 1, None, None)


def found(place: str) -> list[str]:
    """How the database's own catalogue differs from the schema."""
    return schema.schema_differences(place, schema.read_catalogue(connections[place]))


def run(place: str, statement: str) -> None:
    with connections[place].cursor() as cursor:
        cursor.execute(statement)


class TestTheSchema:
    def test_every_field_has_a_reason_an_owner_a_grain_and_an_expiry(self) -> None:
        declared: list[schema.SchemaTable | schema.SchemaFile] = [*schema.tables(), *schema.files()]
        for each in declared:
            assert each.written_by in schema.WRITERS
            for field in each.fields.values():
                assert field.owner in schema.OWNERS, field
                assert field.grain in schema.GRAINS, field
                assert all([field.what, field.reason, field.expiry]), field

    def test_what_the_audience_causes_is_explained_field_by_field(self) -> None:
        assert {table.name for table in BY_AUDIENCE} >= {"analytics_openview", "analytics_tally", "spooled"}
        told: Mapping[str, Any] = schema.read_schema()
        for table in BY_AUDIENCE:
            for name, own in told[table.database][table.name]["fields"].items():
                assert all([own["what"], own["reason"]]), f"{table.name}.{name} does not say what it is and why"

    def test_what_the_audience_causes_holds_no_moment_no_words_and_nobody(self) -> None:
        for table in BY_AUDIENCE:
            assert {field.grain for field in table.fields.values()} <= schema.AUDIENCE_GRAINS

    @pytest.mark.parametrize("engine", ["sqlite3", "postgresql"])
    def test_every_model_field_may_hold_what_each_engine_makes_of_it(self, engine: str) -> None:
        """SQLite keeps JSON as text: declared as words, a JSON field would be found on PostgreSQL alone."""
        wrapper = import_module(f"django.db.backends.{engine}.base").DatabaseWrapper(connection.settings_dict)
        declared = {(table.name, name): field for table in schema.tables() for name, field in table.fields.items()}
        columns = {
            (model._meta.db_table, str(field.column)): schema.column_kind(field.db_type(wrapper) or "")
            for model in apps.get_models(include_auto_created=True)
            for field in model._meta.local_concrete_fields
        }
        assert len(columns) > 100
        assert not [
            (column, kind) for column, kind in columns.items() if kind not in schema.GRAINS[declared[column].grain]
        ]


@pytest.mark.django_db(databases=BOTH)
class TestTheCatalogue:
    @pytest.mark.parametrize("place", BOTH)
    def test_a_database_holds_what_is_declared_and_nothing_else(self, place: str) -> None:
        assert found(place) == []

    @pytest.mark.parametrize(("place", "table"), IN_DATABASES)
    def test_a_column_that_was_added_is_found(self, place: str, table: str) -> None:
        run(place, f"ALTER TABLE {table} ADD COLUMN address varchar(45) DEFAULT '192.0.2.7'")
        assert found(place) == [f"The column {table}.address is not declared."]

    @pytest.mark.parametrize("place", BOTH)
    def test_a_table_or_view_that_was_added_is_found(self, place: str) -> None:
        run(place, "CREATE TABLE visitors (address varchar(45))")
        run(place, "CREATE VIEW a_view AS SELECT 1 AS one")
        assert found(place) == ["The table a_view is not declared.", "The table visitors is not declared."]

    @pytest.mark.only_on("postgresql", reason="SQLite has no schemas")
    def test_a_table_in_another_schema_is_found(self) -> None:
        run("audience", "CREATE SCHEMA aside")
        run("audience", "CREATE TABLE aside.visitors (address text)")
        assert found("audience") == ["The table aside.visitors is not declared."]

    def test_a_column_that_is_gone_is_found(self) -> None:
        run("default", "ALTER TABLE analytics_workerstep DROP COLUMN failure")
        assert found("default") == ["The column analytics_workerstep.failure is declared and not there."]

    def test_a_table_that_is_gone_is_found(self) -> None:
        run("audience", "DROP TABLE analytics_foldedhour")
        assert found("audience") == ["The table analytics_foldedhour is declared and not there."]

    def test_a_moment_in_place_of_an_hour_is_found(self) -> None:
        run("audience", "DROP TABLE analytics_foldedhour")
        run("audience", "CREATE TABLE analytics_foldedhour (closes timestamp)")
        assert found("audience") == ["The column analytics_foldedhour.closes is declared as hour, and is moment."]

    def test_a_type_that_nobody_knows_agrees_with_no_grain(self) -> None:
        assert schema.column_kind("inet") == "inet"
        assert not any("inet" in kinds for kinds in schema.GRAINS.values())


def test_the_spool_holds_what_is_declared(tmp_path: Path) -> None:
    Spool(tmp_path).add(lambda shut: [VIEW])
    with sqlite3.connect(tmp_path / "spool.sqlite3") as file:
        rows = file.execute(schema.CATALOGUE_QUERIES["sqlite"]).fetchall()
        assert schema.schema_differences("spool", schema.group_by_table(rows)) == []
        file.execute("ALTER TABLE spooled ADD COLUMN agent TEXT")
        rows = file.execute(schema.CATALOGUE_QUERIES["sqlite"]).fetchall()
        assert schema.schema_differences("spool", schema.group_by_table(rows)) == [
            "The column spooled.agent is not declared."
        ]


@pytest.mark.django_db(databases=BOTH)
def test_the_snapshot_file_holds_what_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fallback = world.approved_revision("neutral")
    world.launched(at=world.placement(fallback=fallback))
    by_period = {"period": "day", "clusters": "period", "period_weeks": 2, "correction": "none"}
    two_arms = {"neutral": 1, "victim": 1}
    world.launched(
        "days", at=world.placement("days-page", fallback=fallback), arms=two_arms, unit="period", plan=by_period
    )
    world.launched("half", at=world.placement("shared-page", fallback=fallback), slots=(1, 50))
    (declared,) = [set(file.fields) for file in schema.files() if file.pattern == "snapshot.jsonl"]
    while_an_arm_is_paused = {
        "paused[].id",
        "paused[].key",
        "paused[].texts[].position",
        "paused[].texts[].renditions.*",
    }
    assert declared - written(tmp_path / "snapshot.jsonl") == while_an_arm_is_paused
    Arm.objects.filter(is_control=False).update(paused_at=world.NOON)
    assert declared - written(tmp_path / "paused.jsonl") == set()
    assert written(tmp_path / "snapshot.jsonl") <= declared
    honest = snapshot_file._placement_as_json
    monkeypatch.setattr(
        snapshot_file, "_placement_as_json", lambda entry, shared: honest(entry, shared) | {"seen": {"by": "a person"}}
    )
    assert written(tmp_path / "again.jsonl") - declared == {"seen.by"}


def written(path: Path) -> set[str]:
    """The keys of a snapshot of all there is now."""
    SnapshotFile(path, key_directory=path.parent).write(compile_snapshot())
    lines = path.read_text(encoding="utf-8").splitlines()
    return {place for line in lines for place in paths(json.loads(line))}


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Each place of a JSON value; where keys are data (a language, a page's name) they are a star."""
    if isinstance(value, dict):
        starred = prefix.rpartition(".")[2] in {"fallback", "renditions", "pages[]"}
        for key, inner in value.items():
            yield from paths(inner, f"{prefix}.{'*' if starred else key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{prefix}[]")
    else:
        yield prefix


@pytest.mark.process
@pytest.mark.django_db(databases=BOTH)
def test_an_installation_leaves_only_files_that_are_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = {"data": tmp_path, "keys": tmp_path / "keys", "spool": tmp_path / "spool"}
    world.launched()
    with new_installation(tmp_path) as environment:
        manage("worker", "--once", environment=environment)
        manage("shell", "-c", "from campaign.serving import decide_endpoint", environment=environment)
    SnapshotFile(tmp_path / "snapshot.jsonl", key_directory=tmp_path).write(compile_snapshot())
    Spool(tmp_path / "spool").add(lambda shut: [VIEW])
    receipt_keys(tmp_path / "keys")
    rotate_receipt_key(tmp_path / "keys", now=world.NOON.timestamp())
    subject_secret(tmp_path / "keys", 7)
    assert schema.undeclared_files(at) == []
    (tmp_path / "visitors.csv").write_text("192.0.2.7", encoding="utf-8")
    (tmp_path / "keys" / "addresses").mkdir()
    assert schema.undeclared_files(at) == [tmp_path / "keys" / "addresses", tmp_path / "visitors.csv"]


def test_the_directories_are_those_of_the_settings() -> None:
    assert schema.directories()["keys"] == settings.KEY_DIRECTORY
