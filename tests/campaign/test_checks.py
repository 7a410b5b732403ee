"""Two databases that stand apart, on an engine that keeps what it has acknowledged."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections

from campaign.checks import (
    check_databases_are_separate,
    check_debug_is_local,
    check_postgresql_durability,
    database_location,
)
from tests.installation import manage
from tests.postgres import Cluster, cluster

POSTGRESQL = "django.db.backends.postgresql"
on_postgresql = pytest.mark.only_on("postgresql", reason="asks the server")
BOTH = ["default", "audience"]


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_both_databases_stand_apart() -> None:
    assert check_databases_are_separate(None) == []


def test_one_database_for_both_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["audience"], "settings_dict", connections["default"].settings_dict)
    assert ids(check_databases_are_separate(None)) == ["campaign.E001"]


@pytest.mark.parametrize(
    ("debug", "local", "errors"), [(True, False, ["campaign.E005"]), (True, True, []), (False, False, [])]
)
def test_only_a_laptop_may_be_debugged(settings: Any, debug: bool, local: bool, errors: list[str]) -> None:
    settings.DEBUG, settings.LOCAL_HTTP = debug, local
    assert ids(check_debug_is_local(None)) == errors


def test_no_server_is_started_that_shows_errors_to_visitors(settings: Any) -> None:
    settings.DEBUG, settings.LOCAL_HTTP = True, False
    with pytest.raises(SystemCheckError, match=r"campaign\.E005"):
        call_command("serve", skip_checks=False)


@pytest.mark.parametrize(
    "other",
    [
        {"HOST": "127.0.0.1", "PORT": 5432},
        {"HOST": "", "PORT": ""},
        {"HOST": "/var/run/postgresql", "PORT": "5432"},
        {"HOST": "", "PORT": "", "OPTIONS": {"host": "/run/postgresql"}},
    ],
)
def test_one_database_is_known_by_any_of_its_names(other: dict[str, object]) -> None:
    one = database_location({"ENGINE": POSTGRESQL, "NAME": "second", "HOST": "localhost", "PORT": 5432})
    assert database_location({"ENGINE": POSTGRESQL, "NAME": "second", **other}) == one


@pytest.mark.parametrize("other", [{"NAME": "audience"}, {"PORT": 5433}, {"HOST": "db.example"}])
def test_another_name_port_or_host_is_another_database(other: dict[str, object]) -> None:
    one = {"ENGINE": POSTGRESQL, "NAME": "second", "HOST": "localhost", "PORT": 5432}
    assert database_location(one | other) != database_location(one)


@on_postgresql
@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize("alias", BOTH)
def test_every_commit_waits_for_the_disk(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        assert cursor.fetchone() == ("on", "on")


@on_postgresql
@pytest.mark.django_db(databases=BOTH)
def test_a_durable_server_passes_its_checks() -> None:
    assert check_postgresql_durability(None, databases=BOTH) == []


@on_postgresql
@pytest.mark.django_db(databases=BOTH)
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("log_statement = 'all'", "campaign.W001"),
        ("log_min_duration_statement = 0", "campaign.W001"),
        ("log_duration = on", "campaign.W001"),
        ("log_error_verbosity = 'default'", "campaign.W001"),
        ("wal_recycle = on", "campaign.W002"),
    ],
)
def test_a_server_that_keeps_single_events_is_named(setting: str, said: str) -> None:
    for alias in BOTH:
        with connections[alias].cursor() as cursor:
            cursor.execute(f"SET LOCAL {setting}")
    assert ids(check_postgresql_durability(None, databases=BOTH)) == [said]  # what staff write may be logged


@on_postgresql
def test_a_server_that_does_not_sync_is_refused(tmp_path: Path) -> None:
    with cluster(fast=True) as careless:
        said = refusal(careless, tmp_path, "check", "--database", "audience")
        assert said.count("campaign.E004") == 2
        assert "campaign.E004" in refusal(careless, tmp_path, "migrate")


@on_postgresql
def test_a_stopped_server_is_said_in_one_sentence(tmp_path: Path) -> None:
    with cluster() as stopped:
        stopped.stop()
        assert "campaign.E002" in refusal(stopped, tmp_path, "check", "--database", "default")


def refusal(server: Cluster, directory: Path, *command: str) -> str:
    """What a command of an installation on this server says when it refuses."""
    with pytest.raises(subprocess.CalledProcessError) as caught:
        manage(*command, environment={**os.environ, **server.environment(), "DATA_DIRECTORY": str(directory)})
    return str(caught.value.stderr)
