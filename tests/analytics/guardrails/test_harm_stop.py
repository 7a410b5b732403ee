from datetime import date
from typing import Any

import pytest

from analytics.disclosure.released_cells import released_cells
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate
from analytics.models import GuardEvent, Tally
from analytics.results import build
from analytics.results.paused_arms import observed_harm_sentence
from campaign.lifecycle import arm_pauses, transitions
from campaign.models import AnalysisPlan, Campaign
from tests import world

QUIET = {"neutral": (5000, 150), "victim": (5000, 150), "user": (5000, 150), "both": (5000, 150)}


def watched(counts: dict[str, tuple[int, int]], *more: str, **options: Any) -> Campaign:
    margins = dict.fromkeys(["annoyed", *more], 0.01)
    campaign = world.draft(plan={"monitoring": "always-valid", "planned_per_arm": 5000}, margins=margins, **options)
    transitions.submit(campaign, by=world.person("mara"))
    world.approve(campaign)
    transitions.launch(campaign, by=world.person("mara"), now=world.NOON)
    world.tally(campaign, counts, outcome="annoyed")
    return campaign


@pytest.mark.django_db
def test_an_arm_that_does_harm_is_paused_and_it_is_on_record() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.arm.key, event.outcome, round(event.effect, 3)) == ("both", "annoyed", 0.05)
    assert event.bound > event.margin == 0.01
    assert campaign.arms.get(key="both").paused_at == world.NOON


@pytest.mark.django_db
def test_harm_is_stopped_although_the_plan_is_marked_as_never_frozen() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    world.drop_triggers()
    AnalysisPlan.objects.update(frozen_at=None)
    assert [event.arm.key for event in pause_harmful_arms(campaign, now=world.NOON)] == ["both"]


@pytest.mark.django_db
@pytest.mark.parametrize(("declared", "paused"), [(0, 1), (10, 0)])
def test_what_one_network_could_have_done_pauses_nothing(declared: int, paused: int) -> None:
    """250 more of 5,000 are annoyed: more than one network counts for, unless the placement lets it have a tenth."""
    campaign = watched(QUIET | {"both": (5000, 400)}, at=world.placement(network_share=declared))
    assert len(pause_harmful_arms(campaign, now=world.NOON)) == paused


@pytest.mark.django_db
@pytest.mark.parametrize(("elsewhere", "alone"), [(25, True), (200, False)])
def test_a_pause_that_rests_on_one_placement_says_so(elsewhere: int, alone: bool) -> None:
    campaign = watched(QUIET | {"both": (5000, 900)}, places=["other-page"])
    other = campaign.placements.get(key="other-page")
    for key in QUIET:
        common = {"day": date(2026, 3, 1), "arm": campaign.arms.get(key=key), "placement": other, "locale": "en"}
        annoyed = elsewhere if key == "both" else 25
        Tally.objects.create(**common, outcome="exposed", count=1_000)
        Tally.objects.create(**common, outcome="annoyed", count=annoyed)
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert event.needs_one_placement is alone
    assert ("without one of the placements" in event.arm.paused_reason) is alone
    told = observed_harm_sentence(event, campaign.arms.get(is_control=True))
    assert ("Without one of the placements" in told) is alone


@pytest.mark.django_db
def test_the_words_of_a_paused_arm_are_shown_to_nobody_and_the_others_go_on() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    pause_harmful_arms(campaign, now=world.NOON)
    site = world.AudienceSite()
    site.now += 60
    names = {site.decide().json["message"]["headline"] for _ in range(60)}
    assert names == {"A neutral headline", "A victim headline", "A user headline"}


@pytest.mark.django_db
def test_the_result_says_that_a_guardrail_was_crossed() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    pause_harmful_arms(campaign, now=world.NOON)
    told = build.build(evaluate(campaign, now=world.NOON))
    assert "“Both” was paused on 2 March 2026" in told.guardrail_pauses[0]


@pytest.mark.django_db
def test_guarding_twice_records_once() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    pause_harmful_arms(campaign, now=world.NOON)
    assert pause_harmful_arms(campaign, now=world.NOON) == []
    assert GuardEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_harm_that_the_control_never_does_pauses_at_once() -> None:
    """0 of 1,000 against 900 of 1,000: ten events and ten non-events in each arm were waited for."""
    campaign = watched(dict.fromkeys(QUIET, (1000, 0)) | {"both": (1000, 900)})
    (event,) = pause_harmful_arms(campaign, now=world.NOON)
    assert (event.arm.key, event.effect, event.judged_on) == ("both", 0.9, {"both": [1000, 900], "neutral": [1000, 0]})


class TestASmallCell:
    """What a look would hide is judged at its worst, and kept nowhere."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("annoyed", [1, 3, 9])
    def test_does_not_keep_an_arm_from_being_paused_and_leaves_no_trace(self, annoyed: int) -> None:
        campaign = watched(dict.fromkeys(QUIET, (600, annoyed)) | {"both": (600, 90)})
        (event,) = pause_harmful_arms(campaign, now=world.NOON)
        assert event.judged_on == {"both": [600, 90], "neutral": [600, None]}
        assert event.effect == pytest.approx(90 / 600 - 9 / 600)

    @pytest.mark.django_db
    @pytest.mark.parametrize(("annoyed", "paused"), [(0, 1), (1, 0), (9, 0)])
    def test_is_taken_for_as_large_as_it_can_be(self, annoyed: int, paused: int) -> None:
        campaign = watched(dict.fromkeys(QUIET, (400, annoyed)) | {"both": (400, 40)})
        assert len(pause_harmful_arms(campaign, now=world.NOON)) == paused

    @pytest.mark.django_db
    def test_is_hidden_from_later_looks_too(self) -> None:
        campaign = watched(dict.fromkeys(QUIET, (600, 3)) | {"both": (600, 90)})
        pause_harmful_arms(campaign, now=world.NOON)
        assert [cells["neutral"].totals for cells in released_cells(campaign)] == [{"annoyed": None}]
        more(campaign, QUIET)
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        assert not evaluate(campaign, now=world.NOON).release.is_withheld


def more(campaign: Campaign, counts: dict[str, tuple[int, int]]) -> None:
    """Add counts on another day."""
    for key, (seen, events) in counts.items():
        arm = campaign.arms.get(key=key)
        common = {"day": date(2026, 3, 9), "arm": arm, "placement": campaign.placements.get(), "locale": "en"}
        Tally.objects.create(**common, outcome="exposed", count=seen)
        Tally.objects.create(**common, outcome="annoyed", count=events)


class TestAPauseTellsOfNoFewPeople:
    """Of 5,000 people, 318 annoyed ones beside 150 cross the guardrail."""

    @pytest.mark.django_db
    def test_a_few_after_a_look_pause_nothing_and_ten_do(self) -> None:
        campaign = watched(QUIET | {"both": (5000, 314)})
        evaluate(campaign, now=world.NOON)
        more(campaign, {"both": (0, 6)})
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        Tally.objects.filter(arm__key="both", day=date(2026, 3, 9), outcome="annoyed").update(count=10)
        (event,) = pause_harmful_arms(campaign, now=world.NOON)
        assert event.judged_on == {"both": [5000, 324], "neutral": [5000, 150]}

    @pytest.mark.django_db
    def test_what_a_look_shows_pauses_at_once(self) -> None:
        campaign = watched(QUIET | {"both": (5000, 318)})
        evaluate(campaign, now=world.NOON)
        assert [event.arm.key for event in pause_harmful_arms(campaign, now=world.NOON)] == ["both"]

    @pytest.mark.django_db
    def test_a_look_keeps_away_from_the_counts_on_which_an_arm_was_paused(self) -> None:
        campaign = watched(QUIET | {"both": (5000, 400)})
        pause_harmful_arms(campaign, now=world.NOON)
        more(campaign, {"both": (4, 0)})
        arms = evaluate(campaign, now=world.NOON).release.arms
        assert (arms["both"]["n"], arms["both"]["waits"], {*arms["both"]["totals"].values()}) == (5000, True, {None})
        Tally.objects.filter(arm__key="both", day=date(2026, 3, 9), outcome="exposed").update(count=10)
        assert evaluate(campaign, now=world.NOON).release.arms["both"]["n"] == 5010


class TestAnArmThatWasResumed:
    def resumed(self) -> Campaign:
        campaign = watched(QUIET | {"both": (5000, 400)})
        pause_harmful_arms(campaign, now=world.NOON)
        arm = campaign.arms.get(key="both")
        arm_pauses.resume_arm(arm, by=world.person("mara"), reason="They annoy and help.", now=world.NOON)
        return campaign

    @pytest.mark.django_db
    def test_is_not_stopped_again_for_what_was_known(self) -> None:
        campaign = self.resumed()
        assert pause_harmful_arms(campaign, now=world.NOON) == []
        more(campaign, QUIET | {"both": (5000, 400)})
        assert pause_harmful_arms(campaign, now=world.NOON) == [], "surer now, but no larger by a margin"

    @pytest.mark.django_db
    def test_is_stopped_again_once_its_harm_is_surely_larger_by_another_margin(self) -> None:
        campaign = self.resumed()
        more(campaign, QUIET | {"both": (5000, 900)})
        (again,) = pause_harmful_arms(campaign, now=world.NOON)
        first, second = GuardEvent.objects.order_by("stop")
        assert (first.stop, second.stop, again) == (1, 2, second)
        assert second.bound > first.bound + 0.01
        assert campaign.arms.get(key="both").paused_at is not None

    @pytest.mark.django_db
    def test_does_not_break_the_check_of_the_split(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is seen less than its weight says, because of the pause alone."""
        campaign = self.resumed()
        more(campaign, dict.fromkeys(("neutral", "victim", "user"), (2000, 60)))  # while it was paused
        assert evaluate(campaign, now=world.NOON).sample_ratio == "ok"
        campaign.arms.update(pauses=0)  # as if nobody remembered, nor noticed that
        monkeypatch.setattr("analytics.looks.evaluate.changed_plans", lambda campaigns: {})
        assert evaluate(campaign, now=world.NOON).sample_ratio == "alarm"


@pytest.mark.django_db
def test_what_is_stopped_by_two_guardrails_is_on_record_for_both() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)}, "continued")
    for arm in campaign.arms.all():
        common = {"day": date(2026, 3, 1), "arm": arm, "placement": campaign.placements.get(), "locale": "en"}
        Tally.objects.create(**common, outcome="continued", count=900 if arm.key == "both" else 300)
    assert {(e.outcome, e.stop) for e in pause_harmful_arms(campaign, now=world.NOON)} == {
        ("annoyed", 1),
        ("continued", 1),
    }


@pytest.mark.django_db
def test_a_campaign_that_was_closed_meanwhile_is_left_alone() -> None:
    campaign = watched(QUIET | {"both": (5000, 400)})
    transitions.close(campaign, by=world.person("mara"), now=world.NOON)
    assert pause_harmful_arms(campaign, now=world.NOON) == []


@pytest.mark.django_db
def test_harm_inside_the_margin_pauses_nothing() -> None:
    assert pause_harmful_arms(watched(QUIET | {"both": (5000, 190)}), now=world.NOON) == []
