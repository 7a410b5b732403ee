"""Ratio, lift and what else stands beside a difference: on the page, in the report and for programs."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from analytics.report_rows import EffectRange
from analytics.results.effect_texts import lift_text, ratio_text, size_text
from analytics.stats import Counts, Estimate, proportions
from analytics.wording import PeopleScale
from campaign.models import ServedCount
from tests import world
from tests.analytics.stats.estimates import estimate_of
from tests.campaign.api.test_views import analyst

COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
DAYS = (date(2026, 2, 28), date(2026, 3, 1))
NAMES = ("ratio", "lift", "homogeneity", "after_stopping", "odds_within_days", "odds_within_weekdays")


def look(counts: dict[str, tuple[int, int]] = COUNTS, places: Sequence[str] = ("side-page",), **plan: Any) -> None:
    """Evaluate a campaign whose people came at two placements and on two days, as many of each arm in each."""
    campaign = world.launched(plan=plan, places=places)
    cells = [(place, day) for place in campaign.placements.all() for day in DAYS]
    for place, day in cells:
        for key, (seen, events) in counts.items():
            common = {"arm": campaign.arms.get(key=key), "placement": place, "day": day, "locale": "en"}
            Tally.objects.create(**common, outcome="exposed", count=seen // len(cells))
            Tally.objects.create(**common, outcome="turned_back", count=events // len(cells))
            ServedCount.objects.create(**common, count=seen // len(cells))
    evaluate(campaign, now=world.NOON)


def ratio_of_both_to_neutral() -> Estimate:
    return estimate_of(proportions.ratio(treated=Counts(2000, 880), control=Counts(2000, 700)))


def checks_for_programs() -> dict[tuple[str, str], dict[str, Any]]:
    rows = analyst().get("/api/v1/campaigns/pilot/analyses/1/").json()["checks"]
    return {(row["treated"], row["control"]): row for row in rows}


def page_text(client: Client) -> str:
    world.sign_in(client, world.person("ana", "analyst"))
    html = client.get("/campaigns/pilot/results/").content.decode()
    return " ".join(re.sub("<[^>]+>", " ", html).split())


@pytest.mark.django_db
def test_people_read_the_names_of_placements_that_are_left_out_and_programs_their_keys(client: Client) -> None:
    look(strata="placement")
    world.change_places("quiet-page", name="The quiet page")
    world.change_places("side-page", name="The page beside it")
    row = checks_for_programs()["both", "neutral"]
    assert re.search(r"without (quiet|side)-page to .* without (quiet|side)-page", row["without"])
    text = page_text(client)
    assert "without “The quiet page”" in text
    assert "without “The page beside it”" in text
    assert "without quiet-page" not in text
    assert "without_by_key" not in row


@pytest.mark.django_db
def test_a_program_gets_ratio_lift_odds_and_whether_places_agree_beside_the_difference() -> None:
    look()
    row = checks_for_programs()["both", "neutral"]
    ratio = ratio_of_both_to_neutral()
    assert row["difference"]["effect"] == pytest.approx(0.09)
    assert row["ratio"] == {"effect": ratio.effect, "low": ratio.interval.low, "high": ratio.interval.high}
    assert row["lift"]["low"] == pytest.approx(ratio.interval.low - 1)
    assert row["odds_within_days"]["effect"] == pytest.approx(880 * 1300 / (700 * 1120), abs=0.005)
    assert row["odds_within_weekdays"] == row["odds_within_days"]  # two days, two weekdays
    assert (row["homogeneity"]["df"], row["homogeneity"]["p_value"]) == (1, pytest.approx(1.0))
    assert row["after_stopping"] is None  # not a plan of planned looks


@pytest.mark.django_db
def test_the_page_says_each_with_its_interval_and_what_it_means(client: Client) -> None:
    look()
    text = page_text(client)
    assert "The same difference in other forms" in text
    ratio = ratio_of_both_to_neutral().interval
    assert f"1.26 ({ratio.low:.2f} to {ratio.high:.2f}) +26% (+{ratio.low - 1:.0%} to +{ratio.high - 1:.0%})" in text
    for words in ("Odds ratio within days compares", "Do placements differ? A small p means"):
        assert words in text
    assert "If it ends here" not in text


@pytest.mark.django_db
def test_a_campaign_at_one_place_is_not_asked_whether_places_differ(client: Client) -> None:
    look(places=[])
    assert "Odds ratio within days compares" in page_text(client)
    assert checks_for_programs()["both", "neutral"]["homogeneity"] is None


@pytest.mark.django_db
def test_at_a_planned_look_stands_the_size_if_the_campaign_ends_there(client: Client) -> None:
    look(monitoring="group-sequential", looks=[0.5, 1], planned_per_arm=4000)
    stopped = checks_for_programs()["both", "neutral"]["after_stopping"]
    assert stopped["low"] < stopped["effect"] <= 0.09
    assert "If it ends here is the difference if the campaign ends at this look." in page_text(client)


@pytest.mark.django_db
def test_what_is_hidden_has_neither_ratio_nor_lift() -> None:
    look(COUNTS | {"both": (2000, 8)})
    stored = (Analysis.objects.get().checks or {})["pairs"]
    assert all(pair["ratio"] and pair["odds_within_days"] for pair in stored)
    assert [pair for pair in checks_for_programs() if "both" in pair] == []


@pytest.mark.django_db
def test_a_look_of_before_is_shown_without_them(client: Client) -> None:
    look()
    analysis = Analysis.objects.get()
    world.drop_triggers()
    for pair in (analysis.checks or {})["pairs"]:
        for name in NAMES:
            del pair[name]
    analysis.save()
    assert "The same difference in other forms" not in page_text(client)
    assert checks_for_programs()["both", "neutral"]["ratio"] is None


@pytest.mark.django_db
def test_the_report_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    look(monitoring="group-sequential", looks=[0.5, 1], planned_per_arm=4000)
    call_command("report", "pilot")
    printed = " ".join(capsys.readouterr().out.split())
    for words in (
        "times as many",
        "Both − Neutral: if it ends here, +9",
        "Both − Neutral: odds ratio within days 1.46",
        "Both − Neutral: do the placements differ? p 1.000.",
        "Fisher’s exact p",
    ):
        assert words in printed


def test_each_is_written_with_its_interval() -> None:
    found = EffectRange(1.2571, 1.1644, 1.3575)
    assert ratio_text(found) == "1.26 (1.16 to 1.36)"
    assert lift_text(EffectRange(0.2571, 0.1644, 0.3575)) == "+26% (+16% to +36%)"
    assert size_text(EffectRange(0.09, 0.06, 0.12), PeopleScale(100)) == "+9.0 (+6.0 to +12.0)"
    assert ratio_text(None) == "–"


def test_a_ratio_to_nobody_is_above_its_low_end() -> None:
    """4 of 50 against 0 of 50: Koopman's interval begins at 1.083."""
    assert ratio_text(EffectRange(None, 1.083, None)) == "above 1.08"
    assert lift_text(EffectRange(None, 0.083, None)) == "above +8%"


def test_each_is_written_in_the_language_of_the_reader() -> None:
    with translation.override("es"):
        assert ratio_text(EffectRange(1.2571, 1.1644, 1.3575)) == "1,26 (1,16 a 1,36)"
        assert (
            lift_text(EffectRange(0.2571, 0.1644, 0.3575))
            == "+26\N{NO-BREAK SPACE}% (+16\N{NO-BREAK SPACE}% a +36\N{NO-BREAK SPACE}%)"
        )
