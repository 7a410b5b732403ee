"""Our decision and that of Unleash: one of four messages with its payload, per CPU-second of each server, in turns.

Unleash is a feature flag server that many would take for this. The comparison is as even as we could make it:

- one placement's experiment here, one flag with one strategy of four equal variants there, each variant with one of the
  very payloads that we serve (JSON, about 1 KB); assignment is fresh at every request on both sides (a new nonce here,
  stickiness "random" there);
- one HTTP request over kept-alive connections, with the same headers that a browser and a proxy add, answered from
  memory by one process pinned to the same core; Unleash evaluates in its frontend API, the address that its own browser
  library calls, from the copy of its flags that it keeps in memory; its PostgreSQL has nothing to do meanwhile, and is
  not counted;
- Unleash runs as for production (NODE_ENV, no request log, no telemetry) with the token check that it requires. Of
  what it does, only the evaluation is asked for; we also sign a receipt and count what was served.

Unleash is installed from npm into `var/peers/`, at one pinned version, without its packages' install scripts.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks.installation import DECIDE, ORIGIN, ROOT, Served, driven, installation, running, serving
from benchmarks.load import THROUGH_A_PROXY, drive, get
from benchmarks.processes import on_core, two_cores
from benchmarks.ratio_table import Line, in_turns, speed_lines
from campaign.entrypoints.launcher import PRODUCTION_APPLICATION, free_port
from tests.postgres import NoPostgresError, cluster

VERSION = "7.4.1"  # the newest that runs on Node 20
GOAL = 12
ROUNDS, SECONDS = 7, 2.0
FLAG = "second-thought"


class NotInstalled(Exception):
    """Unleash cannot be run on this machine; the message says what is missing."""


def measure() -> list[Line]:
    """The ratio of decisions per CPU-second, or one plain line that says why it was not measured."""
    try:
        package = installed()
        with ExitStack() as stack:
            own = stack.enter_context(installation())
            ours = stack.enter_context(serving(PRODUCTION_APPLICATION, own))
            theirs, ask = stack.enter_context(_unleash(package, payloads(ours.port)))
            stack.enter_context(on_core(two_cores()[1]))
            mine, yardstick = in_turns(
                [
                    partial(driven, ours, repeat(DECIDE), seconds=SECONDS),
                    partial(driven, theirs, repeat(ask), seconds=SECONDS),
                ],
                rounds=ROUNDS,
            )
    except (NotInstalled, NoPostgresError) as reason:
        return [Line("decide: times the speed of Unleash", f"not measured: {reason}")]
    return speed_lines(
        "decide",
        ours=mine,
        yardstick=yardstick,
        goal=GOAL,
        unit="decisions",
        beside=f"times the speed of Unleash {VERSION}",
        theirs="Unleash's evaluations",
    )


def installed(directory: Path = ROOT / "var" / "peers" / f"unleash-{VERSION}") -> Path:
    """The package's directory, installed first if need be; NotInstalled says what is missing."""
    package = directory / "node_modules" / "unleash-server"
    if shutil.which("node") is None:
        raise NotInstalled("node is not installed")
    if not (directory / ".complete").is_file():
        if shutil.which("npm") is None:
            raise NotInstalled("npm is not installed")
        directory.mkdir(parents=True, exist_ok=True)
        options = ["--ignore-scripts", "--omit=dev", "--no-package-lock", "--no-save", "--no-audit", "--no-fund"]
        command = ["npm", "install", *options, "--loglevel=error", f"unleash-server@{VERSION}"]
        try:
            subprocess.run(command, check=True, cwd=directory, capture_output=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NotInstalled(f"npm could not install unleash-server {VERSION} ({type(error).__name__})") from error
        (directory / ".complete").touch()
    return package


def payloads(port: int) -> list[str]:
    """What we serve: the message of each arm as JSON text, each once."""
    bodies = drive(port, repeat(DECIDE, 200), seconds=30, keep=True).bodies
    messages = {json.dumps(json.loads(body)["message"], separators=(",", ":"), ensure_ascii=False) for body in bodies}
    return sorted(messages)


def strategy(messages: list[str]) -> dict[str, Any]:
    """A strategy that everybody gets, with one variant of equal weight for each message."""
    weight = 1000 // len(messages)
    return {
        "name": "flexibleRollout",
        "parameters": {"rollout": "100", "stickiness": "random", "groupId": FLAG},
        "constraints": [],
        "variants": [
            {
                "name": f"arm{number}",
                "weight": weight,
                "weightType": "variable",
                "stickiness": "random",
                "payload": {"type": "json", "value": message},
            }
            for number, message in enumerate(messages)
        ],
    }


@contextmanager
def _unleash(package: Path, messages: list[str]) -> Iterator[tuple[Served, bytes]]:
    """Unleash with the flag switched on, and the request that evaluates it."""
    admin, frontend = f"*:*.{secrets.token_hex(16)}", f"default:development.{secrets.token_hex(16)}"
    with cluster() as database:
        port = free_port()
        variables = {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "NODE_NO_WARNINGS": "1",
            "TZ": "UTC",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(port),
            "DATABASE_URL": database.url("second"),
            "DATABASE_SSL": "false",
            "LOG_LEVEL": "error",
            "CHECK_VERSION": "false",
            "SEND_TELEMETRY": "false",
            "INIT_ADMIN_API_TOKENS": admin,
            "INIT_FRONTEND_API_TOKENS": frontend,
        }
        command = ["node", str(package / "dist" / "server.js")]
        with running(command, port, variables, ready=get("/health"), cwd=package) as served:
            _create_flag(served.port, admin, messages)
            ask = get("/api/frontend?appName=benchmark", authorization=frontend, origin=ORIGIN, **THROUGH_A_PROXY)
            _until_it_evaluates(served.port, ask)
            yield served, ask


def _create_flag(port: int, token: str, messages: list[str]) -> None:
    features = "/api/admin/projects/default/features"
    _call(port, token, features, {"name": FLAG, "type": "experiment"})
    _call(port, token, f"{features}/{FLAG}/environments/development/strategies", strategy(messages))
    _call(port, token, f"{features}/{FLAG}/environments/development/on", {})


def _until_it_evaluates(port: int, ask: bytes, seconds: float = 30.0) -> None:
    """Waits until the copy in memory holds the flag, and every variant is given out."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        bodies = drive(port, repeat(ask, 200), seconds=10, keep=True).bodies
        given = {toggle["variant"]["name"] for body in bodies for toggle in json.loads(body)["toggles"]}
        if len(given) > 1 and all(name.startswith("arm") for name in given):
            return
        time.sleep(0.5)
    raise RuntimeError("Unleash never gave out the variants")


def _call(port: int, token: str, path: str, value: object) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(value).encode(),
        headers={"Authorization": token, "Content-Type": "application/json"},
        method="POST",
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"Unleash refused {path}: {error.code} {error.read()[:300]!r}") from error
