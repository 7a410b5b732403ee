"""PURE  Group internet addresses by network, so that limits need not hold an address; tell this machine's own."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address


def network_of(address: str) -> str:
    """The first 24 bits of an IPv4 address or 48 of an IPv6 one, as text; empty for this machine, or no address.

    An IPv6 address made of an IPv4 one (6to4, Teredo) is of that network: each would be one of its own otherwise.

    >>> network_of("192.0.2.77"), network_of("2001:db8:7:8::1"), network_of("127.0.0.1"), network_of("a name")
    ('192.0.2', '20010db80007', '', '')
    """
    if ":" not in address:  # not parsed further: this runs at every message that is served
        network = address.rpartition(".")[0]
        return "" if network.startswith("127.") else network
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return ""
    inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
    if inner:
        return network_of(str(inner))
    return "" if parsed.is_loopback else parsed.packed[:6].hex()


PROXY_HEADERS = ("x-real-ip", "x-forwarded-for", "forwarded")


def is_this_machine(peer: str, named_by_proxy: Iterable[str]) -> bool:
    """Whether a request came from this machine, and a proxy in between, if any, names no other.

    >>> is_this_machine("127.0.0.1", []), is_this_machine("127.0.0.1", ["192.0.2.7"]), is_this_machine("192.0.2.7", [])
    (True, False, False)
    """
    return all(_is_loopback(address) for address in (peer, *filter(None, named_by_proxy)))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address[:64]).is_loopback
    except ValueError:
        return False
