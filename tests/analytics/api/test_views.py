"""The staff API for tallies and recorded looks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from analytics.results import build
from campaign.models import Campaign
from tests import world
from tests.campaign.api.test_views import analyst, as_, error

PILOT = "/api/v1/campaigns/pilot/"
COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}


def campaign_with_look(counts: dict[str, tuple[int, int]] = COUNTS) -> Campaign:
    """Return a running campaign with tallies and one recorded look."""
    campaign = world.launched()
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    return campaign


@pytest.mark.django_db
def test_tallies_are_listed_by_look_arm_placement_locale_outcome_and_value() -> None:
    campaign_with_look()
    body = analyst().get(f"{PILOT}tallies/").json()
    assert body["count"] == 12  # four arms: who saw it, who turned back, who was annoyed
    assert body["results"][0] == {
        "look": 1,
        "arm": "neutral",
        "placement": "quiet-page",
        "locale": "en",
        "outcome": "exposed",
        "value": 0,
        "count": 2000,
    }


@pytest.mark.django_db
def test_before_the_first_planned_look_only_exposures_are_listed() -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    body = analyst().get(f"{PILOT}tallies/").json()
    assert {row["outcome"] for row in body["results"]} == {"exposed"}


@pytest.mark.django_db
def test_tallies_of_another_campaign_stay_there() -> None:
    world.tally(world.launched(), COUNTS)
    world.draft("other", at=world.placement("elsewhere"))
    assert analyst().get("/api/v1/campaigns/other/tallies/").json()["count"] == 0


@pytest.mark.django_db
def test_every_tally_is_on_exactly_one_page() -> None:
    campaign_with_look()
    client = analyst()
    pages = [client.get(f"{PILOT}tallies/", {"page": n, "page_size": 5}).json()["results"] for n in (1, 2, 3)]
    assert len({(row["arm"], row["outcome"]) for page in pages for row in page}) == 12


@pytest.mark.django_db
def test_a_look_gives_effect_interval_verdict_and_the_sentence_of_the_report() -> None:
    campaign = campaign_with_look()
    body = analyst().get(f"{PILOT}analyses/1/").json()
    report = build.latest(campaign)
    assert report is not None
    assert body["sentence"] == report.sentence
    primary = body["estimates"][0]
    assert (primary["outcome"], primary["role"]) == ("turned_back", "primary")
    both = next(c for c in primary["comparisons"] if (c["treated"], c["control"]) == ("both", "neutral"))
    assert both["effect"] == pytest.approx(0.09)  # 880/2000 - 700/2000
    assert both["interval"]["low"] < 0.09 < both["interval"]["high"]
    assert both["interval"]["level"] == 0.95
    assert both["p_value"] <= both["p_adjusted"] < 0.05
    assert both["verdict"] == "better"
    assert both["sentence"] == next(row.sentence for row in report.primary.differences if row.treated == "both")
    neutral = primary["arms"][0]
    assert (neutral["arm"], neutral["n"], neutral["events"], neutral["rate"]) == ("neutral", 2000, 700, 0.35)


@pytest.mark.django_db
def test_a_broken_split_is_reported_and_its_verdicts_are_withheld() -> None:
    campaign_with_look(COUNTS | {"both": (1000, 440)})
    body = analyst().get(f"{PILOT}analyses/1/").json()
    assert body["sample_ratio"]["status"] == "alarm"
    assert {c["verdict"] for block in body["estimates"] for c in block["comparisons"]} == {"withheld"}


@pytest.mark.django_db
def test_what_cannot_be_estimated_is_null_with_a_reason() -> None:
    campaign = world.launched()
    evaluate(campaign, now=world.NOON, embargo_exception="Ana: to see it empty.")
    body = analyst().get(f"{PILOT}analyses/1/").json()
    comparison = body["estimates"][0]["comparisons"][0]
    assert (comparison["effect"], comparison["interval"], comparison["p_value"]) == (None, None, None)
    assert comparison["reason"]
    assert body["omnibus"] is None


@pytest.mark.django_db
def test_every_look_stays_on_record_the_latest_first() -> None:
    evaluate(campaign_with_look(), now=world.NOON)
    body = analyst().get(f"{PILOT}analyses/").json()
    assert [look["look"] for look in body["results"]] == [2, 1]
    assert body["results"][1] == analyst().get(f"{PILOT}analyses/1/").json()


@pytest.mark.django_db
def test_a_campaign_without_a_look_has_an_empty_list() -> None:
    world.launched()
    assert analyst().get(f"{PILOT}analyses/").json()["results"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("look", ["0", "2", "9" * 30, "9" * 5000, "-1", "x", "1.0"])
def test_an_unknown_look_is_not_found(look: str) -> None:
    campaign_with_look()
    error(analyst().get(f"{PILOT}analyses/{look}/"), 404, "not_found")


PATHS = ["tallies/", "analyses/", "analyses/1/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_results_are_for_people_with_a_role(path: str) -> None:
    campaign_with_look()
    error(Client().get(PILOT + path), 401, "not_authenticated")
    error(as_(world.person("nobody")).get(PILOT + path), 403, "permission_denied")
    assert analyst().get(PILOT + path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_results_of_an_unknown_campaign_are_not_found(path: str) -> None:
    error(analyst().get(f"/api/v1/campaigns/nowhere/{path}"), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_results_are_only_read(path: str, method: str) -> None:
    campaign_with_look()
    boss = as_(world.person("mara", "manager", "reviewer", "analyst"))
    before = (Analysis.objects.count(), Tally.objects.count())
    error(getattr(boss, method)(PILOT + path), 405, "method_not_allowed")
    assert (Analysis.objects.count(), Tally.objects.count()) == before


@pytest.mark.django_db
def test_looking_up_a_look_is_a_few_queries(django_assert_max_num_queries: Any) -> None:
    campaign_with_look()
    client = analyst()
    with django_assert_max_num_queries(37):
        client.get(f"{PILOT}analyses/1/")
