"""The replay, and the shim under it: what a disk must keep, what it may forget, and that writes tear at sectors."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.power.recording import Recording


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "below").mkdir(parents=True)
    (tmp_path / "data" / "old").write_bytes(b"o" * 1500)
    return tmp_path / "data"


def recorded(folder: Path, program: str, *, fault: str = "") -> Recording:
    """A short Python program that ran under the shim, in the folder."""
    recording = Recording.of(folder)
    if fault:
        recording.fault.write_text(fault)
    command = [sys.executable, "-c", "import os\nsync, flags = os.fsync, os.O_RDWR | os.O_CREAT\n" + program]
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, **recording.variables()})
    return recording


def left(
    recording: Recording, chance: random.Random | None = None, *, position: float = float("inf")
) -> dict[str, bytes]:
    """What is on the disk after the cut, by name."""
    disk, target = recording.disk(), recording.directory.with_name("after")
    disk.run_to(position)
    disk.cut_power(target, chance)
    return {str(p.relative_to(target)): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


SYNCED = "d = os.open('.', os.O_RDONLY); f = os.open('new', flags); os.write(f, b'one'); sync(f); sync(d)\n"


def test_what_was_synced_stays_and_the_rest_is_gone(folder: Path) -> None:
    recording = recorded(folder, SYNCED + "os.write(f, b'two'); os.close(f)")
    assert left(recording) == {"new": b"one", "old": b"o" * 1500}


def test_a_new_name_stays_only_once_its_directory_was_synced(folder: Path) -> None:
    recording = recorded(folder, "f = os.open('new', flags); os.write(f, b'one'); sync(f)")
    assert left(recording) == {"old": b"o" * 1500}


def test_a_new_folder_is_gone_with_all_that_was_synced_in_it_unless_its_parent_was_synced(folder: Path) -> None:
    inner = "os.mkdir('made'); d = os.open('made', os.O_RDONLY); f = os.open('made/x', flags); sync(f); sync(d)\n"
    assert left(recorded(folder, inner)) == {"old": b"o" * 1500}


def test_writing_out_a_range_is_no_sync(folder: Path) -> None:
    call = "import ctypes; ctypes.CDLL(None).sync_file_range(f, ctypes.c_long(0), ctypes.c_long(0), 7)"
    recording = recorded(folder, SYNCED + "os.pwrite(f, b'x', 0)\n" + call)
    assert left(recording)["new"] == b"one"


def test_a_sync_covers_what_was_written_before_it_began_and_is_certain_once_it_has_ended(folder: Path) -> None:
    recording = recorded(folder, SYNCED + "os.write(f, b'two'); sync(f); os.write(f, b'three')")
    begun, ended = [op.end for op in recording.operations() if op.kind in "SE"][-2:]
    assert left(recording, position=begun)["new"] == b"one"
    assert left(recording, position=ended)["new"] == b"onetwo"


def test_shortening_and_deleting_and_renaming_can_be_forgotten(folder: Path) -> None:
    program = "f = os.open('old', os.O_RDWR); os.ftruncate(f, 10); os.rename('old', 'renamed'); os.unlink('renamed')"
    assert left(recorded(folder, program)) == {"old": b"o" * 1500}


def test_a_rename_that_was_synced_moves_the_whole_file(folder: Path) -> None:
    program = SYNCED + "os.rename('new', 'below/moved'); sync(d); sync(os.open('below', os.O_RDONLY))"
    assert left(recorded(folder, program)) == {"below/moved": b"one", "old": b"o" * 1500}


@pytest.mark.parametrize("way", ["os.pwrite(f, data, 700)", "os.pwritev(f, [data[:9], data[9:]], 700)"])
def test_an_unsynced_write_survives_whole_or_not_or_in_any_of_its_sectors(folder: Path, way: str) -> None:
    recording = recorded(folder, f"f = os.open('old', os.O_RDWR); data = b'n' * 800; {way}")
    seen = {left(recording, random.Random(seed))["old"] for seed in range(200)}
    parts = [(700, 1024), (1024, 1500)]
    expected = set()
    for kept in ([], parts[:1], parts[1:], parts):
        content = bytearray(b"o" * 1500)
        for low, high in kept:
            content[low:high] = b"n" * (high - low)
        expected.add(bytes(content))
    assert seen == expected


@pytest.mark.parametrize(("fault", "number"), [("full", "ENOSPC"), ("read-only", "EROFS")])
def test_a_disk_can_be_told_to_refuse(folder: Path, fault: str, number: str) -> None:
    program = f"""
import errno
for attempt in (lambda: os.open('new', flags), lambda: os.write(os.open('old', os.O_RDWR), b'x')):
    try:
        attempt()
    except OSError as error:
        assert error.errno == errno.{number}
    else:
        raise AssertionError
assert os.read(os.open('old', os.O_RDONLY), 3) == b'ooo'
"""
    assert left(recorded(folder, program, fault=fault)) == {"old": b"o" * 1500}
