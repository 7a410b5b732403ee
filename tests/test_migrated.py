"""The key of the kept SQLite files changes with everything that could make them other files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests import migrated
from tests.installation import copy_migrated_databases

pytestmark = pytest.mark.slow


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """The files that the key is made of, somewhere else."""
    for path in migrated.sources():
        there = tmp_path / path.relative_to(migrated.ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    return tmp_path


def append(path: Path, text: str = "# changed\n") -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_the_key_is_the_same_wherever_the_project_stands(project_copy: Path) -> None:
    assert migrated.cache_key(project_copy) == migrated.cache_key()


@pytest.mark.parametrize(
    "name",
    [
        "messages/migrations/0001_initial.py",
        "campaign/migrations/0002_frozen_plan.py",
        "analytics/migrations/0002_append_only.py",
        "messages/models/library.py",
        "campaign/models/plans.py",
        "analytics/models/tallies.py",
        "campaign/settings.py",
        "analytics/routers.py",
        "requirements/base.txt",
    ],
)
def test_the_key_changes_with_a_migration_a_model_the_settings_and_the_packages(project_copy: Path, name: str) -> None:
    before = migrated.cache_key(project_copy)
    append(project_copy / name)
    assert migrated.cache_key(project_copy) != before


def test_the_key_changes_with_a_new_migration(project_copy: Path) -> None:
    before = migrated.cache_key(project_copy)
    append(project_copy / "messages" / "migrations" / "9999_new.py")
    assert migrated.cache_key(project_copy) != before


def test_the_key_changes_with_what_a_migration_imports_by_any_way(project_copy: Path) -> None:
    for number, line in enumerate(
        ("import messages.new0", "from messages import new1", "from messages.new2 import x", 'y = "messages.new3"')
    ):
        append(project_copy / "messages" / "migrations" / "0001_initial.py", f"{line}\n")
        append(project_copy / "messages" / f"new{number}.py")
        before = migrated.cache_key(project_copy)
        append(project_copy / "messages" / f"new{number}.py", "import campaign.deeper\n")
        assert migrated.cache_key(project_copy) != before, line
    before = migrated.cache_key(project_copy)
    append(project_copy / "campaign" / "deeper.py")
    assert migrated.cache_key(project_copy) != before


@pytest.mark.process
def test_the_kept_files_are_migrated_and_hold_nobody(tmp_path: Path) -> None:
    copy_migrated_databases(tmp_path)
    with closing(sqlite3.connect(tmp_path / "default.sqlite3")) as database:
        assert database.execute("SELECT count(*) > 50 FROM django_migrations").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM auth_user").fetchone() == (0,)
