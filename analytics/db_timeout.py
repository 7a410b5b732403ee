"""Time out queries to a database server that accepts them and does not answer.

A stopped server refuses connections at once. A frozen one, or one behind a broken network, keeps its socket open, and
no option of the driver ends that wait. So a watching thread shuts the socket down after the timeout.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db.backends.base.base import BaseDatabaseWrapper

_CHECK_SECONDS = 0.1


class DatabaseTimeout:
    """The longest time that a thread waits for its database server."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[float, int]] = {}  # by thread: deadline and socket
        self._watcher: threading.Thread | None = None

    @contextmanager
    def enforce(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Let queries on `connection` fail with a connection error once the time is over."""
        if connection.vendor != "postgresql":
            yield
            return
        connection.ensure_connection()
        thread = threading.get_ident()
        with self._lock:
            self._waiting[thread] = (time.monotonic() + self._seconds, connection.connection.pgconn.socket)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="db-timeout", daemon=True)
                self._watcher.start()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(thread, None)

    def _watch(self) -> None:
        while True:
            time.sleep(_CHECK_SECONDS)
            with self._lock:
                now = time.monotonic()
                for thread, (deadline, descriptor) in list(self._waiting.items()):
                    if now > deadline:
                        del self._waiting[thread]
                        _shut_down(descriptor)


def _shut_down(descriptor: int) -> None:
    """End the connection on both sides; the descriptor itself stays open for its owner."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
