"""What the results page says is what was counted. The examples are those that an audit found to say more."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from analytics.results import build
from analytics.results.build import Report
from campaign.lifecycle import transitions
from campaign.models import Campaign, ServedCount
from tests import world

pytestmark = pytest.mark.django_db


def report_of(campaign: Campaign, **options: object) -> Report:
    evaluate(campaign, now=world.NOON, **options)  # type: ignore[arg-type]
    return build.build(Analysis.objects.filter(campaign=campaign).latest("look"))


def page(client: Client) -> str:
    world.sign_in(client, world.person("ana", "analyst"))
    return " ".join(client.get("/campaigns/pilot/results/").content.decode().split())


def test_an_outcome_without_a_better_direction_is_called_neither(client: Client) -> None:
    """The audit: `evaluate --also no_answer` called it "better" and "worse"."""
    campaign = world.launched()
    world.tally(campaign, dict.fromkeys(("neutral", "victim", "user", "both"), (2000, 700)))
    rates = {"neutral": 400, "victim": 600, "user": 250, "both": 400}
    for key, count in rates.items():
        row = {"day": date(2026, 3, 1), "arm": campaign.arms.get(key=key), "placement": campaign.placements.get()}
        Tally.objects.create(**row, locale="en", outcome="no_answer", count=count)
    call_command("evaluate", campaign.slug, "--also", "no_answer", stdout=StringIO())
    told = build.latest(campaign)
    assert told is not None
    (block,) = [each for each in told.others if each.outcome.key == "no_answer"]
    found = {(row.treated, row.control): row for row in block.differences}
    assert (found["victim", "neutral"].verdict, found["user", "neutral"].verdict) == ("higher", "lower")
    assert not any("worse" in row.sentence or "better" in row.sentence for row in block.differences)
    shown = page(client)
    section = shown[shown.index("outcome-no_answer") : shown.index('id="planned"')]
    assert "Higher" in section
    assert "Better" not in section
    assert "Worse" not in section


def test_full_cancelling_is_not_called_adding_up(client: Client) -> None:
    """The audit: "they add up, neither cancels the other" for -3.0 (-7 to 1) with 35, 38, 38 and 38%."""
    campaign = world.launched(plan={"smallest_difference": 0.1, "planned_per_arm": 2300})
    counts = {"neutral": (2300, 805), "victim": (2300, 874), "user": (2300, 874), "both": (2300, 874)}
    world.tally(campaign, counts)
    (row,) = [each for each in report_of(campaign).factorial if each.term == "interaction"]
    assert row.verdict == "no-meaningful-difference"
    assert "(−7 to 1). It may still be as large as the effect of one of them alone" in row.sentence
    assert "we cannot tell yet whether one cancels the other" in page(client)


def test_less_than_the_sum_is_not_taking_away(client: Client) -> None:
    """The audit: "one takes away from the other" for 35, 42, 42 and 45%, where both beats each alone."""
    campaign = world.launched(plan={"smallest_difference": 0.01, "planned_per_arm": 20_000})
    counts = {"neutral": (20_000, 7000), "victim": (20_000, 8400), "user": (20_000, 8400), "both": (20_000, 9000)}
    world.tally(campaign, counts)
    (row,) = [each for each in report_of(campaign).factorial if each.term == "interaction"]
    assert "but more than either alone: −4.0 in 100" in row.sentence
    assert "takes away" not in page(client)


def test_a_difference_within_placements_is_not_told_as_that_of_all(client: Client) -> None:
    campaign = world.launched(arms={"neutral": 1, "both": 1}, plan={"strata": "placement"}, places=("hard-page",))
    counts = {
        ("quiet-page", "neutral"): (9000, 5400),
        ("quiet-page", "both"): (1000, 700),
        ("hard-page", "neutral"): (1000, 100),
        ("hard-page", "both"): (9000, 1800),
    }
    for (place, arm), (seen, events) in counts.items():
        row = {"day": date(2026, 3, 1), "arm": campaign.arms.get(key=arm), "locale": "en"}
        row["placement"] = campaign.placements.get(key=place)
        Tally.objects.create(**row, outcome="exposed", count=seen)
        Tally.objects.create(**row, outcome="turned_back", count=events)
        ServedCount.objects.create(**row, count=seen)
    report = report_of(campaign)
    assert report.sentence.startswith("Of 100 people who saw the message with both harms, 25 turned back; 10 more")
    assert "This is the comparison within placements. For all people together it is 30 fewer." in report.sentence
    assert "The rates above cover everyone who saw a message" in page(client)


def test_an_arm_that_was_renamed_is_called_by_its_new_name() -> None:
    campaign = world.draft(plan={"planned_per_arm": 600})
    campaign.arms.filter(key="both").update(name="Two reasons to stop")
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON - timedelta(days=1))
    world.tally(campaign, {"neutral": (600, 120), "victim": (600, 120), "user": (600, 120), "both": (600, 300)})
    sentence = report_of(campaign).sentence
    assert "“Two reasons to stop”" in sentence
    assert "both harms" not in sentence


def test_every_p_value_of_the_page_has_its_method(client: Client) -> None:
    campaign = world.launched(plan={"correction": "bonferroni", "planned_per_arm": 600})
    world.tally(campaign, {"neutral": (600, 120), "victim": (600, 120), "user": (600, 300), "both": (600, 120)})
    report = report_of(campaign)
    assert (report.omnibus_method, report.sample_ratio_method) == ("pearson", "pearson")
    shown = page(client)
    assert "chi-square" in report.omnibus_sentence
    assert report.omnibus_sentence in shown
    assert "The split is checked with a chi-square test" in shown
    assert "p after Bonferroni" in shown


def test_a_report_names_the_correction_of_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    campaign = world.launched(plan={"correction": "bonferroni"})
    world.tally(campaign, {"neutral": (600, 120), "victim": (600, 120), "user": (600, 300), "both": (600, 120)})
    report_of(campaign)
    call_command("report", campaign.slug)
    out = capsys.readouterr().out
    assert "bonferroni" in out
    assert "holm" not in out.lower()
