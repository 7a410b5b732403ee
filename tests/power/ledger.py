"""The test's own ledger of acknowledged events, and what a data directory still holds of them after a crash."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from campaign.outcomes import EXPOSED_BIT, OUTCOMES
from tests.power.recording import Recording

_MEMORY = Path("/dev/shm")  # many small disks are written there and thrown away: no need to wait for a real one
StoredBits = Mapping[bytes, int]  # nonce -> its outcomes, one bit each


class Acknowledged(NamedTuple):
    """One event that was answered with yes, and how far the operation log had come by then."""

    nonce: bytes
    bits: int
    position: int


def bits_of(outcome: str) -> int:
    """What an event sets in its view: its own bit, and always the one for seen."""
    return EXPOSED_BIT | OUTCOMES[outcome].mask


def in_audience(directory: Path) -> StoredBits:
    """The open views in the audience database."""
    with closing(sqlite3.connect(directory / "audience.sqlite3")) as database:
        return dict(database.execute("SELECT nonce, bits FROM analytics_openview"))


def in_spool(directory: Path) -> StoredBits:
    """The views that wait in the spool; none if there is none, or nothing in it yet."""
    file = directory / "spool" / "spool.sqlite3"
    if not file.exists():
        return {}
    with closing(sqlite3.connect(file)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'spooled'").fetchone():
            return {}
        return dict(database.execute("SELECT nonce, bits FROM spooled"))


# Where an acknowledged event may stand. Another place is another function here.
STORES: tuple[Callable[[Path], StoredBits], ...] = (in_audience, in_spool)


def missing(ledger: Iterable[Acknowledged], directory: Path) -> list[Acknowledged]:
    """What was acknowledged and stands in none of the places."""
    found: dict[bytes, int] = {}
    for place in STORES:
        for nonce, bits in place(directory).items():
            found[nonce] = found.get(nonce, 0) | bits
    return [entry for entry in ledger if found.get(entry.nonce, 0) & entry.bits != entry.bits]


def broken(directory: Path) -> list[str]:
    """The SQLite files that no longer open, or whose pages do not fit together."""
    faults = []
    for file in sorted(directory.rglob("*.sqlite3")):
        try:
            with closing(sqlite3.connect(file)) as database:
                (said,) = database.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            faults.append(f"{file.name}: {said}")
    return faults


class PowerCutResult(NamedTuple):
    """What many pulled plugs did: how often, which events were lost at least once, which files broke."""

    cuts: int
    lost: set[Acknowledged]
    broken: list[str]


def simulate_cuts(
    recording: Recording,
    ledger: Iterable[Acknowledged],
    positions: Iterable[int],
    *,
    chance: random.Random | None = None,
) -> PowerCutResult:
    """Pull the plug at each position of the log, and look for what had been acknowledged by then."""
    entries = sorted(ledger, key=lambda entry: entry.position)
    disk = recording.disk()
    lost: set[Acknowledged] = set()
    faults: list[str] = []
    cuts = 0
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        target = Path(folder) / "after-the-cut"
        for position in sorted(positions):
            disk.run_to(position)
            disk.cut_power(target, chance)
            cuts += 1
            if wrong := broken(target):
                faults += [f"at {position}: {fault}" for fault in wrong]
            else:
                lost.update(missing((entry for entry in entries if entry.position <= position), target))
    return PowerCutResult(cuts, lost, faults)
