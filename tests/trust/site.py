"""A production installation whose processes can write only to its own folder."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from analytics import file_lock
from benchmarks.installation import ORIGIN, PREPARE
from benchmarks.processes import living_family
from campaign.entrypoints import launcher
from campaign.keys.store import receipt_keys
from tests.demo_installation import copy_demo_installation
from tests.installation import ROOT, manage, new_installation
from tests.postgres import Cluster, programs
from tests.scratch import DISK
from tests.trust.sandbox import PLACES, has_started, run_in_network, sandbox_command

FIRST, SECOND, TABS, EMPTY, HOSTED, EMBEDDED = (
    "first-subjects",
    "second-subjects",
    "tabs",
    "empty-page",
    "quiet-page",
    "partner-page",
)
TOKEN = "what-prometheus-shows"
HTTPS = {"X-Forwarded-Proto": "https"}
_MORE = f"""
from django.utils import timezone
from campaign.lifecycle import transitions
from tests import world
for slug, unit in (({FIRST!r}, "subject"), ({SECOND!r}, "subject"), ({TABS!r}, "session")):
    made = world.draft(slug, unit=unit, at=world.placement(slug, allowed_origins=[{ORIGIN!r}]))
    transitions.submit(made, by=world.person("mara", "manager"))
    world.approve(made)
    transitions.launch(made, by=world.person("mara", "manager"), now=timezone.now())
world.placement({EMPTY!r})
"""
STEPS = 7  # number of steps of the worker
_HOURS_AHEAD = 26  # by then all receipts have closed


@cache
def _original() -> Path:
    """Create an installation on SQLite with all campaigns, as a template for copies."""
    folder = Path(tempfile.mkdtemp(prefix="second-thought-trust-", dir=DISK))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    manage("shell", "--no-imports", "-c", _MORE, environment=copy_demo_installation(folder))
    return folder / "data"


class TrustSite:
    """An installation with its server and worker, started by their real commands."""

    def __init__(
        self,
        folder: Path,
        *,
        fault: str = "",
        databases: Cluster | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.data, self.fault, self.databases = folder, folder / "data", fault, databases
        self.port = launcher.free_port()
        self.output = folder / "output"
        self.options: list[str] = []  # more options for the server, set by faults
        self.cores = self.offline = self.backs_up_the_audience_too = False  # set by faults or rows
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATA_DIRECTORY": str(self.data),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "BEHIND_TLS_PROXY": "1",
            "METRICS_TOKEN": TOKEN,
            "SNAPSHOT_SECONDS": "0.3",
            "SERVED_FLUSH_SECONDS": "0.3",
            **(databases.environment() if databases else {}),
            **({"TRUST_FAULT": fault} if fault else {}),
            **(variables or {}),
        }
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    # Processes

    def start(self, application: str = "", *, workers: int = 1, seconds: float = 180.0) -> None:
        """Start the server, and wait until it serves messages."""
        if application or self.fault or self.options:
            name = application or (
                "tests.trust.application:application" if self.fault else launcher.PRODUCTION_APPLICATION
            )
            command = launcher.server_command(name, port=self.port, workers=workers)
            command = [*command[:-1], *self.options, command[-1]]
        else:
            command = [*self._manage("serve"), "--port", str(self.port), "--workers", str(workers)]
        self._web = self._popen(command, launcher.server_environment(self.environment))
        end = time.monotonic() + seconds
        while not self.is_serving():
            if self._web.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start:\n{self.printed_output()}")
            time.sleep(0.05)

    def recover(self, *, workers: int, seconds: float = 120.0) -> None:
        """Wait until all processes run again; restart the server if it has ended, as a service manager does."""
        end = time.monotonic() + seconds
        while len(self.serving_pids()) < workers or not self.is_serving():
            assert self._web is not None
            if self._web.poll() is not None:
                return self.start(workers=workers)
            if time.monotonic() > end:
                raise RuntimeError(f"the server did not come back:\n{self.printed_output()}")
            time.sleep(0.05)
        return None

    def is_serving(self) -> bool:
        """Whether it serves messages."""
        if not self.offline:
            return self._answers()
        return has_started(self.main_pid) and run_in_network(self.main_pid, self._answers)

    def _answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as line:
            try:
                line.request("GET", f"/m/{HOSTED}/", headers={"Sec-GPC": "1"})  # not to be counted
                return line.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    @property
    def root_pids(self) -> list[int]:
        """The process ids of the main process of the server and of the worker."""
        return [child.pid for child in (self._web, self._worker) if child is not None]

    @property
    def main_pid(self) -> int:
        """The process id of the main process of the server."""
        assert self._web is not None
        return self._web.pid

    def serving_pids(self) -> list[int]:
        """The process ids of the serving processes."""
        return sorted(living_family(self.main_pid) - {self.main_pid})

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server by a signal; SIGKILL also kills all that it started."""
        self._end(self._web, number)
        self._web = None

    def start_worker(self) -> None:
        """Start the worker."""
        self._worker = self._popen(self._manage("worker"), self.environment)

    def wait_for_worker(self, seconds: float = 120.0) -> None:
        """Wait until the worker has completed each step once."""
        end = time.monotonic() + seconds
        while (
            len(self.query("default", "SELECT name FROM analytics_workerstep WHERE succeeded_at IS NOT NULL")) < STEPS
        ):
            if time.monotonic() > end:
                raise RuntimeError(f"the worker did not complete its steps:\n{self.printed_output()}")
            time.sleep(0.2)

    def stop_worker(self) -> None:
        """Stop the worker."""
        self._end(self._worker, signal.SIGTERM)
        self._worker = None

    def stop_all(self) -> None:
        """Stop server and worker."""
        self.stop()
        self.stop_worker()

    def _popen(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        whole = sandbox_command(command, self.folder, offline=self.offline, cores=self.cores)
        with self.output.open("ab") as output:
            return subprocess.Popen(whole, env=dict(environment), stdout=output, stderr=output, start_new_session=True)

    def _end(self, child: subprocess.Popen[bytes] | None, number: signal.Signals) -> None:
        if child is None:
            return
        if number == signal.SIGKILL:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=15)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    # Commands

    def _manage(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]

    def run(self, *command: str, unwell: bool = False) -> str:
        """Run a command of the project in the sandbox; its output is kept and searched too."""
        whole = sandbox_command(command, self.folder, offline=self.offline)
        done = subprocess.run(whole, env=self.environment, capture_output=True, text=True, check=False)
        with self.output.open("a", encoding="utf-8") as output:
            output.write(done.stdout + done.stderr)
        if done.returncode and not unwell:
            raise RuntimeError(f"{command} failed:\n{done.stderr}")
        return done.stdout

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py."""
        return self.run(*self._manage(*arguments))

    def shell(self, code: str) -> str:
        """Run Python code in the project."""
        return self.manage("shell", "--no-imports", "-c", code)

    def run_worker_once(self, *, hours: int = _HOURS_AHEAD) -> None:
        """Run each step of the worker once, with a clock this many hours ahead."""
        self.run(sys.executable, "-m", "tests.trust.worker", str(hours))

    # Stored data

    def written_paths(self) -> list[Path]:
        """Everything it can have written: its directories, its output, and the directory of PostgreSQL."""
        found = [self.folder / name for name in PLACES] + [self.output]
        return found + ([self.databases.directory] if self.databases else [])

    def printed_output(self) -> str:
        """The output of its processes."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def query(self, database: str, question: str) -> list[tuple[object, ...]]:
        """The rows of a database, "default" or "audience"."""
        if self.databases:
            import psycopg

            name = {"default": "second"}.get(database, database)
            with psycopg.connect(self.databases.url(name), autocommit=True) as postgres:
                cursor = postgres.execute(question.encode())
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.data / f"{database}.sqlite3", timeout=20)) as file:
            return list(file.execute(question))

    def open_nonces(self) -> list[bytes]:
        """The nonces of the open views."""
        return [bytes(row[0]) for row in self.query("audience", "SELECT nonce FROM analytics_openview")]  # type: ignore[call-overload]  # the driver's type is any

    def tally_total(self, outcome: str = "exposed") -> int:
        """The number of counted views with this outcome."""
        rows = self.query("default", f"SELECT COALESCE(SUM(count), 0) FROM analytics_tally WHERE outcome = '{outcome}'")
        return int(str(rows[0][0]))

    def back_up(self) -> Path:
        """Back up the default database, as in docs/operations.md."""
        made = self.folder / "cwd" / f"backup-{time.time_ns()}"
        if self.databases:
            dump = [
                str((programs() / "initdb").resolve().with_name("pg_dump")),
                "--dbname",
                self.databases.url("second"),
            ]
            made.write_bytes(subprocess.run(dump, check=True, capture_output=True).stdout)
            return made
        with closing(sqlite3.connect(self.data / "default.sqlite3")) as whole, closing(sqlite3.connect(made)) as copy:
            whole.backup(copy)
        if self.backs_up_the_audience_too:
            with closing(sqlite3.connect(self.data / "audience.sqlite3")) as whole:
                made.write_bytes(made.read_bytes() + whole.serialize())
        return made

    # Outages

    @contextmanager
    def audience_database_away(self) -> Iterator[None]:
        """Make the audience database unavailable, so that events go to the spool."""
        if self.databases:
            self.databases.stop()
            yield
            self.databases.start()
            return
        with file_lock.hold_lock(self.data / "audience.sqlite3-compacting.lock"):  # as during compaction
            yield

    @contextmanager
    def disk_full(self) -> Iterator[None]:
        """Make the audience database and the spool unavailable."""
        spool, aside = self.data / "spool", self.data / "spool-aside"
        if spool.exists():
            spool.rename(aside)
        spool.write_bytes(b"")
        try:
            with self.audience_database_away():
                yield
        finally:
            spool.unlink()
            if aside.exists():
                aside.rename(spool)

    @contextmanager
    def default_database_away(self) -> Iterator[None]:
        """Make the default database unavailable."""
        if self.databases:
            self.databases.stop()
            yield
            self.databases.start()
            return
        files = [path for path in self.data.glob("default.sqlite3*") if path.is_file()]
        for path in files:
            path.rename(path.with_name(f"aside-{path.name}"))
        (self.data / "default.sqlite3").write_bytes(b"this is no database" * 100)
        try:
            yield
        finally:
            for path in self.data.glob("default.sqlite3*"):
                path.unlink()
            for path in files:
                path.with_name(f"aside-{path.name}").rename(path)


@contextmanager
def site(*, engine: str = "sqlite", fault: str = "", variables: Mapping[str, str] | None = None) -> Iterator[TrustSite]:
    """Create an installation with the demo campaign, two campaigns by subject, and one by browser tab."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="second-thought-trust-", dir=DISK)))
        databases = None
        if engine == "sqlite":
            shutil.copytree(_original(), folder / "data")
        else:
            from tests.trust.shipped_servers import postgresql

            databases = stack.enter_context(postgresql(fault))
            own = stack.enter_context(new_installation(folder / "data", databases.environment()))
            manage("shell", "--no-imports", "-c", PREPARE + _MORE, environment=own)
        made = TrustSite(folder, fault=fault, databases=databases, variables=variables)
        stack.callback(made.stop_all)
        yield made


def receipt_keys_of(made: TrustSite) -> dict[int, bytes]:
    """The receipt keys of an installation."""
    return receipt_keys(made.data / "keys")
