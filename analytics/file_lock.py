"""Locks between processes of one machine, held on files: whoever dies lets go of them at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_lock(path: Path | str, *, wait: bool = True, shared: bool = False) -> Iterator[int | None]:
    """Hold the lock on `path` (made if it is not there) and yield its file descriptor.

    With `wait=False` the descriptor is None if another holds the lock. Waiters are served in the order they came, which
    a database file's own lock does not promise: SQLite asks again after pauses that grow to a tenth of a second.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, how if wait else how | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
