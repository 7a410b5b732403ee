"""The queue of launches by the API: read it, join it and leave it, under the rules of the page."""

from __future__ import annotations

import pytest

from campaign.lifecycle import launch_queue, transitions
from campaign.models import Campaign
from messages.models import AuditEntry, HelpLink
from tests import world
from tests.campaign.api.test_views import CAMPAIGNS, analyst, as_, error, manager, reviewer, step

pytestmark = pytest.mark.django_db
QUEUE = "/api/v1/queue/"


def approved(slug: str) -> Campaign:
    campaign = world.draft(slug)
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    return campaign


def test_a_manager_puts_a_campaign_in_the_queue_and_everybody_here_reads_what_it_waits_for() -> None:
    world.launched("first")
    approved("second")
    assert step(manager(), "queue", "second").json()["state"] == "approved"
    (row,) = analyst().get(QUEUE).json()["results"]
    expected = {
        "slug": "second",
        "placements": ["quiet-page"],
        "queued_by": "mara",
        "waits_for": ["first"],
        "first_slot": 1,
        "last_slot": 100,
    }
    assert {name: row[name] for name in expected} == expected
    assert AuditEntry.objects.filter(action="campaign-queue", ref="second").count() == 1


def test_the_queue_names_who_waits_longer() -> None:
    world.launched("first")
    for slug in ("second", "third"):
        approved(slug)
        step(manager(), "queue", slug)
    rows = analyst().get(QUEUE).json()["results"]
    assert [(row["slug"], row["waits_for"]) for row in rows] == [("second", ["first"]), ("third", ["first", "second"])]


def test_what_was_queued_by_the_api_is_launched_by_the_worker() -> None:
    first = world.launched("first")
    approved("second")
    step(manager(), "queue", "second")
    transitions.close(first, by=world.person("mara"), now=world.NOON)
    assert [campaign.slug for campaign in launch_queue.launch_queued_campaigns(now=world.NOON)] == ["second"]
    assert analyst().get(QUEUE).json()["results"] == []


def test_it_leaves_the_queue_and_stays_approved() -> None:
    world.launched("first")
    approved("second")
    step(manager(), "queue", "second")
    assert step(manager(), "leave_queue", "second").json()["state"] == "approved"
    assert analyst().get(QUEUE).json()["count"] == 0
    error(step(manager(), "leave_queue", "second"), 409, "step_refused")


def test_what_else_is_in_the_way_keeps_it_out() -> None:
    world.launched("first")
    approved("second")
    HelpLink.objects.update(verified_on=None)
    error(step(manager(), "queue", "second"), 409, "step_refused")


@pytest.mark.parametrize("verb", ["queue", "leave_queue"])
def test_only_managers_with_a_fresh_code_do(verb: str) -> None:
    approved("second")
    error(step(reviewer(), verb, "second"), 403, "permission_denied")
    alone = as_(world.person("mara", "manager")).post(f"{CAMPAIGNS}second/{verb}/", content_type="application/json")
    error(alone, 403, "confirm_first")
    assert Campaign.objects.get().queued_at is None
