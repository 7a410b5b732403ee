"""How the installation is: for whoever runs it, and for its monitoring. Nothing in it is about anyone.

Counts of events would say, to who asks every second, when someone looked at a message; so there are none here.

    GET /health/live    this process answers
    GET /health/ready   databases, spool, worker, how far folding is behind; 503 only if messages cannot be shown
    GET /metrics        the same for Prometheus, if METRICS_TOKEN is set, to who shows it
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from analytics.db_timeout import DatabaseTimeout
from analytics.ingest import open_views, writer
from analytics.models import WorkerStep
from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.serving.http import Refusal, Reply, Request, json_reply, refusal_reply
from campaign.serving.routing import Route, ServingContext

T = TypeVar("T")

# Twice the slowest turn of the worker's minutely steps, and a little.
LATE_SECONDS = 150.0
LATE_SECONDS_BY_STEP = {
    "prune": 2 * 3600.0 + 150.0,
    "pulse": 2 * 3600.0 + 150.0,
    "help links": 2 * 86_400.0 + 150.0,
}
_PATIENCE = DatabaseTimeout(seconds=2.0)


@dataclass(frozen=True, slots=True)
class StepHealth:
    """One step of the worker: how long ago it last succeeded (None: never), and what stopped it last."""

    name: str
    seconds_since_success: float | None
    seconds: float
    failure: str
    late: bool


@dataclass(frozen=True, slots=True)
class Health:
    """How things are at one moment. `fold_lag_hours` is None while the audience database is away."""

    serving: bool
    databases: dict[str, bool]
    spool_holds_events: bool
    steps: tuple[StepHealth, ...]
    fold_lag_hours: int | None

    @property
    def worker(self) -> str:
        if not self.databases["default"]:
            return "unknown"
        if not self.steps:
            return "never seen"
        if any(step.late for step in self.steps):
            return "late"
        return "failing" if any(step.failure for step in self.steps) else "ok"

    @property
    def status(self) -> str:
        """Messages first: what is away is made up for later, as long as someone looks after it."""
        if not self.serving:
            return "unavailable"
        well = all(self.databases.values()) and self.worker == "ok" and not self.spool_holds_events
        return "ok" if well and (self.fold_lag_hours or 0) <= 1 else "degraded"


def check_health(*, now: datetime, serving: bool) -> Health:
    """Ask the databases, with little patience, and the disk."""
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    steps = _ask("default", lambda: tuple(_step(step, now=now) for step in WorkerStep.objects.order_by("name")))
    oldest = _ask("audience", lambda: (open_views.oldest_closed_hour(hour=hour),))
    return Health(
        serving=serving,
        databases={"default": steps is not None, "audience": oldest is not None},
        spool_holds_events=writer.local_spool().holds_events,
        steps=steps or (),
        fold_lag_hours=None if oldest is None else 0 if oldest[0] is None else hour - oldest[0],
    )


def _step(step: WorkerStep, *, now: datetime) -> StepHealth:
    since = None if step.succeeded_at is None else max((now - step.succeeded_at).total_seconds(), 0.0)
    late = since is None or since > LATE_SECONDS_BY_STEP.get(step.name, LATE_SECONDS)
    return StepHealth(step.name, since, step.seconds, step.failure, late)


def _ask(alias: str, question: Callable[[], T]) -> T | None:
    """The answer, or None if the database gives none in two seconds; this request's thread keeps no connection."""
    connection = connections[alias]
    try:
        with _PATIENCE.enforce(connection):
            return question()
    except DatabaseError:
        return None
    finally:
        if not connection.in_atomic_block:
            connection.close()


def health_as_dict(health: Health) -> dict[str, Any]:
    """What /health/ready says."""
    return {
        "status": health.status,
        "serving": health.serving,
        "databases": {name: "up" if up else "away" for name, up in health.databases.items()},
        "spool": "holds events" if health.spool_holds_events else "empty",
        "fold_lag_hours": health.fold_lag_hours,
        "worker": {
            "status": health.worker,
            "steps": [
                {
                    "name": step.name,
                    "seconds_since_success": step.seconds_since_success and round(step.seconds_since_success),
                    "took_seconds": round(step.seconds, 3),
                    "failure": step.failure,
                }
                for step in health.steps
            ],
        },
    }


def handle_live(request: Request, at: ServingContext) -> Reply:
    """This process answers: no question is asked of anyone."""
    return _only_get(request) or json_reply(200, {"status": "ok"})


def handle_ready(request: Request, at: ServingContext) -> Reply:
    """Whether messages are shown and events kept, and how far the worker is."""
    refused = _only_get(request)
    if refused:
        return refused
    health = check_health(now=timezone.now(), serving=at.snapshot().is_compiled)
    return json_reply(200 if health.serving else 503, health_as_dict(health))


def handle_metrics(request: Request, at: ServingContext) -> Reply:
    """The same as numbers, in Prometheus' text format."""
    token: str = settings.METRICS_TOKEN
    shown = request.header("authorization") or ""
    if not token:
        raise Refusal(404, "not_found", "Metrics are off: set METRICS_TOKEN to have them.")
    if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return refusal_reply(
            Refusal(401, "not_authenticated", "Show the token: Authorization: Bearer …"),
            [("WWW-Authenticate", "Bearer")],
        )
    refused = _only_get(request)
    if refused:
        return refused
    text, kind = prometheus_exposition(check_health(now=timezone.now(), serving=at.snapshot().is_compiled))
    return Reply(200, [("Content-Type", kind), ("Cache-Control", "no-store")], text)


def prometheus_exposition(health: Health) -> tuple[bytes, str]:
    """Prometheus' text and its content type. Loaded only where someone asks: it would cost each process memory."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, label: str = "") -> Gauge:
        return Gauge(f"second_thought_{name}", help_text, [label] if label else [], registry=registry)

    gauge("serving", "1 while messages can be shown.").set(health.serving)
    database = gauge("database_up", "1 while the database answers.", "database")
    for name, up in health.databases.items():
        database.labels(name).set(up)
    gauge("spool_holds_events", "1 while acknowledged events wait in the spool.").set(health.spool_holds_events)
    if health.fold_lag_hours is not None:
        gauge("fold_lag_hours", "Hours since the oldest closed view that is not counted yet closed.").set(
            health.fold_lag_hours
        )
    since = gauge("worker_step_seconds_since_success", "Seconds since the step last succeeded.", "step")
    took = gauge("worker_step_seconds", "Seconds that the step took last.", "step")
    failing = gauge("worker_step_failing", "1 if the step failed last.", "step")
    for step in health.steps:
        if step.seconds_since_success is not None:
            since.labels(step.name).set(step.seconds_since_success)
        took.labels(step.name).set(step.seconds)
        failing.labels(step.name).set(bool(step.failure))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _only_get(request: Request) -> Reply | None:
    if request.method in ("GET", "HEAD"):
        return None
    return refusal_reply(Refusal(405, "method_not_allowed", "This address answers GET."), [("Allow", "GET, HEAD")])


LIVE_ROUTE, READY_ROUTE, METRICS_ROUTE = (
    Route(handle_live),
    Route(handle_ready, is_blocking=True),
    Route(handle_metrics, is_blocking=True),
)
