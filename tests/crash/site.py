"""An installation with its real processes, each started again when it has died, as a service manager would."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.installation import DECIDE, PREPARE
from benchmarks.load import Unexpected
from benchmarks.processes import PROC, living_family
from campaign.assignment.receipts import ReceiptSigner
from campaign.entrypoints import launcher
from campaign.keys.reloader import KeyReloader
from tests.crash.clock import FastClock
from tests.crash.ledger import Cell
from tests.crash.visitors import ReconnectingConnection
from tests.installation import ROOT, manage, new_installation
from tests.postgres import Cluster, NoPostgresError

_LOOK = """
import json
from datetime import date
from analytics.ingest import writer
from analytics.models import FoldProgress, OpenView, Tally
rows = Tally.objects.values_list("day", "arm", "placement", "locale", "outcome", "value", "count")
print(json.dumps({
    "tallies": [[(day - date(1970, 1, 1)).days, *rest] for day, *rest in rows],
    "open": OpenView.objects.count(),
    "spool": writer.local_spool().holds_events,
    "unfinished": FoldProgress.objects.exclude(through=65_536, compacted=True).count(),
}))
"""


@dataclass(frozen=True, slots=True)
class CountedState:
    """What stands in the databases."""

    tallies: Counter[Cell]
    open: int
    spool: bool
    unfinished: int

    @property
    def settled(self) -> bool:
        """Nothing waits to be counted any more."""
        return not (self.open or self.spool or self.unfinished)


class Process:
    """One process that is always there: it comes back after its death, and so does what it had started."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self._command, self._environment, self._log = name, list(command), dict(environment), log
        self.starts = 0
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self.starts += 1

    @property
    def pid(self) -> int | None:
        """Its number while it lives."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def children(self) -> list[int]:
        """The processes that it has started."""
        pid = self.pid
        return [] if pid is None else sorted(living_family(pid) - {pid})

    def restart_if_dead(self) -> None:
        """Start it if it is not there; whatever it left behind goes first, as a service manager has it."""
        if self._child is not None and self._child.poll() is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child = None
        if self._child is None:
            self.start()

    def end(self, seconds: float = 10.0) -> None:
        """Ask it to end; then make it."""
        if self._child is None:
            return
        self._child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=seconds)
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child = None


class CrashSite:
    """A server with several web workers, one or more workers, and perhaps a database server, all looked after.

    With several servers each has a port of its own: of one port the machine may give all connections to one process.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: FastClock,
        *,
        servers: int = 1,
        web_workers: int = 2,
        workers: int = 1,
        fault: str = "",
        cluster: Cluster | None = None,
    ) -> None:
        self.environment = {**environment, **clock.variables(), "CRASH_FAULT": fault}
        self.clock, self.cluster = clock, cluster
        self.directory = Path(environment["DATA_DIRECTORY"])
        self.ports = [launcher.free_port() for _ in range(servers)]
        self.port = self.ports[0]
        self._servers = [
            Process(
                "web",
                launcher.server_command("tests.crash.application:application", port=port, workers=web_workers),
                self.environment,
                self.directory / "web.log",
            )
            for port in self.ports
        ]
        self.web = self._servers[0]
        self.workers = [
            Process(
                f"worker {number}",
                [sys.executable, "-m", "tests.crash.worker"],
                self.environment,
                self.directory / "worker.log",
            )
            for number in range(workers)
        ]
        self._stop = threading.Event()
        self._nurse = threading.Thread(target=self._look_after, name="nurse", daemon=True)
        self.database_away = False  # someone keeps it away: not to be started

    def start(self, seconds: float = 60.0) -> None:
        """Start everything and wait until messages are shown."""
        self._nurse.start()
        end = time.monotonic() + seconds
        while not all(map(self.serves, self.ports)):
            if time.monotonic() > end:
                raise RuntimeError(f"the site did not start:\n{self.logs()}")
            time.sleep(0.1)

    def receipt_signer(self) -> ReceiptSigner:
        """A signer that reads this site's receipts, its keys renewed as it meets them."""
        return KeyReloader(self.directory / "keys", clock=self.clock).receipt_signer

    def serves(self, port: int | None = None) -> bool:
        """Whether a message is shown now."""
        line = ReconnectingConnection(port or self.port)
        try:
            return line.ask(DECIDE)[0] == 200
        except (OSError, Unexpected):
            return False
        finally:
            line.close()

    def _look_after(self) -> None:
        while not self._stop.is_set():
            for process in [*self._servers, *self.workers]:
                process.restart_if_dead()
            if self.cluster is not None and not self.database_away and not _alive(self.postmaster()):
                self._revive_database()
            self._stop.wait(0.05)

    def postmaster(self) -> int | None:
        """The database server's first process."""
        if self.cluster is None:
            return None
        with suppress(OSError, ValueError):
            return int((self.cluster.directory / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        return None

    def _revive_database(self) -> None:
        assert self.cluster is not None
        self.cluster.stop("immediate")
        end = time.monotonic() + 60
        while not self._stop.is_set():
            try:
                self.cluster.start()
                return
            except NoPostgresError:  # its orphans still hold the shared memory
                self.cluster.stop("immediate")
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def folding(self) -> bool:
        """Whether a fold is under way now."""
        with suppress(OSError), (self.directory / "fold.lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def read_counts(self) -> CountedState:
        """What stands in the databases now."""
        told = json.loads(manage("shell", "--no-imports", "-c", _LOOK, environment=self.environment))
        tallies = Counter({tuple(cell): count for *cell, count in told["tallies"]})
        return CountedState(tallies, told["open"], told["spool"], told["unfinished"])

    def settle(self, *, after: int, seconds: float = 60.0) -> CountedState:
        """Wait until the hour `after` has begun and all views are counted; what is counted then, or after `seconds`."""
        time.sleep(max(self.clock.seconds_until(after), 0))
        end = time.monotonic() + seconds
        while not (counted := self.read_counts()).settled and time.monotonic() < end:
            time.sleep(0.3)
        return counted

    def spooled(self) -> int:
        """How many events went to the spool."""
        with suppress(FileNotFoundError):
            return sum(map(int, (self.directory / "spooled").read_text(encoding="ascii").split()))
        return 0

    def spool_is_there(self) -> bool:
        """Whether events wait in the spool."""
        return (self.directory / "spool" / "spool.sqlite3").exists()

    def logs(self) -> str:
        """The last lines that the processes wrote."""
        parts = []
        for name in ("web.log", "worker.log"):
            with suppress(FileNotFoundError):
                parts += [
                    name,
                    *(self.directory / name).read_text(encoding="utf-8", errors="replace").splitlines()[-15:],
                ]
        return "\n".join(parts)

    def end(self) -> None:
        """Stop everything; the databases stay as they are."""
        self._stop.set()
        self._nurse.join(timeout=90)
        for process in [*self._servers, *self.workers]:
            process.end()


def _alive(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def prepare_installation(directory: Path, variables: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """The environment of a new installation with the demo's campaign."""
    with new_installation(directory, variables) as environment:
        manage("shell", "--no-imports", "-c", PREPARE, environment=environment)
        yield environment


@contextmanager
def running(site: CrashSite) -> Iterator[CrashSite]:
    """The site, while it runs."""
    try:
        site.start()
        yield site
    finally:
        site.end()
