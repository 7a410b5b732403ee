"""A running campaign with an arm that crosses its guardrail, for tests/browser/test_harm_stop.py."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.test import Client
from django.utils import timezone

from analytics.models import GuardEvent
from analytics.worker import steps
from campaign.lifecycle import transitions
from messages.library import starter_library
from tests import world

# Arm -> how many saw it, and how many of them it annoyed. The plan allows a difference of 1 in 100.
ANNOYED_COUNTS = {"neutral": (5000, 150), "both": (5000, 600)}


def create_harmful_campaign(origin: str) -> dict[str, str]:
    """Create the campaign, launched yesterday, and return a manager's session.

    The weights assign all but one in a million visitors to the harmful arm.
    """
    now = timezone.now()
    starter_library.load(now=now)
    campaign = world.draft(
        arms={"neutral": 1, "both": 1_000_000},
        at=world.placement(allowed_origins=[origin]),
        plan={"monitoring": "always-valid", "planned_per_arm": 5000},
    )
    campaign.plan.outcomes.filter(role="guardrail").update(harm_margin=0.01)
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=now - timedelta(days=1))
    world.tally(campaign, ANNOYED_COUNTS, outcome="annoyed")
    client = Client()
    world.sign_in(client, world.person("mara"))
    return {"session": client.cookies[settings.SESSION_COOKIE_NAME].value, "cookie": settings.SESSION_COOKIE_NAME}


def run_guard() -> int:
    """Run the worker's guardrail step, and return how many guardrail events are recorded."""
    steps.enforce_guardrails(timezone.now())
    return GuardEvent.objects.count()
