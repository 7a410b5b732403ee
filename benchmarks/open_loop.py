"""An open-loop client: request n is sent at n / rate seconds, whether or not the previous one was answered.

A latency is counted from the moment in the timetable, not from the moment of sending. So a server that stalls for a
second is charged for every request that was due in this second, as visitors would see it; a client that waits for each
answer before it asks again would hide all but one of them.
"""

from __future__ import annotations

import math
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.load import Unexpected, reply_size, status_of

CONNECTIONS = 128
_PATIENCE = 15.0


def timetable(*, rate: float, seconds: float) -> list[float]:
    """The due time of each request, in seconds from the start."""
    return [number / rate for number in range(round(rate * seconds))]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that is at least as large as this share of them (nearest rank)."""
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values, and a share above 0 and up to 1")
    return sorted(values)[math.ceil(share * len(values)) - 1]


@dataclass(slots=True)
class Timed:
    """The latency of each answer in seconds, the answers by status, and how late requests were sent."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """The number of answers other than 200."""
        return self.statuses.total() - self.statuses[200]


def drive_on_time(
    port: int, requests: Iterator[bytes], *, rate: float, seconds: float, connections: int = CONNECTIONS
) -> Timed:
    """Send a request at each moment of the timetable and wait for every answer, whatever its status.

    A request that finds every connection busy waits for the first to come free, and its clock is running.
    """
    timed = Timed()
    poll = select.epoll()
    links: dict[int, socket.socket] = {}
    partial: dict[int, bytes] = {}
    due_at: dict[int, float] = {}
    try:
        for _ in range(connections):
            link = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            links[link.fileno()] = link
            poll.register(link.fileno(), select.EPOLLIN)
        free = list(links)
        begun = time.perf_counter() + 0.05
        moments = [begun + moment for moment in timetable(rate=rate, seconds=seconds)]
        following = 0
        heard = time.perf_counter()
        while following < len(moments) or due_at:
            now = time.perf_counter()
            while free and following < len(moments) and moments[following] <= now:
                number = free.pop()
                links[number].sendall(next(requests))
                due_at[number] = moments[following]
                timed.lateness.append(now - moments[following])
                following += 1
                now = time.perf_counter()
            for number, _ in poll.poll(_wait(now, moments[following] if free and following < len(moments) else None)):
                data = partial.pop(number, b"") + links[number].recv(262_144)
                heard = time.perf_counter()
                if number not in due_at or not data:
                    raise Unexpected("the server hung up")
                size = reply_size(data)
                if size is None or len(data) < size:
                    partial[number] = data
                    continue
                timed.latencies.append(heard - due_at.pop(number))
                timed.statuses[status_of(data)] += 1
                free.append(number)
            if due_at and time.perf_counter() - heard > _PATIENCE:
                raise Unexpected(f"no reply in {_PATIENCE:.0f} s")
    finally:
        poll.close()
        for link in links.values():
            link.close()
    return timed


def _wait(now: float, moment: float | None) -> float:
    """How long to sleep: epoll rounds up to whole milliseconds, so the last one is spent polling."""
    if moment is None:
        return 0.1
    return max(0.0, math.floor((moment - now) * 1000 - 1) / 1000)
