"""A disk that is full or read-only for a while: told so by the shim, and a real one where we may mount one."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.power.recording import Recording


class DiskOutage(ABC):
    """The data directory's disk, which can stop taking writes and take them again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def variables(self) -> Mapping[str, str]:
        """What the server needs in its environment."""
        return {}

    @abstractmethod
    def begin(self) -> None:
        """From now on the disk takes no writes."""

    @abstractmethod
    def end(self) -> None:
        """It takes them again."""


class SimulatedOutage(DiskOutage):
    """The shim refuses in the disk's place: works on any machine, and in the middle of a run."""

    def __init__(self, directory: Path, fault: str) -> None:
        super().__init__(directory)
        self._recording, self._fault = Recording.of(directory), fault

    def variables(self) -> Mapping[str, str]:
        return self._recording.variables()

    def begin(self) -> None:
        self._recording.fault.write_text(self._fault)

    def end(self) -> None:
        self._recording.fault.unlink()


class FullDisk(DiskOutage):
    """A small file system in memory, filled to the last byte."""

    def begin(self) -> None:
        with (self.directory / "filler").open("ab", buffering=0) as filler:
            for size in (65_536, 4096, 1):
                try:
                    while filler.write(bytes(size)):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def end(self) -> None:
        (self.directory / "filler").unlink()


@contextmanager
def mounted(folder: Path, *, size: str = "8m") -> Iterator[Path]:
    """A file system of its own at `folder`, in memory; gone at the end."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def make_read_only(folder: Path, *, yes: bool) -> None:
    """Turn a mounted file system read-only, or back; only while no file in it is open for writing."""
    subprocess.run(["mount", "-o", f"remount,{'ro' if yes else 'rw'}", folder], check=True)


@cache
def can_mount() -> bool:
    """Whether this machine lets us: root in a full system, and in some containers."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder), size="64k"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False
