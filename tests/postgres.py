"""A private PostgreSQL server for the time of one command: `python -m tests.postgres -- command ...`.

It listens on 127.0.0.1 and on a socket in its own temporary directory, trusts whoever comes, and leaves nothing
behind. Its settings are those that are shipped, deploy/postgresql.conf; `fast=True` gives durability up.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import psycopg

from benchmarks.processes import living_family
from campaign.entrypoints.launcher import free_port
from tests.scratch import use_memory

_STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")
SHIPPED = Path(__file__).resolve().parent.parent / "deploy" / "postgresql.conf"
# Waits until nobody holds the other end of its input, which is when the test run has ended, in whatever way.
_WARDEN = """
cat >/dev/null
if read -r server <"$1/data/postmaster.pid"; then
    kill -QUIT "$server" && kill -CONT "$server"
    while kill -0 "$server"; do sleep 0.1; done
fi
rm -rf "$1"
"""


class NoPostgresError(Exception):
    """No PostgreSQL server is installed that tests could start."""


class Cluster:
    """One private server, which can be stopped, started, paused and resumed while it is in use."""

    def __init__(self, directory: Path, *, fast: bool = False, settings: str = "") -> None:
        self.directory, self.port = directory, free_port()
        self._fast = fast
        self._programs = programs()
        self._owner = _owner()
        self._server: subprocess.Popen[bytes] | None = None
        if self._owner:
            shutil.chown(directory, self._owner.pw_uid, self._owner.pw_gid)
        data = str(directory / "data")
        options = ["--username=second", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", "--pgdata", data, *options, *(["--no-sync"] if fast else []))
        with (directory / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(settings)

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://second@127.0.0.1:{self.port}/{database}"

    def create(self, *databases: str) -> None:
        """Create empty databases."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for name in databases:
                connection.execute(f'CREATE DATABASE "{name}"')

    def environment(self, *, default: str = "second", audience: str = "audience") -> dict[str, str]:
        """Return the environment variables that select two of its databases."""
        return {
            "TEST_ENGINE": "postgresql",
            "DATABASE_URL": self.url(default),
            "AUDIENCE_DATABASE_URL": self.url(audience),
        }

    def start(self, seconds: float = 60.0) -> None:
        """Start the server, and wait until it accepts connections."""
        options = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=64MB"]
        options += ["-c", f"unix_socket_directories={self.directory}"]
        options += _FAST if self._fast else ()
        with (self.directory / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self.directory / "data", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # Ctrl-C ends the tests, and they end the server
                **self._as_owner(),
            )
        end = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > end:
                    raise NoPostgresError(f"PostgreSQL did not start:\n{self.log()}") from error
                time.sleep(0.05)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop the server, cleanly or as in a crash."""
        if self._server is None:
            return
        self.resume()
        self._server.send_signal(_STOPS[mode])
        self._server.wait(timeout=60)
        self._server = None

    def pause(self) -> None:
        """Pause all processes of the server. Connections stay open without a reply."""
        if self._server is not None:
            os.kill(self._server.pid, signal.SIGSTOP)  # first, so that it makes no more children
            self._signal_children(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume all processes."""
        if self._server is not None:
            self._signal_children(signal.SIGCONT)
            with suppress(ProcessLookupError):
                os.kill(self._server.pid, signal.SIGCONT)

    def log(self) -> str:
        """Return the server's log."""
        return (self.directory / "log").read_text(encoding="utf-8", errors="replace")

    def _signal_children(self, number: signal.Signals) -> None:
        assert self._server is not None
        for pid in living_family(self._server.pid) - {self._server.pid}:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.directory,
            **self._as_owner(),
        )
        if done.returncode:
            raise NoPostgresError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _as_owner(self) -> dict[str, Any]:
        owner = self._owner
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


@contextmanager
def cluster(*, fast: bool = False, settings: str | None = None) -> Iterator[Cluster]:
    """A running server with the databases `second` and `audience`; gone afterwards, even if this process is killed.

    Its settings are the shipped ones, unless others are given; none at all are PostgreSQL's own.
    """
    directory = Path(tempfile.mkdtemp(prefix="second-postgres-"))
    warden = subprocess.Popen(
        ["/bin/sh", "-c", _WARDEN, "warden", directory],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        made = Cluster(directory, fast=fast, settings=SHIPPED.read_text("utf-8") if settings is None else settings)
        made.start()
        try:
            made.create("second", "audience")
            yield made
        finally:
            made.stop()
    finally:
        warden.communicate()


def programs() -> Path:
    """Return the directory of the server's programs: POSTGRES_BIN, PATH, or Debian's newest version."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    named = os.environ.get("POSTGRES_BIN")
    for directory in [*([Path(named)] if named else []), *([Path(on_path).parent] if on_path else []), *debian]:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    raise NoPostgresError("No PostgreSQL server found: run `sh tests/postgres.sh`, or set POSTGRES_BIN.")


def _owner() -> pwd.struct_passwd | None:
    """Return the user to run the server as. It refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgresError("PostgreSQL refuses to run as root, and there is no user “postgres” or “nobody”.")


def main(arguments: Sequence[str]) -> int:
    """Run a command with both databases on a private server, and return its exit status."""
    if arguments[:1] != ["--"] or len(arguments) < 2:
        sys.exit("Usage: python -m tests.postgres -- command ...")
    use_memory()
    with cluster() as made:
        child = subprocess.Popen(arguments[1:], env={**os.environ, **made.environment()})
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda caught, _: child.send_signal(caught))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has had it too, and says when it is done
        return child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NoPostgresError as error:
        sys.exit(str(error))
