"""Health of the installation, for its operators and their monitoring.

Each process checks by itself every few seconds, so however many ask, nothing more is done. Nothing here depends on
whether somebody came: no count, no duration of a step, nothing of events that wait. Polled every second, each of these
would tell when someone looked at a message.

    GET /health/live    this process answers
    GET /health/ready   databases, disks, worker; 503 if messages cannot be shown or events cannot be stored
    GET /metrics        the same for Prometheus

The last two answer this machine, and whoever shows METRICS_TOKEN.
"""

import hmac
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from analytics.db_timeout import DatabaseTimeout
from analytics.ingest import disk_probe, open_views
from analytics.models import WorkerStep
from campaign.serving.http import Refusal, Reply, Request, json_reply, refusal_reply
from campaign.serving.routing import Route, ServingContext
from messages.networks import PROXY_HEADERS, is_this_machine

log = logging.getLogger(__name__)
T = TypeVar("T")

CHECK_SECONDS = 5.0
STALE_SECONDS = 60.0
# A step that runs every minute is late after two slow runs, with some margin.
LATE_SECONDS = 150.0
LATE_SECONDS_BY_STEP = {
    **dict.fromkeys(("audit head", "prune", "pulse"), 2 * 3600.0 + 150.0),
    "help links": 2 * 86_400.0 + 150.0,
}
_TIMEOUT = DatabaseTimeout(seconds=2.0)


@dataclass(frozen=True, slots=True)
class StepHealth:
    """One step of the worker: whether it is late, and the name of its last failure."""

    name: str
    is_late: bool
    failure: str


@dataclass(frozen=True, slots=True)
class Health:
    """The state at one moment, of everything but the messages in memory."""

    databases: dict[str, bool]  # whether each answers
    disks: dict[str, bool]  # whether each takes writes
    steps: tuple[StepHealth, ...]

    @property
    def worker(self) -> str:
        if not self.databases["default"]:
            return "unknown"
        if not self.steps:
            return "never seen"
        if any(step.is_late for step in self.steps):
            return "late"
        return "failing" if any(step.failure for step in self.steps) else "ok"

    @property
    def is_recording(self) -> bool:
        """Whether an event would be stored now: in its database, or else in the spool."""
        return self.disks["spool"] or (self.databases["audience"] and self.disks.get("audience", True))

    def status(self, *, serving: bool) -> str:
        """Unavailable if messages cannot be shown or events are refused: everything else catches up later."""
        if not serving or not self.is_recording:
            return "unavailable"
        is_ok = all(self.databases.values()) and all(self.disks.values()) and self.worker == "ok"
        return "ok" if is_ok else "degraded"


def check_health(*, now: datetime) -> Health:
    """Query the databases, with a short timeout, and write to the disks."""
    steps = _query("default", lambda: tuple(_step_health(step, now) for step in WorkerStep.objects.order_by("name")))
    return Health(
        databases={"default": steps is not None, "audience": bool(_query("audience", _is_reachable))},
        disks={name: disk_probe.takes_writes(directory) for name, directory in _event_directories().items()},
        steps=steps or (),
    )


def _is_reachable() -> bool:
    open_views.check_reachable()
    return True


def _event_directories() -> dict[str, Path]:
    """Where this machine stores events. A database server on it is taken to share the spool's disk."""
    database, spool = connections["audience"], Path(settings.SPOOL_DIRECTORY)
    if database.vendor == "sqlite":
        return {"spool": spool, "audience": Path(database.settings_dict["NAME"]).parent}
    host: str = database.settings_dict["HOST"]
    is_here = not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
    return {"spool": spool, "audience": spool} if is_here else {"spool": spool}


def _step_health(step: WorkerStep, now: datetime) -> StepHealth:
    since = None if step.succeeded_at is None else (now - step.succeeded_at).total_seconds()
    is_late = since is None or since > LATE_SECONDS_BY_STEP.get(step.name, LATE_SECONDS)
    return StepHealth(step.name, is_late, step.failure)


def _query(alias: str, query: Callable[[], T]) -> T | None:
    """The result, or None if the database does not answer in two seconds; no connection stays open."""
    connection = connections[alias]
    try:
        with _TIMEOUT.enforce(connection):
            return query()
    except DatabaseError:
        return None
    finally:
        if not connection.in_atomic_block:
            connection.close()


class HealthMonitor:
    """The state as a thread of this process last found it."""

    def __init__(self) -> None:
        self._latest: tuple[float, Health] | None = None

    def check(self) -> None:
        """Check now."""
        try:
            self._latest = (time.monotonic(), check_health(now=timezone.now()))
        except Exception as error:  # whatever it is, the next check may succeed
            log.error("The state could not be checked: %s", type(error).__name__)

    def latest(self) -> Health:
        """The latest state, or Refusal 503 if there was no check for a minute."""
        if self._latest is None or time.monotonic() - self._latest[0] > STALE_SECONDS:
            raise Refusal(503, "not_checked", "This process has not checked its state for more than a minute.")
        return self._latest[1]

    def start(self) -> None:
        """Check now, and from a background thread for the life of the process."""

        def loop() -> None:
            pause = threading.Event()
            while not pause.wait(CHECK_SECONDS):
                self.check()

        self.check()
        threading.Thread(target=loop, name="health", daemon=True).start()


MONITOR = HealthMonitor()


def health_as_dict(health: Health, *, serving: bool) -> dict[str, Any]:
    """The body of /health/ready."""
    return {
        "status": health.status(serving=serving),
        "serving": serving,
        "recording": health.is_recording,
        "databases": {name: "up" if up else "away" for name, up in health.databases.items()},
        "disks": {name: "takes writes" if ok else "full or read-only" for name, ok in health.disks.items()},
        "worker": {
            "status": health.worker,
            "steps": [{"name": step.name, "late": step.is_late, "failure": step.failure} for step in health.steps],
        },
    }


def prometheus_exposition(health: Health, *, serving: bool) -> str:
    """The same in Prometheus' text format."""
    lines: list[str] = []

    def gauge(name: str, explanation: str, values: dict[str, bool]) -> None:
        lines.extend((f"# HELP second_thought_{name} {explanation}", f"# TYPE second_thought_{name} gauge"))
        lines.extend(f"second_thought_{name}{labels} {float(value)}" for labels, value in values.items())

    def labelled(label: str, values: dict[str, bool]) -> dict[str, bool]:
        return {f'{{{label}="{key}"}}': value for key, value in values.items()}

    gauge("serving", "1 while messages can be shown.", {"": serving})
    gauge("recording", "1 while events can be stored.", {"": health.is_recording})
    gauge("database_up", "1 while the database answers.", labelled("database", health.databases))
    gauge("disk_takes_writes", "1 while the disk takes writes.", labelled("disk", health.disks))
    late, failing = (
        {step.name: step.is_late for step in health.steps},
        {s.name: bool(s.failure) for s in health.steps},
    )
    gauge("worker_step_late", "1 if the step has not succeeded for long.", labelled("step", late))
    gauge("worker_step_failing", "1 if the step failed last.", labelled("step", failing))
    return "\n".join([*lines, ""])


def handle_live(request: Request, context: ServingContext) -> Reply:
    """Answer without checking anything else."""
    return _refuse_unless_get(request) or json_reply(200, {"status": "ok"})


def handle_ready(request: Request, context: ServingContext) -> Reply:
    """Report whether messages are shown and events stored, and whether the worker works."""
    refusal = _refuse_unless_permitted(request)
    if refusal:
        return refusal
    health, serving = MONITOR.latest(), context.snapshot().is_compiled
    report = health_as_dict(health, serving=serving)
    return json_reply(503 if report["status"] == "unavailable" else 200, report)


def handle_metrics(request: Request, context: ServingContext) -> Reply:
    """Report the same as numbers, in Prometheus' text format."""
    refusal = _refuse_unless_permitted(request)
    if refusal:
        return refusal
    text = prometheus_exposition(MONITOR.latest(), serving=context.snapshot().is_compiled)
    headers = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")]
    return Reply(200, headers, text.encode())


def _refuse_unless_permitted(request: Request) -> Reply | None:
    named = (request.header(name) or "" for name in PROXY_HEADERS)
    if not (is_this_machine(request.peer(), named) or _shows_token(request)):
        return refusal_reply(
            Refusal(401, "not_authenticated", "Ask from this machine or send the token: Authorization: Bearer …"),
            [("WWW-Authenticate", "Bearer")],
        )
    return _refuse_unless_get(request)


def _shows_token(request: Request) -> bool:
    token: str = settings.METRICS_TOKEN
    shown = request.header("authorization") or ""
    return bool(token) and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


def _refuse_unless_get(request: Request) -> Reply | None:
    if request.method in ("GET", "HEAD"):
        return None
    return refusal_reply(Refusal(405, "method_not_allowed", "This address answers GET."), [("Allow", "GET, HEAD")])


LIVE_ROUTE, READY_ROUTE, METRICS_ROUTE = Route(handle_live), Route(handle_ready), Route(handle_metrics)
