"""Nothing calls out: the server and the worker in a network without a route, where the kernel counts each attempt."""

from __future__ import annotations

import socket

from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.sealed import attempts, run_in_network
from tests.trust.site import keys
from tests.trust.visitors import VisitorGroup, everything


def check(bench: Bench) -> Result:
    """Visit from inside that network, and read the kernel's count; an attempt of our own must be counted."""
    with bench.site() as made:
        made.offline = True
        made.start()
        made.work()
        crowd = VisitorGroup.of(bench.some(60, 8), port=made.port, keys=keys(made))
        run_in_network(made.main, lambda: crowd.each(everything))
        made.until_worked()
        tried = sum(attempts(pid) for pid in made.processes)
        run_in_network(made.main, _try)
        control = sum(attempts(pid) for pid in made.processes) - tried
        lost = sum(reply.status == 0 for reply in crowd.replies)
        processes = len(made.serving()) + len(made.processes)
    broken = [f"{tried} attempts to reach someone"] if tried else []
    broken += [] if control == 1 else ["an attempt of our own was not counted"]
    broken += [f"{lost} requests were not answered"] if lost else []
    return Result(
        n=f"{len(crowd.replies):,} requests to {processes} processes without a route, each step of the worker",
        figure=f"attempts {tried}, requests not answered {lost}",
        broken=tuple(broken),
    )


def _try() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(b"?", ("192.0.2.1", 53))
        except OSError:
            return
    raise AssertionError("there is a route")
