"""Nobody but the owner reads the databases, whatever the umask was."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = pytest.mark.only_on("sqlite", reason="has files")


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, str]:
    return {path.name: stat.filemode(path.stat().st_mode) for path in sorted(directory.iterdir())}


def connect(path: Path) -> BaseDatabaseWrapper:
    """A connection to another file, with the settings of the default database."""
    connection = connections["default"].copy("default")
    connection.settings_dict = {**connection.settings_dict, "NAME": str(path)}
    connection.ensure_connection()
    return connection


@pytest.mark.django_db
@pytest.mark.usefixtures("careless_umask")
def test_a_new_database_and_its_log_are_their_owners_alone(tmp_path: Path) -> None:
    connection = connect(tmp_path / "new.sqlite3")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE one (two)")
    found = modes(tmp_path)
    assert set(found) == {"new.sqlite3", "new.sqlite3-shm", "new.sqlite3-wal"}
    assert set(found.values()) == {"-rw-------"}
    connection.close()


@pytest.mark.django_db
@pytest.mark.usefixtures("careless_umask")
def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    path.touch(0o644)
    connection = connect(path)
    assert modes(tmp_path)["old.sqlite3"] == "-rw-------"
    connection.close()
