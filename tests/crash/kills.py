"""Kill -9 at random moments, under load: nothing that was acknowledged may be lost or counted twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.processes import PROC, living_family
from campaign.assignment.receipts import SECONDS_PER_HOUR
from tests.crash.ledger import LedgerComparison
from tests.crash.site import CountedState, CrashSite
from tests.crash.visitors import VisitorLoad

WEB_WORKER, WEB_MAIN, WORKER, WORKER_FOLDING = "web worker", "server's first process", "worker", "worker as it folds"
BACKEND, POSTMASTER = "database connection", "database server"
KINDS = {WEB_WORKER: 6, WEB_MAIN: 1, WORKER: 2, WORKER_FOLDING: 3}
POSTGRESQL_KINDS = {BACKEND: 2, POSTMASTER: 1}
_STUCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class KillRun:
    """What came of it all."""

    kills: Counter[str]
    load: VisitorLoad
    counted: CountedState
    verdict: LedgerComparison
    spooled: int
    seconds: float
    starts: dict[str, int]

    @property
    def clean(self) -> bool:
        return self.verdict.clean and self.counted.settled

    def table(self) -> str:
        """For people."""
        ledger, decides, events = self.load.ledger, self.load.decides(), self.load.events()
        rows = [
            *((f"kill -9 of a {kind}", f"{count:,}") for kind, count in sorted(self.kills.items())),
            ("kills in all", f"{self.kills.total():,}"),
            *((f"starts of {name}", f"{count:,}") for name, count in self.starts.items()),
            ("minutes", f"{self.seconds / 60:.1f}"),
            ("messages asked for", str(decides)),
            ("requests with events", str(events)),
            ("events acknowledged", f"{ledger.acknowledged:,}"),
            ("events that waited in the spool, repeated ones too", f"{self.spooled:,}"),
            ("  of them after an answer was lost, told again", f"{ledger.again:,}"),
            ("events refused, their window closed", f"{ledger.refused:,}"),
            ("events never answered", f"{ledger.unknown:,}"),
            ("views counted", f"{sum(n for cell, n in self.counted.tallies.items() if cell[4] == 'exposed'):,}"),
            ("tallies compared, by day, arm, outcome", f"{len(self.counted.tallies):,}"),
            (
                "views left open, spool, hours unfinished",
                f"{self.counted.open}, {self.counted.spool}, {self.counted.unfinished}",
            ),
            ("lost", f"{self.verdict.lost:,}"),
            ("double", f"{self.verdict.double:,}"),
            ("derived outcomes that are off", f"{self.verdict.derived_off:,}"),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {figure}" for name, figure in rows)


class Killer:
    """Kills one process after the other, at random moments."""

    def __init__(self, site: CrashSite, *, seed: int, kinds: dict[str, int], into_a_fold: float) -> None:
        self._site, self._random, self._kinds, self._into_a_fold = site, random.Random(seed), kinds, into_a_fold
        self.kills: Counter[str] = Counter()
        self._find: dict[str, Callable[[], int | None]] = {
            WEB_WORKER: lambda: self._one_of(site.web.children()),
            WEB_MAIN: lambda: site.web.pid,
            WORKER: self._a_worker,
            WORKER_FOLDING: self._a_worker_as_it_folds,
            BACKEND: self._a_backend,
            POSTMASTER: site.postmaster,
        }

    def kill_one(self) -> None:
        """One kill, whatever it hits."""
        kind = self._random.choices(list(self._kinds), list(self._kinds.values()))[0]
        pid = self._find[kind]()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[kind] += 1

    def pause(self, mean: float) -> None:
        time.sleep(self._random.uniform(0, 2 * mean))

    def _one_of(self, pids: list[int]) -> int | None:
        return self._random.choice(pids) if pids else None

    def _a_worker(self) -> int | None:
        return self._one_of([worker.pid for worker in self._site.workers if worker.pid is not None])

    def _a_worker_as_it_folds(self) -> int | None:
        """The one at work, some time after it began to count an hour; most folds have nothing to do and end at once."""
        end = time.monotonic() + 1.5 * SECONDS_PER_HOUR / self._site.clock.speed
        while time.monotonic() < end:
            if self._site.folding():
                time.sleep(self._random.uniform(0.005, self._into_a_fold))
                if self._site.folding():
                    return self._at_work()
            time.sleep(0.002)
        return None

    def _at_work(self) -> int | None:
        """Of several workers, the one that has the lock of the fold open."""
        lock = str(self._site.directory / "fold.lock")
        for worker in self._site.workers:
            with suppress(OSError):
                if worker.pid is not None and lock in map(os.readlink, (PROC / str(worker.pid) / "fd").iterdir()):
                    return worker.pid
        return None

    def _a_backend(self) -> int | None:
        """One that serves the audience database."""
        postmaster = self._site.postmaster()
        found = []
        for pid in living_family(postmaster) - {postmaster} if postmaster is not None else ():
            with suppress(OSError):
                name = (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")
                if " audience " in name:
                    found.append(pid)
        return self._one_of(sorted(found))


def run_kills(
    site: CrashSite,
    *,
    kills: int,
    events: int,
    seed: int,
    interval: float = 3.0,
    pace: float = 400.0,
    threads: int = 6,
    kinds: dict[str, int] | None = None,
    say: Callable[[str], None] = lambda line: None,
    settle: float = 90.0,
    into_a_fold: float = 0.05,
    events_between: int = 0,
) -> KillRun:
    """Run the site under load and kill until there were so many kills and so many acknowledged events; then compare.

    `into_a_fold` says how many seconds after it began to count an hour a worker is killed at the latest,
    `events_between` how many events are acknowledged between two kills at least.
    """
    begun = time.monotonic()
    load = VisitorLoad(site.port, site.clock, site.receipt_signer(), threads=threads, pace=pace, seed=seed)
    killer = Killer(
        site, seed=seed, kinds=kinds or KINDS | (POSTGRESQL_KINDS if site.cluster else {}), into_a_fold=into_a_fold
    )
    load.start()
    told, progress, since, acknowledged = 0, (0, 0), begun, 0
    while killer.kills.total() < kills or load.ledger.acknowledged < events:
        killer.pause(interval)
        load.check()
        if killer.kills.total() < kills and load.ledger.acknowledged >= acknowledged + events_between:
            killer.kill_one()
            acknowledged = load.ledger.acknowledged
        now = (killer.kills.total(), load.ledger.acknowledged)
        if now != progress:
            progress, since = now, time.monotonic()
        elif time.monotonic() > since + _STUCK_SECONDS:
            raise RuntimeError(f"neither a kill nor an event in {_STUCK_SECONDS:.0f} s:\n{site.logs()}")
        if killer.kills.total() // 25 > told:
            told = killer.kills.total() // 25
            say(f"{killer.kills.total()} kills, {load.ledger.acknowledged:,} events, {time.monotonic() - begun:.0f} s")
    load.end()
    counted = site.settle(after=site.clock.hour + 3, seconds=settle)
    return KillRun(
        kills=killer.kills,
        load=load,
        counted=counted,
        verdict=load.ledger.compare(counted.tallies),
        spooled=site.spooled(),
        seconds=time.monotonic() - begun,
        starts={process.name: process.starts for process in [site.web, *site.workers]},
    )
