"""The production audience surface with the fault that TRUST_FAULT names, if any.

A subject key that begins with "stumble" raises an exception that contains it. This is no planted fault: it lets a row
check how the surface handles errors with personal data.
"""

from __future__ import annotations

import os
from typing import Any

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.serving.snapshot_entries import PlacementEntry
from campaign.wsgi import django_application
from tests.trust.observer import ObservedApplication


def _application() -> ObservedApplication:
    from campaign.serving import decision
    from tests.trust import planted

    proper = decision.decide

    def decide(placement: PlacementEntry, locale: str | None, unit: str | None, *more: Any) -> decision.ServingDecision:
        if unit is not None and unit.startswith("stumble"):
            raise ValueError(f"no arm for {unit}")
        return proper(placement, locale, unit, *more)

    planted.replace_attribute(decision, "decide", decide)
    hear, answer = planted.plant_in_server(os.environ.get("TRUST_FAULT", ""))
    return ObservedApplication(RsgiApplication(django_application, create_audience_application()), hear, answer)


application = _application()
