"""Write to the database, every few seconds, what serving counted in memory."""

import atexit
import threading
from multiprocessing.util import Finalize
from typing import Protocol

from django.db import close_old_connections


class Flushable(Protocol):
    """Counts or notes in memory; `flush` writes them and returns how many there were."""

    def flush(self) -> int: ...


def start_flushing(*counters: Flushable, seconds: float) -> None:
    """Flush from a background thread, and once more when the process ends."""

    def flush() -> None:
        for counter in counters:
            counter.flush()

    def loop() -> None:
        while not stop.wait(seconds):
            close_old_connections()
            flush()

    stop = threading.Event()
    threading.Thread(target=loop, name="served-counter", daemon=True).start()
    atexit.register(flush)
    Finalize(counters[0], flush, exitpriority=10)  # a server's worker is a child process, which skips atexit
