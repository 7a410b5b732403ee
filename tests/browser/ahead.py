"""The production application with an audience clock that runs ahead by the hours in a file."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.wsgi import django_application


def _application() -> RsgiApplication:
    from django.conf import settings

    path: Path = settings.DATA_DIRECTORY / "hours-ahead"

    def clock() -> float:
        hours = 0
        with suppress(OSError, ValueError):
            hours = int(path.read_text("ascii"))
        return time.time() + hours * 3600

    return RsgiApplication(django_application, create_audience_application(clock=clock))


application = _application()
