"""PURE  How often a password or a code may be guessed: five times, then after a wait that doubles.

Counted in the memory of one process, under a hash keyed by a random number of that process; nothing is written, and
what was not tried again is forgotten within an hour. Names that exist and names that do not are treated alike.
Several processes count apart: with two, twice as many guesses are free.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock

from messages.networks import network_of

MAX_KEYS = 20_000  # keys remembered at a time: the ones that failed longest ago make room
FORGET_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """How many failures are free, and how the wait grows after them."""

    free_failures: int
    first_seconds: float = 30.0
    longest_seconds: float = 900.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row.

        >>> [Patience(5).wait(n) for n in (4, 5, 6, 7, 50)]
        [0.0, 30.0, 60.0, 120.0, 900.0]
        """
        if failures < self.free_failures:
            return 0.0
        return float(min(self.first_seconds * 2 ** min(failures - self.free_failures, 20), self.longest_seconds))


# A name from one network; a name from anywhere, so high that a stranger elsewhere hardly locks anybody out; a network.
NAME_IN_NETWORK_POLICY, NAME_POLICY, NETWORK_POLICY = (
    BackoffPolicy(free_failures=5),
    BackoffPolicy(free_failures=50),
    BackoffPolicy(free_failures=30),
)


class FailedAttempts:
    """Failures in a row by key; the keys themselves are not held."""

    def __init__(self) -> None:
        self._secret = os.urandom(16)
        self._failures: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def seconds_to_wait(self, name: str, address: str, *, now: float) -> float:
        """Seconds until this name may be tried again from this address; 0 if it may be now."""
        with self._lock:
            self._forget(now)
            return max(self._left(key, patience, now) for key, patience in self._keys(name, address))

    def record_failure(self, name: str, address: str, *, now: float) -> None:
        """Note one wrong guess."""
        with self._lock:
            for key, _ in self._keys(name, address):
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = (count + 1, now)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def record_success(self, name: str, address: str) -> None:
        """The right answer: the name begins anew. Its network does not, or one good account would free a thousand."""
        with self._lock:
            for key, patience in self._keys(name, address):
                if patience is not NETWORK_POLICY:
                    self._failures.pop(key, None)

    def _left(self, key: bytes, patience: BackoffPolicy, now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        return max(0.0, last + patience.wait(count) - now)

    def _keys(self, name: str, address: str) -> list[tuple[bytes, BackoffPolicy]]:
        name, network = name.casefold(), network_of(address)
        keys = [(self._key("one", name, network), NAME_IN_NETWORK_POLICY), (self._key("anywhere", name), NAME_POLICY)]
        return [*keys, (self._key("network", network), NETWORK_POLICY)] if network else keys

    def _key(self, *parts: str) -> bytes:
        return blake2b("\0".join(parts).encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()

    def _forget(self, now: float) -> None:
        while self._failures:
            key, (_, last) = next(iter(self._failures.items()))
            if last <= now and now - last < FORGET_SECONDS:  # the clock may have jumped back
                return
            del self._failures[key]
