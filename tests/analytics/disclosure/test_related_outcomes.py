"""Outcomes of one view are functions of one another: their differences disclose no small group of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from analytics.fold.fold import tally_views
from analytics.ingest.open_views import ViewGroup
from analytics.looks.evaluate import evaluate
from analytics.models import Tally
from campaign.lifecycle import transitions
from campaign.models import Campaign
from campaign.outcomes import OUTCOMES
from campaign.wizard.questions.outcomes import OutcomesQuestion
from tests import world

API = "/api/v1/campaigns/pilot/"
ARMS = {"neutral": 1, "both": 1}
Views = dict[tuple[str, ...], int]  # what was pressed -> how many views
LEFT, LEFT_AND_CONTINUED, CONTINUED, NOTHING = ("left",), ("left", "continued"), ("continued",), ()
MANY: Views = {LEFT: 200, LEFT_AND_CONTINUED: 40, CONTINUED: 300, NOTHING: 460}


def launched(*, places: Sequence[str] = ("quiet-page",)) -> Campaign:
    """A running campaign about turning back that also shows who pressed leave, as the wizard takes it."""
    plan = {"monitoring": "always-valid", "planned_per_arm": 500, "looks": [0.1, 1.0]}
    campaign = world.draft(arms=ARMS, plan=plan)
    campaign.placements.add(*(world.placement(place) for place in places))
    question, author = OutcomesQuestion(), world.person("mara", "manager")
    suggested = question.suggest(campaign, question.read(campaign), user=author)
    form = question.build_form(campaign, suggested, {"primary": "turned_back", "secondary": ["left"]})
    assert form.is_valid(), form.errors
    question.write(campaign, form.answer(), by=author)
    transitions.submit(campaign, by=author)
    world.approve(campaign)
    transitions.launch(campaign, by=author, now=world.NOON)
    return campaign


def count_views(campaign: Campaign, arm: str, views: Views, *, place: str = "quiet-page") -> None:
    """Count views as the fold does."""
    hour, at, number = world.HOUR, world.placement(place).pk, campaign.arms.get(key=arm).pk
    groups = [
        ViewGroup(hour, number, at, "en", sum(OUTCOMES[key].mask for key in pressed), None, None, 0, count)
        for pressed, count in views.items()
    ]
    for (day, arm_id, placement_id, locale, outcome, value), count in tally_views(groups).items():
        row, _ = Tally.objects.get_or_create(
            day=day, arm_id=arm_id, placement_id=placement_id, locale=locale, outcome=outcome, value=value
        )
        Tally.objects.filter(pk=row.pk).update(count=F("count") + count)


def look(campaign: Campaign) -> dict[tuple[str, str], Counter[str]]:
    """Record a look and read what staff are shown of it: for each arm and column, the counts by outcome."""
    number = evaluate(campaign, now=world.NOON).look
    staff = Client()
    world.sign_in(staff, world.person("ana", "analyst"))
    shown: dict[tuple[str, str], Counter[str]] = {}
    for block in staff.get(f"{API}analyses/{number}/").json()["estimates"]:
        for arm in block["arms"]:
            if arm["events"] is not None:
                shown.setdefault((arm["arm"], ""), Counter())[block["outcome"]] = arm["events"]
    for row in staff.get(f"{API}tallies/", {"page_size": 200}).json()["results"]:
        if row["count"] is not None:
            shown.setdefault((row["arm"], f"{row['placement']} {row['locale']}"), Counter())[row["outcome"]] = row[
                "count"
            ]
    return shown


def small_differences(shown: Mapping[Any, Counter[str]]) -> Iterator[tuple[Any, str, str, int]]:
    """Differences of 1 to 9 people between two outcomes of the same people."""
    for place, counts in shown.items():
        for first, second in combinations(sorted(counts), 2):
            if 0 < abs(counts[first] - counts[second]) < 10:
                yield place, first, second, counts[first] - counts[second]


@pytest.mark.django_db
def test_those_who_left_and_went_on_after_all_are_not_told_by_a_difference() -> None:
    campaign = launched()
    count_views(campaign, "neutral", MANY)
    count_views(campaign, "both", MANY | {LEFT_AND_CONTINUED: 3})
    assert list(small_differences(look(campaign))) == []


@pytest.mark.django_db
def test_nor_are_they_at_a_placement() -> None:
    places = ("quiet-page", "side-page", "far-page")
    campaign = launched(places=places)
    for arm in ARMS:
        for place in places:
            few = 5 if place == "side-page" else 40
            count_views(campaign, arm, MANY | {LEFT_AND_CONTINUED: few}, place=place)
    shown = look(campaign)
    assert list(small_differences(shown)) == []
    assert shown["both", "quiet-page en"]["turned_back"] or shown["both", "far-page en"]["turned_back"]


@pytest.mark.django_db
def test_nor_is_the_one_visitor_by_whom_two_looks_differ() -> None:
    campaign = launched()
    for arm in ARMS:
        count_views(campaign, arm, MANY)
    first = look(campaign)
    for arm in ARMS:
        count_views(campaign, arm, {LEFT: 20, LEFT_AND_CONTINUED: 1, CONTINUED: 30, NOTHING: 40})
    second = look(campaign)
    assert second["both", ""]["turned_back"] == first["both", ""]["turned_back"] + 20
    grown = {place: counts - first[place] for place, counts in second.items()}
    assert list(small_differences(grown)) == []


@pytest.mark.django_db
def test_what_tells_of_no_small_group_is_all_shown() -> None:
    campaign = launched()
    for arm in ARMS:
        count_views(campaign, arm, MANY)
    counts = look(campaign)["both", ""]
    assert (counts["turned_back"], counts["left"]) == (200, 240)
