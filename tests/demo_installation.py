"""One installation with the demo campaign, made once for a whole run of tests, and copies of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.installation import PREPARE, environment
from tests.installation import copy_migrated_databases, make_once, manage


def shared_demo_environment() -> dict[str, str]:
    """The environment of the one that all copies are made from; nothing is ever started in it."""

    def make(folder: Path) -> None:
        copy_migrated_databases(folder)
        manage("shell", "--no-imports", "-c", PREPARE, environment=environment(folder))

    return environment(make_once("demo", make))


def copy_demo_installation(folder: Path) -> dict[str, str]:
    """The environment of a copy of its own, with its data in `folder`/data."""
    own = shared_demo_environment()
    shutil.copytree(own["DATA_DIRECTORY"], folder / "data", dirs_exist_ok=True)
    return {**own, "DATA_DIRECTORY": str(folder / "data")}
