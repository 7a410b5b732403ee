"""The production audience surface with the fault that TRUST_FAULT names, if any.

A subject key that begins with "stumble" raises an exception that contains it. This is no planted fault: it lets a row
check how the surface handles errors with personal data.
"""

from __future__ import annotations

import os
from typing import Any

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.serving.snapshot_entries import CampaignEntry, PlacementEntry
from campaign.wsgi import django_application
from tests.trust.observer import ObservedApplication


def _application() -> ObservedApplication:
    from campaign.serving import decision
    from tests.trust import planted

    proper = decision.assign

    def assign(
        placement: PlacementEntry, campaign: CampaignEntry, fields: decision.MessageRequest, *more: Any, **named: Any
    ) -> decision.Decision:
        if fields.unit is not None and fields.unit.startswith("stumble"):
            raise ValueError(f"no arm for {fields.unit}")
        return proper(placement, campaign, fields, *more, **named)

    planted.replace_attribute(decision, "assign", assign)
    hear, answer = planted.plant_in_server(os.environ.get("TRUST_FAULT", ""))
    return ObservedApplication(RsgiApplication(django_application, create_audience_application()), hear, answer)


application = _application()
