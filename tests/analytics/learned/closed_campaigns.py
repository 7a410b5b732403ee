"""Closed campaigns with a recorded result, made with the real verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.learned.record import record_result
from analytics.looks.evaluate import evaluate
from analytics.models import LearnedResult
from campaign.lifecycle import transitions
from campaign.models import Campaign
from tests import world

BETTER = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
NOTHING = {"neutral": (40_000, 12_000), "victim": (40_000, 12_030), "user": (40_000, 11_980), "both": (40_000, 12_010)}
WIDE = {"smallest_difference": 0.05}  # a plan under which one network could not hide that nothing was found
BACKFIRE = {"neutral": (5000, 1500), "victim": (5000, 1000), "user": (5000, 1490), "both": (5000, 1000)}


@world.cached_rows
def closed(slug: str = "pilot", counts: Mapping[str, tuple[int, int]] = BETTER, **options: Any) -> Campaign:
    """A closed campaign with one planned look.."""
    campaign = world.launched(slug, **options)
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    transitions.close(Campaign.objects.get(slug=slug), by=world.person("mara", "manager"), now=world.NOON)
    return Campaign.objects.get(slug=slug)


@world.cached_rows
def learned(slug: str = "pilot", counts: Mapping[str, tuple[int, int]] = BETTER, **options: Any) -> LearnedResult:
    """What was learned from such a campaign."""
    result = record_result(closed(slug, counts, **options))
    assert result is not None
    return result
