"""The application as production runs it, on granian's RSGI: one loop answers the audience, threads answer the staff.

An event waits for its disk without holding a thread, so a thousand may wait at once, and a visitor on a slow line holds
nobody up. What asks a database (Django, and the health of the installation) works in threads of its own.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import socket
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from django.urls import get_resolver
from granian.rsgi import ProtocolClosed

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

STAFF_THREADS = 4
STAFF_MAX_BODY_BYTES = 10_000_000
RECORD_TIMEOUT_SECONDS = 30.0


class RsgiApplication:
    """Takes each request to the audience surface, or to Django behind it."""

    def __init__(self, downstream: WSGIApplication, audience: AudienceApplication) -> None:
        self._downstream, self._audience = downstream, audience
        self._threads = ThreadPoolExecutor(STAFF_THREADS, thread_name_prefix="staff")
        self._waiting: deque[tuple[float, asyncio.Future[RecordResults], int]] = deque()
        self._watched = False  # by one timer, however often the queue empties and fills again

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._deliver: DeliverResults = lambda answered: loop.call_soon_threadsafe(_settle, answered)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        audience, method, path, header = self._audience, scope.method, scope.path, scope.headers.get
        route = audience.find_route(path)
        try:
            if route is None:
                await self._staff(scope, protocol)
                return
            length = parse_content_length(header("content-length"))
            if length is None:
                body = await _unannounced(protocol, route.max_body_bytes)
            else:
                body = await protocol() if length <= route.max_body_bytes else None
            query = scope.query_string if route.reads_query else ""
            request = Request(method, path, query, header, partial(_address, scope), body)
            if route.is_blocking:
                answer = await self._loop.run_in_executor(self._threads, audience.handle, route, request)
            else:
                answer = route.handler(request, audience.context)
            if isinstance(answer, PendingReply):
                answer = audience.complete(answer, await self._recorded(answer.events))
        except ProtocolClosed:
            answer = audience.error_reply(incomplete_body_refusal())
        except Exception as error:
            answer = audience.error_reply(error)
        _send(protocol, method, answer)

    def _recorded(self, events: Sequence[OutcomeEvent]) -> asyncio.Future[RecordResults]:
        """The answers to these events, once they are on disk; after a long wait, that nothing was kept."""
        future: asyncio.Future[RecordResults] = self._loop.create_future()
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()
        if not self._watched:
            self._watched = True
            self._loop.call_later(RECORD_TIMEOUT_SECONDS, self._give_up)
        waiting.append((self._loop.time() + RECORD_TIMEOUT_SECONDS, future, len(events)))
        self._audience.recorder.put(events, clock=self._audience.clock, ticket=future, deliver=self._deliver)
        return future

    def _give_up(self) -> None:
        """Answer those who have waited too long, and look again when the next may have."""
        now, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            _, future, count = waiting.popleft()
            if not future.done():
                future.set_result([not_recorded_refusal()] * count)
        self._watched = bool(waiting)
        if waiting:
            self._loop.call_later(waiting[0][0] - now, self._give_up)

    async def _staff(self, scope: Scope, protocol: HTTPProtocol) -> None:
        body = await _body(scope.headers.get("content-length"), protocol, STAFF_MAX_BODY_BYTES)
        if body is None:
            refusal = Refusal(413, "body_too_large", f"A request may hold at most {STAFF_MAX_BODY_BYTES:,} bytes.")
            _send(protocol, scope.method, refusal_reply(refusal))
            return
        whole = await self._loop.run_in_executor(
            self._threads, self._asked, _environ(scope, body), protocol, scope.client
        )
        if whole is not None:
            _send(protocol, scope.method, whole)

    def _asked(self, environ: WSGIEnvironment, protocol: HTTPProtocol, client: str) -> Reply | None:
        """Runs in a thread: Django's reply; None if it came piece by piece and is sent already."""
        said: list[Any] = []
        pieces: Any = self._downstream(environ, lambda status, headers, error=None: said.extend((status, headers)))  # type: ignore[arg-type]  # it returns no writer, and Django needs none
        try:
            status, headers = int(said[0][:3]), said[1]
            if not getattr(pieces, "streaming", False):
                return Reply(status, headers, b"".join(pieces))
            transport = protocol.response_stream(status, headers)
            try:
                for piece in pieces if environ["REQUEST_METHOD"] != "HEAD" else ():
                    asyncio.run_coroutine_threadsafe(_passed_on(transport, piece), self._loop).result()
            except ProtocolClosed:  # whoever asked has left
                pass
            except Exception as error:
                self._audience.error_reply(error)
                _hang_up(client)
            return None
        finally:
            pieces.close()


async def _passed_on(transport: Any, piece: bytes) -> None:
    await transport.send_bytes(piece)


def _hang_up(client: str) -> None:
    """Close a connection under the server, which by itself would end half an answer as a whole one."""
    address, _, port = client.rpartition(":")
    for number in os.listdir("/dev/fd"):
        with suppress(OSError):
            link = socket.socket(fileno=int(number))
            try:
                if link.getpeername()[:2] == (address.strip("[]"), int(port)):
                    link.shutdown(socket.SHUT_RDWR)
            finally:
                link.detach()  # it stays the server's


def _settle(answered: list[tuple[asyncio.Future[RecordResults], RecordResults]]) -> None:
    for future, answers in answered:
        if not future.done():
            future.set_result(answers)


async def _body(announced: str | None, protocol: HTTPProtocol, limit: int) -> bytes | None:
    """The whole body; None above the limit, and then at most one piece too many was held."""
    length = parse_content_length(announced)
    if length is not None:
        return None if length > limit else await protocol()
    return await _unannounced(protocol, limit)


async def _unannounced(protocol: HTTPProtocol, limit: int) -> bytes | None:
    pieces, held = [], 0
    async for piece in protocol:
        pieces.append(piece)
        held += len(piece)
        if held > limit:
            return None
    return b"".join(pieces)


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
    """The request as Django's WSGI handler takes it.

    Header names with an underscore are left out: they could pass for one of ours, which a proxy sets.
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
    """`application`, mounted when the server asks for it: importing this module starts no threads."""
    if name != "application":
        raise AttributeError(name)
    from campaign.serving.application import create_audience_application

    block_unused_imports()
    application = globals()["application"] = RsgiApplication(django_application, create_audience_application())
    get_resolver().url_patterns  # noqa: B018  # the staff pages' code too is loaded before anybody comes
    _leave_alone_what_stays()
    return application


def _leave_alone_what_stays() -> None:
    """The garbage collector need not walk through code and messages again and again: it cost 3 us a request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    release_free_memory()
