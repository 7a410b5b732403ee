"""The worker of `manage.py worker`, by a fast clock and with short pauses: `python -m tests.crash.worker`."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from datetime import datetime

import django

from tests.crash.clock import FastClock

# In seconds of the machine; every other step keeps its own pace.
EVERY = {"schedule": 2.0, "spool": 0.3, "fold": 0.4, "guard": 5.0, "evaluate": 10.0, "keys": 0.3, "prune": 5.0}
AT_ONCE = 25  # many stretches an hour, thus many places to be killed at


def main() -> None:
    """Work until killed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign.settings")
    django.setup()
    from analytics.fold.fold import fold
    from analytics.worker.loop import Worker
    from analytics.worker.steps import STEPS
    from campaign.assignment.receipts import SECONDS_PER_HOUR
    from tests.crash import faults

    def fold_closed(now: datetime) -> str:
        views = fold(hour=int(now.timestamp()) // SECONDS_PER_HOUR, batch_size=AT_ONCE).views
        return f"{views} views" if views else ""

    faults.plant()
    clock = FastClock.of(os.environ)
    steps = tuple(
        replace(
            step, interval=EVERY.get(step.name, step.interval), run=fold_closed if step.name == "fold" else step.run
        )
        for step in STEPS
    )
    Worker(steps, clock=clock.now, uptime=clock, write_line=_say).run_until(threading.Event(), poll_seconds=0.1)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
