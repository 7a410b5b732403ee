"""The production application, on granian's RSGI: an event loop serves the audience, threads serve the staff.

An event waits for the disk without occupying a thread, so a thousand can wait at once, and a slow client delays nobody.
Django, which queries databases, runs in a thread pool; nothing before it does.
"""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from django.urls import get_resolver
from granian.rsgi import ProtocolClosed

from campaign.log_format import log_unhandled_errors
from campaign.memory import block_unused_imports, release_free_memory
from campaign.serving.http import (
    Headers,
    Refusal,
    Reply,
    Request,
    incomplete_body_refusal,
    not_recorded_refusal,
    parse_content_length,
    refusal_reply,
)
from campaign.serving.routing import DeliverResults, OutcomeEvent, PendingReply, RecordResults
from campaign.wsgi import django_application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from granian.rsgi import HTTPProtocol, Scope

    from campaign.serving.application import AudienceApplication

log = logging.getLogger(__name__)

STAFF_THREADS = 4
STAFF_MAX_BODY_BYTES = 10_000_000
RECORD_TIMEOUT_SECONDS = 30.0


class RsgiApplication:
    """Passes each request to the audience surface, or to Django behind it."""

    def __init__(self, downstream: WSGIApplication, audience: AudienceApplication) -> None:
        self._downstream, self._audience = downstream, audience
        self._threads = ThreadPoolExecutor(STAFF_THREADS, thread_name_prefix="staff")
        self._waiting: deque[tuple[float, asyncio.Future[RecordResults], int]] = deque()
        self._has_timer = False

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._deliver: DeliverResults = lambda answered: loop.call_soon_threadsafe(_resolve_futures, answered)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        audience, method, path, header = self._audience, scope.method, scope.path, scope.headers.get
        route = audience.find_route(path)
        try:
            if route is None:
                await self._handle_staff(scope, protocol)
                return
            body = await _read_body(header("content-length"), protocol, route.max_body_bytes)
            query = scope.query_string if route.reads_query else ""
            request = Request(method, path, query, header, partial(_address, scope), body)
            answer = route.handler(request, audience.context)
            if isinstance(answer, PendingReply):
                reply = audience.complete(answer, await self._record(answer.events))
            else:
                reply = answer
        except ProtocolClosed:
            reply = audience.error_reply(incomplete_body_refusal())
        except Exception as error:
            reply = audience.error_reply(error)
        try:
            _send(protocol, method, reply)
        except Exception as error:  # granian would log it with its message
            log.error("A reply could not be sent: %s", type(error).__name__)

    def _record(self, events: Sequence[OutcomeEvent]) -> asyncio.Future[RecordResults]:
        """Record the events; the future resolves once they are on disk, or to refusals after the timeout.

        All waiting requests share one timer: one for each would cost more than the rest of the request.
        """
        future: asyncio.Future[RecordResults] = self._loop.create_future()
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()
        if not self._has_timer:
            self._has_timer = True
            self._loop.call_later(RECORD_TIMEOUT_SECONDS, self._expire_waiting)
        waiting.append((self._loop.time() + RECORD_TIMEOUT_SECONDS, future, len(events)))
        self._audience.recorder.put(events, clock=self._audience.clock, ticket=future, deliver=self._deliver)
        return future

    def _expire_waiting(self) -> None:
        """Refuse the requests that waited too long, and schedule the next check."""
        now, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            _, future, count = waiting.popleft()
            if not future.done():
                future.set_result([not_recorded_refusal()] * count)
        self._has_timer = bool(waiting)
        if waiting:
            self._loop.call_later(waiting[0][0] - now, self._expire_waiting)

    async def _handle_staff(self, scope: Scope, protocol: HTTPProtocol) -> None:
        body = await _read_body(scope.headers.get("content-length"), protocol, STAFF_MAX_BODY_BYTES)
        if body is None:
            message = f"A request may hold at most {STAFF_MAX_BODY_BYTES:,} bytes."
            reply = refusal_reply(Refusal(413, "body_too_large", message))
        else:
            try:
                reply = await self._loop.run_in_executor(self._threads, self._call_django, _environ(scope, body))
            except Exception as error:
                log.error("The staff pages failed: %s", type(error).__name__)
                reply = refusal_reply(Refusal(500, "internal_error", "Something went wrong on our side."))
        _send(protocol, scope.method, reply)

    def _call_django(self, environ: WSGIEnvironment) -> Reply:
        """Django's reply, read whole in a thread: an error half-way then becomes an error reply, not half an answer."""
        started: list[Any] = []
        chunks: Any = self._downstream(
            environ,
            lambda status, headers, error=None: started.extend((status, headers)),  # type: ignore[arg-type]  # it returns no writer, and Django needs none
        )
        try:
            return Reply(int(started[0][:3]), started[1], b"".join(chunks))
        finally:
            if close := getattr(chunks, "close", None):
                close()


def _resolve_futures(answered: list[tuple[asyncio.Future[RecordResults], RecordResults]]) -> None:
    for future, results in answered:
        if not future.done():
            future.set_result(results)


async def _read_body(content_length: str | None, protocol: HTTPProtocol, limit: int) -> bytes | None:
    """The whole body, or None above the limit; at most one chunk beyond the limit is held in memory."""
    length = parse_content_length(content_length)
    if length is not None:
        return None if length > limit else await protocol()
    chunks, size = [], 0
    async for chunk in protocol:
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return None
    return b"".join(chunks)


def _send(protocol: HTTPProtocol, method: str, reply: Reply) -> None:
    status, headers, body = reply.status, reply.headers, reply.body
    if status == 204 or status == 304:
        protocol.response_empty(status, headers)
    elif method != "HEAD":
        protocol.response_bytes(status, headers, body)
    else:
        protocol.response_empty(status, _with_length(headers, len(body)))


def _with_length(headers: Headers, length: int) -> Headers:
    if any(name.lower() == "content-length" for name, _ in headers):
        return headers
    return [*headers, ("Content-Length", str(length))]


def _address(scope: Scope) -> str:
    return scope.client.rpartition(":")[0].strip("[]")


def _environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    """The request in the form that Django's WSGI handler takes.

    Header names with an underscore are dropped: they could be mistaken for a header that a proxy sets.
    """
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": _address(scope),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        if "_" in name or name == "content-length":
            continue
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        if key in environ and key != "HTTP_HOST":
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}"
        environ[key] = value
    return environ


def __getattr__(name: str) -> RsgiApplication:
    """Create `application` on first access: importing this module starts no threads."""
    if name != "application":
        raise AttributeError(name)
    from campaign.serving.application import create_audience_application

    block_unused_imports()
    log_unhandled_errors()
    application = globals()["application"] = RsgiApplication(django_application, create_audience_application())
    get_resolver().url_patterns  # noqa: B018  # loads the code of the staff pages before the first request
    _freeze_loaded_code()
    return application


def _freeze_loaded_code() -> None:
    """Exclude loaded code and messages from garbage collection: scanning them took 3 µs of each request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    release_free_memory()
