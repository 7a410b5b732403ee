"""The copy of the program that a server or worker runs from, and when it is removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from campaign.entrypoints.program_copy import PROGRAM
from tests.installation import ROOT

pytestmark = pytest.mark.process
SHOW = """
import os, sys
from pathlib import Path
if "again" in sys.argv:
    print(os.getcwd(), os.environ["DATA_DIRECTORY"], os.environ.get("DATABASE_URL", ""), sys.executable, flush=True)
    sys.stdin.read()
else:
    from campaign.entrypoints import program_copy
    program_copy.run_from_copy(["-c", Path(sys.argv[1]).read_text(), "again"], os.environ)
"""


class Runner:
    """A process that runs from a copy, until it is told to end or killed."""

    def __init__(self, tmp_path: Path, **variables: str) -> None:
        script, temporary = tmp_path / "show.py", tmp_path / "temporary"
        script.write_text(SHOW, "utf-8")
        temporary.mkdir(exist_ok=True)
        own = {"DJANGO_SETTINGS_MODULE": "campaign.settings", "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(script)],
            cwd=tmp_path,
            env={**os.environ, **own, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        copy, self.data, self.database, self.python = self._process.stdout.readline()[:-1].split(" ")
        self.copy = Path(copy)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.communicate(timeout=30)


def test_the_copy_holds_the_program_for_its_owner_alone(tmp_path: Path) -> None:
    runner = Runner(tmp_path, DATA_DIRECTORY=str(tmp_path / "data"))
    try:
        assert {path.name for path in runner.copy.iterdir()} == {*PROGRAM, ".in-use"}
        assert runner.copy.stat().st_mode & 0o777 == 0o700
    finally:
        runner.end()


def test_directories_and_databases_stay_where_they_are(tmp_path: Path) -> None:
    runner = Runner(tmp_path, DATA_DIRECTORY="data", DATABASE_URL="sqlite:///mine.sqlite3")
    try:
        assert runner.data == str(tmp_path / "data")
        assert runner.database == f"sqlite:///{tmp_path / 'mine.sqlite3'}"
    finally:
        runner.end()


def test_a_link_to_the_packages_that_is_set_to_others_later_does_not_matter(tmp_path: Path) -> None:
    runner = Runner(tmp_path, DATA_DIRECTORY=str(tmp_path / "data"))
    try:
        assert Path(runner.python).parent == Path(sys.executable).parent.resolve()
    finally:
        runner.end()


def test_what_a_killed_process_left_is_removed_at_the_next_start_and_nothing_else(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    running, killed = (Runner(tmp_path, DATA_DIRECTORY=data) for _ in range(2))
    killed.end()
    assert killed.copy.exists()
    third = Runner(tmp_path, DATA_DIRECTORY=data)
    try:
        assert [running.copy.exists(), killed.copy.exists(), third.copy.exists()] == [True, False, True]
    finally:
        running.end()
        third.end()
