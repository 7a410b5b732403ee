"""Deviations from the plan are shown with every result: on pages, in the terminal, in files and in the API."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.test import Client
from rich.console import Console

from analytics.looks.evaluate import evaluate
from analytics.management import terminal_report
from analytics.results import build
from campaign.lifecycle.deviations import record_deviation
from campaign.models import Campaign
from tests import world
from tests.campaign.api.test_views import analyst
from tests.messages.help_links.test_views import page

pytestmark = pytest.mark.django_db

COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
WHAT, WHY = "It ran two days longer [as agreed].", "The partner moved to another server."


@pytest.fixture
def campaign_with_deviation() -> Campaign:
    """Return a campaign with two looks, and a deviation that was recorded after both."""
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    evaluate(campaign, now=world.NOON)
    record_deviation(campaign, what=WHAT, why=WHY, by=world.person("mara"), now=world.NOON)
    return campaign


def test_every_look_shows_it_also_those_from_before(campaign_with_deviation: Campaign, client: Client) -> None:
    world.sign_in(client, world.person("ana", "analyst"))
    for look in campaign_with_deviation.analyses.values_list("look", flat=True):
        html = page(client, f"/campaigns/pilot/results/?look={look}")
        assert "Changes from the plan" in html
        assert WHY in html


def test_a_deviation_is_shown_before_the_verdict(campaign_with_deviation: Campaign, client: Client) -> None:
    world.sign_in(client, world.person("ana", "analyst"))
    html = page(client, "/campaigns/pilot/results/")
    assert html.index(WHY) < html.index('class="sentence"')


def test_the_list_of_campaigns_says_that_there_is_one(campaign_with_deviation: Campaign, client: Client) -> None:
    world.sign_in(client, world.person("ana", "analyst"))
    assert "1 change from the plan" in page(client, "/")


def test_the_terminal_says_it(campaign_with_deviation: Campaign) -> None:
    out = io.StringIO()
    latest = build.latest(campaign_with_deviation)
    assert latest is not None
    terminal_report.show(latest, Console(file=out, width=200))
    assert f"Change from the plan (2026-03-02): {WHAT} Reason: {WHY}" in out.getvalue()


def test_the_report_for_programs_holds_it(campaign_with_deviation: Campaign) -> None:
    out = io.StringIO()
    call_command("report", "pilot", "--json", stdout=out)
    assert json.loads(out.getvalue())["deviations"] == [{"at": "2026-03-02T12:20:00+00:00", "what": WHAT, "why": WHY}]


def test_the_api_holds_it_with_each_look_and_with_the_campaign(campaign_with_deviation: Campaign) -> None:
    deviations = [{"at": "2026-03-02T12:20:00Z", "what": WHAT, "why": WHY}]
    looks = analyst().get("/api/v1/campaigns/pilot/analyses/").json()["results"]
    assert [look["deviations"] for look in looks] == [deviations] * len(looks)
    assert analyst().get("/api/v1/campaigns/pilot/").json()["deviations"] == deviations


def test_without_one_nothing_is_said(client: Client) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    world.sign_in(client, world.person("ana", "analyst"))
    assert "nothing was changed" in page(client, "/campaigns/pilot/results/")
    assert "change from the plan" not in page(client, "/")
