"""PostgreSQL and nginx with the configuration of deploy/, and with what a fault adds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.entrypoints.launcher import free_port
from tests.deploy.proxy import proxy
from tests.postgres import SHIPPED, Cluster, cluster
from tests.trust.visitors import TlsProxy

_FAULTS = {
    "statement-logging": "log_statement = all\n",
    "slow-statement-logging": "log_min_duration_statement = 0\nlog_parameter_max_length = -1\n",
    "archive-kept": "wal_recycle = on\nwal_keep_size = 1GB\n",
}


@contextmanager
def postgresql(fault: str = "") -> Iterator[Cluster]:
    """Start a server that writes only to its own directory."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    with cluster(settings=f"{shipped}\n{_FAULTS.get(fault, '')}") as made:
        yield made


NAME = "thought.example.org"  # the name in the shipped file


@contextmanager
def nginx(port: int) -> Iterator[tuple[TlsProxy, Path]]:
    """Start nginx in front of a server; yields the proxy and the directory that it writes to."""
    with proxy([port, free_port()]) as made:
        yield TlsProxy(made.tls_port, NAME, made.trust()), made.directory
