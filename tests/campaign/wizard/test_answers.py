"""The order of the questions, what each answer stores, what is missing, and conflicts between two editors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from time_machine import Traveller

from campaign.lifecycle import frozen_plan, launch_checks, transitions
from campaign.lifecycle.actions import ActionRefused
from campaign.models import AnalysisPlan, Arm, Campaign, Placement, PlannedOutcome
from campaign.wizard import answers, questions
from campaign.wizard import arms as wizard_arms
from campaign.wizard.draft import DraftEditConflict, NotADraft
from campaign.wizard.presets import PRESETS, default_comparisons, preset_of
from campaign.wizard.questions import (
    CHECK,
    QUESTION_KEYS,
    QUESTIONS_BY_KEY,
    Answer,
    HypothesisAnswer,
    answered_keys,
    key_to_continue_at,
    missing_answers,
)
from campaign.wizard.revision_choice import selectable_revisions
from campaign.wizard.sample_size import SampleSize
from campaign.wizard.sample_size_text import describe_sample_size, format_duration
from messages.models import AuditEntry, Message, Revision
from messages.review import workflow
from tests import world


class TestTheOrder:
    def test_one_begins_at_the_beginning(self) -> None:
        assert key_to_continue_at([]) == "learn"

    def test_one_goes_on_after_the_last_answer_even_to_a_question_that_may_stay_open(self) -> None:
        assert key_to_continue_at(["learn", "compare", "words", "places", "success"]) == "harm"
        assert key_to_continue_at(["learn", "compare", "words", "places", "success", "harm"]) == "sureness"

    def test_a_gap_comes_before_what_follows_it(self) -> None:
        assert key_to_continue_at(set(QUESTION_KEYS) - {"places"}) == "places"

    def test_with_all_answered_one_looks_at_them(self) -> None:
        assert key_to_continue_at(QUESTION_KEYS) == CHECK
        assert key_to_continue_at(set(QUESTION_KEYS) - {"harm", "told", "sureness"}) == CHECK

    def test_each_question_leads_to_the_next_and_back(self) -> None:
        assert questions.next_key("learn") == "compare"
        assert questions.next_key("told") == CHECK
        assert questions.previous_key(CHECK) == "told"
        assert questions.previous_key("learn") == ""


class TestWhatIsCompared:
    def test_in_the_full_picture_also_one_harm_with_the_other_and_both_with_one(self) -> None:
        assert default_comparisons(["neutral", "victim", "user", "both"], "neutral") == world.PAIRS

    def test_else_each_with_the_control(self) -> None:
        assert default_comparisons(["a", "b", "c"], "b") == [["a", "b"], ["c", "b"]]

    def test_a_comparison_is_known_by_its_arms(self) -> None:
        for preset in PRESETS.values():
            assert preset_of([part.key for part in preset.arms]) == preset.key
        assert preset_of([]) == ""
        assert preset_of(["neutral", "victim", "more"]) == "own"


class TestInWords:
    @pytest.mark.parametrize(
        ("days", "words"),
        [
            (1, "1 day"),
            (9, "9 days"),
            (40, "about 6 weeks"),
            (200, "about 7 months"),
            (1000, "about 3 years"),
            (36_500, "more than a lifetime"),
        ],
    )
    def test_a_time_is_said_as_people_say_it(self, days: int, words: str) -> None:
        assert format_duration(days) == words

    def test_too_little_traffic_is_said_with_what_to_do(self) -> None:
        size = SampleSize(100_000, 100_000, 40.0, 1_000, (), 0.01, "too small")
        arms = [(name, 1) for name in "abcd"]
        told = describe_sample_size(size, arms=arms, per_day=50, monitoring="fixed", comparisons=5)
        assert told.sentence == (
            "100,000 people have to see a message in total: 25,000 for each message. At this traffic it "
            "would take about 3 years."
        )
        assert told.advice == "Choose fewer messages, more placements, or a larger difference."
        assert told.is_warning

    def test_what_it_rests_on_is_said(self) -> None:
        size = SampleSize(1_000, 1_000, 40.0, 50, (), 0.05, "fine")
        arms = [("a", 1), ("b", 3), ("c", 0)]
        told = describe_sample_size(size, arms=arms, per_day=50, monitoring="always-valid", comparisons=5)
        assert told.sentence.startswith("1,000 people have to see a message in total: 250 for “a”, 750 for “b”.")
        assert "shared among 2 messages" in told.assumptions[0]
        assert "We estimate that 80 in 100 of them are seen on screen" in told.assumptions[0]
        assert "asks 5 questions at once" in told.assumptions[1]
        assert "look at any time" in told.assumptions[2]


pytest_db = pytest.mark.django_db


def mara() -> Any:
    return world.person("mara", "manager")


def new_draft(name: str = "Ours") -> Campaign:
    return answers.create_draft(HypothesisAnswer(name, "It works."), by=mara())


def read(campaign: Campaign, key: str) -> Any:
    return QUESTIONS_BY_KEY[key].read(campaign)


def save(campaign: Campaign, key: str, **changes: Any) -> Campaign:
    """Answer a question as it is stored, except for some attributes."""
    stored = read(campaign, key)
    return save_answer(campaign, key, replace(stored, **changes), seen_digest=stored.digest())


def save_answer(campaign: Campaign, key: str, answer: Answer, *, seen_digest: str) -> Campaign:
    return answers.save_answer(campaign, QUESTIONS_BY_KEY[key], answer, seen_digest=seen_digest, by=mara())


def four_frames() -> dict[str, Revision]:
    return {frame: world.approved_revision(frame) for frame in ("neutral", "victim", "user", "both")}


@pytest_db
class TestBeginning:
    def test_a_draft_has_a_plan_and_no_more(self) -> None:
        made = new_draft()
        assert (made.state, made.slug, made.hypothesis, made.created_by) == ("draft", "ours", "It works.", mara())
        assert made.plan.planned_per_arm == 0
        assert answered_keys(made) == {"learn"}

    def test_the_same_name_twice_and_the_address_of_new_ones_get_a_number(self) -> None:
        assert [new_draft().slug, new_draft().slug] == ["ours", "ours-2"]
        assert new_draft(name="New").slug == "new-2"

    def test_an_error_of_the_database_is_told_unless_the_address_was_taken(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[str] = []

        def broken(draft: Campaign) -> None:
            tried.append(draft.slug)
            assert len(tried) < 3, "it is tried without an end"
            raise IntegrityError

        monkeypatch.setattr(answers, "ensure_plan", broken)
        with pytest.raises(IntegrityError):
            new_draft()
        assert tried == ["ours"]

    def test_a_name_without_latin_letters_has_an_address_too(self) -> None:
        assert new_draft(name="حملة").slug == "campaign"

    def test_only_a_manager_begins(self) -> None:
        with pytest.raises(ActionRefused, match="Only a manager"):
            answers.create_draft(HypothesisAnswer("Ours", "x"), by=world.person("ana", "analyst"))


@pytest_db
class TestNothingIsOverwrittenSilently:
    def test_who_did_not_see_the_newest_answer_is_told(self) -> None:
        campaign = new_draft()
        seen = read(campaign, "learn").digest()
        save(campaign, "learn", hypothesis="Theirs.")
        with pytest.raises(DraftEditConflict):
            save_answer(campaign, "learn", HypothesisAnswer("Ours", "Mine."), seen_digest=seen)
        campaign.refresh_from_db()
        assert campaign.hypothesis == "Theirs."

    def test_an_answer_to_another_question_is_no_conflict(self) -> None:
        campaign = new_draft()
        seen = read(campaign, "ethics").digest()
        save(campaign, "learn", hypothesis="Theirs.")
        answer = replace(read(campaign, "ethics"), ethics_reference="Board")
        save_answer(campaign, "ethics", answer, seen_digest=seen)
        campaign.refresh_from_db()
        assert (campaign.hypothesis, campaign.ethics_reference) == ("Theirs.", "Board")

    def test_each_answer_moves_the_time_of_the_change(self, clock_that_stands_still: Traveller) -> None:
        campaign = world.draft()
        for step in QUESTION_KEYS:
            before = Campaign.objects.get().changed_at
            clock_that_stands_still.shift(1)
            save(campaign, step)
            assert Campaign.objects.get().changed_at > before, step

    def test_an_answer_that_is_given_again_changes_nothing(self) -> None:
        campaign = world.draft(plan={"expected_rate": 0.35, "monitoring": "group-sequential", "looks": [0.3, 1.0]})
        stored = {step: read(campaign, step) for step in QUESTION_KEYS}
        promised = frozen_plan.plan_content(campaign.plan)
        for step in QUESTION_KEYS:
            save(campaign, step)
        again = Campaign.objects.get()
        assert {step: read(again, step) for step in QUESTION_KEYS} == stored
        assert frozen_plan.plan_content(again.plan) == promised

    def test_a_campaign_that_was_sent_is_not_changed(self) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=mara())
        for step in QUESTION_KEYS:
            with pytest.raises(NotADraft):
                save(campaign, step)
        with pytest.raises(NotADraft):
            wizard_arms.add_arm(campaign, by=mara())


@pytest_db
class TestTheArms:
    def test_a_comparison_makes_its_arms_with_approved_words(self) -> None:
        words = four_frames()
        campaign = save(new_draft(), "compare", preset="full")
        arms = list(campaign.arms.all())
        assert [arm.key for arm in arms] == ["neutral", "victim", "user", "both"]
        assert [arm.first_revision for arm in arms] == list(words.values())
        assert [arm.is_control for arm in arms] == [True, False, False, False]
        assert campaign.plan.comparisons == world.PAIRS

    def test_words_that_are_not_approved_are_never_taken(self) -> None:
        four_frames()
        for rendition in Revision.objects.get(message__frame="user").renditions.all():
            workflow.withdraw(rendition, by=mara(), now=world.NOON, reason="Unkind.")
        campaign = new_draft()
        with pytest.raises(wizard_arms.NoApprovedMessage) as refused:
            save(campaign, "compare", preset="full")
        assert refused.value.frames == ("user",)
        assert not campaign.arms.exists()

    def test_words_that_were_stopped_everywhere_are_never_offered(self) -> None:
        stopped, other = world.approved_revision("user"), world.approved_revision("user")
        Message.objects.filter(pk=stopped.message_id).update(
            stopped_at=world.NOON, stopped_by=mara(), stopped_reason="It names somebody."
        )
        assert list(selectable_revisions(["user"])) == [other]

    def test_another_comparison_keeps_the_words_that_fit(self) -> None:
        four_frames()
        campaign = save(new_draft(), "compare", preset="full")
        better = world.approved_revision("victim")
        arm = campaign.arms.get(key="victim")
        wizard_arms.choose_revision(campaign, "victim", better, seen_revision_id=arm.first_revision.pk, by=mara())
        campaign = save(campaign, "compare", preset="against")
        assert campaign.arms.get(key="victim").first_revision == better
        assert [arm.key for arm in campaign.arms.all()] == ["victim", "user"]
        assert campaign.plan.comparisons == [["user", "victim"]]

    def test_arms_of_ones_own_begin_with_those_that_are_there(self) -> None:
        four_frames()
        campaign = save(save(new_draft(), "compare", preset="full"), "compare", preset="own")
        assert [arm.key for arm in campaign.arms.all()] == ["control", "message-2", "message-3", "message-4"]
        assert [arm.frame for arm in campaign.arms.all()] == ["neutral", "victim", "user", "both"]

    def test_one_more_and_one_less_and_never_fewer_than_two(self) -> None:
        four_frames()
        campaign = save(new_draft(), "compare", preset="own")
        added = wizard_arms.add_arm(campaign, by=mara())
        assert (added.key, campaign.arms.count()) == ("message-3", 3)
        assert AnalysisPlan.objects.get().comparisons == [["message-2", "control"], ["message-3", "control"]]
        wizard_arms.remove_arm(campaign, "control", by=mara())
        assert campaign.arms.get(is_control=True).key == "message-2"
        assert AnalysisPlan.objects.get().comparisons == [["message-3", "message-2"]]
        with pytest.raises(ActionRefused, match="Keep at least two messages"):
            wizard_arms.remove_arm(campaign, "message-2", by=mara())

    def test_with_another_control_others_are_compared(self) -> None:
        campaign = world.draft()
        save(campaign, "words", control="victim")
        assert [arm.key for arm in Arm.objects.filter(is_control=True)] == ["victim"]
        assert AnalysisPlan.objects.get().comparisons == [["neutral", "victim"], ["user", "victim"], ["both", "victim"]]

    def test_comparisons_that_somebody_chose_stay_while_the_arms_do(self) -> None:
        campaign = world.draft(pairs=[["both", "neutral"]])
        arms = [
            replace(arm, name="Both at once", weight=2) if arm.key == "both" else arm
            for arm in read(campaign, "words").arms
        ]
        save(campaign, "words", arms=tuple(arms))
        assert AnalysisPlan.objects.get().comparisons == [["both", "neutral"]]
        assert campaign.arms.get(key="both").weight == 2

    def test_words_of_another_frame_do_not_fit_and_a_colleagues_choice_is_not_overwritten(self) -> None:
        campaign = world.draft()
        arm, theirs, mine = (
            campaign.arms.get(key="victim"),
            world.approved_revision("victim"),
            world.approved_revision("victim"),
        )
        seen = arm.first_revision.pk
        with pytest.raises(ActionRefused, match="does not fit here"):
            wizard_arms.choose_revision(
                campaign, "victim", world.approved_revision("user"), seen_revision_id=seen, by=mara()
            )
        wizard_arms.choose_revision(campaign, "victim", theirs, seen_revision_id=seen, by=mara())
        with pytest.raises(DraftEditConflict):
            wizard_arms.choose_revision(campaign, "victim", mine, seen_revision_id=seen, by=mara())
        assert campaign.arms.get(key="victim").first_revision == theirs


@pytest_db
class TestEachAnswer:
    def test_places_and_their_traffic(self) -> None:
        first = world.placement("one")
        world.placement("two", expected_per_day=7)
        campaign = save(new_draft(), "places", chosen=(first.pk,), per_day={first.pk: 900})
        assert list(campaign.placements.all()) == [first]
        assert dict(Placement.objects.values_list("key", "expected_per_day")) == {"one": 900, "two": 7}

    def test_one_outcome_has_one_part(self) -> None:
        campaign = save(new_draft(), "success", primary="turned_back", secondary=("help_self", "left"))
        save(campaign, "harm", margins={"left": 3.0, "annoyed": None})
        parts = {o.outcome: (o.role, o.harm_margin) for o in PlannedOutcome.objects.all()}
        assert parts == {
            "turned_back": ("primary", None),
            "help_self": ("secondary", None),
            "left": ("guardrail", 0.03),
            "annoyed": ("guardrail", None),
        }
        save(campaign, "success", primary="left", secondary=("turned_back",))
        parts = {o.outcome: (o.role, o.harm_margin) for o in PlannedOutcome.objects.all()}
        assert parts == {"left": ("primary", None), "turned_back": ("secondary", None), "annoyed": ("guardrail", None)}

    def test_a_difference_of_ones_own_for_a_secondary_outcome_stays(self) -> None:
        campaign = world.draft()
        PlannedOutcome.objects.create(
            plan=campaign.plan, outcome="help_self", role="secondary", smallest_difference=0.01
        )
        save(campaign, "success")
        assert PlannedOutcome.objects.get(outcome="help_self").smallest_difference == 0.01

    def test_how_sure(self) -> None:
        campaign = save(
            new_draft(), "sureness", level=0.99, monitoring="fixed", looks=(1.0,), unit="session", within="placement"
        )
        plan = AnalysisPlan.objects.get()
        assert (plan.level, plan.monitoring, plan.looks, plan.strata, plan.clusters) == (
            0.99,
            "fixed",
            [1.0],
            "placement",
            "",
        )
        assert campaign.unit == "session"

    def test_days_count_from_midnight_to_midnight(self) -> None:
        campaign = save(
            new_draft(),
            "length",
            expected=35.0,
            smallest=3.0,
            planned=900,
            starts=date(2027, 3, 1),
            ends=date(2027, 3, 14),
        )
        assert (campaign.starts_at, campaign.ends_at) == (
            datetime(2027, 3, 1, tzinfo=UTC),
            datetime(2027, 3, 15, tzinfo=UTC),
        )
        plan = AnalysisPlan.objects.get()
        assert (plan.expected_rate, plan.smallest_difference, plan.planned_per_arm) == (0.35, 0.03, 900)

    def test_a_time_of_day_that_was_set_elsewhere_stays(self) -> None:
        campaign = world.draft()
        Campaign.objects.update(ends_at=datetime(2027, 3, 1, 18, 30, tzinfo=UTC))
        campaign.refresh_from_db()
        save(campaign, "length", smallest=4.0)
        assert Campaign.objects.get().ends_at == datetime(2027, 3, 1, 18, 30, tzinfo=UTC)

    def test_who_hears_of_harm(self) -> None:
        ana = world.person("ana", "analyst")
        campaign = save(new_draft(), "told", people=(ana.pk,), webhook="https://alarm.example/")
        assert list(campaign.plan.told.all()) == [ana]
        assert AnalysisPlan.objects.get().webhook == "https://alarm.example/"


@pytest_db
class TestWhatIsMissing:
    def test_an_empty_draft_is_told_everything_and_where_to_mend_it(self) -> None:
        found = missing_answers(launch_checks.submission_obstacles(new_draft()))
        assert [one.question_key for one in found] == ["compare", "places", "success", "length", "ethics"]
        assert "Choose at least one placement." in [one.sentence for one in found]

    @pytest.mark.parametrize(
        ("broken", "step"),
        [
            ({"looks": [0.5]}, "sureness"),
            ({"strata": "placement", "clusters": "placement-day"}, "sureness"),
            ({"correction": "dunnett", "monitoring": "always-valid"}, "sureness"),
            ({"planned_per_arm": 0}, "length"),
            ({"comparisons": [["gone", "neutral"]]}, "words"),
        ],
    )
    def test_a_fault_in_the_plan_leads_to_its_question(self, broken: dict[str, Any], step: str) -> None:
        campaign = world.draft()
        AnalysisPlan.objects.update(**broken)
        campaign = Campaign.objects.get()
        assert {one.question_key for one in missing_answers(launch_checks.submission_obstacles(campaign))} == {step}

    def test_words_and_outcomes_too(self) -> None:
        campaign = world.draft("second", outcome="dwell")
        PlannedOutcome.objects.filter(plan=campaign.plan, outcome="annoyed").delete()
        PlannedOutcome.objects.create(plan=campaign.plan, outcome="rating", role="guardrail", harm_margin=0.1)
        campaign.arms.update(weight=0)
        for rendition in campaign.arms.get(key="both").first_revision.renditions.all():
            workflow.withdraw(rendition, by=mara(), now=world.NOON, reason="Unkind.")
        found = missing_answers(launch_checks.submission_obstacles(campaign))
        assert [one.question_key for one in found] == ["words", "words", "success", "harm"]

    def test_a_whole_draft_lacks_nothing(self) -> None:
        assert missing_answers(launch_checks.submission_obstacles(world.draft())) == []


@pytest_db
class TestSendingAndTakingBack:
    def test_what_is_sent_is_what_was_read(self, clock_that_stands_still: Traveller) -> None:
        campaign = world.draft()
        seen = campaign.changed_at.isoformat()
        clock_that_stands_still.shift(1)
        save(campaign, "learn", hypothesis="Another.")
        with pytest.raises(DraftEditConflict):
            answers.submit_draft(campaign, seen_changed_at=seen, by=mara())
        answers.submit_draft(campaign, seen_changed_at=Campaign.objects.get().changed_at.isoformat(), by=mara())
        assert Campaign.objects.get().state == "submitted"
        assert Campaign.objects.get().hypothesis == "Another."

    @pytest.mark.parametrize("approve", [False, True])
    def test_taken_back_it_is_a_draft_that_nobody_approved_and_that_is_on_record(self, approve: bool) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=mara())
        if approve:
            world.approve(campaign)
        transitions.take_back(campaign, by=mara())
        again = Campaign.objects.get()
        assert (again.state, again.approved_by) == ("draft", None)
        assert AuditEntry.objects.latest("number").action == "campaign-take-back"
        save(again, "learn", hypothesis="Better.")

    def test_a_running_campaign_is_not_taken_back_and_a_reviewer_takes_none(self) -> None:
        with pytest.raises(ActionRefused, match="cannot take back"):
            transitions.take_back(world.launched(), by=mara())
        other = world.draft("other", at=world.placement("elsewhere"))
        transitions.submit(other, by=mara())
        with pytest.raises(ActionRefused, match="Only a manager can take back"):
            transitions.take_back(other, by=world.person("rafael", "reviewer"))
