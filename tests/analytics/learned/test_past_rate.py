"""A next trial may expect less of its control than was found: it was chosen because it did well."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from analytics.learned.past_rate import past_rate
from analytics.looks.evaluate import evaluate
from campaign.follow_up.next_trial import plan_next_trial
from campaign.models import Campaign
from tests import world

pytestmark = pytest.mark.django_db
PLAN = {"planned_per_arm": 300, "smallest_difference": 0.05, "expected_rate": 0.3}
SMALL = {"neutral": (300, 90), "victim": (300, 98), "user": (300, 125), "both": (300, 92)}
LARGE = {key: (100 * n, 100 * had) for key, (n, had) in SMALL.items()}


def next_trial(counts: dict[str, tuple[int, int]] = SMALL, key: str = "user", **options: object) -> Campaign:
    """The draft that follows a trial in which one message stood out."""
    trial = world.launched(plan=PLAN | options)
    world.tally(trial, counts)
    evaluate(trial, now=world.NOON)
    return plan_next_trial(Campaign.objects.get(slug="pilot"), key, by=world.person("mara", "manager"))


def page_of(draft: Campaign, client: Client) -> str:
    return re.sub(r"\s+", " ", client.get(f"/campaigns/{draft.slug}/plan-it/length/").content.decode())


@pytest.fixture
def mara() -> Client:
    client = Client()
    world.sign_in(client, world.person("mara", "manager"))
    return client


def test_a_small_trial_is_corrected_much_and_a_large_one_little() -> None:
    small = past_rate(next_trial())
    assert small is not None
    assert small.found == pytest.approx(125 / 300)
    # z = 0.11667 / 0.03885 = 3.0, of which van Zwet's prior keeps 0.736: 0.0859, and 30 of 100 before.
    assert small.corrected_difference == pytest.approx(0.0859, abs=0.0005)
    assert small.corrected == pytest.approx(0.3859, abs=0.0005)


def test_a_large_trial_is_hardly_corrected() -> None:
    large = past_rate(next_trial(LARGE))
    assert large is not None
    assert large.corrected_difference == pytest.approx(large.difference, rel=0.05)


def test_the_page_offers_the_corrected_rate_and_says_why(mara: Client) -> None:
    shown = page_of(next_trial(), mara)
    assert "41.7 of 100 did it with “User”: +11.7 compared with the control of that campaign." in shown
    assert "the difference is +8.6, so expect 38.6 of 100." in shown
    assert "van Zwet, Schwab and Senn 2021" in shown


def test_the_offer_is_taken_by_a_button_and_nothing_is_saved_yet(mara: Client) -> None:
    draft = next_trial()
    shown = page_of(draft, mara)
    was = re.search(r'name="was" value="([^"]*)"', shown)
    assert was is not None
    fields = {"was": was[1], "do": "use-past", "expected": "30", "smallest": "5"}
    answered = mara.post(f"/campaigns/{draft.slug}/plan-it/length/", fields)
    assert answered.status_code == 200
    assert 'value="38.6"' in answered.content.decode()
    draft.plan.refresh_from_db()
    assert draft.plan.expected_rate == 0.3


def test_the_offer_may_be_refused(mara: Client) -> None:
    draft = next_trial()
    was = re.search(r'name="was" value="([^"]*)"', page_of(draft, mara))
    assert was is not None
    fields = {"was": was[1], "do": "save", "expected": "44", "smallest": "5"}
    assert mara.post(f"/campaigns/{draft.slug}/plan-it/length/", fields).status_code == 302
    draft.plan.refresh_from_db()
    assert draft.plan.expected_rate == 0.44


def test_a_campaign_that_follows_none_is_offered_nothing(mara: Client) -> None:
    draft = world.draft("alone", plan=PLAN)
    assert past_rate(draft) is None
    assert "What the earlier campaign says" not in page_of(draft, mara)


def test_counts_that_are_hidden_offer_nothing() -> None:
    assert past_rate(next_trial(SMALL | {"user": (300, 3)})) is None


def test_a_comparison_within_placements_offers_nothing() -> None:
    assert past_rate(next_trial(strata="placement")) is None


def test_a_broken_split_offers_nothing() -> None:
    assert past_rate(next_trial(LARGE | {"both": (20_000, 6_000)})) is None
