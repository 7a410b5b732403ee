"""Does a help link's address still answer? Asked by a machine, when someone wants that; a person still has to look.

It asks over HTTPS alone, without a cookie, a referrer or a name of its own; it goes to public addresses alone, to the
very address that was looked at; it stays at the host that is asked, and says so when it is sent elsewhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

Code = Literal["answers", "moved", "missing", "shut", "fails", "silent", "unsafe"]
Resolver = Callable[[str], Sequence[str]]  # a host's addresses
Connector = Callable[
    [str, str, float], socket.socket
]  # host, one of its addresses, seconds: a connection one may trust

PORT = 443
TIMEOUT_SECONDS = 10.0  # for each question, from connecting to the last header
MAX_REDIRECTS = 4
_HEADERS = {"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "identity"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the machine found, in a word and in a sentence for staff."""

    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """What a site said."""

    status: int
    location: str


class UnsafeAddress(Exception):
    """Not an address that we ask; the message says why."""


def probe(
    url: str, *, resolve: Resolver | None = None, connect: Connector | None = None, seconds: float = TIMEOUT_SECONDS
) -> ProbeResult:
    """Ask the address, and follow it as long as it stays at its host."""
    resolve, connect = resolve or resolve_host, connect or open_connection
    host = asked = ""
    for _ in range(MAX_REDIRECTS):
        try:
            host, path = split_url(url)
            if asked and host != asked:
                return ProbeResult("moved", f"It sends people on to {host}. Is that still the same service?")
            asked = host
            address = choose_public_address(resolve(host))
            reply = _ask(host, path, address, connect, seconds)
        except UnsafeAddress as reason:
            return ProbeResult("unsafe", str(reason))
        except ssl.SSLError:
            return ProbeResult("silent", "Its certificate is not one that browsers trust.")
        except (OSError, http.client.HTTPException) as error:
            return ProbeResult("silent", f"No answer from {host} ({type(error).__name__}).")
        if not (300 <= reply.status < 400 and reply.location):
            return _judged(reply.status)
        url = urljoin(f"https://{host}{path}", reply.location)
    return ProbeResult("fails", f"It sends people around in a circle, {MAX_REDIRECTS} times and more.")


def split_url(url: str) -> tuple[str, str]:
    """Host and path of an address that may be asked, or Unsafe."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError):
        raise UnsafeAddress("This is not an address.") from None
    if parts.scheme != "https":
        raise UnsafeAddress("It leads to an address that is not https.")
    if not host or parts.username is not None or parts.password is not None or port not in (None, PORT):
        raise UnsafeAddress("It leads to an address with a name, a password or a port in it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise UnsafeAddress("Its path has signs that an address cannot have.")
    return host, path


def is_public(address: str) -> bool:
    """Whether anyone on the Internet reaches it: no private, local or reserved address, not in disguise either."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return is_public(str(ip.ipv4_mapped or ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour is not None or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


def resolve_host(host: str) -> Sequence[str]:
    """The host's addresses as the system knows them."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def open_connection(host: str, address: str, seconds: float) -> socket.socket:
    """A connection to this address that shows a certificate for this host."""
    plain = socket.create_connection((address, PORT), timeout=seconds)
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def choose_public_address(addresses: Sequence[str]) -> str:
    """One address, if all of them are public: a host that is also inside our own network is not asked at all."""
    if not addresses:
        raise OSError("the name has no address")
    for address in addresses:
        try:
            public = is_public(address)
        except ValueError:
            public = False
        if not public:
            raise UnsafeAddress("Its name leads into a private network.")
    return addresses[0]


def _ask(host: str, path: str, address: str, connect: Connector, seconds: float) -> OutboundResponse:
    """The head of the page; the page itself, unread, where a site gives no heads."""
    reply = send_request("HEAD", host, path, address, connect, seconds)
    if reply.status in (400, 403, 404, 405, 500, 501):
        return send_request("GET", host, path, address, connect, seconds)
    return reply


def send_request(
    method: str,
    host: str,
    path: str,
    address: str,
    connect: Connector,
    seconds: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] = _HEADERS,
) -> OutboundResponse:
    """One question to one address, answered within `seconds` or cut off; what it sends back is not read."""
    with closing(connect(host, address, seconds)) as line:
        line.settimeout(seconds)
        # A site that sends a byte now and then would keep us for hours.
        timer = threading.Timer(seconds, _hang_up, [line])
        timer.daemon = True
        timer.start()
        end = time.monotonic() + seconds
        try:
            connection = http.client.HTTPConnection(host)
            connection.sock = line
            connection.request(method, path, body, headers=dict(headers))
            answer = connection.getresponse()
            if time.monotonic() >= end:
                raise TimeoutError("cut off")  # what came until then looks like a whole answer
            return OutboundResponse(answer.status, answer.getheader("Location", ""))
        finally:
            timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _judged(status: int) -> ProbeResult:
    if status in (404, 410):
        return ProbeResult("missing", f"It says that there is no such page ({status}).")
    if status in (401, 403, 407, 429, 451):
        return ProbeResult("shut", f"It lets no machine in ({status}). Please open it yourself.")
    if status >= 400:
        return ProbeResult("fails", f"It says that something is wrong ({status}).")
    if status >= 300:
        return ProbeResult("fails", f"It sends people on and does not say where ({status}).")
    return ProbeResult("answers", f"It answered ({status}). Whom it serves, a person has to see.")
