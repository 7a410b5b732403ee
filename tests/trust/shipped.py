"""PostgreSQL as it is shipped: with the settings of deploy/, and with those that a fault adds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.installation import ROOT
from tests.postgres import Cluster, cluster

_SHIPPED = ROOT / "deploy" / "postgresql.conf"
_FAULTS = {
    "statement-logging": "log_statement = all\n",
    "slow-statement-logging": "log_min_duration_statement = 0\nlog_parameter_max_length = -1\n",
    "archive-kept": "wal_recycle = on\nwal_keep_size = 1GB\n",
}


@contextmanager
def postgresql(fault: str = "") -> Iterator[Cluster]:
    """A server of its own; everything that it writes lies in its directory."""
    shipped = _SHIPPED.read_text(encoding="utf-8") if _SHIPPED.exists() else "wal_recycle = off\n"
    with cluster(settings=f"{shipped}\n{_FAULTS.get(fault, '')}") as made:
        yield made
