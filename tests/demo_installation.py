"""One installation with the demo campaign, made once for a whole run of tests, and copies of it for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from benchmarks.installation import PREPARE, environment
from tests.installation import manage, with_databases


@cache
def original() -> dict[str, str]:
    """The environment of the one that all copies are made from; nothing is ever started in it."""
    folder = Path(tempfile.mkdtemp(prefix="second-thought-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    own = environment(folder)
    with_databases(folder)
    manage("shell", "--no-imports", "-c", PREPARE, environment=own)
    return own


def copied(folder: Path) -> dict[str, str]:
    """The environment of a copy of its own, with its data in `folder`/data."""
    own = original()
    shutil.copytree(own["DATA_DIRECTORY"], folder / "data", dirs_exist_ok=True)
    return {**own, "DATA_DIRECTORY": str(folder / "data")}
