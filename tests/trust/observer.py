"""Wrap the audience surface to observe requests and rewrite headers. Only this module knows the RSGI interface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from granian.rsgi import HTTPProtocol, Scope

    from campaign.rsgi import RsgiApplication

Headers = list[tuple[str, str]]


class ObservedRequest(NamedTuple):
    """The parts of a request that identify its sender."""

    address: str
    agent: str
    path: str
    query: str
    request_id: str


RequestObserver = Callable[[ObservedRequest], None]
HeaderRewriter = Callable[[ObservedRequest, int, Headers], Headers]


class ObservedApplication:
    """Calls `hear` with each request, and `answer` to rewrite the headers of its reply."""

    def __init__(self, application: RsgiApplication, hear: RequestObserver, answer: HeaderRewriter) -> None:
        self._application, self._hear, self._answer = application, hear, answer

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._application.__rsgi_init__(loop)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        seen = ObservedRequest(
            scope.client.rpartition(":")[0],
            scope.headers.get("user-agent") or "",
            scope.path,
            scope.query_string,
            scope.headers.get("x-request-id") or "",
        )
        self._hear(seen)
        await self._application.__rsgi__(scope, cast("HTTPProtocol", _Answering(protocol, seen, self._answer)))


class _Answering:
    """A protocol that rewrites the headers of replies."""

    def __init__(self, protocol: HTTPProtocol, seen: ObservedRequest, answer: HeaderRewriter) -> None:
        self._protocol, self._seen, self._answer = protocol, seen, answer

    async def __call__(self) -> bytes:
        return await self._protocol()

    def __aiter__(self) -> Any:
        return self._protocol.__aiter__()

    def response_empty(self, status: int, headers: Headers) -> None:
        self._protocol.response_empty(status, self._answer(self._seen, status, headers))

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._protocol.response_bytes(status, self._answer(self._seen, status, headers), body)

    def response_stream(self, status: int, headers: Headers) -> Any:
        return self._protocol.response_stream(status, self._answer(self._seen, status, headers))


def ignore_request(seen: ObservedRequest) -> None:
    """Observe nothing."""


def keep_headers(seen: ObservedRequest, status: int, headers: Headers) -> Headers:
    """Leave the headers unchanged."""
    return headers
