"""Send requests of every kind with canaries in every part, all with Sec-GPC so that no live count changes."""

import ipaddress
import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from analytics.doctor import canaries
from analytics.doctor.findings import ProbeReply

_LOOPBACK_SOURCE = "127.83.19.204"  # a loopback address that nothing else uses
_TIMEOUT_SECONDS = 10.0
_CARRIERS = ("path", "query", "user agent", "referrer", "cookie", "language", "body", "host name", "broken request")


@dataclass(frozen=True, slots=True)
class RequestCanaries:
    """One canary for each part of a request, so that a leak can be attributed."""

    by_carrier: dict[str, str] = field(default_factory=lambda: {name: canaries.new_canary() for name in _CARRIERS})
    forwarded_for: str = field(
        default_factory=lambda: str(ipaddress.ip_address(0x20010DB8 << 96 | secrets.randbits(96)))
    )

    def all_tokens(self) -> dict[str, str]:
        """All canaries by the name of their carrier."""
        return {**self.by_carrier, "forwarded-for": self.forwarded_for}


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The replies, the source address, and the problem of the certificate if any."""

    replies: tuple[ProbeReply, ...]
    plain_http_reply: ProbeReply | None
    source_address: str
    certificate_problem: str


class ProbeClient:
    """Send raw requests to one address, without headers of its own."""

    def __init__(self, url: str, *, ca: str | None) -> None:
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self.name = parts.netloc
        self.source_address = ""
        self.certificate_problem = ""
        self._context = ssl.create_default_context(cafile=ca)

    def send(self, kind: str, request: bytes, *, is_audience: bool = False, is_asset: bool = False) -> ProbeReply:
        """Send one request and return the reply; status 0 if there was none."""
        reply = b""
        with suppress(OSError), self._connection() as connection:
            connection.sendall(request)
            while piece := connection.recv(65_536):
                reply += piece
        head = reply.partition(b"\r\n\r\n")[0]
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1]) if first.startswith("HTTP/") and first.split(" ")[1:2] else 0
        pairs = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
        return ProbeReply(kind, status, pairs, is_audience=is_audience, is_asset=is_asset)

    def _connection(self) -> socket.socket:
        raw = self._connect()
        if not self.tls:
            return raw
        try:
            return self._context.wrap_socket(raw, server_hostname=self.host)
        except ssl.SSLCertVerificationError as error:  # reported; the probes are sent all the same
            self.certificate_problem = error.verify_message
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE
            return self._context.wrap_socket(self._connect(), server_hostname=self.host)

    def _connect(self) -> socket.socket:
        """Connect to the first address that answers; to a loopback address from one that can be searched for."""
        refusal = OSError("the name has no address")
        for family, *_, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            own = (_LOOPBACK_SOURCE, 0) if family == socket.AF_INET and str(address[0]).startswith("127.") else None
            try:
                raw = socket.create_connection(
                    (str(address[0]), self.port), timeout=_TIMEOUT_SECONDS, source_address=own
                )
            except OSError as error:
                refusal = error
            else:
                self.source_address = str(raw.getsockname()[0])
                return raw
        raise refusal


def send_probes(
    url: str, marks: RequestCanaries, *, placement: str | None, plain_url: str | None, ca: str | None = None
) -> ProbeReport:
    """Send all probes to the installation at `url`."""
    client = ProbeClient(url, ca=ca)
    replies = [
        client.send(kind, request, is_audience=audience, is_asset=asset)
        for kind, request, audience, asset in _requests(client.name, marks, placement)
    ]
    plain = None
    if client.tls:
        ProbeClient(f"http://{client.host}:{client.port}", ca=None).send("no TLS", _request(client.name, marks))
        to = plain_url or f"http://{client.host}/"
        plain = ProbeClient(to, ca=None).send("plain HTTP", _request(client.host, marks))
    return ProbeReport(tuple(replies), plain, client.source_address, client.certificate_problem)


def _requests(host: str, marks: RequestCanaries, placement: str | None) -> Iterator[tuple[str, bytes, bool, bool]]:
    """Yield (kind, request, is_audience, is_asset)."""
    body = marks.by_carrier["body"]
    if placement:
        yield "the hosted page", _request(host, marks, path=f"/m/{placement}"), True, False
        yield "a message", _post(host, marks, "/api/v1/decide", {"placement": placement}), True, False
        yield "a subject", _post(host, marks, "/api/v1/decide", {"placement": placement, "unit": body}), True, False
    yield "an unknown placement", _post(host, marks, "/api/v1/decide", {"placement": body}), True, False
    yield "an unknown field", _post(host, marks, "/api/v1/decide", {"placement": "x", body: body}), True, False
    yield "a forged receipt", _post(host, marks, "/api/v1/events", {"receipt": body, "outcome": "left"}), True, False
    yield "broken JSON", _post(host, marks, "/api/v1/events", f'{{"{body}'), True, False
    yield "a body too large", _post(host, marks, "/api/v1/events", body * 400), True, False
    yield "a body much too large", _post(host, marks, "/api/v1/events", body * 12_000), False, False
    yield "another method", _request(host, marks, method="DELETE", path="/api/v1/events"), True, False
    yield "a script", _request(host, marks, path="/static/campaign/embed.js"), True, True
    yield "nothing there", _request(host, marks), False, False
    yield "a staff page", _request(host, marks, path="/campaigns/"), False, False
    yield "headers too large", _request(host, marks, more=f"X-Long: {marks.by_carrier['query'] * 500}"), False, False
    yield "another host", _request(f"{marks.by_carrier['host name']}.example", marks), False, False
    broken = marks.by_carrier["broken request"]
    yield "no request", f"{broken} {broken}\r\n\r\n".encode(), False, False
    yield "no such protocol", f"GET /{broken} HTTP/7.3\r\nHost: {host}\r\n\r\n".encode(), False, False
    yield "a broken header", f"GET /{broken} HTTP/1.1\r\nHost: {host}\r\n: {broken}\r\n\r\n".encode(), False, False


def _request(
    host: str,
    marks: RequestCanaries,
    *,
    method: str = "GET",
    path: str = "",
    body: bytes = b"",
    more: str = "X-More: no",
) -> bytes:
    tokens = marks.by_carrier
    lines = [
        f"{method} {path or '/' + tokens['path']}?q={tokens['query']} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {tokens['user agent']}",
        f"Referer: https://partner.example/{tokens['referrer']}",
        f"Cookie: sessionid={tokens['cookie']}",
        f"X-Forwarded-For: {marks.forwarded_for}",
        f"X-Real-IP: {marks.forwarded_for}",
        f"Accept-Language: en-{tokens['language']}",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Sec-GPC: 1",
        more,
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _post(host: str, marks: RequestCanaries, path: str, value: object) -> bytes:
    body = value if isinstance(value, str) else json.dumps(value)
    more = "Content-Type: application/json"
    return _request(host, marks, method="POST", path=path, body=body.encode(), more=more)
