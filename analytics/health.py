"""Health of the installation, for its operators and their monitoring.

There are no counts of events: polled every second, they would tell when someone looked at a message.

    GET /health/live    this process answers
    GET /health/ready   databases, spool, worker, how far folding is behind; 503 only if messages cannot be shown
    GET /metrics        the same for Prometheus, if METRICS_TOKEN is set and the request holds it
"""

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

# A step that runs every minute is late after two slow runs, with some margin.
LATE_SECONDS = 150.0
LATE_SECONDS_BY_STEP = {
    **dict.fromkeys(("audit head", "prune", "pulse"), 2 * 3600.0 + 150.0),
    "help links": 2 * 86_400.0 + 150.0,
}
_TIMEOUT = DatabaseTimeout(seconds=2.0)


@dataclass(frozen=True, slots=True)
class StepHealth:
    """One step of the worker: when it last succeeded (None: never), and its last failure."""

    name: str
    seconds_since_success: float | None
    seconds: float
    failure: str
    late: bool


@dataclass(frozen=True, slots=True)
class Health:
    """The state at one moment. `fold_lag_hours` is None while the audience database is away."""

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
        """Unavailable only if messages cannot be shown: everything else catches up later."""
        if not self.serving:
            return "unavailable"
        is_ok = all(self.databases.values()) and self.worker == "ok" and not self.spool_holds_events
        return "ok" if is_ok and (self.fold_lag_hours or 0) <= 1 else "degraded"


def check_health(*, now: datetime, serving: bool) -> Health:
    """Query the databases, with a short timeout, and the disk."""
    hour = int(now.timestamp()) // SECONDS_PER_HOUR
    steps = _query("default", lambda: tuple(_step_health(step, now) for step in WorkerStep.objects.order_by("name")))
    oldest = _query("audience", lambda: (open_views.oldest_closed_hour(hour=hour),))
    return Health(
        serving=serving,
        databases={"default": steps is not None, "audience": oldest is not None},
        spool_holds_events=writer.local_spool().holds_events,
        steps=steps or (),
        fold_lag_hours=None if oldest is None else 0 if oldest[0] is None else hour - oldest[0],
    )


def _step_health(step: WorkerStep, now: datetime) -> StepHealth:
    since = None if step.succeeded_at is None else max((now - step.succeeded_at).total_seconds(), 0.0)
    late = since is None or since > LATE_SECONDS_BY_STEP.get(step.name, LATE_SECONDS)
    return StepHealth(step.name, since, step.seconds, step.failure, late)


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


def health_as_dict(health: Health) -> dict[str, Any]:
    """The body of /health/ready."""
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


def handle_live(request: Request, context: ServingContext) -> Reply:
    """Answer without checking anything else."""
    return _refuse_unless_get(request) or json_reply(200, {"status": "ok"})


def handle_ready(request: Request, context: ServingContext) -> Reply:
    """Report whether messages are shown and events stored, and how far the worker is."""
    refusal = _refuse_unless_get(request)
    if refusal:
        return refusal
    health = check_health(now=timezone.now(), serving=context.snapshot().is_compiled)
    return json_reply(200 if health.serving else 503, health_as_dict(health))


def handle_metrics(request: Request, context: ServingContext) -> Reply:
    """Report the same as numbers, in Prometheus' text format."""
    token: str = settings.METRICS_TOKEN
    authorization = request.header("authorization") or ""
    if not token:
        raise Refusal(404, "not_found", "Metrics are off: set METRICS_TOKEN to have them.")
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        return refusal_reply(
            Refusal(401, "not_authenticated", "Show the token: Authorization: Bearer …"),
            [("WWW-Authenticate", "Bearer")],
        )
    refusal = _refuse_unless_get(request)
    if refusal:
        return refusal
    text, kind = prometheus_exposition(check_health(now=timezone.now(), serving=context.snapshot().is_compiled))
    return Reply(200, [("Content-Type", kind), ("Cache-Control", "no-store")], text)


def prometheus_exposition(health: Health) -> tuple[bytes, str]:
    """The text in Prometheus' format and its content type. The client library is imported on use, to save memory."""
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


def _refuse_unless_get(request: Request) -> Reply | None:
    if request.method in ("GET", "HEAD"):
        return None
    return refusal_reply(Refusal(405, "method_not_allowed", "This address answers GET."), [("Allow", "GET, HEAD")])


LIVE_ROUTE = Route(handle_live)
READY_ROUTE, METRICS_ROUTE = Route(handle_ready, is_blocking=True), Route(handle_metrics, is_blocking=True)
