"""An installation with the demo campaign, created once for a test run, and copies of it for single tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.installation import PREPARE, environment
from tests.installation import copy_migrated_databases, make_once, manage


def shared_demo_environment() -> dict[str, str]:
    """Return the environment of the original installation. No process runs in it."""

    def make(folder: Path) -> None:
        copy_migrated_databases(folder)
        manage("shell", "--no-imports", "-c", PREPARE, environment=environment(folder))

    return environment(make_once("demo", make))


def copy_demo_installation(folder: Path) -> dict[str, str]:
    """Copy the installation to `folder`/data and return the environment of the copy."""
    own = shared_demo_environment()
    shutil.copytree(own["DATA_DIRECTORY"], folder / "data", dirs_exist_ok=True)
    return {**own, "DATA_DIRECTORY": str(folder / "data")}
