"""Compiles the shim, and runs programs under it: all that they do to one directory stands in a log afterwards."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.power.disk import Disk, Operation, inodes, operations

_HERE = Path(__file__).parent


class NoCompiler(Exception):
    """There is no C compiler on this machine."""


@cache
def shim() -> Path:
    """The compiled shim, made once per process."""
    names = filter(None, (os.environ.get("CC"), "cc", "gcc", "clang"))
    compiler = next(filter(None, map(shutil.which, names)), None)
    if compiler is None:
        raise NoCompiler("install one with: sh tests/power/compiler.sh")
    folder = tempfile.mkdtemp(prefix="second-thought-shim-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Path(folder) / "shim.so"
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"]
    subprocess.run([compiler, *options, "-o", made, _HERE / "shim.c", "-lpthread"], check=True)
    return made


@dataclass(frozen=True)
class Recording:
    """A directory under watch: its copy from before, its log, and the fault that its disk may be told to have."""

    directory: Path
    before: Path
    log: Path
    fault: Path
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, directory: Path) -> Recording:
        """Begin to watch `directory`, which holds all its files by now; `*.before` and `*.log` beside it are ours."""
        directory = directory.resolve()
        before, log, fault = (directory.with_name(f"{directory.name}.{end}") for end in ("before", "log", "fault"))
        shutil.copytree(directory, before)
        log.touch()
        return cls(directory, before, log, fault, inodes(directory))

    def variables(self) -> dict[str, str]:
        """What a program needs in its environment to run under the shim."""
        return {
            "LD_PRELOAD": str(shim()),
            "POWER_DIRECTORY": str(self.directory),
            "POWER_LOG": str(self.log),
            "POWER_FAULT": str(self.fault),
        }

    def position(self) -> int:
        """How far the log goes by now: what has returned stands before it."""
        return self.log.stat().st_size

    def operations(self) -> list[Operation]:
        """Every operation so far, in order."""
        return list(operations(self.log))

    def disk(self) -> Disk:
        """The disk as it was before the first operation, with all of them before it."""
        return Disk(self.before, self.numbers, self.operations())
