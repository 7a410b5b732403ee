"""Requests to public HTTPS addresses that staff typed in: help links and webhooks.

A request never reaches a private network: the host's addresses are checked, and the connection is made to the address
that was checked. Redirects are not followed, and the whole exchange has a time limit.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import idna

Resolver = Callable[[str], Sequence[str]]  # host -> its addresses
Connector = Callable[[str, str, float], socket.socket]  # host, address, time-out in seconds -> verified TLS connection

PORT = 443
TIMEOUT_SECONDS = 10.0  # for one request, from connecting to the last response header
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # IANA has assigned no other IPv6 address to the Internet
# Special-purpose networks that Python takes for public ones: documentation (RFC 9637), and 6to4 relays (RFC 7526).
_SPECIAL = (ipaddress.ip_network("3fff::/20"), ipaddress.ip_network("192.88.99.0/24"))


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """The head of a response."""

    status: int
    location: str


class UnsafeAddress(Exception):
    """No request is made to this address; the message says why, for staff."""


def parse_url(url: str) -> tuple[SplitResult, str]:
    """Split a URL, and encode its host in ASCII. Raises UnsafeAddress if either is impossible."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError if it is not a port
        return parts, _ascii_host(parts.hostname or "")
    except ValueError:  # includes UnicodeError
        raise UnsafeAddress("This is not an address.") from None


def _ascii_host(host: str) -> str:
    """A host as browsers send it: UTS 46, non-transitional, so that ß is no ss, as in Python's own codec."""
    if host.isascii():
        return host.encode("idna").decode("ascii")  # the lengths of its parts are checked
    return idna.encode(host, uts46=True, transitional=False).decode("ascii")


def split_url(url: str) -> tuple[str, str]:
    """The host and path of a URL that may be requested; the one rule for forms and requests.

    Raises UnsafeAddress for any other URL.
    """
    parts, host = parse_url(url)
    if parts.scheme != "https":
        raise UnsafeAddress("It leads to an address that is not https.")
    if not host or parts.username is not None or parts.password is not None or parts.port not in (None, PORT):
        raise UnsafeAddress("It leads to an address with a name, a password or a port in it.")
    if not is_domain_name(host):
        raise UnsafeAddress("It leads to a number, or to a machine of the local network.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise UnsafeAddress("Its path has signs that an address cannot have.")
    return host, path


def is_domain_name(host: str) -> bool:
    """Whether a host is a dotted name, not a number in any notation or a name of the local network."""
    last = host.rpartition(".")[2].lower()
    return (
        "." in host.strip(".") and ":" not in host and bool(last) and not last.isdigit() and not last.startswith("0x")
    )


def is_site_url(url: str) -> bool:
    """Whether a URL may be requested."""
    try:
        split_url(url)
    except UnsafeAddress:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from the whole Internet, including addresses embedded in IPv6."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None or ip in _NAT64:
            return is_public(str(ip.ipv4_mapped or ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour is not None or ip.teredo is not None or ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in one for one in _SPECIAL)


def choose_public_address(addresses: Sequence[str]) -> str:
    """The first address, provided that all are public: one private address marks the host as internal."""
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


def resolve_host(host: str) -> Sequence[str]:
    """The addresses of a host, from the system's resolver."""
    return [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)]


def open_connection(host: str, address: str, seconds: float) -> socket.socket:
    """Connect to an address over TLS, and verify the certificate against the host name."""
    plain = socket.create_connection((address, PORT), timeout=seconds)
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def send_request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    resolve: Resolver | None = None,
    connect: Connector | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> OutboundResponse:
    """Send one request and return the head of the response. Raises UnsafeAddress, OSError or HTTPException."""
    host, path = split_url(url)
    address = choose_public_address((resolve or resolve_host)(host))
    with closing((connect or open_connection)(host, address, seconds)) as sock:
        sock.settimeout(seconds)
        # A socket time-out starts again with every byte, so a slow server could hold the connection for hours.
        is_cut_off = threading.Event()
        timer = threading.Timer(seconds, _shut_down, [sock, is_cut_off])
        timer.daemon = True
        timer.start()
        try:
            connection = http.client.HTTPConnection(host)
            connection.sock = sock
            connection.request(method, path, body, headers=dict(headers))
            response = connection.getresponse()
            if is_cut_off.is_set():
                raise TimeoutError("cut off")  # http.client takes truncated headers for complete ones
            return OutboundResponse(response.status, response.getheader("Location", ""))
        finally:
            timer.cancel()


def _shut_down(sock: socket.socket, is_cut_off: threading.Event) -> None:
    is_cut_off.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
