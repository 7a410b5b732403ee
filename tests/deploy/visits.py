"""Requests of every kind, good and broken, that carry marks wherever a request can carry something."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

from tests.deploy.proxy import NAME, Proxy

SOURCE = "127.83.19.204"  # an address that no server of ours has


def marked(token: str, *, method: str = "GET", path: str = "", body: bytes = b"", more: str = "") -> bytes:
    """A request whose path, query and headers all hold the mark."""
    lines = [
        f"{method} {path or '/' + token}?q={token} HTTP/1.1",
        f"Host: {NAME}",
        f"User-Agent: {token}",
        f"Referer: https://partner.example/{token}",
        f"Cookie: sessionid={token}",
        f"X-Forwarded-For: 203.0.113.77, {token}",
        f"Accept-Language: en-{token}",
        f"X-{token}: {token}",
        *([more] if more else []),
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def visits(token: str) -> Iterator[tuple[str, bytes]]:
    """Each kind of request by its name, as bytes."""
    decide = {"placement": "partner-page"}
    yield "a page", marked(token, path="/m/partner-page")
    yield "an unknown placement", marked(token, path=f"/m/{token}")
    yield "a message", _post(token, "/api/v1/decide", json.dumps(decide).encode())
    yield "an unknown field", _post(token, "/api/v1/decide", json.dumps({**decide, token: token}).encode())
    yield "a subject", _post(token, "/api/v1/decide", json.dumps({**decide, "unit": token}).encode())
    yield "a forged receipt", _post(token, "/api/v1/events", json.dumps({"receipt": token, "outcome": token}).encode())
    yield "broken JSON", _post(token, "/api/v1/events", b'{"' + token.encode())
    yield "nothing there", marked(token)
    yield "another method", marked(token, method="DELETE", path="/api/v1/events")
    yield "a staff page", marked(token, path="/campaigns/")
    yield "the sign-in page", marked(token, path="/login/")
    yield "a body too large for the application", _post(token, "/api/v1/events", token.encode() * 4_000)
    yield "a body too large for nginx", _post(token, "/api/v1/events", token.encode() * 20_000)
    yield "headers too large", marked(token, more=f"X-Long: {token * 350}")
    yield "a line too long", marked(token, path=f"/{token * 350}")
    yield "another host", marked(token).replace(f"Host: {NAME}".encode(), f"Host: {token}.example".encode())
    yield "no host", f"GET /{token} HTTP/1.1\r\n\r\n".encode()
    yield "a line that is no request", f"{token} {token}\r\n\r\n".encode()
    yield "a header that is none", f"GET /{token} HTTP/1.1\r\nHost: {NAME}\r\n: {token}\r\n\r\n".encode()
    yield "a path with a null byte", marked(token, path=f"/%00{token}")
    yield "a path that climbs", marked(token, path=f"/../../{token}")
    yield "a length that is none", marked(token, more=f"Content-Length: {token}")
    yield "half a body", marked(token, method="POST", path="/api/v1/events", more="X-Half: 1")[:-2] + token.encode()
    yield "a protocol of the future", f"GET /{token} HTTP/7.3\r\nHost: {NAME}\r\n\r\n".encode()


def _post(token: str, path: str, body: bytes) -> bytes:
    return marked(token, method="POST", path=path, body=body, more="Content-Type: application/json")


def send(proxy: Proxy, request: bytes, *, tls: bool = True) -> bytes:
    """What comes back; empty if the server hung up."""
    port = proxy.tls_port if tls else proxy.plain_port
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(SOURCE, 0)) as raw:
        connection: socket.socket = raw
        if tls:
            connection = proxy.trust().wrap_socket(raw, server_hostname=NAME)
        with connection, suppress(ConnectionError, ssl.SSLError):
            connection.sendall(request)
            if b"X-Half: 1" in request:
                return b""  # gone before the rest
            while piece := connection.recv(65_536):
                answer += piece
    return answer


def status(answer: bytes) -> int:
    """The status of an answer; 0 if there was none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
