"""The audience surface as in production, by a fast clock; notes how many events went to the spool."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from campaign.assignment.receipts import SECONDS_PER_HOUR
from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.wsgi import django_application
from tests.crash.clock import FastClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analytics.ingest.spool import Spool
    from campaign.serving.http import Refusal
    from campaign.serving.routing import OutcomeEvent


def _application() -> RsgiApplication:
    from django.conf import settings

    from analytics.ingest import writer
    from campaign.keys import reloader
    from tests.crash import faults

    clock = FastClock.of(os.environ)
    reloader.RELOAD_SECONDS = min(reloader.RELOAD_SECONDS, SECONDS_PER_HOUR / clock.speed / 10)  # an hour is short here

    proper = writer.spool_events
    notes: Path = settings.DATA_DIRECTORY / "spooled"

    def keep(events: Sequence[OutcomeEvent], *, hour: int, spool: Spool) -> list[Refusal | None]:
        answers = proper(events, hour=hour, spool=spool)
        with notes.open("a", encoding="ascii") as stream:
            stream.write(f"{answers.count(None)}\n")
        return answers

    writer.spool_events = keep
    faults.plant()
    return RsgiApplication(django_application, create_audience_application(clock=clock))


application = _application()
