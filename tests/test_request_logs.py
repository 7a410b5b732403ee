"""When a database fails at any point of any request, nothing that the request carried is written to a log."""

from __future__ import annotations

import io
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby, product
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.cache import cache as throttles
from django.db import OperationalError, connections, transaction
from django.test import Client
from django.utils import timezone
from django.utils.log import configure_logging

from messages import roles
from messages.accounts import invitations
from tests import permissions, route_matrix, world

pytestmark = [pytest.mark.django_db(databases=["default", "audience"]), pytest.mark.slow, pytest.mark.process]
STAFF = sorted({route for route, _, _ in route_matrix.expected_outcomes()})
PARTS = {part: list(routes) for part, routes in groupby(STAFF, key=lambda route: route.split("/")[1])}
FREE_ARGUMENT = re.compile(r"<(?:str|slug|path)?:?\w+>")
MARKS = {
    name: f"needle-{name}-5ec0" for name in ("path", "query", "header", "agent", "cookie", "field", "value", "host")
}
FIELDS = ("username", "password", "email", "reason", "name", "headline", "body", "code", "next")


class DatabaseAway:
    """Lets the first statements through and fails all others, with an error that repeats them, as drivers do."""

    def __init__(self, allowed: int) -> None:
        self.allowed, self.failures = allowed, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.allowed > 0:
            self.allowed -= 1
            return execute(sql, params, many, context)
        self.failures += 1
        raise OperationalError(f"server closed the connection: {sql} {params}")


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """What the product's own logging writes to standard error."""
    stream, root = io.StringIO(), logging.getLogger()
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    names: list[str] = [*cast("dict[str, object]", settings.LOGGING["loggers"])]
    loggers = [root, *map(logging.getLogger, names)]
    handlers = {handler for logger in loggers for handler in logger.handlers if type(handler) is logging.StreamHandler}
    assert handlers
    before = [(handler, handler.setStream(stream)) for handler in handlers]
    yield stream
    for handler, own in before:
        if own is not None:
            handler.setStream(own)


def marked_request(client: Client, method: str, path: str) -> int:
    """Send a request with a mark in each of its parts."""
    throttles.clear()
    client.cookies["visitor"] = MARKS["cookie"]
    headers = {"X-More": MARKS["header"], "User-Agent": MARKS["agent"], "Referer": f"https://{MARKS['host']}.example/"}
    address = f"{path}?q={MARKS['query']}&username={MARKS['query']}"
    if path.startswith("/api/"):
        fields = dict.fromkeys((*FIELDS, MARKS["field"]), MARKS["value"])
        return client.generic(method, address, json.dumps(fields), "application/json", headers=headers).status_code
    send = client.get if method == "GET" else client.post
    data = {} if method == "GET" else dict.fromkeys((*FIELDS, MARKS["field"]), MARKS["value"])
    return send(address, data, headers=headers).status_code


def fail_everywhere(client: Client, method: str, path: str, points: range) -> Iterator[int]:
    """Send a request again and again, each time with the databases failing one statement later; yield the statuses."""
    for allowed in points:
        away = DatabaseAway(allowed)
        with ExitStack() as stack:
            stack.enter_context(transaction.atomic())
            stack.enter_context(transaction.atomic(using="audience"))
            for alias in connections:
                stack.enter_context(connections[alias].execute_wrapper(away))
            yield marked_request(client, method, path)
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="audience")
        if not away.failures:
            return


def leaks(text: str) -> list[str]:
    return [name for name, mark in MARKS.items() if mark in text]


@pytest.fixture
def running(db: None) -> Iterator[None]:
    world.launched()
    with permissions.undrawn_plans():
        yield


def fail_part(part: str, points: range, *, roles: tuple[str, ...]) -> tuple[str, int]:
    """What is logged when all routes of a part fail at these points, and how many requests answered 500 or 503."""
    clients = permissions.clients_by_role()
    failed = 0
    with captured_log() as log:
        for route in PARTS[part]:
            paths = {permissions.example_path(route), FREE_ARGUMENT.sub(MARKS["path"], route)}
            for path in (path for path in paths if not set("<>^$") & set(path)):
                for role, method in product(roles, ("GET", "POST")):
                    failed += sum(code >= 500 for code in fail_everywhere(clients[role], method, path, points))
    return log.getvalue(), failed


@pytest.mark.parametrize("part", PARTS)
def test_no_staff_route_writes_what_it_was_sent(part: str, running: None) -> None:
    log, failed = fail_part(part, range(0, 3, 2), roles=("stranger", "administrator"))
    assert leaks(log) == []
    assert log.count("OperationalError") >= failed


@pytest.mark.proof
@pytest.mark.minutes
@pytest.mark.parametrize("part", PARTS)
def test_no_staff_route_writes_what_it_was_sent_wherever_it_fails(part: str, running: None) -> None:
    log, _ = fail_part(part, range(1_000), roles=("stranger", "manager", "administrator"))
    assert leaks(log) == []


def test_an_invitation_that_still_works_is_in_no_log(running: None) -> None:
    _, token = invitations.invite("bo@example.org", roles.ANALYST, by="test", now=timezone.now())
    path = f"/welcome/{token}/"
    with captured_log() as log:
        statuses = [*fail_everywhere(Client(raise_request_exception=False), "GET", path, range(9))]
    assert (statuses[0], statuses[-1]) == (503, 200)
    assert "OperationalError" in log.getvalue()
    assert token not in log.getvalue()


def test_no_audience_route_writes_what_it_was_sent(running: None) -> None:
    site = world.AudienceSite()
    receipt = site.new_receipt()
    sent = {"HTTP_USER_AGENT": MARKS["agent"], "HTTP_COOKIE": MARKS["cookie"], "HTTP_ACCEPT_LANGUAGE": MARKS["header"]}
    statuses = Counter[int]()
    with captured_log() as log:
        for path, body in (
            ("/api/v1/decide", json.dumps({"placement": "quiet-page", "unit": MARKS["value"]})),
            ("/api/v1/decide", json.dumps({"placement": MARKS["value"]})),
            ("/api/v1/events", json.dumps({"receipt": receipt, "outcome": "left"})),
            ("/m/quiet-page/", f"receipt={receipt}&outcome=left&{MARKS['field']}={MARKS['value']}"),
            (f"/m/{MARKS['path']}/", "outcome=left"),
            *((route, "{}") for route in permissions.audience_routes() if "<" not in route),
        ):
            for method in ("GET", "POST"):
                away = DatabaseAway(0)
                with connections["default"].execute_wrapper(away), connections["audience"].execute_wrapper(away):
                    reply = site.request(method, f"{path}?{MARKS['query']}", body.encode(), **sent)
                statuses[reply.status] += 1
    assert statuses[500] >= 2
    assert "OperationalError" in log.getvalue()
    assert leaks(log.getvalue()) == []
    assert receipt not in log.getvalue()
