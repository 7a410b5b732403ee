"""A lightweight HTTP/1.1 client that keeps a server busy: persistent connections with one request in flight on each."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CONNECTIONS = 256  # enough that the server is never idle, even if the client is
_TIMEOUT = 15.0
# Above 128 kB the allocator may request each buffer from the system, which can halve the speed of the client.
_RECEIVE_BYTES = 65_536
BROWSER = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
)


class Unexpected(Exception):
    """A reply with a status other than 200, or no reply."""


@dataclass(slots=True)
class Load:
    """The replies of one run: their number, duration, and bodies if requested."""

    replies: int = 0
    seconds: float = 0.0
    bodies: list[bytes] = field(default_factory=list)


# The headers of a browser behind a proxy that our server reads; other servers get the same.
THROUGH_A_PROXY = {"user-agent": BROWSER, "x-real-ip": "203.0.113.77"}


def post(path: str, body: bytes, *, origin: str | None = None) -> bytes:
    """The bytes of one request as a browser sends it through a proxy, without headers that are not read."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: text/plain", f"Content-Length: {len(body)}"]
    lines += _headers(THROUGH_A_PROXY)
    if origin is not None:
        lines.append(f"Origin: {origin}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def get(path: str, **headers: str) -> bytes:
    """The bytes of one GET; `cookie="..."` sends a header Cookie."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *_headers(headers), "", ""]).encode("ascii")


def _headers(headers: Mapping[str, str]) -> list[str]:
    return [f"{name.title()}: {value}" for name, value in headers.items()]


def reply_size(data: bytes) -> int | None:
    """The total length of the reply at the start of `data`, or None while its headers are incomplete."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[: end + 2].lower()
    start = head.find(b"\r\ncontent-length:")
    if start < 0:
        raise Unexpected("a reply without Content-Length")
    return end + 4 + int(head[start + 17 : head.index(b"\r\n", start + 2)])


def status_of(data: bytes) -> int:
    """The status of the reply at the start of `data`."""
    version, _, rest = data.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise Unexpected(f"not an HTTP reply: {data[:40]!r}")
    return int(rest[:3])


def body_of(reply: bytes) -> bytes:
    """The body of one whole reply."""
    return reply.partition(b"\r\n\r\n")[2]


def drive(
    port: int, requests: Iterator[bytes], *, seconds: float, connections: int = CONNECTIONS, keep: bool = False
) -> Load:
    """Send requests until they or the seconds run out, and wait for the last reply; Unexpected unless all are 200."""
    load = Load()
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    partial: dict[int, bytes] = {}
    begun = time.monotonic()
    end = begun + seconds
    try:
        for request in _first(requests, connections):
            link = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[link.fileno()] = link
            poll.register(link.fileno(), select.EPOLLIN)
            link.sendall(request)
        waiting = len(sockets)
        while waiting:
            ready = poll.poll(_TIMEOUT)
            if not ready:
                raise Unexpected(f"no reply in {_TIMEOUT:.0f} s")
            ending = time.monotonic() >= end
            for number, _ in ready:
                link = sockets[number]
                data = link.recv(_RECEIVE_BYTES)
                if not data:
                    raise Unexpected("the server hung up")
                if number in partial:
                    data = partial.pop(number) + data
                size = reply_size(data)
                if size is None or len(data) < size:
                    partial[number] = data
                    continue
                if not data.startswith(b"HTTP/1.1 200"):
                    raise Unexpected(f"a reply with status {status_of(data)}: {body_of(data)[:200]!r}")
                load.replies += 1
                if keep:
                    load.bodies.append(body_of(data))
                following = None if ending else next(requests, None)
                if following is None:
                    waiting -= 1
                else:
                    link.sendall(following)
    finally:
        poll.close()
        for link in sockets.values():
            link.close()
    load.seconds = time.monotonic() - begun
    return load


def _first(requests: Iterator[bytes], count: int) -> list[bytes]:
    return [request for _, request in zip(range(count), requests, strict=False)]
