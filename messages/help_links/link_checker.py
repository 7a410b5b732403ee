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
Resolve = Callable[[str], Sequence[str]]  # a host's addresses
Connect = Callable[[str, str, float], socket.socket]  # host, one of its addresses, seconds: a connection one may trust

PORT = 443
SECONDS = 10.0  # for each question, from connecting to the last header
MOST_HOPS = 4
_HEADERS = {"User-Agent": "Mozilla/5.0", "Accept": "text/html,*/*;q=0.5", "Accept-Encoding": "identity"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Found:
    """What the machine found, in a word and in a sentence for staff."""

    code: Code
    sentence: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a site said."""

    status: int
    location: str


class Unsafe(Exception):
    """Not an address that we ask; the message says why."""


def probe(
    url: str, *, resolve: Resolve | None = None, connect: Connect | None = None, seconds: float = SECONDS
) -> Found:
    """Ask the address, and follow it as long as it stays at its host."""
    resolve, connect = resolve or resolved, connect or connected
    host = asked = ""
    for _ in range(MOST_HOPS):
        try:
            host, path = parted(url)
            if asked and host != asked:
                return Found("moved", f"It sends people on to {host}. Is that still the same service?")
            asked = host
            address = public_of(resolve(host))
            reply = _ask(host, path, address, connect, seconds)
        except Unsafe as reason:
            return Found("unsafe", str(reason))
        except ssl.SSLError:
            return Found("silent", "Its certificate is not one that browsers trust.")
        except (OSError, http.client.HTTPException) as error:
            return Found("silent", f"No answer from {host} ({type(error).__name__}).")
        if not (300 <= reply.status < 400 and reply.location):
            return _judged(reply.status)
        url = urljoin(f"https://{host}{path}", reply.location)
    return Found("fails", f"It sends people around in a circle, {MOST_HOPS} times and more.")


def parted(url: str) -> tuple[str, str]:
    """Host and path of an address that may be asked, or Unsafe."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError):
        raise Unsafe("This is not an address.") from None
    if parts.scheme != "https":
        raise Unsafe("It leads to an address that is not https.")
    if not host or parts.username is not None or parts.password is not None or port not in (None, PORT):
        raise Unsafe("It leads to an address with a name, a password or a port in it.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise Unsafe("Its path has signs that an address cannot have.")
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


def resolved(host: str) -> Sequence[str]:
    """The host's addresses as the system knows them."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def connected(host: str, address: str, seconds: float) -> socket.socket:
    """A connection to this address that shows a certificate for this host."""
    plain = socket.create_connection((address, PORT), timeout=seconds)
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def public_of(addresses: Sequence[str]) -> str:
    """One address, if all of them are public: a host that is also inside our own network is not asked at all."""
    if not addresses:
        raise OSError("the name has no address")
    for address in addresses:
        try:
            public = is_public(address)
        except ValueError:
            public = False
        if not public:
            raise Unsafe("Its name leads into a private network.")
    return addresses[0]


def _ask(host: str, path: str, address: str, connect: Connect, seconds: float) -> Reply:
    """The head of the page; the page itself, unread, where a site gives no heads."""
    reply = once("HEAD", host, path, address, connect, seconds)
    if reply.status in (400, 403, 404, 405, 500, 501):
        return once("GET", host, path, address, connect, seconds)
    return reply


def once(
    method: str,
    host: str,
    path: str,
    address: str,
    connect: Connect,
    seconds: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] = _HEADERS,
) -> Reply:
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
            return Reply(answer.status, answer.getheader("Location", ""))
        finally:
            timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _judged(status: int) -> Found:
    if status in (404, 410):
        return Found("missing", f"It says that there is no such page ({status}).")
    if status in (401, 403, 407, 429, 451):
        return Found("shut", f"It lets no machine in ({status}). Please open it yourself.")
    if status >= 400:
        return Found("fails", f"It says that something is wrong ({status}).")
    if status >= 300:
        return Found("fails", f"It sends people on and does not say where ({status}).")
    return Found("answers", f"It answered ({status}). Whom it serves, a person has to see.")
