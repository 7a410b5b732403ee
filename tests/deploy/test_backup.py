"""Backup and restore with the very commands of docs/backups.md: what comes back is what was there."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from tests.demo_installation import copy_demo_installation
from tests.installation import ROOT, manage, new_installation
from tests.postgres import cluster

GUIDE = (ROOT / "docs" / "backups.md").read_text("utf-8")
WORLD = """
from datetime import date
from campaign.models import NetworkSketch
from django.contrib.auth.models import User
from tests import world
campaign = world.launched()
world.tally(campaign, {"neutral": (100, 20), "victim": (90, 30)})
NetworkSketch.objects.create(number=bytes(range(16)), day=date(2026, 3, 1))
User.objects.create_user("olga", password="a long password")
"""


def commands(program: str) -> list[str]:
    """The guide's commands that run a program as the server's user, in their order."""
    found = [line for line in GUIDE.splitlines() if line.startswith(f"sudo -u second-thought {program} ")]
    assert len(found) == 1, found
    return shlex.split(found[0])[3:]


def content(environment: Mapping[str, str]) -> list[object]:
    """Every row of the database that is kept, in an order of its own."""
    rows = json.loads(manage("dumpdata", "--database", "default", environment=environment))
    assert len(rows) > 200
    return sorted(rows, key=lambda row: (row["model"], str(row["pk"])))


def run(command: list[str], **variables: str) -> None:
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.only_on("sqlite", reason="copies a file")
@pytest.mark.proof
def test_a_backup_of_sqlite_comes_back_whole(tmp_path: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("the program sqlite3 is not installed")
    before = copy_demo_installation(tmp_path / "before")
    after = {**before, "DATA_DIRECTORY": str(tmp_path / "after")}
    whole = content(before)
    places = {"/var/lib/second-thought": before["DATA_DIRECTORY"], "/srv/backup": str(tmp_path / "backup")}
    (tmp_path / "backup").mkdir()
    run([_moved(word, places) for word in commands("sqlite3")])
    (restore,) = [line for line in GUIDE.splitlines() if line.startswith("sudo install --mode 0600 --owner")]
    source, target = shlex.split(restore)[-2:]
    (tmp_path / "after").mkdir()
    places["/var/lib/second-thought"] = after["DATA_DIRECTORY"]
    shutil.copy(_moved(source, places), _moved(target, places))
    for alias in ("default", "audience"):
        manage("migrate", "--database", alias, "-v0", environment=after)
    assert content(after) == whole


@pytest.mark.only_on("postgresql", reason="dumps a database")
def test_a_backup_of_postgresql_comes_back_whole_and_holds_no_open_view(tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("the program pg_dump is not on PATH")
    with cluster() as server:
        server.create("second_thought", "second_thought_audience")
        own = server.environment(default="second_thought", audience="second_thought_audience")
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "second"}
        with new_installation(tmp_path, own) as environment:
            manage("load_library", environment=environment)
            manage("shell", "--no-imports", "-c", WORLD, environment=environment)
            whole = content(environment)
            places = {"/srv/backup": str(tmp_path)}
            run([_moved(word, places) for word in commands("pg_dump")], **where)
            lost = "DELETE FROM analytics_tally; UPDATE auth_user SET password = ''"
            with psycopg.connect(server.url("second_thought")) as connection:
                connection.execute(lost)
            assert content(environment) != whole
            run([_moved(word, places) for word in commands("pg_restore")], **where)
            assert content(environment) == whole
    dump = (tmp_path / "second_thought.dump").read_bytes()
    assert b"analytics_tally" in dump
    assert b"analytics_openview" not in dump


def _moved(word: str, places: Mapping[str, str]) -> str:
    for old, new in places.items():
        word = word.replace(old, new)
    return word
