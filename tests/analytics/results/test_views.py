"""The results page, from tallies to sentences."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from analytics.looks.evaluate import evaluate
from analytics.models import GuardEvent
from campaign.lifecycle import arm_pauses
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db
URL = "/campaigns/pilot/results/"
COUNTS = {"neutral": (5012, 1354), "victim": (4987, 1596), "user": (5020, 1541), "both": (4981, 1798)}
BROKEN = COUNTS | {"both": (3000, 1200)}


@pytest.fixture
def analyst(client: Client) -> Client:
    world.sign_in(client, world.person("ana", "analyst"))
    return client


@world.cached_rows
def campaign_with_look(counts: dict[str, tuple[int, int]] = COUNTS) -> Campaign:
    """Return a running campaign with one look at these counts."""
    campaign = world.launched()
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    return campaign


def page(client: Client, url: str = URL) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_sentence_comes_before_the_charts(analyst: Client) -> None:
    campaign_with_look()
    html = page(analyst)
    assert "36 turned back" in html
    assert html.index('class="sentence"') < html.index('id="rates-turned_back-wide-title"')
    assert html.index('id="rates-turned_back-wide-title"') < html.index('id="differences-turned_back-wide-title"')


def test_the_verdict_takes_the_colour_of_the_arm_it_is_about(analyst: Client) -> None:
    campaign_with_look()
    assert 'class="verdict led frame-both"' in page(analyst)


def test_the_verdict_names_its_look_and_its_frozen_plan(analyst: Client) -> None:
    campaign = campaign_with_look()
    html = page(analyst)
    assert "Look 1" in html
    assert f"<code>{campaign.plan.fingerprint[:8]}</code>" in html
    assert "frozen 1 March 2026" in html


def test_each_chart_is_drawn_wide_and_for_a_phone_and_repeated_as_a_table(analyst: Client) -> None:
    campaign_with_look()
    html = page(analyst)
    for chart in ("rates", "differences"):
        assert html.count(f'id="{chart}-turned_back-wide-title"') == 1
        assert html.count(f'aria-labelledby="{chart}-turned_back-wide-title {chart}-turned_back-wide-told"') == 2
    assert html.count("Show as a table") == 2


def test_four_arms_of_the_four_frames_show_the_two_by_two_card(analyst: Client) -> None:
    campaign_with_look()
    html = page(analyst)
    assert "Does the second harm add anything?" in html
    assert "“User” added to “Victim”" in html


def test_other_arms_show_no_two_by_two_card(analyst: Client) -> None:
    campaign = world.launched(arms={"neutral": 1, "law": 1})
    world.tally(campaign, {"neutral": (2000, 500), "law": (2000, 540)})
    evaluate(campaign, now=world.NOON)
    assert "Does the second harm add anything?" not in page(analyst)


def test_a_broken_split_withholds_verdicts_and_charts_and_says_what_to_do(analyst: Client) -> None:
    campaign_with_look(BROKEN)
    html = page(analyst)
    assert 'class="verdict withheld"' in html
    assert "What to do now" in html
    assert '<svg class="drawing"' not in html
    assert "led frame-" not in html
    assert "1,200" in html


def test_a_broken_split_shows_no_rate_and_no_p_value_even_behind_a_fold(analyst: Client) -> None:
    campaign_with_look(BROKEN)
    html = page(analyst)
    assert "of 100" not in html
    assert "Holm" not in html


def test_before_the_first_look_the_page_says_that_nothing_has_to_be_done(analyst: Client) -> None:
    world.launched()
    html = page(analyst)
    assert "No results yet" in html
    assert "You do not need to do anything." in html
    assert "manage.py" not in html


def test_a_guardrail_that_got_worse_is_said_aloud(analyst: Client) -> None:
    campaign = world.launched()
    world.tally(campaign, COUNTS)
    for key, events in {"neutral": 100, "victim": 110, "user": 400, "both": 120}.items():
        arm = campaign.arms.get(key=key)
        arm.tallies.create(
            day=world.NOON.date() - timedelta(days=1),
            placement=campaign.placements.get(),
            locale="en",
            outcome="annoyed",
            count=events,
        )
    evaluate(campaign, now=world.NOON)
    assert "A guardrail got worse." in page(analyst)


def test_before_the_first_planned_look_no_rate_and_no_difference_is_shown(analyst: Client) -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON)
    html = page(analyst)
    assert "It is too early to compare" in html
    assert "20,000 people have seen a message so far" in html
    assert "Each message was seen about as often as planned" in html
    for hidden in ("chart", "of 100 who", "1,798", "Better"):
        assert hidden not in html


def test_an_early_look_says_for_ever_who_wanted_it(analyst: Client) -> None:
    campaign = world.launched(plan={"planned_per_arm": 100_000})
    world.tally(campaign, COUNTS)
    evaluate(campaign, now=world.NOON, embargo_exception="Ana: the funder asked.")
    html = page(analyst)
    assert "Ana: the funder asked." in html
    assert "Exploratory: not part of the plan" in html


def test_an_arm_that_was_paused_for_harm_heads_the_page(analyst: Client) -> None:
    campaign = campaign_with_look()
    both = campaign.arms.get(key="both")
    arm_pauses.pause_arm(both, reason="Guardrail crossed: Was annoyed", now=world.NOON)
    GuardEvent.objects.create(
        campaign=campaign, arm=both, outcome="annoyed", at=world.NOON, effect=0.05, bound=0.03, margin=0.02
    )
    html = page(analyst)
    assert html.index("One message was stopped in this campaign") < html.index('class="sentence"')
    assert "clearly more than the 2 in 100 that the plan allows" in html


def test_earlier_looks_stay_readable_and_say_that_they_are_not_the_newest(analyst: Client) -> None:
    campaign = campaign_with_look()
    evaluate(campaign, now=world.NOON + timedelta(days=7))
    assert "This is look 1." in page(analyst, URL + "?look=1")
    assert "This is look" not in page(analyst)


@pytest.mark.parametrize("look", ["9", "-1", "one"])
def test_a_look_that_never_happened_is_not_found(analyst: Client, look: str) -> None:
    campaign_with_look()
    assert analyst.get(f"{URL}?look={look}").status_code == 404


def test_the_page_keeps_its_own_policy_no_inline_style_and_no_other_host(analyst: Client) -> None:
    campaign_with_look()
    html = page(analyst)
    assert not re.search(r"<style|<script(?! src=\"/static/)|\sstyle=|\son\w+=", html)
    assert not re.search(r'(src|(?<!class="exit" )href)="(https?:)?//', html)  # but the way out, which one presses


def test_ids_are_not_repeated(analyst: Client) -> None:
    campaign_with_look()
    ids = re.findall(r'\sid="([^"]+)"', page(analyst))
    assert len(ids) == len(set(ids))


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    campaign_with_look()
    response = client.get(URL)
    assert (response.status_code, response.headers["Location"]) == (302, f"/sign-in/?next={URL}")


def test_someone_without_a_role_gets_a_friendly_refusal(client: Client) -> None:
    campaign_with_look()
    world.sign_in(client, world.person("nobody"))
    response = client.get(URL)
    assert response.status_code == 403
    assert "you need a role" in response.content.decode()


def test_an_unknown_campaign_is_not_found(analyst: Client) -> None:
    assert analyst.get("/campaigns/none/results/").status_code == 404


def test_the_page_is_read_only(analyst: Client) -> None:
    campaign_with_look()
    assert analyst.post(URL).status_code == 405


@pytest.mark.django_db
def test_a_look_at_which_nobody_was_counted_shows_no_empty_charts(client: Client) -> None:
    campaign = world.launched()
    evaluate(campaign, now=world.NOON, embargo_exception="Ana: the funder asked.")
    world.sign_in(client, world.person("ana", "analyst"))
    html = client.get("/campaigns/pilot/results/").content.decode()
    assert "Nobody has been counted yet." in html
    assert "You do not need to do anything." in html
    assert "<svg" not in html.split("<main")[1].split('id="costs"')[0]
    assert "See next steps" not in html
