"""The audience surface as in production, with the fault that TRUST_FAULT names, if it names one.

A subject whose key begins with "stumble" makes it fail: that is no fault planted, it is how a row gets to see what the
surface does with an error that holds something of someone's.
"""

from __future__ import annotations

import os
from typing import Any

from campaign.rsgi import RsgiApplication
from campaign.serving.application import create_audience_application
from campaign.serving.snapshot_entries import CampaignEntry, PlacementEntry
from campaign.wsgi import django_application
from tests.trust.overheard import ObservedApplication


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

    planted.swap(decision, "assign", assign)
    hear, answer = planted.in_the_server(os.environ.get("TRUST_FAULT", ""))
    return ObservedApplication(RsgiApplication(django_application, create_audience_application()), hear, answer)


application = _application()
