"""Faults to plant, so that the tests can be seen to find them: named by CRASH_FAULT in a process's environment."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from analytics.fold import fold
from analytics.ingest import writer
from analytics.ingest.open_views import GroupedCounts, NonceRange
from campaign.keys import reloader
from campaign.serving.routing import DeliverResults, OutcomeEvent
from tests.crash import ANSWER_FIRST, DEAF, NO_NOTE


def plant() -> None:
    """Plant the fault that the environment names, if it names one."""
    fault = os.environ.get("CRASH_FAULT", "")
    if fault == ANSWER_FIRST:
        _answer_first()
    elif fault == NO_NOTE:
        _forget_the_note()
    elif fault == DEAF:
        _know_keys_late()
    elif fault:
        raise ValueError(f"there is no fault {fault}")


def _answer_first() -> None:
    proper = writer.EventWriter.put

    def put(
        self: writer.EventWriter,
        events: Sequence[OutcomeEvent],
        *,
        clock: Callable[[], float],
        ticket: Any,
        deliver: DeliverResults,
    ) -> None:
        threading.Timer(2.0, proper, [self, list(events)], {"clock": clock, "ticket": None, "deliver": id}).start()
        deliver([(ticket, [None] * len(events))])

    writer.EventWriter.put = put  # type: ignore[method-assign]  # that is the fault


def _forget_the_note() -> None:
    def count(batch: NonceRange, groups: GroupedCounts, withdrawals: Mapping[int, int]) -> bool:
        with transaction.atomic():
            fold._raise_counts(fold.tally_views(groups), Counter(), {})
        time.sleep(0.1)  # a real one would be as wrong, and harder to meet
        return True

    fold._count = count
    fold._counted_up_to = lambda closes: 0


def _know_keys_late() -> None:
    reloader.KeyReloader.reload_for_unknown_key = lambda self, number: None  # type: ignore[method-assign]  # a fault is wrong on purpose
    try:
        (settings.DATA_DIRECTORY / "deaf").touch(exist_ok=False)
        reloader.RELOAD_SECONDS = 3600.0
    except FileExistsError:
        reloader.RELOAD_SECONDS = 0.03  # an hour of the fast clock is 0.45 s
