"""Hangs up on a database server that takes a question and does not answer.

A server that is stopped refuses at once; one that is frozen, or behind a cut wire, keeps its socket open and says
nothing. No option of the driver ends that wait, so a thread closes the socket when patience is at its end, and the
waiting thread sees a lost connection.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db.backends.base.base import BaseDatabaseWrapper

_STEP = 0.1


class DatabaseTimeout:
    """How long a thread waits for its database server's answer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[float, int]] = {}  # thread -> its deadline, its socket
        self._watching: threading.Thread | None = None

    @contextmanager
    def enforce(self, connection: BaseDatabaseWrapper) -> Iterator[None]:
        """Whatever is asked of `connection` meanwhile fails as a lost connection once the seconds are over."""
        if connection.vendor != "postgresql":
            yield
            return
        connection.ensure_connection()
        thread = threading.get_ident()
        with self._lock:
            self._waiting[thread] = (time.monotonic() + self._seconds, connection.connection.pgconn.socket)
            if self._watching is None:
                self._watching = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._watching.start()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(thread, None)

    def _watch(self) -> None:
        while True:
            time.sleep(_STEP)
            with self._lock:
                now = time.monotonic()
                for thread, (deadline, descriptor) in list(self._waiting.items()):
                    if now > deadline:
                        del self._waiting[thread]
                        _hang_up(descriptor)


def _hang_up(descriptor: int) -> None:
    """End the connection for both sides; the descriptor itself stays its owner's."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
