"""A running campaign of which one arm annoys surely more than its plan allows, for tests/browser/test_harm_stop.py."""

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

# Arm -> how many saw it, and how many of them it annoyed: 3 and 12 in 100, where the plan allows 1 more.
ANNOYED_COUNTS = {"neutral": (5000, 150), "both": (5000, 600)}


def create_harmful_campaign(origin: str) -> dict[str, str]:
    """The campaign, launched yesterday; the session of a manager. All but one in a million visitors fall to the arm."""
    now = timezone.now()
    starter_library.load(now=now)
    campaign = world.draft(
        arms={"neutral": 1, "both": 1_000_000},
        at=world.placement(allowed_origins=[origin]),
        plan={"monitoring": "always-valid", "planned_per_arm": 5000},
    )
    campaign.plan.outcomes.filter(role="guardrail").update(harm_margin=0.01)
    transitions.submit(campaign, by=world.person("mara", "manager"))
    transitions.approve(campaign, by=world.person("rafael", "reviewer"))
    transitions.launch(campaign, by=world.person("mara"), now=now - timedelta(days=1))
    world.tally(campaign, ANNOYED_COUNTS, outcome="annoyed")
    client = Client()
    world.sign_in(client, world.person("mara"))
    return {"session": client.cookies[settings.SESSION_COOKIE_NAME].value, "cookie": settings.SESSION_COOKIE_NAME}


def run_guard() -> int:
    """The worker's own step; how many stops are on record then."""
    steps.enforce_guardrails(timezone.now())
    return GuardEvent.objects.count()
