"""The results page tells it in one order, and each part says what was released, counted by hand."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally
from analytics.results import build
from analytics.results.factorial_reading import odds_interaction
from analytics.results.recorded_looks import recorded_looks
from analytics.results.robustness import sight_sentence
from analytics.results.trust import trust_of
from analytics.stats import Counts, factorial, proportions
from campaign.models import Campaign, ServedCount
from tests import world
from tests.analytics.stats.estimates import estimate_of

pytestmark = pytest.mark.django_db
URL = "/campaigns/pilot/results/"
ARMS = ("neutral", "victim", "user", "both")
RATES = {"neutral": 0.27, "victim": 0.32, "user": 0.30, "both": 0.36}
ORDER = (
    *("The verdict", "quality", "rates", "differences", "words", "second", "moved", "flow", "others", "subgroups"),
    *("robust", "planned", "sight", "cost", "method", "looks"),
)


def count(campaign: Campaign, people: int, *, day: int, more: float = 0.0) -> None:
    """Count so many more people of each arm at each placement, with a little more at the second."""
    for number, place in enumerate(campaign.placements.order_by("key")):
        for arm in campaign.arms.all():
            common = {"day": date(2026, 3, day), "arm": arm, "placement": place, "locale": ("en", "es")[number]}
            ServedCount.objects.create(**common, count=people + people // 10)
            Tally.objects.create(**common, outcome="exposed", count=people)
            events = round(people * (RATES[arm.key] + more * number))
            Tally.objects.create(**common, outcome="turned_back", count=events)


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with an early look by exception, three planned looks, and one in between."""
    made = world.launched(
        plan={"monitoring": "always-valid", "planned_per_arm": 4000, "looks": [0.25, 0.5, 1.0]}, places=["second-page"]
    )
    exception = "ana: The board meets tomorrow."
    for number, (people, why) in enumerate([(400, exception), (200, ""), (500, ""), (200, ""), (800, "")]):
        count(made, people, day=2 + number)
        evaluate(made, now=world.NOON + timedelta(days=number), embargo_exception=why)
    return made


@pytest.fixture
def analyst(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


def page(client: Client, url: str = URL) -> str:
    return " ".join(client.get(url).content.decode().split())


def part(html: str, key: str) -> str:
    """Return the text of one card."""
    section = html.partition(f'aria-labelledby="{key}"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", section.partition(">")[2]).split())


def test_the_page_tells_it_in_its_order(campaign: Campaign, analyst: Client) -> None:
    world.person("ana", "manager")  # who is also shown where to enter the cost
    found = re.findall(r'<section[^>]* aria-(?:labelledby|label)="([^"]+)"', page(analyst))
    assert [key for key in found if key in ORDER] == list(ORDER)


def test_every_look_is_listed_with_who_asked_which_it_is_and_what_was_seen(campaign: Campaign, analyst: Client) -> None:
    told = part(page(analyst), "looks")
    assert "Look 1 2 March 2026 by exception Early look, by exception. ana asked: The board meets tomorrow." in told
    assert "Planned look 1 of 3, at 25% of the people. Taken by the worker. Seen: rates and differences." in told
    assert [each.name for each in recorded_looks(campaign.plan, list(Analysis.objects.order_by("look")))] == [
        "Early look, by exception",
        "Planned look 1 of 3, at 25% of the people",
        "Planned look 2 of 3, at 50% of the people",
        "Between two planned looks",
        "Planned look 3 of 3, at 100% of the people",
    ]


def test_before_the_first_planned_look_only_who_may_look_early_sees_the_early_one(client: Client) -> None:
    made = world.launched(plan={"planned_per_arm": 100_000}, places=["second-page"])
    count(made, 400, day=2)
    evaluate(made, now=world.NOON)
    count(made, 100, day=3)
    evaluate(made, now=world.NOON + timedelta(days=1), embargo_exception="ana: The board meets tomorrow.")
    for role, sees in (("reviewer", False), ("analyst", True)):
        world.sign_in(client, world.person(f"a-{role}", role))
        assert ("The board meets tomorrow" in page(client)) is sees
        assert ("How the estimate moved" in page(client)) is sees


def test_the_estimate_moves_over_planned_looks_and_marks_the_exception(campaign: Campaign, analyst: Client) -> None:
    told = part(page(analyst), "moved")
    assert "“Both” against “Neutral” at each planned look" in told
    for look, seen in ((1, "by exception"), (2, "4,800 people"), (3, "8,800 people"), (5, "16,800 people")):
        assert f"Look {look} {seen}" in told
    assert "Look 4" not in told
    assert "5. Planned look 3 of 3" in told
    assert "3. Planned look 2 of 3" not in part(page(analyst, f"{URL}?look=2"), "moved")


def test_a_campaign_with_one_look_says_so(analyst: Client) -> None:
    made = world.launched(places=["second-page"])
    count(made, 2000, day=2)
    evaluate(made, now=world.NOON)
    assert "There has been one look so far" in part(page(analyst), "moved")


def test_the_flow_says_what_the_plan_does_not_ask(campaign: Campaign, analyst: Client) -> None:
    told = part(page(analyst), "flow")
    assert "Neutral 4,620 4,200 91 of 100 sent 1,134 27" in told
    assert "The plan does not ask for these, so they are not shown: Continued" in told


def test_parts_are_those_of_the_released_table_with_the_interval_of_a_single_look(
    campaign: Campaign, analyst: Client
) -> None:
    told = part(page(analyst), "subgroups")
    found = estimate_of(proportions.difference(treated=Counts(1100, 396), control=Counts(1100, 297)))
    ends = [f"{100 * end:+.1f}" for end in (found.interval.low, found.interval.high)]
    assert f"396 of 1,100 297 of 1,100 +9.0 {ends[0]} to {ends[1]}" in told
    for title in ("By placement exploratory", "By language exploratory", "By time exploratory"):
        assert title in told
    assert "Until look 2" in told
    assert "Then until look 3" in told


def test_planned_strata_are_as_planned(analyst: Client) -> None:
    made = world.launched(plan={"strata": "placement", "planned_per_arm": 4000}, places=["second-page"])
    count(made, 2000, day=2)
    evaluate(made, now=world.NOON)
    told = part(page(analyst), "subgroups")
    assert "By placement as planned" in told
    assert "By language exploratory" in told


def test_a_hidden_cell_hides_its_part(analyst: Client) -> None:
    made = world.launched(arms={"neutral": 1, "both": 1}, plan={"planned_per_arm": 4000}, places=["second-page"])
    count(made, 2000, day=2)
    Tally.objects.filter(placement__key="second-page", arm__key="both", outcome="turned_back").update(count=4)
    evaluate(made, now=world.NOON)
    told = part(page(analyst), "subgroups")
    assert "4 of 2,000" not in told
    assert told.count("hidden") >= 1


def test_the_interaction_has_its_precision_on_both_scales(campaign: Campaign, analyst: Client) -> None:
    report = build.latest(campaign)
    assert report is not None
    cells = [Counts(row.n or 0, row.events or 0) for row in report.primary.rates]
    expected = estimate_of(
        factorial.two_by_two(neither=cells[0], first=cells[1], second=cells[2], both=cells[3], scale="odds").interaction
    )
    found = odds_interaction(report.primary, 0.95)
    assert found is not None
    logs = [pytest.approx(value) for value in (expected.effect, expected.interval.low, expected.interval.high)]
    assert [math.log(value or 0) for value in (found.effect, found.low, found.high)] == logs
    told = part(page(analyst), "second")
    for words in ("Why four messages", "“Victim” and “Both” (8,400 people) are compared", "No test of “both together”"):
        assert words in told


def test_what_the_sample_could_show_follows_from_the_interval(campaign: Campaign) -> None:
    report = build.latest(campaign)
    assert report is not None
    lead = next(row for row in report.primary.differences if (row.treated, row.control) == ("both", "neutral"))
    half = 100 * ((lead.high or 0) - (lead.low or 0)) / 2
    # With a power of 80% at 95%: half (1 + 0.8416 / 1.96), and half (1 - 0.8416 / 1.96).
    said = sight_sentence(report, campaign.plan)
    assert f"a true difference of {half * 1.4294:.1f} in 100 or more in 80% of cases" in said
    assert f"under {half * 0.5706:.1f} in 100" in said


@pytest.mark.parametrize(("counts", "status"), [((2000, 2000), "ok"), ((2000, 1200), "alarm"), ((400, 400), "caution")])
def test_the_light_is_that_of_the_worst_check(counts: tuple[int, int], status: str) -> None:
    made = world.launched(arms={"neutral": 1, "both": 1}, plan={"planned_per_arm": 2000, "looks": [0.1, 1.0]} | {
        "monitoring": "always-valid"
    })  # fmt: skip
    world.tally(made, {"neutral": (counts[0], counts[0] // 4), "both": (counts[1], counts[1] // 3)})
    evaluate(made, now=world.NOON)
    report = build.latest(made)
    assert report is not None
    assert trust_of(report).status == status


def test_many_looks_cost_no_more_queries(campaign: Campaign, analyst: Client) -> None:
    page(analyst)
    with CaptureQueriesContext(connection) as few:
        page(analyst)
    for number in range(6, 12):
        count(campaign, 500, day=number + 4)
        evaluate(campaign, now=world.NOON + timedelta(days=number))
    with CaptureQueriesContext(connection) as many:
        page(analyst)
    assert len(many) == len(few)
