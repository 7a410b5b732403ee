"""No page, file or answer discloses a small count or differs with it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client

from analytics import wording
from analytics.data_quality import hourly_check
from analytics.disclosure import gate, released_cells
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks import release
from analytics.looks.evaluate import evaluate, is_look_due
from analytics.models import Analysis, Release, Tally
from analytics.notifications import events as notifications_events
from analytics.results import build
from analytics.suppression import suppress
from campaign.assignment.periods import schedule
from campaign.lifecycle import arm_pauses, transitions
from campaign.models import Campaign, LeftOutCount, ServedCount
from tests import route_matrix, world
from tests.analytics.disclosure import five_looks, outlets
from tests.analytics.disclosure.attacker import Cell, attacked, from_api
from tests.analytics.disclosure.staff_output import read_routes
from tests.tiers import proofs_but_each

pytestmark = pytest.mark.slow
COUNTS = {"neutral": (2000, 700), "victim": (2000, 760), "user": (2000, 780), "both": (2000, 880)}
ANNOYED = {"neutral": 40, "victim": 44, "user": 51, "both": 47}
API = "/api/v1/campaigns/pilot/"
RESULTS = "/campaigns/<slug:slug>/results/"
LATER = world.NOON + timedelta(days=1)
ROOT = Path(__file__).parents[3]
Counts = Mapping[str, tuple[int, int]]
ALWAYS = {"monitoring": "always-valid", "planned_per_arm": 2000}


def analyst() -> Client:
    client = Client()
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def also(campaign: Campaign, outcome: str, counts: Mapping[str, int], *, place: str = "quiet-page") -> None:
    """Add tallies: exposures and events of each arm at one placement."""
    for key, count in counts.items():
        row, _ = Tally.objects.get_or_create(
            day=date(2026, 3, 1),
            arm=campaign.arms.get(key=key),
            placement=world.placement(place),
            locale="en",
            outcome=outcome,
        )
        row.count += count
        row.save()


def looked(counts: Counts = COUNTS, annoyed: Mapping[str, int] | None = None, **options: Any) -> Campaign:
    campaign = world.launched(**options)
    world.tally(campaign, counts)
    also(campaign, "annoyed", annoyed or ANNOYED)
    evaluate(campaign, now=world.NOON)
    return campaign


Leaves = Callable[[], dict[str, str]]


def answer_about(look: int) -> Any:
    """What the API answers about a look."""
    route = f"{API}analyses/{look}/"
    return json.loads(read_routes([route])[route])


@pytest.fixture
def everything_that_leaves(monkeypatch: pytest.MonkeyPatch) -> Leaves:
    return lambda: _everything_that_leaves(monkeypatch)


def _everything_that_leaves(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Read each page, answer and file that shows counts, pages of the first look, and every other outlet."""
    outlets.note_that_all_is_folded()
    campaign = Campaign.objects.get(slug="pilot")
    hourly_check.check_data_quality(campaign, now=world.NOON)
    notifications_events.record_notices(campaign, now=world.NOON)
    told = read_routes([*route_matrix.routes_with_counts(), f"{API}analyses/1/"])
    return told | outlets.read_outlets(campaign, monkeypatch)


def with_split(few: int) -> None:
    """Two placements, at the second of which `few` people turned back with one message."""
    campaign = world.launched(plan={"strata": "placement"}, places=["side-page"])
    for key, (seen, events) in COUNTS.items():
        there = few if key == "both" else 30
        for place, n, had in (("quiet-page", seen - 200, events - there), ("side-page", 200, there)):
            also(campaign, "exposed", {key: n}, place=place)
            also(campaign, "turned_back", {key: had}, place=place)
    evaluate(campaign, now=world.NOON)


@pytest.mark.django_db
def test_ratios_within_placements_are_told_to_about_one_person() -> None:
    with_split(30)
    analysis = Analysis.objects.get()
    (stored, *_), (told, *_) = (analysis.checks or {})["pairs"], gate.released_look(analysis).checks["pairs"]
    assert told["ratio"]["effect"] == round(stored["ratio"]["effect"], 2)  # one of more than 100 who turned back
    assert told["ratio"]["effect"] != stored["ratio"]["effect"]
    assert told["homogeneity"] == stored["homogeneity"]


@pytest.mark.django_db
def test_whether_placements_agree_is_told_only_beside_all_counts_of_placements() -> None:
    with_split(3)
    analysis = Analysis.objects.get()
    hidden = [
        pair for pair in gate.released_look(analysis).checks["pairs"] if "both" in (pair["treated"], pair["control"])
    ]
    assert [pair["homogeneity"] for pair in hidden] == [None] * len(hidden)
    assert all(pair["homogeneity"] for pair in (analysis.checks or {})["pairs"])


def few_saw_it(few: int, **plan: Any) -> Campaign:
    """A campaign of which only a few people saw one message."""
    return looked(COUNTS | {"both": (few, 1)}, ANNOYED | {"both": 0}, plan=plan)


def rated(few: int) -> Campaign:
    """A campaign about ratings: with one message few gave the lowest, while equally many answered."""
    campaign = world.launched(outcome="rating")
    world.tally(campaign, dict.fromkeys(COUNTS, (2000, 0)))
    world.add_ratings(campaign, dict.fromkeys(COUNTS, (20, 30, 80, 40, 50)) | {"both": (few, 30, 100 - few, 40, 50)})
    evaluate(campaign, now=world.NOON)
    return campaign


def in_a_small_campaign(few: int) -> Campaign:
    """With 3 of 60, the hidden pair has the lowest p-value; with 9, a middling one."""
    counts = {"neutral": (60, 16), "victim": (60, 30), "user": (60, 25), "both": (60, few)}
    return looked(counts, dict.fromkeys(COUNTS, 12), plan={"planned_per_arm": 50})


def harmed_since_the_look(few: int) -> None:
    """After a look, a few more were annoyed by one message: its guardrail is crossed with 6, and not with 2."""
    campaign = world.draft(plan=ALWAYS | {"planned_per_arm": 5000})
    campaign.plan.outcomes.filter(role="guardrail").update(harm_margin=0.01)
    transitions.submit(campaign, by=world.person("mara", "manager"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara", "manager"), now=world.NOON)
    world.tally(campaign, dict.fromkeys(COUNTS, (5000, 2000)))
    also(campaign, "annoyed", dict.fromkeys(COUNTS, 150) | {"both": 312})
    evaluate(campaign, now=world.NOON)
    also(campaign, "annoyed", {"both": few})
    pause_harmful_arms(campaign, now=world.NOON)


def counted_late(few: int, plan: Mapping[str, object], *, looks_late: int = 1, places: Sequence[str] = ()) -> Campaign:
    """An arm is paused after a look; a few of its views are counted later, and many of the others'."""
    campaign = looked(places=places, plan=plan)
    arm_pauses.pause_arm(campaign.arms.get(key="user"), reason="The page broke.", now=world.NOON, by="worker")
    also(campaign, "exposed", {"user": few})
    also(campaign, "turned_back", {"user": few // 2})
    campaign.arms.get(key="user").served.update(count=F("count") + few)
    for days in range(1, looks_late + 1):
        for outcome, count in (("exposed", 1000), ("turned_back", 400), ("annoyed", 30)):
            also(campaign, outcome, dict.fromkeys(("neutral", "victim", "both"), count))
        evaluate(campaign, now=world.NOON + timedelta(days=days))
    return campaign


def _pair(make: Callable[[int], object], *few: int) -> list[Callable[[], object]]:
    return [partial(make, each) for each in few]


def with_texts(few: int, *, places: Sequence[str] = (), design: str = "matched", **plan: Any) -> Campaign:
    """Matched sets, of which `few` turned back after one text of an arm; after another as many more, and elsewhere."""
    campaign = world.launched(texts=3, design=design, plan={"planned_per_arm": 2400, **plan}, places=places)
    for place in ("quiet-page", *places):
        here = few if place == (places[-1] if places else "quiet-page") else 300 - few
        for key in COUNTS:
            split = here if key == "both" else 300
            texts = [(800, split), (800, 340), (800, 700 - split if key == "both" else 310)]
            world.tally_texts(campaign, {key: texts}, place=place)
            world.tally_texts(campaign, {key: [(0, 40), (0, 50), (0, 60)]}, outcome="annoyed", place=place)
    evaluate(campaign, now=world.NOON)
    return campaign


def by_days(few: int) -> None:
    """A place that shows one message a day; `few` turned back after one of the four."""
    campaign = world.launched(unit="period", plan={"period": "day", "clusters": "period", "period_weeks": 8})
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods is not None
    arms, left = list(campaign.arms.all()), few
    for day, index in enumerate(schedule(periods, salt=campaign.salt, placement="quiet-page", arms=4)):
        key, had = arms[index].key, 40 + 3 * index + day % 5
        if key == "both":
            had = min(left, 2)
            left -= had
        rows = {"day": date(2026, 3, 2) + timedelta(days=day), "arm": arms[index], "locale": "en"}
        rows["placement"] = campaign.placements.get()
        for outcome, count in (("exposed", 120), ("turned_back", had), ("annoyed", 6)):
            Tally.objects.create(**rows, outcome=outcome, count=count)
        ServedCount.objects.create(**rows, count=120)
    analysis = evaluate(campaign, now=world.NOON + timedelta(days=57))
    assert not analysis.embargoed


AGAINST_ONE = [[key, "neutral"] for key in ("victim", "user", "both")]
PAIRS = {
    "few did it": _pair(lambda few: looked(COUNTS | {"both": (2000, few)}), 3, 8),
    "few did not": _pair(lambda few: looked(COUNTS | {"both": (2000, 2000 - few)}), 2, 9),
    "few in the control arm": _pair(lambda few: looked(COUNTS | {"neutral": (2000, few)}), 1, 9),
    "few in two arms": _pair(lambda few: looked(COUNTS | {"user": (2000, few), "both": (2000, 10 - few)}), 1, 7),
    "few were harmed": _pair(lambda few: looked(annoyed=ANNOYED | {"both": few}), 1, 9),
    "few saw it": _pair(few_saw_it, 2, 9),
    "few saw it before the first look": _pair(partial(few_saw_it, planned_per_arm=100_000), 2, 9),
    "watched at any time": _pair(lambda few: looked(COUNTS | {"both": (2000, few)}, plan=ALWAYS), 3, 8),
    "corrected together": _pair(
        lambda few: looked(COUNTS | {"both": (2000, few)}, plan={"correction": "dunnett"}, pairs=AGAINST_ONE), 3, 8
    ),
    "few enough to change Holm's order": _pair(in_a_small_campaign, 3, 9),
    "few gave the lowest rating": _pair(rated, 2, 9),
    "few at one placement": _pair(with_split, 3, 8),
    "few were harmed since the look": _pair(harmed_since_the_look, 2, 6),
    "few did it with one text": _pair(with_texts, 3, 8),
    "few did it with one of different texts": _pair(partial(with_texts, design="different"), 2, 9),
    "few did it with one text at one placement": _pair(
        partial(with_texts, places=["side-page"], strata="placement"), 3, 8
    ),
    "few did it on the days of one message": _pair(by_days, 3, 8),
    "few were counted late of a paused arm": _pair(partial(counted_late, plan=ALWAYS), 2, 9),
    "few were counted late before the last planned look": _pair(
        partial(counted_late, plan={"monitoring": "group-sequential", "planned_per_arm": 3000, "looks": [0.5, 1.0]}),
        1,
        8,
    ),
    "few were counted late before two looks at places": _pair(
        partial(counted_late, looks_late=2, places=["side-page"], plan=ALWAYS | {"strata": "placement"}), 2, 9
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", proofs_but_each(12, PAIRS))
def test_nothing_that_leaves_differs_with_a_small_count(case: str, everything_that_leaves: Leaves) -> None:
    """Two campaigns that differ in a small count alone look the same to whoever reads everything."""
    told = []
    for make in PAIRS[case]:
        with transaction.atomic():
            make()
            told.append(everything_that_leaves())
            transaction.set_rollback(True)
    for name, text in told[0].items():
        assert text == told[1][name], name


@pytest.mark.django_db
@pytest.mark.proof
def test_corrected_p_values_of_the_others_would_tell_a_hidden_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deliberate fault: Holm's correction includes the suppressed comparisons."""
    monkeypatch.setattr(release, "_recompute_verdicts", lambda *_: {})
    told = []
    for make in PAIRS["few enough to change Holm's order"]:
        with transaction.atomic():
            make()
            told.append(answer_about(1))
            transaction.set_rollback(True)
    assert told[0] != told[1]


@pytest.mark.django_db
def test_a_pause_at_any_moment_would_tell_of_the_few_who_were_harmed_since_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deliberate fault: an arm is paused on counts that no look could show."""
    monkeypatch.setattr(suppress, "tellable_arms", lambda cells, before, related, least: set(cells))
    told = []
    for make in PAIRS["few were harmed since the look"]:
        with transaction.atomic():
            make()
            told.append(read_routes(["/campaigns/<slug:slug>/"]))
            transaction.set_rollback(True)
    assert told[0] != told[1]


@pytest.mark.django_db
def test_large_counts_do_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ensure that the test above does not pass because nothing is shown."""
    told = []
    for events in (880, 881):
        with transaction.atomic():
            campaign = looked(COUNTS | {"both": (2000, events)})
            told.append(read_routes([RESULTS, f"{API}analyses/1/"]) | outlets.read_outlets(campaign, monkeypatch))
            transaction.set_rollback(True)
    same = {name for name, text in told[0].items() if text == told[1][name]}
    assert {f"{API}analyses/1/", RESULTS, "report []", "report ['--json']"}.isdisjoint(same)


@pytest.mark.django_db
def test_staff_read_fewer_than_ten_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = looked(COUNTS | {"both": (2000, 7)})
    told = read_routes([RESULTS, f"{API}analyses/1/"]) | outlets.read_outlets(campaign, monkeypatch)
    for name in (RESULTS, "report []"):
        text = " ".join(told[name].split())
        assert "fewer than 10" in text
        assert "Small counts are hidden so that nobody can be identified." in text
    rows = json.loads(told[f"{API}analyses/1/"])["estimates"][0]["arms"]
    assert [(row["arm"], row["events"], row["rate"], row["hidden"]) for row in rows if row["hidden"]] == [
        ("both", None, None, True)
    ]


@pytest.mark.django_db
def test_a_comparison_with_a_hidden_arm_cannot_be_told_yet_and_the_others_are(settings: Any) -> None:
    settings.NETWORK_SHARE = 0.0001  # so that no single network could turn these
    told = build.build(Analysis.objects.get(campaign=looked(COUNTS | {"both": (2000, 7)})))
    verdicts = {(row.treated, row.control): row.verdict for row in told.primary.differences}
    assert verdicts["both", "neutral"] == verdicts["both", "victim"] == "cannot-tell-yet"
    assert verdicts["user", "neutral"] == "better"


@pytest.mark.django_db
def test_the_exact_counts_stay_on_record_for_the_statistics() -> None:
    analysis = Analysis.objects.get(campaign=looked(COUNTS | {"both": (2000, 7)}))
    assert analysis.estimates.get(kind="rate", outcome="turned_back", treated__key="both").events == 7


@pytest.mark.django_db
def test_a_look_that_adds_a_few_shows_what_the_last_one_showed_and_says_so() -> None:
    campaign = looked()
    before = answer_about(1)
    for key in COUNTS:
        also(campaign, "exposed", {key: 40})
        also(campaign, "turned_back", {key: 3 if key == "both" else 20})
    evaluate(campaign, now=world.NOON)
    body = answer_about(2)
    assert (body["look"], body["shown_look"]) == (2, 1)
    assert body["note"].startswith("Since look 1, fewer than 10 people were added to one of the groups")
    assert body["estimates"] == before["estimates"]
    assert "Since look 1, fewer than 10 people" in analyst().get("/campaigns/pilot/results/").content.decode()


@pytest.mark.django_db
def test_few_late_views_of_a_paused_arm_hold_no_look_back_and_wait_alone() -> None:
    campaign = counted_late(3, ALWAYS)
    told = gate.released_look(Analysis.objects.get(campaign=campaign, look=2))
    assert not told.shows_earlier_look
    rates = {e.treated.key: (e.n, e.events) for e in told.estimates if e.kind == "rate" and e.outcome == "turned_back"}
    assert rates == {"neutral": (3000, 1100), "victim": (3000, 1160), "both": (3000, 1280), "user": (2000, None)}
    differences = [e for e in told.estimates if e.kind == "difference" and e.outcome == "turned_back"]
    effects = {(e.treated.key, e.control.key if e.control else ""): e.effect for e in differences}
    assert effects["both", "neutral"] == pytest.approx(180 / 3000)
    assert effects["user", "neutral"] is None
    assert told.information == (3 * 3000 + 2000) / (4 * 2000)
    campaign.state = Campaign.State.CLOSED
    assert not is_look_due(campaign, now=LATER)


@pytest.mark.django_db
def test_an_arm_that_is_shown_still_holds_a_look_back() -> None:
    campaign = looked(plan=ALWAYS)
    also(campaign, "exposed", {"user": 3})
    for key in ("neutral", "victim", "both"):
        also(campaign, "exposed", {key: 1000})
    assert gate.released_look(evaluate(campaign, now=LATER)).shows_earlier_look


@pytest.mark.django_db
def test_many_late_views_are_shown_like_any() -> None:
    campaign = counted_late(30, ALWAYS)
    user = Release.objects.get(analysis__campaign=campaign, analysis__look=2).arms["user"]
    assert (user["n"], user["totals"]["turned_back"]) == (2030, [795, 1235])


@pytest.mark.django_db
def test_a_split_that_breaks_is_told_even_when_the_broken_arm_gained_only_a_few() -> None:
    campaign = looked()
    for key in COUNTS:
        also(campaign, "exposed", {key: 4 if key == "both" else 600})
    evaluate(campaign, now=world.NOON)
    told = build.build(Analysis.objects.get(campaign=campaign, look=2))
    assert (told.shown_look, told.withheld, told.sample_ratio_p) == (1, True, None)
    assert {row.verdict for row in told.primary.differences} == {"withheld"}


@pytest.mark.django_db
def test_an_early_look_stays_on_record_although_its_numbers_are_not_shown() -> None:
    campaign = looked(plan={"planned_per_arm": 100_000})
    also(campaign, "exposed", {"both": 4})
    evaluate(campaign, now=world.NOON, embargo_exception="Ana: the funder asked.")
    told = build.build(Analysis.objects.get(campaign=campaign, look=2))
    assert (told.shown_look, told.embargoed, told.exception) == (1, True, "Ana: the funder asked.")


@pytest.mark.django_db
def test_a_look_that_adds_many_is_shown_and_a_rare_outcome_waits_for_its_own() -> None:
    campaign = looked()
    for key in COUNTS:
        also(campaign, "exposed", {key: 400})
        also(campaign, "turned_back", {key: 100})
        also(campaign, "annoyed", {key: 4})
    evaluate(campaign, now=world.NOON)
    body = answer_about(2)
    turned_back, annoyed = (block["arms"][0] for block in body["estimates"])
    assert body["shown_look"] == 2
    assert (turned_back["n"], turned_back["events"]) == (2400, 800)
    assert (annoyed["n"], annoyed["events"]) == (2000, 40)


@pytest.mark.django_db
@pytest.mark.proof
def test_all_that_the_api_told_over_four_looks_gives_no_small_count_away() -> None:
    plan = {"monitoring": "always-valid", "planned_per_arm": 500, "looks": [0.1, 1.0]}
    campaign = world.launched(plan=plan, places=["side-page"])
    client, looks, tables = analyst(), [], []
    truth: dict[Cell, int] = {}
    for number, more in enumerate([(120, 40), (7, 3), (160, 30), (300, 90)], start=1):
        for at, key in enumerate(COUNTS):
            for place, share in (("quiet-page", 1.0), ("side-page", 0.1)):
                also(campaign, "exposed", {key: round(more[0] * share)}, place=place)
                also(campaign, "turned_back", {key: round(more[1] * share) - (at == 3)}, place=place)
                also(campaign, "annoyed", {key: number % 2}, place=place)
        evaluate(campaign, now=world.NOON)
        looks.append(client.get(f"{API}analyses/{number}/").json())
        tables.append(client.get(f"{API}tallies/", {"page_size": 200}).json()["results"])
        truth |= _truth(number)
    published = from_api(looks, tables)
    told = {cell.look for cell in published}
    found = attacked(published, {cell: count for cell, count in truth.items() if cell.look in told})
    assert (found.exact, found.narrow) == (0, 0)
    assert found.small > 20
    assert len(told) > 1


@pytest.mark.django_db
@pytest.mark.proof
def test_five_looks_in_a_row_give_no_small_count_away_to_who_counts_in_whole_people() -> None:
    """A few campaigns; `python -m tests.analytics.disclosure.five_looks` attacks hundreds."""
    kept = five_looks.looked_at(random.Random(1))
    found = kept.attacked()
    assert (found.exact, found.narrow) == (0, 0)
    assert found.small > 20
    assert len(kept.told) > 1


@pytest.mark.proof
@pytest.mark.django_db
def test_five_looks_that_forget_the_earlier_ones_give_small_counts_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deliberate fault: each look is released as if it were the first."""
    monkeypatch.setattr(released_cells, "read_release", lambda stored: {})
    assert five_looks.looked_at(random.Random(3)).attacked().exact > 0


def _truth(look: int) -> dict[Cell, int]:
    rows = Tally.objects.values_list("arm__key", "placement__key", "outcome", "count")
    counts = {(arm, f"{place} en", outcome): count for arm, place, outcome, count in rows}
    cells = {}
    for (arm, column, outcome), seen in counts.items():
        if outcome == "exposed":
            for other in ("turned_back", "annoyed"):
                had = counts.get((arm, column, other), 0)
                cells[Cell(look, arm, other, "0", column)] = had
                cells[Cell(look, arm, other, "no", column)] = seen - had
    return cells


@pytest.mark.django_db
@pytest.mark.proof
def test_a_look_released_under_a_looser_rule_or_not_at_all_shows_no_count(settings: Any) -> None:
    looked()
    settings.SMALL_CELL = 20
    assert {row["count"] for row in analyst().get(f"{API}tallies/").json()["results"]} <= {None}
    told = answer_about(1)
    assert {arm["n"] for block in told["estimates"] for arm in block["arms"]} == {None}
    settings.SMALL_CELL = 10
    world.drop_triggers()
    Release.objects.all().delete()
    told = answer_about(1)
    assert {arm["n"] for block in told["estimates"] for arm in block["arms"]} == {None}


def test_a_log_line_beside_an_exact_time_tells_no_small_number() -> None:
    """Nor exact ones, of which a small one could be the rest between two looks."""
    assert [wording.coarse_count(count, 10) for count in (0, 1, 9, 10, 1234)] == [
        "0", "fewer than 10", "fewer than 10", "about 10", "about 1,000",
    ]  # fmt: skip


@pytest.mark.django_db
def test_the_first_percent_left_out_is_twenty_messages_of_a_thousand() -> None:
    campaign = looked()
    ServedCount.objects.update(count=0)
    campaign.arms.get(key="both").served.update(count=991)
    place = campaign.placements.get()
    row = LeftOutCount.objects.create(day=date(2026, 3, 1), placement=place, reason="machine", count=19)
    assert gate.exclusion_percentages(Analysis.objects.get(campaign=campaign)) == {}
    LeftOutCount.objects.filter(pk=row.pk).update(count=21)
    assert gate.exclusion_percentages(Analysis.objects.get(campaign=campaign)) == {"machine": 1}


@pytest.mark.django_db
def test_what_is_left_out_on_the_day_of_a_look_waits_for_the_end_of_the_day() -> None:
    """Its counts still grow: whoever looks again would see each percent being reached."""
    campaign = looked()
    ServedCount.objects.update(count=0)
    campaign.arms.get(key="both").served.update(count=1_991)
    analysis = Analysis.objects.get(campaign=campaign)
    place, day = campaign.placements.get(), analysis.made_at.date()
    LeftOutCount.objects.create(day=date(2026, 3, 1), placement=place, reason="crowd", count=45)
    LeftOutCount.objects.create(day=day, placement=place, reason="crowd", count=400)
    analysis.to_day = day
    with time_machine.travel(world.NOON):
        assert gate.exclusion_percentages(analysis) == {"crowd": 1}
    with time_machine.travel(LATER):
        assert gate.exclusion_percentages(analysis) == {"crowd": 18}


@pytest.mark.django_db
def test_what_was_released_cannot_be_changed() -> None:
    looked()
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        Release.objects.update(least=1)


@pytest.mark.django_db
def test_an_arm_paused_for_harm_does_not_tell_by_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = looked()
    campaign.guard_events.create(
        arm=campaign.arms.get(key="both"), outcome="annoyed", at=world.NOON, effect=0.0512, bound=0.0333, margin=0.02
    )
    (guard,) = json.loads(outlets.read_outlets(campaign, monkeypatch)["report ['--json']"])["guardrails_crossed"]
    assert not re.search(r"5\.?1|3\.?3", guard)


@pytest.mark.process
def test_a_smaller_cell_than_ten_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=os.environ | {"SMALL_CELL": "9"}, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "SMALL_CELL must be 10 or more" in ended.stderr


@pytest.mark.django_db
def test_few_sent_or_few_not_seen_hides_how_many_were_sent() -> None:
    campaign = looked()
    campaign.arms.get(key="user").served.update(count=2007)
    campaign.arms.get(key="both").served.update(count=2100)
    evaluate(campaign, now=world.NOON)
    told = build.build(Analysis.objects.get(campaign=campaign, look=2))
    sent = {row.key: row.served for row in told.primary.rates}
    assert sent == {"neutral": 2000, "victim": 2000, "user": None, "both": 2100}
    assert told.reach_p is None
