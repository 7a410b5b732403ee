"""A whole installation in a temporary directory with the demo campaign, and servers to measure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice, repeat
from pathlib import Path

from benchmarks.load import CONNECTIONS, Unexpected, drive, post
from benchmarks.processes import cpu_seconds, living_family, on_core, two_cores
from benchmarks.ratio_table import Effort
from campaign.entrypoints import launcher

ROOT = Path(__file__).resolve().parent.parent
ORIGIN = "https://partner.example"
PLACEMENT = "partner-page"
PREPARE = f"""
from django.utils import timezone
from analytics.simulated_visits import demo
from messages.library import starter_library
now = timezone.now()
starter_library.load(now=now)
demo.create_accounts()
demo.create_campaign(now=now, origins=[{ORIGIN!r}], planned_per_arm=100)
"""
# What the embed sends from a partner's page.
DECIDE = post("/api/v1/decide", json.dumps({"placement": PLACEMENT, "locale": "en"}).encode(), origin=ORIGIN)
_OURS = (
    "DATABASE_URL",
    "AUDIENCE_DATABASE_URL",
    "KEY_DIRECTORY",
    "SECRET_KEY",
    "SPOOL_DIRECTORY",
    "DEBUG",
    "ALLOWED_HOSTS",
)


def environment(directory: Path) -> dict[str, str]:
    """The environment of an installation whose data is in `directory`.

    It believes what a proxy says of the address, and counts by network, to a limit that all our load is far from.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    network = {"BEHIND_TLS_PROXY": "1", "NETWORK_SHARE": "1"}
    return {**kept, **network, "DATA_DIRECTORY": str(directory), "LOCAL_HTTP": "1"}


@contextmanager
def installation() -> Iterator[dict[str, str]]:
    """The environment of a new installation, whose directory is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="second-thought-bench-") as directory:
        own = environment(Path(directory))
        for arguments in (
            ("migrate", "--database", "default", "-v0"),
            ("migrate", "--database", "audience", "-v0"),
            ("shell", "--no-imports", "-c", PREPARE),
        ):
            subprocess.run([sys.executable, "manage.py", *arguments], check=True, cwd=ROOT, env=own)
        yield own


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its port and its processes."""

    port: int
    processes: frozenset[int]
    worker: int

    def cpu_seconds(self) -> float:
        """The CPU time of all its processes so far."""
        return cpu_seconds(self.processes)


@contextmanager
def serving(
    application: str,
    variables: Mapping[str, str],
    *,
    ready: bytes = DECIDE,
    workers: int = 1,
    wsgi_threads: int | None = None,
) -> Iterator[Served]:
    """Run the production server with this application on the server's core; yield once it answers `ready` with 200.

    With a number of threads it serves WSGI, which Django by itself needs.
    """
    port = launcher.free_port()
    command = launcher.server_command(application, port=port, workers=workers)
    if wsgi_threads is not None:
        command[command.index("rsgi")] = "wsgi"
        command[-1:-1] = ["--blocking-threads", str(wsgi_threads)]
    with running(command, port, launcher.server_environment(variables), ready=ready) as served:
        yield served


@contextmanager
def running(
    command: Sequence[str], port: int, variables: Mapping[str, str], *, ready: bytes, cwd: Path = ROOT
) -> Iterator[Served]:
    """Run any server on the server's core; yield once it answers `ready` with 200, and stop it at the end."""
    with on_core(two_cores()[0]):
        child = subprocess.Popen(command, cwd=cwd, env=dict(variables), stdout=subprocess.DEVNULL)
    try:
        _until_it_answers(port, child, ready)
        processes = living_family(child.pid)
        yield Served(port, frozenset(processes), worker=_worker(processes, child.pid))
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def driven(served: Served, requests: Iterator[bytes], *, seconds: float, worth: int = 1) -> Effort:
    """One round that keeps the server busy, and its CPU time; a request counts as `worth` pieces of work."""
    before = served.cpu_seconds()
    load = drive(served.port, requests, seconds=seconds)
    return Effort(load.replies * worth, served.cpu_seconds() - before, load.seconds)


@contextmanager
def side_by_side(own: Mapping[str, str], *, constant_bytes: int) -> Iterator[tuple[Served, Served]]:
    """Run the real application and the constant."""
    with (
        serving(launcher.PRODUCTION_APPLICATION, own) as real,
        serving("benchmarks.constant_reply:application", {**own, "CONSTANT_BYTES": str(constant_bytes)}) as constant,
    ):
        yield real, constant


def usual_size(port: int, request: bytes = DECIDE, *, sample: int = 400) -> int:
    """The mean length of the bodies that answer this request, over the arms."""
    bodies = drive(port, repeat(request, sample), seconds=10, keep=True).bodies
    return round(sum(map(len, bodies)) / len(bodies))


def receipts(port: int, count: int, asks: Sequence[bytes] = (DECIDE,), *, connections: int = CONNECTIONS) -> list[str]:
    """Fresh receipts, each of a message that was just served; the requests `asks` alternate."""
    bodies = drive(port, islice(cycle(asks), count), seconds=60, connections=connections, keep=True).bodies
    return [json.loads(body)["receipt"] for body in bodies]


def _until_it_answers(port: int, child: subprocess.Popen[bytes], ready: bytes, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while True:
        if child.poll() is not None:
            raise RuntimeError(f"the server ended with status {child.returncode} before it answered")
        try:
            drive(port, repeat(ready, 1), seconds=5)
            return
        except (OSError, Unexpected):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _worker(processes: set[int], main: int) -> int:
    """The serving process: the child with the most CPU time, or the main process without children."""
    return max(processes - {main} or {main}, key=lambda pid: cpu_seconds([pid]))
