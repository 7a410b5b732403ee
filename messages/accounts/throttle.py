"""Throttle guesses of passwords and codes: five are free, then the wait doubles.

Wrong passwords are counted in the memory of one process, under keyed hashes, and forgotten an hour after the last one.
Names are treated alike whether they exist or not. Processes count separately, so two of them allow twice as many.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import RLock

from messages.networks import network_of

MAX_KEYS = 20_000  # beyond that, the keys that failed longest ago are dropped
FORGET_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """The number of free failures, and how the wait grows after them."""

    free_failures: int
    first_seconds: float = 30.0
    longest_seconds: float = 900.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after a number of consecutive failures.

        >>> [BackoffPolicy(5).wait(n) for n in (4, 5, 6, 7, 50)]
        [0.0, 30.0, 60.0, 120.0, 900.0]
        """
        if failures < self.free_failures:
            return 0.0
        return float(min(self.first_seconds * 2 ** min(failures - self.free_failures, 20), self.longest_seconds))


NAME_IN_NETWORK_POLICY = BackoffPolicy(free_failures=5)
NAME_POLICY = BackoffPolicy(free_failures=50)  # high, so that attacks from elsewhere hardly lock anybody out
NETWORK_POLICY = BackoffPolicy(free_failures=30)
CODE_POLICY = BackoffPolicy(
    free_failures=5
)  # of second factors, counted in the database: messages.accounts.code_guesses


def remaining_failures(failures: int, *, idle_seconds: float) -> int:
    """Failures that still count: one is forgotten in each full hour without another.

    >>> [remaining_failures(6, idle_seconds=seconds) for seconds in (0.0, 3599.0, 3600.0, 86_400.0)]
    [6, 6, 5, 0]
    """
    return max(0, failures - max(0, int(idle_seconds // FORGET_SECONDS)))


class FailedAttempts:
    """Consecutive failures by hashed key."""

    def __init__(self) -> None:
        self._secret = os.urandom(16)
        self._failures: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self._lock = RLock()

    def seconds_to_wait(self, name: str, address: str, *, now: float) -> float:
        """Seconds until this name may be tried from this address; 0 if it may be tried now."""
        with self._lock:
            self._forget(now)
            return max(self._wait(key, policy, now) for key, policy in self._keys(name, address))

    def begin_guess(self, name: str, address: str, *, now: float) -> float:
        """Count a guess as wrong before it is looked at; return the seconds to wait if it comes too soon.

        Guesses that are looked at together would otherwise all pass the same count.
        """
        with self._lock:
            wait = self.seconds_to_wait(name, address, now=now)
            if not wait:
                self.record_failure(name, address, now=now)
            return wait

    def record_failure(self, name: str, address: str, *, now: float) -> None:
        """Count a wrong guess."""
        with self._lock:
            for key, _ in self._keys(name, address):
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = (count + 1, now)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def record_success(self, name: str, address: str) -> None:
        """Reset the name, and take this guess alone off its network: no valid account allows guesses at all others."""
        with self._lock:
            for key, policy in self._keys(name, address):
                count, last = self._failures.pop(key, (0, 0.0))
                if policy is NETWORK_POLICY and count > 1:
                    self._failures[key] = (count - 1, last)

    def _wait(self, key: bytes, policy: BackoffPolicy, now: float) -> float:
        count, last = self._failures.get(key, (0, now))
        return max(0.0, last + policy.wait(count) - now)

    def _keys(self, name: str, address: str) -> list[tuple[bytes, BackoffPolicy]]:
        name, network = name.casefold(), network_of(address)
        keys = [(self._key("one", name, network), NAME_IN_NETWORK_POLICY), (self._key("anywhere", name), NAME_POLICY)]
        return [*keys, (self._key("network", network), NETWORK_POLICY)] if network else keys

    def _key(self, *parts: str) -> bytes:
        return blake2b("\0".join(parts).encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()

    def _forget(self, now: float) -> None:
        while self._failures:
            key, (_, last) = next(iter(self._failures.items()))
            if last <= now and now - last < FORGET_SECONDS:  # a clock that was set back gives last > now
                return
            del self._failures[key]
