"""Locks between the processes of one machine, on files; they end with the process (docs/decisions/0021)."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hold_lock(path: Path | str, *, wait: bool = True, shared: bool = False) -> Iterator[int | None]:
    """Hold the lock on `path`, which is created if necessary, and yield its file descriptor.

    With `wait=False` the descriptor is None if another process holds the lock. Waiting processes are served in order of
    arrival. SQLite's own lock does not do that: it retries after pauses that grow to a tenth of a second.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, operation if wait else operation | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
