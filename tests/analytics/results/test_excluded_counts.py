"""How a report describes messages that were served and not counted."""

from __future__ import annotations

from datetime import date

import pytest

from analytics.looks.evaluate import evaluate
from analytics.results import build
from campaign.models import Campaign, LeftOutCount
from tests import world

pytestmark = pytest.mark.django_db
COUNTS = {"neutral": (1000, 300), "victim": (1000, 310), "user": (1000, 290), "both": (1000, 400)}


def exclusion_items(campaign: Campaign, **excluded: int) -> list[tuple[str, str]]:
    """Return status and text of the report's items on exclusions, given excluded counts by reason."""
    for reason, count in excluded.items():
        LeftOutCount.objects.create(
            day=date(2026, 3, 1), placement=campaign.placements.get(), reason=reason, count=count
        )
    report = build.build(evaluate(campaign, now=world.NOON))
    return [(item.status, item.detail) for item in report.quality if "of 100 messages" in item.detail]


def campaign_with(counts: dict[str, tuple[int, int]] = COUNTS) -> Campaign:
    campaign = world.launched()
    world.tally(campaign, counts)
    return campaign


def test_a_few_machines_are_no_worry() -> None:
    assert exclusion_items(campaign_with(), machine=125)[0][0] == "ok"


def test_many_machines_are_a_caution() -> None:
    # 4,000 messages were sent and 2,000 left out: 33 of 100.
    ((status, detail),) = exclusion_items(campaign_with(), machine=2000)
    assert (status, detail.split(" of ")[0]) == ("caution", "33")


@pytest.mark.parametrize(("crowd", "status"), [(100, "ok"), (2_000, "caution")])
def test_networks_beyond_their_share_are_told_and_many_are_a_caution(crowd: int, status: str) -> None:
    ((told, detail),) = exclusion_items(campaign_with(), crowd=crowd)
    assert told == status
    assert "someone tries to distort the result" in detail


@pytest.mark.parametrize("few", [1, 9, 19])
def test_a_share_that_rounds_to_zero_is_not_reported(few: int) -> None:
    assert exclusion_items(campaign_with(), machine=few, crowd=few) == []


def test_a_small_campaign_reports_no_exclusions() -> None:
    small = campaign_with(dict.fromkeys(COUNTS, (100, 30)))
    assert exclusion_items(small, machine=100) == []


def test_what_falls_into_wash_outs_is_told_and_is_no_worry() -> None:
    ((status, detail),) = exclusion_items(campaign_with(), washout=2000)
    assert status == "ok"
    assert detail.startswith("33 of 100 messages were shown at the start of a period")
