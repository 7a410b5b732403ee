"""A text that does harm alone is stopped alone; where the message as a whole does harm, its arm is paused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.disclosure.released_cells import released_cells
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import GuardEvent
from analytics.notifications import events
from analytics.results import build
from campaign.lifecycle import arm_pauses, transitions
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import ArmText, Campaign
from tests import world

pytestmark = pytest.mark.django_db
# Beside 240 of 16,000, without what one network may have added: so many of 4,000 cross the guardrail.
EDGE = 270
Texts = dict[str, Sequence[tuple[int, int]]]
QUIET: Texts = {"neutral": [(2000, 60)] * 4, "both": [(2000, 60)] * 4}


def watched(counts: Texts, *, texts: int = 4, **options: Any) -> Campaign:
    campaign = world.draft(
        arms={"neutral": 1, "both": 1},
        pairs=[["both", "neutral"]],
        texts=texts,
        design="matched" if texts > 1 else "",
        plan={"monitoring": "always-valid", "planned_per_arm": 8000, "correction": "none"},
        margins={"annoyed": 0.01},
        **options,
    )
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    world.tally_texts(campaign, counts, outcome="annoyed")
    return campaign


def stopped(campaign: Campaign) -> list[int]:
    texts = ArmText.objects.filter(arm__campaign=campaign, stopped_at__isnull=False)
    return list(texts.order_by("position").values_list("position", flat=True))


def is_paused(campaign: Campaign) -> bool:
    return campaign.arms.get(key="both").paused_at is not None


class TestOneTextOfFour:
    """One text annoys 12 of 100, the others 3: the message as a whole annoys 5."""

    COUNTS: Texts = QUIET | {"both": [(2000, 60), (2000, 240), *[(2000, 60)] * 2]}

    def test_is_stopped_alone_and_the_arm_goes_on(self) -> None:
        campaign = watched(self.COUNTS)
        (event,) = pause_harmful_arms(campaign, now=world.NOON)
        assert (stopped(campaign), is_paused(campaign)) == ([1], False)
        assert event.text == ArmText.objects.get(arm__key="both", position=1)
        assert event.bound > event.margin == 0.01
        assert event.effect == pytest.approx(0.09)
        assert changed_plans([campaign.pk]) == {}

    def test_leaves_no_harm_behind_for_which_the_arm_would_be_paused(self) -> None:
        campaign = watched(self.COUNTS)
        pause_harmful_arms(campaign, now=world.NOON)
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        world.tally_texts(campaign, {"both": [(500, 15), (20, 8), (500, 15), (500, 15)]}, outcome="annoyed")
        assert pause_harmful_arms(campaign, now=world.NOON) == []

    def test_is_told_as_a_deviation_by_the_worker_in_a_notice_and_in_results(self) -> None:
        campaign = watched(self.COUNTS)
        pause_harmful_arms(campaign, now=world.NOON)
        deviation = campaign.deviations.get()
        assert (deviation.by, deviation.what) == (None, "Text 2 of the arm “Both” was stopped.")
        assert "Guardrail crossed" in deviation.why
        (notice,) = [each for each in events.notice_events(campaign, now=world.NOON) if each.kind == "guardrail"]
        assert notice.about == "Both, text 2"

    def test_is_told_as_the_counts_of_its_arm_by_text(self) -> None:
        campaign = watched(self.COUNTS)
        pause_harmful_arms(campaign, now=world.NOON)
        (told,) = released_cells(campaign)
        assert told["neutral"].totals == {"annoyed": (240, 7760)}
        assert told["both"].seen == dict.fromkeys("1234", 2000)
        assert told["both"].parts["annoyed"] == {"1": None, "2": (240, 1760), "3": None, "4": None}
        assert not evaluate(campaign, now=world.NOON).release.is_withheld

    def test_is_not_stopped_for_what_one_network_could_have_done(self) -> None:
        campaign = watched(self.COUNTS, at=world.placement(network_share=10))
        assert pause_harmful_arms(campaign, now=world.NOON) == []

    def test_waits_while_few_more_were_counted_than_a_look_showed(self) -> None:
        campaign = watched(QUIET | {"both": [(2000, 60), (2000, EDGE - 6), *[(2000, 60)] * 2]})
        world.tally_texts(campaign, QUIET, outcome="turned_back")
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        evaluate(campaign, now=world.NOON)
        world.tally_texts(campaign, {"both": [(0, 0), (6, 6), (0, 0), (0, 0)]}, outcome="annoyed")
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        world.tally_texts(campaign, {"both": [(40, 1), (20, 10), (40, 1), (40, 1)]}, outcome="annoyed")
        assert [event.text.position for event in pause_harmful_arms(campaign, now=world.NOON) if event.text] == [1]


@pytest.mark.parametrize("annoyed", [1, 9])
def test_a_small_cell_of_another_text_is_told_of_nobody(annoyed: int) -> None:
    campaign = watched(QUIET | {"both": [(600, annoyed), (600, 120), (600, annoyed), (600, annoyed)]})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert event.judged_on["both"] == {"1": [600, None], "2": [600, 120], "3": [600, None], "4": [600, None]}


def test_where_each_text_does_the_same_harm_the_arm_is_paused() -> None:
    campaign = watched(QUIET | {"both": [(2000, 160)] * 4})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.text, is_paused(campaign), stopped(campaign)) == (None, True, [])


def test_where_most_texts_do_harm_the_arm_is_paused() -> None:
    campaign = watched(QUIET | {"both": [(2000, 60), *[(2000, 240)] * 3]})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.text, is_paused(campaign), stopped(campaign)) == (None, True, [])


def test_harm_that_no_text_shows_alone_pauses_the_arm() -> None:
    campaign = watched(QUIET | {"both": [(2000, 125)] * 4})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.text, is_paused(campaign)) == (None, True)


def test_the_rest_of_an_arm_is_judged_without_the_text_that_was_stopped() -> None:
    campaign = watched(TestOneTextOfFour.COUNTS)
    pause_harmful_arms(campaign, now=world.NOON)
    world.tally_texts(campaign, {"both": [(2000, 180), (20, 8), (2000, 180), (2000, 180)]}, outcome="annoyed")
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.text, is_paused(campaign)) == (None, True)
    assert event.effect == pytest.approx(240 / 4000 - 0.03)
    assert event.judged_on["both"] == {"1": [4000, 240], "2": [2020, None], "3": [4000, 240], "4": [4000, 240]}


def test_a_few_late_views_of_a_stopped_text_never_keep_its_arm_from_being_paused() -> None:
    campaign = watched(TestOneTextOfFour.COUNTS)
    pause_harmful_arms(campaign, now=world.NOON)
    world.tally_texts(campaign, {"both": [(2000, 180), (3, 2), (2000, 180), (2000, 180)]}, outcome="annoyed")
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert event.judged_on["both"]["2"] == [2000, 240], "as it was told at its stop"
    assert is_paused(campaign)


def test_the_last_text_of_an_arm_is_not_stopped_but_its_arm_is_paused() -> None:
    campaign = watched(QUIET | {"both": [(2000, 60), (2000, 240)]} | {"neutral": [(2000, 60)] * 2}, texts=2)
    pause_harmful_arms(campaign, now=world.NOON)
    assert (stopped(campaign), is_paused(campaign)) == ([1], False)
    world.tally_texts(campaign, {"both": [(2000, 400), (40, 0)]}, outcome="annoyed")
    pause_harmful_arms(campaign, now=world.NOON)
    assert (stopped(campaign), is_paused(campaign)) == ([1], True)


def test_who_resumed_an_arm_has_accepted_what_its_texts_did() -> None:
    campaign = watched(QUIET | {"both": [(2000, 160)] * 4})
    pause_harmful_arms(campaign, now=world.NOON)
    arm = campaign.arms.get(key="both")
    arm_pauses.resume_arm(arm, by=world.person("mara"), reason="They annoy and help.", now=world.NOON)
    assert pause_harmful_arms(campaign, now=world.NOON) == []


def test_one_text_an_arm_is_judged_as_before() -> None:
    campaign = watched({"neutral": [(8000, 240)], "both": [(8000, 480)]}, texts=1)
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.text, event.judged_on) == (None, {"both": [8000, 480], "neutral": [8000, 240]})
    assert GuardEvent.objects.get().bound == event.bound


def test_results_and_watch_say_which_text_was_stopped_and_that_the_arm_goes_on(client: Client) -> None:
    campaign = watched(TestOneTextOfFour.COUNTS)
    pause_harmful_arms(campaign, now=world.NOON)
    analysis = evaluate(campaign, now=world.NOON)
    (told,) = build.build(analysis).guardrail_pauses
    assert "“Both, text 2” was stopped on 2 March 2026. Its message continues with its other texts." in told
    world.sign_in(client, world.person("ana", "analyst"))
    for page in ("results", "watch"):
        text = client.get(reverse(f"analytics:{page}", args=[campaign.slug])).text
        assert "A guardrail stopped “Both, text 2” on 2 March 2026." in text
        assert "at least 6 more said it annoyed them" in text.replace("\n", " ")
