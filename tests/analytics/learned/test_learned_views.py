"""The pages of what was learned: searched, filtered, and with nulls and backfires on equal terms."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from analytics.models import LearnedResult
from campaign.models import Campaign
from tests import world
from tests.analytics.learned.closed_campaigns import BACKFIRE, BETTER, NOTHING, WIDE, closed, learned

pytestmark = pytest.mark.django_db
PAGE, AVERAGES = "/learned/", "/learned/averages/"


@pytest.fixture
def ana() -> Client:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def text(client: Client, address: str = PAGE, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def found(client: Client, **query: str) -> list[str]:
    """The campaigns that a search finds, by slug, in order."""
    return re.findall(r'<h2><a href="/campaigns/([\w-]+)/results/', text(client, **query))


def three() -> None:
    learned("better", BETTER, plan=WIDE)
    learned("nothing", NOTHING, plan=WIDE)
    learned("backfire", BACKFIRE, plan=WIDE)


def test_without_a_closed_campaign_the_page_says_so(ana: Client) -> None:
    assert "No closed campaign yet" in text(ana)
    assert "Nothing to average yet" in text(ana, AVERAGES)


def test_every_closed_campaign_stands_there_with_its_sentence(ana: Client) -> None:
    three()
    shown = text(ana)
    assert found(ana) == ["backfire", "nothing", "better"]
    assert (
        "3 closed campaigns. With a comparison that came out so: better 1, worse 1, no meaningful difference 1" in shown
    )
    for result in LearnedResult.objects.all():
        assert result.sentences["en"] in shown


def test_in_spanish_the_sentence_is_the_spanish_one(ana: Client) -> None:
    result = learned()
    response = ana.get(PAGE, headers={"accept-language": "es"})
    assert result.sentences["es"] in response.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"verdict": "worse"}, ["backfire"]),
        ({"verdict": "no-meaningful-difference"}, ["nothing"]),
        ({"verdict": "better"}, ["better"]),
        ({"frame": "victim"}, ["backfire", "nothing", "better"]),
        ({"frame": "other"}, []),
        ({"language": "en"}, ["backfire", "nothing", "better"]),
        ({"language": "de"}, []),
        ({"design": "view"}, ["backfire", "nothing", "better"]),
        ({"design": "period"}, []),
        ({"whose": "ours"}, ["backfire", "nothing", "better"]),
        ({"whose": "theirs"}, []),
        ({"q": "PILÓT víctim"}, ["backfire", "nothing", "better"]),
        ({"q": "nothing-of-this-name"}, []),
        ({"verdict": "worse", "q": "pilot"}, ["backfire"]),
    ],
    ids=str,
)
def test_it_is_found_by_what_it_has(ana: Client, query: dict[str, str], expected: list[str]) -> None:
    three()
    assert found(ana, **query) == expected


def test_a_changed_plan_takes_its_sentence_off_the_page_at_once(ana: Client) -> None:
    result = learned()
    world.drop_triggers()
    campaign = Campaign.objects.get()
    campaign.plan.smallest_difference = 0.3
    campaign.plan.save()
    shown = text(ana)
    assert result.sentences["en"] not in shown
    assert "the plan in the database is not the one that was frozen" in shown


def test_what_was_written_for_smaller_cells_is_not_shown(ana: Client, settings: Settings) -> None:
    learned()
    settings.SMALL_CELL *= 2
    assert found(ana) == []


def test_the_averages_show_chart_campaigns_and_what_is_left_out(ana: Client) -> None:
    three()
    learned("strata", BETTER, plan={"strata": "placement"})
    shown = text(ana, AVERAGES, show="turned_back.both.neutral.view")
    assert "3 campaigns with 99,993 people in all have compared this." in shown
    assert shown.count('class="drawing"') == 2
    assert "The pilot: it was not compared message by message" in shown
    assert text(ana, AVERAGES).count("<option") == 3


def test_an_average_that_is_not_there_is_not_found(ana: Client) -> None:
    learned()
    assert ana.get(AVERAGES, {"show": "turned_back.both.neutral.period"}).status_code == 404


def test_published_trials_stand_beside_it_and_are_marked(ana: Client) -> None:
    shown = text(ana, AVERAGES)
    assert "reconstructed from the publication" in shown
    assert "They are never part of an average." in shown
    assert "Prichard" in shown


def test_a_page_beyond_the_last_is_not_found(ana: Client) -> None:
    closed()
    assert ana.get(PAGE, {"page": "2"}).status_code == 404
