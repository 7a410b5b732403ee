"""The list of campaigns shows the headline of each results page, in a constant number of queries."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from analytics.looks.evaluate import evaluate
from analytics.results import build
from analytics.results.look_summaries import look_summaries
from campaign.models import Campaign
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PLENTY = {"neutral": (1000, 350), "victim": (1000, 400), "user": (1000, 380), "both": (1000, 440)}
FEW = {"neutral": (120, 41), "victim": (118, 6), "user": (121, 47), "both": (119, 55)}
SKEWED = PLENTY | {"both": (600, 260)}
COUNTS = {"plenty": PLENTY, "few": FEW, "skewed": SKEWED, "early": FEW}


def campaign_with_look(slug: str, planned: int = 100) -> Campaign:
    made = world.launched(slug, at=world.placement(f"{slug}-page"), plan={"planned_per_arm": planned, "looks": [1.0]})
    world.tally(made, COUNTS[slug])
    evaluate(made, now=world.NOON)
    return made


@pytest.mark.parametrize(("slug", "planned"), [("plenty", 100), ("few", 100), ("skewed", 100), ("early", 50_000)])
def test_a_headline_is_what_the_results_page_says(slug: str, planned: int) -> None:
    campaign = campaign_with_look(slug, planned)
    same_as_the_page(campaign)


def test_a_look_that_shows_an_earlier_one_has_the_same_headline() -> None:
    campaign = campaign_with_look("plenty")
    arm = campaign.arms.get(key="both")
    arm.tallies.filter(outcome="turned_back").update(count=443)
    evaluate(campaign, now=world.NOON, embargo_exception="Ana: this is a test.")
    page = build.latest(campaign)
    assert page is not None
    assert (page.look, page.shown_look) == (2, 1)
    same_as_the_page(campaign)


def test_a_campaign_without_a_look_has_none() -> None:
    assert look_summaries([world.launched()]) == {}


@pytest.mark.slow
def test_many_campaigns_take_as_many_queries_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    campaigns = [campaign_with_look(slug) for slug in ("plenty", "few", "skewed")]
    for some in (campaigns[:1], campaigns):
        look_summaries(some)  # from now on, what it asks is what it asked
        with django_assert_num_queries(25):
            assert len(look_summaries(some)) == len(some)


def test_the_list_shows_them(client: Client) -> None:
    campaign = campaign_with_look("plenty")
    world.sign_in(client, world.person("ana", "analyst"))
    assert look_summaries([campaign])[campaign.pk].sentence in client.get("/").content.decode()


def same_as_the_page(campaign: Campaign) -> None:
    summary, page = look_summaries([campaign])[campaign.pk], build.latest(campaign)
    assert page is not None
    assert (summary.look, summary.made_at, summary.sentence) == (page.look, page.made_at, page.sentence)
    assert (summary.withheld, summary.lead_frame) == (page.withheld, page.lead_frame)
    assert summary.people_in_words == page.people_in_words
