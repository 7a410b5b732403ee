"""The move to another database, with the commands of docs/operations.md and a server that still runs."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest

from benchmarks.events import requests
from benchmarks.installation import DECIDE, PREPARE, receipts
from benchmarks.load import drive
from campaign.entrypoints import launcher
from tests.deploy.test_backup import WORLD, content
from tests.environment import POSTGRESQL
from tests.installation import ROOT, copy_migrated_databases, manage, new_installation

VIEWS = 40
MISSING_TRIGGERS = """
from django.db import connection
from campaign.record_triggers import TRIGGERS, trigger_names
declared = {name for trigger in TRIGGERS for name in trigger.names(connection.vendor)}
print(len(declared - trigger_names(connection)))
"""
GUIDE = (ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.fixture
def settings_before_and_after(tmp_path: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Before, open views are in audience.sqlite3; after, in PostgreSQL, or in another file."""
    own = {"LOCAL_HTTP": "1", "NETWORK_LIMIT": "0", "BEHIND_TLS_PROXY": "1"}
    with new_installation(tmp_path / "data") as environment:
        old_url = {"AUDIENCE_DATABASE_URL": f"sqlite:///{tmp_path}/data/audience.sqlite3"}
        new_url = {} if POSTGRESQL else {"AUDIENCE_DATABASE_URL": f"sqlite:///{tmp_path}/data/new.sqlite3"}
        before, after = {**environment, **own, **old_url}, {**environment, **own, **new_url}
        for variables in (before, after):
            manage("migrate", "--database", "audience", "-v0", environment=variables)
        manage("shell", "--no-imports", "-c", PREPARE, environment=before)
        yield before, after


def what_we_hold(environment: dict[str, str]) -> tuple[int, list[tuple[str, int]]]:
    """The open views of the database in use, and of each file that is not."""
    told = json.loads(manage("what_we_hold", "--json", environment=environment))
    unused = [(Path(file["file"]).name, file["views"]) for file in told["databases_not_in_use"]]
    return told["databases"]["audience"]["rows"]["analytics_openview"], unused


@pytest.mark.proof  # the same in this process: tests/analytics/fold/test_move_audience.py
def test_no_view_is_lost_and_none_is_left(settings_before_and_after: tuple[dict[str, str], dict[str, str]]) -> None:
    before, after = settings_before_and_after
    port = launcher.free_port()
    with launcher.run_server(launcher.PRODUCTION_APPLICATION, port=port, environment=before):
        drive(port, repeat(DECIDE, 1), seconds=30, connections=1)
        drive(port, requests(receipts(port, VIEWS), batch=1), seconds=30)
        assert what_we_hold(after) == (0, [("audience.sqlite3", VIEWS)])
        with pytest.raises(subprocess.CalledProcessError) as refused:
            manage("move_audience", environment=after)
        assert "A server or worker still uses" in refused.value.stderr
        assert what_we_hold(after) == (0, [("audience.sqlite3", VIEWS)])
    assert f"{VIEWS} open views" in manage("move_audience", environment=after)
    assert what_we_hold(after) == (VIEWS, [])


@pytest.mark.only_on("postgresql", reason="the move to PostgreSQL")
def test_the_other_database_moves_whole_with_the_commands_of_the_guide(tmp_path: Path) -> None:
    dump = next(line for line in GUIDE.splitlines() if line.startswith("sudo second-thought dumpdata"))
    options = [word for word in shlex.split(dump)[3:] if not word.startswith(("--output", "/"))]
    copy_migrated_databases(tmp_path / "data")
    with new_installation(tmp_path / "data") as after:
        before = {**after, "DATABASE_URL": f"sqlite:///{tmp_path}/data/default.sqlite3"}
        manage("load_library", environment=before)
        manage("shell", "--no-imports", "-c", WORLD, environment=before)
        whole = content(before)
        manage("dumpdata", *options, "--output", f"{tmp_path}/move.json", environment=before)
        manage("move_database", f"{tmp_path}/move.json", environment=after)
        moved = content(after)
        assert [row for row in whole if row not in moved] == []
        assert [row["model"] for row in moved if row not in whole] == ["messaging.auditentry"]  # type: ignore[index]
        assert manage("audit", "verify", environment=after).startswith("Fine")
        assert int(manage("shell", "--no-imports", "-c", MISSING_TRIGGERS, environment=after)) == 0
        with pytest.raises(subprocess.CalledProcessError) as refused:
            manage("move_database", f"{tmp_path}/move.json", environment=after)
        assert "This database is not empty" in refused.value.stderr
