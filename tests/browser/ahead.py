"""The site as in production, for a story that lasts days: the audience's clock goes ahead by what a file says."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.wsgi import django_application


def _application() -> RsgiApplication:
    from django.conf import settings

    file: Path = settings.DATA_DIRECTORY / "hours-ahead"

    def clock() -> float:
        hours = 0
        with suppress(OSError, ValueError):
            hours = int(file.read_text("ascii"))
        return time.time() + hours * 3600

    return RsgiApplication(django_application, create_audience_application(clock=clock))


application = _application()
