"""One installation with the demo campaign, made once for a whole run of tests, and copies of it for each test."""

from __future__ import annotations

import atexit
import shutil
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from benchmarks.installation import installation


@cache
def original() -> dict[str, str]:
    """The environment of the one that all copies are made from; nothing is ever started in it."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(installation())


def copied(folder: Path) -> dict[str, str]:
    """The environment of a copy of its own, with its data in `folder`/data."""
    own = original()
    shutil.copytree(own["DATA_DIRECTORY"], folder / "data", dirs_exist_ok=True)
    return {**own, "DATA_DIRECTORY": str(folder / "data")}
