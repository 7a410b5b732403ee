"""PostgreSQL as shipped: no view stands in its log, and none in its files after it was forgotten."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from campaign.checks import CAN_SWITCH_WAL_SQL
from tests.installation import ROOT, manage, new_installation
from tests.postgres import Cluster, cluster

pytestmark = pytest.mark.only_on("postgresql", reason="starts a server")

STOCK = ""
_ALIKE = 8  # bytes
# Views put, one refused by a constraint with its whole row, one statement that gives up waiting; then all counted.
STORY = """
from django.db import DatabaseError, connections, transaction
from analytics.ingest import open_views
from analytics.ingest.open_views import OpenViewRow
from tests import world
campaign = world.launched()
where = (campaign.pk, campaign.arms.first().pk, campaign.placements.get().pk, "en", 1998, 1, None, None)
nonces = [bytes.fromhex(line) for line in NONCES]
good = [OpenViewRow(2000 + number % 3, nonce, *where) for number, nonce in enumerate(nonces)]
with open_views.write_transaction() as connection:
    open_views.upsert_views(connection, sorted(good))
try:
    with open_views.write_transaction() as connection:
        open_views.upsert_views(connection, [good[0]._replace(closes=9000)])
except DatabaseError:
    pass
else:
    raise SystemExit("the constraint let a window of years through")
holder = connections["audience"].copy("holder")
with transaction.atomic(using="audience"), holder.cursor() as cursor:
    holder.set_autocommit(False)
    cursor.execute(f"LOCK TABLE {open_views.TABLE}")
    try:
        with transaction.atomic(using="audience"), connections["audience"].cursor() as own:
            own.execute("SET LOCAL lock_timeout = '100ms'")
            open_views.upsert_views(connections["audience"], [good[1]])
    except DatabaseError:
        pass
    holder.rollback()
    holder.close()
"""
FOLD = "from analytics.fold.fold import fold; print(fold(hour=2010).views)"


def left(server: Cluster, nonces: list[bytes]) -> dict[str, int]:
    """The files of the server that hold any of these nonces, raw or in hexadecimal, and how many of them.

    They begin alike, so that one search finds all: a search for each of them took half a minute.
    """
    start = nonces[0][:_ALIKE]
    raw = re.compile(re.escape(start) + rb".{8}", re.DOTALL)
    encoded = re.compile(start.hex().encode() + rb"[0-9a-f]{16}")
    found: dict[str, int] = {}
    for path in server.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            here = {*raw.findall(content), *(bytes.fromhex(text.decode()) for text in encoded.findall(content))}
            if number := len(here.intersection(nonces)):
                found[path.name] = number
    return found


@pytest.fixture
def nonces() -> list[bytes]:
    start = secrets.token_bytes(_ALIKE)
    return [start + secrets.token_bytes(16 - _ALIKE) for _ in range(300)]


def told(server: Cluster, directory: Path, nonces: list[bytes]) -> Iterator[dict[str, int]]:
    """What is left on the disk after the events, and again after they were counted."""
    with new_installation(directory, server.environment()) as environment:
        story = STORY.replace("NONCES", repr([nonce.hex() for nonce in nonces]))
        manage("shell", "--no-imports", "-c", story, environment=environment)
        yield left(server, nonces)
        assert manage("shell", "--no-imports", "-c", FOLD, environment=environment).strip() == str(len(nonces))
        server.stop()
        yield left(server, nonces)


def test_nothing_of_a_view_is_in_the_log_or_left_after_it_was_counted(tmp_path: Path, nonces: list[bytes]) -> None:
    with cluster() as server:
        before, after = told(server, tmp_path, nonces)
    assert "log" not in before
    assert max(before.values()) == len(nonces)  # while the views are open, the table and its write-ahead log hold them
    assert after == {}


def test_the_settings_that_postgresql_comes_with_are_found(tmp_path: Path, nonces: list[bytes]) -> None:
    with cluster(settings=STOCK) as server:
        before, after = told(server, tmp_path, nonces)
    assert before["log"] >= 1
    assert after["log"] >= 1


def test_without_the_grants_a_fold_goes_on_and_the_check_says_what_is_kept(tmp_path: Path) -> None:
    with cluster() as server, new_installation(tmp_path, server.environment()) as environment:
        with psycopg.connect(server.url("audience"), autocommit=True) as connection:
            connection.execute("CREATE ROLE plain LOGIN")
            connection.execute("ALTER DATABASE audience OWNER TO plain")
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                connection.execute(f"ALTER TABLE {table} OWNER TO plain")
        plain = {
            **environment,
            "AUDIENCE_DATABASE_URL": environment["AUDIENCE_DATABASE_URL"].replace("second@", "plain@"),
        }
        assert manage("shell", "--no-imports", "-c", FOLD, environment=plain).strip() == "0"
        assert "campaign.W003" in _check(plain)
        assert "campaign.W00" not in _check(environment)


def _check(environment: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", "check", "--database", "default", "--database", "audience"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stderr


def test_the_statements_that_are_shipped_give_the_role_what_it_needs() -> None:
    script = (ROOT / "deploy" / "audience.sql").read_text("utf-8")
    with cluster(settings=STOCK) as server:
        main, _, audience = script.partition("\\connect second_thought_audience\n")
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            for statement in filter(None, map(str.strip, re.sub(r"--.*", "", main).split(";"))):
                connection.execute(statement)
        with psycopg.connect(server.url("second_thought_audience"), autocommit=True) as connection:
            connection.execute(audience)
        own = server.url("second_thought_audience").replace("second@", "second-thought@")
        with psycopg.connect(own, autocommit=True) as connection:
            assert connection.execute(f"SELECT {CAN_SWITCH_WAL_SQL}").fetchone() == (True,)
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
            connection.execute("CREATE TABLE own (one int)")
            assert connection.execute("SHOW log_error_verbosity").fetchone() == ("terse",)
