"""PURE  Does one network ask too often? Counted in a sketch that holds no address, and is forgotten every few minutes.

A network is the first 24 bits of an IPv4 address or the first 48 of an IPv6 address. It adds one to a counter in each
of three rows; which counters, a keyed hash says: Python's own, under the key of this process and a random one that is
thrown away with the counters. The least of the three is at most too large, and rarely by much. Without the keys nothing
tells which networks came; with them, a guess can be tried until the window ends, in the memory of the running process
and nowhere else.

This machine is no network: whatever comes from it is a test, or passed on by a proxy that does not say for whom.
"""

from __future__ import annotations

import os
from array import array
from ipaddress import IPv6Address

SKETCH_ROWS, SKETCH_BITS = 3, 14
WINDOW_SECONDS = 300.0
_PLACE = (1 << SKETCH_BITS) - 1


class NetworkRateLimit:
    """Counts requests by network; `limit` of them in five minutes are the most that count, and 0 is no limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ends = 0.0
        self._forget(0.0)

    def exceeds_limit(self, address: str, now: float) -> bool:
        """One more request of this address's network: whether there were too many of it by now."""
        if not self._limit:
            return False
        if not now < self._ends <= now + WINDOW_SECONDS:  # the clock may have jumped back
            self._forget(now)
        network = network_prefix(address)
        if network is None:
            return False
        # Written out row by row: this runs at every message that is served.
        digest, limit = hash(self._key + network), self._limit
        first, second, third = self._rows
        place = digest & _PLACE
        first[place] = in_first = first[place] + 1
        place = digest >> SKETCH_BITS & _PLACE
        second[place] = in_second = second[place] + 1
        place = digest >> 2 * SKETCH_BITS & _PLACE
        third[place] = in_third = third[place] + 1
        return in_first > limit and in_second > limit and in_third > limit

    def _forget(self, now: float) -> None:
        self._key = os.urandom(16)
        first, second, third = (array("I", bytes(array("I").itemsize << SKETCH_BITS)) for _ in range(SKETCH_ROWS))
        self._rows = (first, second, third)
        self._ends = now + WINDOW_SECONDS


def network_prefix(address: str) -> bytes | None:
    """The network of an address, in few bytes; None if it is this machine, or no address.

    >>> network_of("192.0.2.77"), network_of("2001:db8:7:8::1").hex(), network_of("127.0.0.1"), network_of("a name")
    (b'192.0.2', '20010db80007', None, None)
    """
    if ":" not in address:
        network = address.rpartition(".")[0]
        return network.encode() if network and not network.startswith("127.") else None
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return None
    if parsed.ipv4_mapped:
        return network_prefix(str(parsed.ipv4_mapped))
    return None if parsed.is_loopback else parsed.packed[:6]
