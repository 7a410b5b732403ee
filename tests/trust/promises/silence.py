"""Nothing calls out: run server and worker in a network without a route, where the kernel counts attempts."""

from __future__ import annotations

import socket

from tests.trust.bench import Bench
from tests.trust.result import Result
from tests.trust.sandbox import count_unrouted_packets, run_in_network
from tests.trust.site import receipt_keys_of
from tests.trust.visitors import VisitorGroup, visit_everything


def check(bench: Bench) -> Result:
    """Visit from inside that network and read the count; an attempt of our own is the control."""
    with bench.site() as made:
        made.offline = True
        made.start()
        made.start_worker()
        group = VisitorGroup.of(bench.scaled(60, 8), port=made.port, keys=receipt_keys_of(made))
        run_in_network(made.main_pid, lambda: group.run_each(visit_everything))
        made.wait_for_worker()
        tried = sum(count_unrouted_packets(pid) for pid in made.root_pids)
        run_in_network(made.main_pid, _send_packet)
        control = sum(count_unrouted_packets(pid) for pid in made.root_pids) - tried
        lost = sum(reply.status == 0 for reply in group.replies)
        processes = len(made.serving_pids()) + len(made.root_pids)
    broken = [f"{tried} attempts to reach someone"] if tried else []
    broken += [] if control == 1 else ["an attempt of our own was not counted"]
    broken += [f"{lost} requests were not answered"] if lost else []
    return Result(
        n=f"{len(group.replies):,} requests to {processes} processes without a route, each step of the worker",
        figure=f"attempts {tried}, requests not answered {lost}",
        broken=tuple(broken),
    )


def _send_packet() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(b"?", ("192.0.2.1", 53))
        except OSError:
            return
    raise AssertionError("there is a route")
