"""The data of cast.py, made once for a whole run of tests, since it takes as long as a hundred pages, and copied."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.process_runner import run
from tests.installation import make_once, new_installation

_CAST = "cast.json"  # beside the databases


def copy_cast(directory: Path) -> Any:
    """Put the data into an installation on SQLite that nothing has opened yet, and return what `cast.build` did."""
    made = make_once("cast", _make)
    shutil.copytree(made, directory, dirs_exist_ok=True)
    return json.loads((made / _CAST).read_text("utf-8"))


def _make(directory: Path) -> None:
    with new_installation(directory, {}) as environment:
        cast = run(environment, "tests.browser.cast:build")
    (directory / _CAST).write_text(json.dumps(cast), encoding="utf-8")
