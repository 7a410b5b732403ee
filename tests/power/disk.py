"""What stands on a disk after the plug was pulled: the shim's log replayed, keeping only what a disk must keep.

A write, a new length or a new name is certain once a sync of that file (for a name: of its directory) that began
after it has ended. All else may or may not survive: in the worst case nothing of it does, else any part of it, each
write in whole sectors. SQLite's -shm files are left out: they are written through memory, which the shim does not
see, and SQLite rebuilds them when it opens the database.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
_HEAD = struct.Struct("=cQQII")


class Operation(NamedTuple):
    """One record of the log, and where it ends."""

    kind: str
    number: int
    offset: int
    path: str
    data: bytes
    end: int


def operations(log: Path) -> Iterator[Operation]:
    """Every whole record of the log, in order."""
    raw = log.read_bytes()
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, number, offset, path_size, data_size = _HEAD.unpack_from(raw, at)
        path_at = at + _HEAD.size
        data_at = path_at + path_size
        at = data_at + data_size
        if at > len(raw):
            return
        yield Operation(kind.decode(), number, offset, raw[path_at:data_at].decode(), raw[data_at:at], at)


@dataclass(eq=False)
class SimulatedFile:
    """What of a file is certain, and the writes and lengths that are not yet."""

    certain: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def sync(self, *, begun: int) -> None:
        """What stood in the log before the sync began is certain now."""
        covered = [change for change in self.pending if change.end <= begun]
        for change in covered:
            _apply(self.certain, change)
        del self.pending[: len(covered)]

    def after_the_cut(self, chance: random.Random | None) -> bytes:
        """The bytes that survive: the certain ones, and with `chance` any part of the others."""
        content = bytearray(self.certain)
        if chance:
            for change in self.pending:
                _survive(content, change, chance)
        return bytes(content)


def _apply(content: bytearray, change: Operation) -> None:
    if change.kind == "T":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
    else:
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data


def _survive(content: bytearray, change: Operation, chance: random.Random) -> None:
    """All of a change, nothing of it, or some of its sectors."""
    luck = chance.random()
    if luck < 0.35:
        return
    if luck < 0.65 or change.kind == "T":
        _apply(content, change)
        return
    start, stop = change.offset, change.offset + len(change.data)
    for sector in range(start - start % SECTOR, stop, SECTOR):
        if chance.random() < 0.5:
            low, high = max(start, sector), min(stop, sector + SECTOR)
            part = change.data[low - start : high - start]
            _apply(content, change._replace(kind="W", offset=low, data=part))


@dataclass(eq=False)
class SimulatedDirectory:
    """Names that are certain, and changes of names that are not yet; a name leads to a file, a folder, or nothing."""

    certain: dict[str, Node] = field(default_factory=dict)
    now: dict[str, Node] = field(default_factory=dict)
    pending: list[tuple[int, dict[str, Node | None]]] = field(default_factory=list)

    def change(self, end: int, names: dict[str, Node | None]) -> None:
        """Names that change together; renaming is one change of two names."""
        _rename(self.now, names)
        self.pending.append((end, names))

    def sync(self, *, begun: int) -> None:
        covered = [names for end, names in self.pending if end <= begun]
        for names in covered:
            _rename(self.certain, names)
        del self.pending[: len(covered)]

    def after_the_cut(self, chance: random.Random | None) -> dict[str, Node]:
        """The names that survive."""
        names = dict(self.certain)
        if chance:
            for _, change in self.pending:
                if chance.random() < 0.5:
                    _rename(names, change)
        return names


Node = SimulatedFile | SimulatedDirectory


def _rename(names: dict[str, Node], change: dict[str, Node | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """A directory as it was when the recording began, and what the log then does to it, one operation at a time."""

    def __init__(self, copy: Path, numbers: Mapping[str, int], log: Iterable[Operation]) -> None:
        """From a copy made before anything ran; `numbers` are the inodes of the original, by path."""
        self.position = 0
        self._log = deque(log)
        self._root = SimulatedDirectory()
        self._nodes: dict[int, Node] = {numbers[""]: self._root}
        self._syncs: dict[int, int] = {}
        for path, number in sorted(numbers.items()):
            if path:
                there = copy / path[1:]
                node = SimulatedDirectory() if there.is_dir() else SimulatedFile(bytearray(there.read_bytes()))
                self._nodes[number] = node
                parent, name = self._place(path)
                parent.certain[name] = parent.now[name] = node

    def _place(self, path: str) -> tuple[SimulatedDirectory, str]:
        *folders, name = path[1:].split("/")
        directory = self._root
        for folder in folders:
            below = directory.now[folder]
            assert isinstance(below, SimulatedDirectory)
            directory = below
        return directory, name

    def _step(self, operation: Operation) -> None:
        """What one operation changes. An unlinked file lives on for whoever holds it open, and matters no more."""
        kind, number = operation.kind, operation.number
        if kind in "WT":
            file = self._nodes.get(number)
            if isinstance(file, SimulatedFile):
                file.pending.append(operation)
        elif kind == "S":
            self._syncs[operation.offset] = self.position
        elif kind == "E":
            begun = self._syncs.pop(operation.offset)
            if number in self._nodes:
                self._nodes[number].sync(begun=begun)
        else:
            self._name(operation)
        self.position = operation.end

    def _name(self, operation: Operation) -> None:
        directory, name = self._place(operation.path)
        if operation.kind in "CD":
            made = self._nodes[operation.number] = SimulatedFile() if operation.kind == "C" else SimulatedDirectory()
            directory.change(operation.end, {name: made})
        elif operation.kind == "U":
            directory.change(operation.end, {name: None})
        else:
            target, new = self._place(operation.data.decode())
            node = directory.now[name]
            gone: dict[str, Node | None] = {name: None} if operation.kind == "R" else {}
            if target is directory:
                directory.change(operation.end, gone | {new: node})
            else:
                target.change(operation.end, {new: node})
                directory.change(operation.end, gone)

    def run_to(self, position: float) -> None:
        """Do what stands in the log before `position`."""
        while self._log and self._log[0].end <= position:
            self._step(self._log.popleft())

    def cut_power(self, target: Path, chance: random.Random | None = None) -> None:
        """Write into `target` what survives at this point: the worst case, or with `chance` a random one."""
        shutil.rmtree(target, ignore_errors=True)
        _write(self._root, target, chance)


def _write(directory: SimulatedDirectory, target: Path, chance: random.Random | None) -> None:
    target.mkdir()
    for name, node in directory.after_the_cut(chance).items():
        if isinstance(node, SimulatedDirectory):
            _write(node, target / name, chance)
        elif not name.endswith("-shm"):
            (target / name).write_bytes(node.after_the_cut(chance))


def inodes(directory: Path) -> dict[str, int]:
    """The number of each file and folder, by its path below the directory; the directory itself is ''."""
    found = {"": directory.stat().st_ino}
    for parent, folders, files in os.walk(directory):
        for name in folders + files:
            path = Path(parent) / name
            found[f"/{path.relative_to(directory)}"] = path.stat().st_ino
    return found
