"""Malformed requests that no schema describes: invalid HTTP, JSON, methods, headers and targets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.load import Unexpected, status_of
from tests.fuzz.marks import MarkFactory

PATIENCE = 5.0
DECIDE, EVENTS, PAGE, SEEN = "/api/v1/decide", "/api/v1/events", "/m/quiet-page/", "/m/quiet-page/seen.gif"
_JSON: Mapping[str, str | bytes] = {"Content-Type": "application/json"}


class RawRequest(NamedTuple):
    """One raw request. `may_hang_up`: invalid HTTP, so closing the connection is a valid reply.

    `ends_stream`: the client closes its side after sending.
    """

    name: str
    data: bytes
    may_hang_up: bool = False
    ends_stream: bool = False


class Exchange(NamedTuple):
    """The status of the reply, None if the connection was closed without one, and the duration."""

    sent: RawRequest
    status: int | None
    seconds: float

    @property
    def fault(self) -> str | None:
        """What is wrong with this reply; None if nothing is."""
        if self.seconds >= PATIENCE:
            return "no answer"
        if self.status is None:
            return None if self.sent.may_hang_up else "hung up"
        return f"status {self.status}" if self.status >= 500 else None


def request(
    method: str,
    target: str | bytes,
    headers: Mapping[str, str | bytes] | None = None,
    body: bytes = b"",
    *,
    length: bool = True,
    version: str = "1.1",
) -> bytes:
    """Build a request that asks the server to close the connection."""
    lines = [method.encode("latin-1") + b" " + _raw(target) + b" HTTP/" + version.encode()]
    fields: dict[str, str | bytes] = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
    if length and body:
        fields["Content-Length"] = str(len(body))
    lines += [name.encode("latin-1") + b": " + _raw(value) for name, value in fields.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def exchange(port: int, sent: RawRequest, *, source: str = "") -> Exchange:
    """Send a request, from the address `source` if given, and wait for the first line of the reply."""
    begun = time.monotonic()
    reply = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=(source, 0)) as link:
        try:
            link.sendall(sent.data)
        except TimeoutError:
            return Exchange(sent, None, PATIENCE)
        except OSError:
            pass  # the server may reply and close before everything is sent
        try:
            if sent.ends_stream:
                link.shutdown(socket.SHUT_WR)
            while len(reply) < 12 and (more := link.recv(4096)):
                reply += more
        except TimeoutError:
            return Exchange(sent, None, PATIENCE)
        except OSError:
            pass
    seconds = time.monotonic() - begun
    try:
        return Exchange(sent, status_of(reply), seconds)
    except Unexpected:
        return Exchange(sent, None, seconds)


# What is sent


@dataclass
class MalformedRequests:
    """All malformed requests, filled with marks; `receipt` is a real one."""

    marks: MarkFactory
    receipt: str

    def __iter__(self) -> Iterator[RawRequest]:
        yield from self._bodies()
        yield from self._content_types()
        yield from self._lengths()
        yield from self._chunks()
        yield from self._methods()
        yield from self._targets()
        yield from self._headers()
        yield from self._no_http()

    def _post(self, name: str, body: bytes, headers: Mapping[str, str | bytes] | None = None) -> Iterator[RawRequest]:
        for path in (DECIDE, EVENTS, PAGE):
            yield RawRequest(f"{name} to {path}", request("POST", path, {**_JSON, **(headers or {})}, body))

    def _bodies(self) -> Iterator[RawRequest]:
        mark = self.marks.new
        event = {"receipt": self.receipt, "outcome": "exposed"}
        plain = json.dumps({"placement": "quiet-page", "unit": mark()}).encode()
        huge = b'{"placement": "' + mark().encode() * 300_000 + b'"}'
        bodies: dict[str, bytes] = {
            "nothing": b"",
            "a byte": b"{",
            "a byte order mark": b"\xef\xbb\xbf" + plain,
            "UTF-16": plain.decode().encode("utf-16"),
            "UTF-32": plain.decode().encode("utf-32"),
            "invalid UTF-8": b'{"placement": "\xff\xfe' + mark().encode() + b'"}',
            "half a character": plain[:-2] + b"\xe2\x82",
            "an encoded surrogate": b'{"placement": "\xed\xa0\x80' + mark().encode() + b'"}',
            "an escaped lone surrogate": b'{"placement": "\\ud800' + mark().encode() + b'"}',
            "a lone surrogate for a name": b'{"\\udfff": "' + mark().encode() + b'"}',
            "a lone surrogate for a receipt": b'{"outcome": "exposed", "receipt": "' + b"\\ud800" * 112 + b'"}',
            "a lone surrogate for an outcome": b'{"outcome": "\\ud800", "receipt": "' + self.receipt.encode() + b'"}',
            "a lone surrogate for a unit": b'{"placement": "quiet-page", "unit": "\\ud800' + mark().encode() + b'"}',
            "zero bytes": b'{"placement": "quiet-page", "unit": "\\u0000' + mark().encode() + b'"}',
            "raw zero bytes": b"\0" * 1000 + mark().encode(),
            "deep lists": b"[" * 60_000,
            "deep closed lists": b"[" * 60_000 + b"]" * 60_000,
            "rather deep lists": b"[" * 900 + b"]" * 900,
            "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
            "deep in a field": b'{"placement": ' + b"[" * 1500 + b"]" * 1500 + b"}",
            "a name twice": b'{"placement": "quiet-page", "placement": "' + mark().encode() + b'"}',
            "a receipt twice": json.dumps(event).encode()[:-1] + b', "receipt": "' + mark().encode() + b'"}',
            "NaN": b'{"placement": NaN}',
            "Infinity": b"[Infinity, -Infinity]",
            "NaN for a value": json.dumps(event | {"outcome": "rating"}).encode()[:-1] + b', "value": NaN}',
            "a number without end": b'{"value": ' + b"9" * 4000 + b"}",
            "an endless number": b'{"value": ' + b"9" * 100_000 + b"}",
            "a huge exponent": json.dumps(event | {"outcome": "rating"}).encode()[:-1] + b', "value": 1e400}',
            "a huge negative exponent": json.dumps(event | {"outcome": "rating"}).encode()[:-1] + b', "value": 1e-999}',
            "minus zero": json.dumps(event | {"outcome": "rating"}).encode()[:-1] + b', "value": -0}',
            "true for a value": json.dumps(event | {"outcome": "rating", "value": True}).encode(),
            "a fraction for a value": json.dumps(event | {"outcome": "rating", "value": 3.0}).encode(),
            "a text": json.dumps(mark()).encode(),
            "null": b"null",
            "many events": json.dumps([event] * 501).encode(),
            "many small things": b"[" + b"0," * 60_000 + b"0]",
            "a list in a list": json.dumps([[event]]).encode(),
            "5 MB": huge,
            "a trailing comma": plain[:-1] + b",}",
            "two values": plain + plain,
            "a comment": plain + b"// " + mark().encode(),
            "many form fields": b"&".join(b"receipt=" + mark().encode() for _ in range(50)),
            "a form that is too long": b"outcome=left&receipt=" + b"A" * 5000,
            "a form in broken percent signs": b"outcome=left&receipt=%zz%f%" + mark().encode(),
            "a form with a strange rating": b"rating=9&outcome=left&receipt=" + self.receipt.encode(),
            "a form for an unknown outcome": b"receipt=" + self.receipt.encode() + b"&outcome=" + mark().encode(),
        }
        for name, body in bodies.items():
            yield from self._post(name, body)

    def _content_types(self) -> Iterator[RawRequest]:
        body = json.dumps({"placement": "quiet-page", "unit": self.marks.new()}).encode()
        kinds = (
            "text/plain",
            "application/xml",
            "application/json; charset=utf-7",
            "application/json; charset=" + self.marks.new(),
            "multipart/form-data",
            "multipart/form-data; boundary=" + "b" * 5000,
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            self.marks.new(),
            "",
            ";;;",
            b"\xff\xfe",
        )
        for kind in kinds:
            yield from self._post(f"content type {kind[:30]!r}", body, {"Content-Type": kind})
        for coding in ("gzip", "br", "identity, gzip", self.marks.new()):
            yield from self._post(f"content encoding {coding}", body, {"Content-Encoding": coding})

    def _lengths(self) -> Iterator[RawRequest]:
        body = json.dumps({"placement": "quiet-page"}).encode()
        for path in (DECIDE, EVENTS, PAGE):
            yield RawRequest(f"no length to {path}", request("POST", path, _JSON, body, length=False))
            for said in ("-1", "+5", "0x10", "5, 5", "5, 6", "", "abc", "٣", "1e3", "18446744073709551616"):
                head = {"Content-Length": said.encode()}
                raw = request("POST", path, {**_JSON, **head}, body, length=False)
                yield RawRequest(f"length {said!r} to {path}", raw, may_hang_up=True)
            for said in ("200000", "999999999", "9999999999", "999999999999999", "18446744073709551615"):
                raw = request("POST", path, {**_JSON, "Content-Length": said}, body, length=False)
                yield RawRequest(f"a length of {said} to {path}", raw)  # the server must not wait for the body
            zeros = request("POST", path, {**_JSON, "Content-Length": f"{len(body):020}"}, body, length=False)
            yield RawRequest(f"a length in many zeros to {path}", zeros)
            short = request("POST", path, {**_JSON, "Content-Length": str(len(body) + 10)}, body, length=False)
            yield RawRequest(f"a body that ends early to {path}", short, may_hang_up=True, ends_stream=True)
            longer = request(
                "POST", path, {**_JSON, "Content-Length": "5"}, body + b"GET / HTTP/1.1\r\n\r\n", length=False
            )
            yield RawRequest(f"a body that goes on to {path}", longer)
            twice = request("POST", path, {**_JSON, "Content-Length": "27"}, body, length=False)
            yield RawRequest(
                f"two lengths to {path}",
                twice.replace(b"\r\n\r\n", b"\r\ncontent-length: 5\r\n\r\n", 1),
                may_hang_up=True,
            )

    def _chunks(self) -> Iterator[RawRequest]:
        chunked: dict[str, str | bytes] = {**_JSON, "Transfer-Encoding": "chunked"}
        body = json.dumps({"placement": "quiet-page", "unit": self.marks.new()}).encode()
        size = f"{len(body):x}".encode()
        mark = self.marks.new().encode()
        streams: dict[str, tuple[bytes, bool]] = {
            "one chunk": (size + b"\r\n" + body + b"\r\n0\r\n\r\n", False),
            "a chunk for each byte": (b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n", False),
            "no chunk": (b"0\r\n\r\n", False),
            "an extension": (size + b";x=" + mark + b"\r\n" + body + b"\r\n0\r\n\r\n", False),
            "a trailer": (size + b"\r\n" + body + b"\r\n0\r\nX-Trailer: " + mark + b"\r\n\r\n", False),
            "far too much": (
                b"10000\r\n" + b"x" * 65_536 + b"\r\n" + b"100000\r\n" + b"x" * 1_048_576 + b"\r\n0\r\n\r\n",
                False,
            ),
            "a size that is none": (b"zz\r\n" + body + b"\r\n0\r\n\r\n", True),
            "a negative size": (b"-5\r\n" + body + b"\r\n0\r\n\r\n", True),
            "a size without end": (b"f" * 5000 + b"\r\n" + body, True),
            "a size that overflows": (b"ffffffffffffffff1\r\n" + body + b"\r\n0\r\n\r\n", True),
            "a chunk that is cut off": (b"ff\r\n" + body, True),
            "no last chunk": (size + b"\r\n" + body + b"\r\n", True),
        }
        for path in (DECIDE, EVENTS, PAGE):
            for name, (stream, broken) in streams.items():
                raw = request("POST", path, chunked, stream, length=False)
                yield RawRequest(f"chunks, {name}, to {path}", raw, may_hang_up=broken, ends_stream=broken)
            both = request("POST", path, chunked | {"Content-Length": "5"}, streams["one chunk"][0], length=False)
            yield RawRequest(f"chunks and a length to {path}", both, may_hang_up=True)
            for coding in ("gzip, chunked", "chunked, chunked", "identity", self.marks.new()):
                raw = request(
                    "POST", path, chunked | {"Transfer-Encoding": coding}, streams["one chunk"][0], length=False
                )
                yield RawRequest(f"transfer encoding {coding} to {path}", raw, may_hang_up=True, ends_stream=True)

    def _methods(self) -> Iterator[RawRequest]:
        usual = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "M-SEARCH", "post", "A" * 500)
        for path in (
            DECIDE,
            EVENTS,
            PAGE,
            SEEN,
            "/m/quiet-page/help/self",
            "/static/campaign/embed.js",
            "/favicon.ico",
            "/health/live",
            "/metrics",
        ):
            for method in (*usual, self.marks.new()):
                yield RawRequest(f"{method[:20]} {path}", request(method, path))
                yield RawRequest(
                    f"{method[:20]} {path} with a body", request(method, path, _JSON, self.marks.new().encode())
                )
            yield RawRequest(f"CONNECT {path}", request("CONNECT", path), may_hang_up=True, ends_stream=True)
            for method in ("P\xd6ST", "PO ST", "", "P\0ST", "(POST)"):
                yield RawRequest(f"{method!r} {path}", request(method, path), may_hang_up=True, ends_stream=True)

    def _targets(self) -> Iterator[RawRequest]:
        mark = self.marks.new
        fine = [
            f"{PAGE}?locale=%FF%FE{mark()}",
            f"{PAGE}?locale=%00{mark()}",
            f"{PAGE}?preview=%ED%A0%80{mark()}",
            f"{PAGE}?preview={mark()}:{mark()}:{mark()}",
            f"{PAGE}?preview=.{mark()}:1:x",
            f"{PAGE}?" + "&".join(f"locale={mark()}" for _ in range(500)),
            f"{PAGE}?locale=" + "x" * 20_000,
            f"{PAGE}?;;&&==%%%{mark()}",
            f"{PAGE}?",
            f"{PAGE}%00",
            f"{PAGE}%FF",
            f"{PAGE}{mark()}",
            f"{PAGE}..%2f..%2f..%2fetc/passwd",
            f"{PAGE}help/{mark()}",
            f"/m/%FF%FE{mark()}/",
            f"/m/%00{mark()}/",
            f"/m/{mark()}",
            "/m/",
            "/m//",
            "/m/" + "x" * 20_000 + "/",
            "/m/quiet%2Dpage/",
            "/m/quiet-page%2F/",
            f"{SEEN}?receipt={self.receipt}",
            f"{SEEN}?receipt={self.receipt}&receipt={mark()}",
            f"{SEEN}?receipt=%FF{mark()}",
            f"{SEEN}?receipt=" + "%E2%80%A8" * 112,
            f"{SEEN}?receipt=" + "é" * 112,
            "/static/campaign/../campaign/embed.js",
            "/static/campaign/%2e%2e/settings.py",
            "/static/campaign/embed.js%00",
            f"/static/campaign/{mark()}",
            f"http://127.0.0.1{PAGE}",
            f"http://{mark()}.example{PAGE}",
            f"{DECIDE}?{mark()}={mark()}",
        ]
        for target in fine:
            raw: str | bytes = target if target.isascii() else target.encode("utf-8")
            yield RawRequest(f"GET {target[:60]}", request("GET", raw), may_hang_up=not target.isascii())
        for method in ("GET", "OPTIONS", "POST"):
            for odd in (
                "*",
                "",
                "quiet-page",
                "//",
                "/../..",
                "?",
                "/m/quiet-page/#x",
                "/m/\\",
                "http://",
                b"/m/\xff/",
                b"/m/\0/",
            ):
                yield RawRequest(f"{method} target {odd!r}", request(method, odd), may_hang_up=True, ends_stream=True)
        yield RawRequest("a target of 200 kB", request("GET", PAGE + "x" * 200_000), may_hang_up=True)

    def _headers(self) -> Iterator[RawRequest]:
        body = json.dumps({"placement": "quiet-page", "unit": self.marks.new()}).encode()
        names = (
            "Origin",
            "Accept-Language",
            "Cookie",
            "User-Agent",
            "Referer",
            "Sec-GPC",
            "DNT",
            "X-Forwarded-For",
            "Expect",
        )
        values: tuple[str | bytes, ...] = (
            "",
            "null",
            "://",
            "https://" + self.marks.new(),
            "x" * 6000,
            self.marks.new() + ";,=" * 100,
            "\xe4\xf6\xfc" + self.marks.new(),
            "é".encode() + self.marks.new().encode(),
            b"\xff\xfe\xfd",
            "\t" + self.marks.new(),
        )
        for name in names:
            for value in values:
                yield from self._post(f"{name}: {value[:20]!r}", body, {name: value})
                yield RawRequest(f"GET page with {name}: {value[:20]!r}", request("GET", PAGE, {name: value}))
        for path in (DECIDE, PAGE):
            for host in ("", "127.0.0.1:99999", self.marks.new(), "[::1", "a b", b"\xff", "x" * 3000):
                yield RawRequest(
                    f"Host {host[:20]!r} at {path}",
                    request("POST", path, {**_JSON, "Host": host}, body),
                    may_hang_up=True,
                )
            none = request("POST", path, _JSON, body).replace(b"Host: 127.0.0.1\r\n", b"")
            yield RawRequest(f"no host at {path}", none, may_hang_up=True)
            two = request("POST", path, _JSON, body).replace(b"\r\n\r\n", b"\r\nHost: two.example\r\n\r\n", 1)
            yield RawRequest(f"two hosts at {path}", two, may_hang_up=True)
            many = {f"X-{number}": self.marks.new() for number in range(90)}
            yield RawRequest(f"90 headers at {path}", request("POST", path, {**_JSON, **many}, body), may_hang_up=True)
            too_many = {f"X-{number}": self.marks.new() for number in range(2000)}
            yield RawRequest(
                f"2000 headers at {path}", request("POST", path, {**_JSON, **too_many}, body), may_hang_up=True
            )
            large = {"X-Large": self.marks.new() * 40_000}
            yield RawRequest(
                f"a header of 800 kB at {path}", request("POST", path, {**_JSON, **large}, body), may_hang_up=True
            )
            for line in (b"No colon", b": no name", b" folded", b"Na me: x", b"N\xc3\xa4me: x", b"X: a\0b", b"X: a\rb"):
                raw = request("POST", path, _JSON, body).replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)
                yield RawRequest(f"the header line {line!r} at {path}", raw, may_hang_up=True, ends_stream=True)

    def _no_http(self) -> Iterator[RawRequest]:
        page = request("GET", PAGE)
        mark = self.marks.new().encode()
        odd: dict[str, bytes] = {
            "nothing": b"",
            "an empty line": b"\r\n" * 50,
            "a mark": mark + b"\r\n\r\n",
            "HTTP/0.9": b"GET " + PAGE.encode() + b"\r\n",
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/3.7": page.replace(b"HTTP/1.1", b"HTTP/3.7"),
            "no version": page.replace(b" HTTP/1.1", b""),
            "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
            "random bytes": bytes((number * 167 + 13) % 256 for number in range(5000)),
            "half a request": page[:30],
            "half of the headers": page[:-4],
            "bare line feeds": page.replace(b"\r\n", b"\n"),
            "bare carriage returns": page.replace(b"\r\n", b"\r"),
            "an upgrade": request("GET", PAGE, {"Connection": "Upgrade", "Upgrade": "websocket"}),
            "an upgrade to HTTP/2": request("GET", PAGE, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}),
        }
        for name, data in odd.items():
            yield RawRequest(name, data, may_hang_up=True, ends_stream=True)
        for path, method in ((PAGE, "GET"), (DECIDE, "POST")):
            yield RawRequest(f"HTTP/1.0 {path}", request(method, path, version="1.0"))
        yield RawRequest("ten in one go", request("GET", PAGE, {"Connection": "keep-alive"}) * 9 + page)


def drive(port: int, oddities: MalformedRequests, *, alive: Callable[[], bool]) -> list[Exchange]:
    """Send each request on a connection of its own, checking now and then that the server still works."""
    outcomes = []
    for number, sent in enumerate(oddities, start=1):
        outcomes.append(exchange(port, sent))
        if number % 100 == 0:
            assert alive(), f"the server stopped serving after {sent.name}"
    assert alive()
    return outcomes
