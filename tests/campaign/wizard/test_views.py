"""The pages of the wizard: questions, errors, conflicts, permissions and the page with all answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from time_machine import Traveller

from analytics.stats import power
from campaign.lifecycle import frozen_plan, transitions
from campaign.models import AnalysisPlan, Campaign, Placement, PlannedOutcome
from campaign.wizard import answers
from campaign.wizard.questions import QUESTION_KEYS, QUESTIONS_BY_KEY, HypothesisAnswer, answered_keys
from messages.review import workflow
from tests import world

pytestmark = pytest.mark.django_db

SENTENCE = "Words about the person shown turn back more people."


@pytest.fixture
def manager(client: Client) -> Client:
    world.sign_in(client, world.person("mara", "manager"))
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return text(response)


def at(step: str, slug: str = "pilot") -> str:
    return f"/campaigns/{slug}/plan-it/{step}/"


def answer(client: Client, step: str, slug: str = "pilot", **said: Any) -> Any:
    """Submit a question's form as the page shows it, except for the given fields."""
    campaign = Campaign.objects.get(slug=slug)
    form = client.get(at(step, slug)).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    typed = {name: value for name, value in shown.items() if value not in (None, False)}
    was = QUESTIONS_BY_KEY[step].read(campaign).digest()
    return client.post(at(step, slug), {**typed, "was": was, "do": "save", **said})


class TestGettingThere:
    def test_the_list_offers_it_to_managers_alone(self, manager: Client) -> None:
        assert "Plan a campaign" in page(manager, "/")
        world.draft()
        assert "Plan a campaign" in page(manager, "/")
        reviewer = Client()
        world.sign_in(reviewer, world.person("rafael", "reviewer"))
        assert "Plan a campaign" not in page(reviewer, "/")

    def test_a_draft_leads_on_to_the_first_gap(self, manager: Client) -> None:
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        html = page(manager, "/campaigns/ours/")
        assert f'href="{at("compare", "ours")}"' in html
        assert "Continue planning" in html

    def test_others_may_look_and_not_touch(self) -> None:
        world.draft()
        analyst = Client()
        world.sign_in(analyst, world.person("ana", "analyst"))
        assert "Continue planning" not in page(analyst, "/campaigns/pilot/")
        for path in ("/campaigns/new/", "/campaigns/pilot/plan-it/", at("learn"), at("words") + "victim/"):
            assert analyst.get(path).status_code == 403
            assert analyst.post(path).status_code == 403

    @pytest.mark.parametrize("path", [at("nonsense"), at("check"), at("words") + "nobody/", at("learn", "nowhere")])
    def test_what_is_not_there_is_not_found(self, manager: Client, path: str) -> None:
        world.draft()
        assert manager.get(path).status_code == 404

    def test_a_campaign_that_was_sent_leads_back_to_its_page_with_a_sentence(self, manager: Client) -> None:
        campaign = world.draft()
        transitions.submit(campaign, by=world.person("mara"))
        for path in ("/campaigns/pilot/plan-it/", at("learn"), at("words") + "victim/"):
            for response in (manager.get(path, follow=True), manager.post(path, {"name": "x"}, follow=True)):
                assert response.redirect_chain == [("/campaigns/pilot/", 302)]
                assert "You cannot change this plan" in text(response)


class TestTheFirstQuestion:
    def test_it_makes_the_draft_and_leads_on(self, manager: Client) -> None:
        response = manager.post("/campaigns/new/", {"name": "Schools week", "hypothesis": SENTENCE})
        assert response.headers["Location"] == at("compare", "schools-week")
        assert Campaign.objects.get().hypothesis == SENTENCE

    def test_what_was_typed_is_kept_beside_the_error(self, manager: Client) -> None:
        html = text(manager.post("/campaigns/new/", {"name": "Schools week", "hypothesis": " "}))
        assert 'value="Schools week"' in html
        assert "Enter one sentence." in html
        assert 'aria-describedby="id_hypothesis_helptext id_hypothesis_error"' in html
        assert not Campaign.objects.exists()


class TestEachQuestion:
    def test_each_page_says_where_it_stands_and_leads_back(self, manager: Client) -> None:
        world.draft()
        for number, step in enumerate(QUESTION_KEYS, start=1):
            html = page(manager, at(step))
            assert f"Question {number} of {len(QUESTION_KEYS)}" in html
            assert ">Back</a>" in html
            assert ">Continue</button>" in html

    def test_continuing_through_a_whole_draft_changes_nothing_but_who_hears(self, manager: Client) -> None:
        world.draft(plan={"expected_rate": 0.3, "planned_per_arm": 5000})
        Campaign.objects.update(hypothesis=SENTENCE)
        before = frozen_plan.plan_content(Campaign.objects.get().plan)
        for step, then in zip(QUESTION_KEYS, [*QUESTION_KEYS[1:], "check"], strict=True):
            expected = "/campaigns/pilot/plan-it/" if then == "check" else at(then)
            assert answer(manager, step).headers["Location"] == expected
        assert frozen_plan.plan_content(Campaign.objects.get().plan) == before
        assert list(AnalysisPlan.objects.get().told.all()) == [world.person("mara")]

    def test_from_the_last_page_one_comes_back_to_it(self, manager: Client) -> None:
        world.draft()
        said = {
            "name": "Other",
            "hypothesis": SENTENCE,
            "was": QUESTIONS_BY_KEY["learn"].read(Campaign.objects.get()).digest(),
        }
        response = manager.post(at("learn") + "?then=check", said)
        assert response.headers["Location"] == "/campaigns/pilot/plan-it/"

    @pytest.mark.parametrize(
        ("step", "said", "error"),
        [
            ("learn", {"name": ""}, "Enter a name"),
            ("compare", {"preset": "nonsense"}, "Select a valid choice"),
            ("words", {"share_both": "0"}, "Enter 1 or more, or remove the message."),
            ("words", {"name_both": ""}, "The results will use it"),
            ("places", {"places": []}, "Choose at least one placement."),
            ("success", {"primary": "exposed"}, "Select a valid choice"),
            ("harm", {"watch_annoyed": "on", "margin_annoyed": "much"}, "Enter a number, such as 5."),
            ("harm", {"margin_left": "3"}, "Tick it as well, or clear the number."),
            ("harm", {"watch_left": "on", "margin_left": "0"}, "Enter a number above 0."),
            ("sureness", {"monitoring": "group-sequential", "looks": "50, 20"}, "Each number must be larger"),
            ("sureness", {"monitoring": "group-sequential", "looks": "soon"}, "Enter numbers separated by commas"),
            ("sureness", {"monitoring": "always-valid", "correction": "dunnett"}, "Choose Holm’s instead."),
            ("length", {"expected": "", "smallest": "5"}, "Make a guess"),
            ("length", {"expected": "nan", "smallest": "5"}, "Enter a number, such as 30."),
            ("length", {"expected": "60", "smallest": "1e400"}, "Enter a number, such as 5."),
            ("length", {"expected": "30", "smallest": "5", "starts": "2020-01-01"}, "This day is in the past."),
            ("length", {"expected": "30", "smallest": "5", "planned": "many"}, "Enter a whole number"),
            ("length", {"expected": "30", "smallest": "5", "ends": "9999-12-31"}, "Enter a date, such as"),
            ("length", {"expected": "30", "smallest": "5", "planned": "9" * 5000}, "Enter a whole number"),
            ("length", {"expected": "30", "smallest": "5", "planned": "9" * 30}, "less than or equal to"),
            ("ethics", {"ethics_exemption": ""}, "Fill in one of the two"),
            ("told", {"told": []}, "Choose at least one person"),
            ("told", {"webhook": "http://alarm.example/"}, "begins with https://"),
            ("told", {"webhook": "https://me:secret@alarm.example/"}, "without a password"),
            ("told", {"webhook": "https://127.0.0.1/"}, "the name of a site"),
        ],
    )
    def test_an_error_is_said_and_nothing_is_stored(
        self, manager: Client, step: str, said: dict[str, Any], error: str
    ) -> None:
        campaign = world.draft(plan={"monitoring": "always-valid"})
        before = QUESTIONS_BY_KEY[step].read(campaign)
        response = answer(manager, step, **said)
        assert response.status_code == 200
        assert error in text(response)
        assert "There is a problem" in text(response)
        assert QUESTIONS_BY_KEY[step].read(Campaign.objects.get()) == before

    def test_two_people_see_both_answers_and_the_second_press_is_meant(self, manager: Client) -> None:
        campaign = world.draft()
        seen = QUESTIONS_BY_KEY["learn"].read(campaign).digest()
        Campaign.objects.update(hypothesis="Theirs, meanwhile.")
        mine = {"name": "The pilot", "hypothesis": "Mine.", "was": seen}
        response = manager.post(at("learn"), mine)
        html = text(response)
        assert "A colleague answered this question at the same time." in html
        assert "Theirs, meanwhile." in html
        assert "Mine.</textarea>" in html
        assert Campaign.objects.get().hypothesis == "Theirs, meanwhile."
        manager.post(at("learn"), {**mine, "was": response.context["was"]})
        assert Campaign.objects.get().hypothesis == "Mine."

    def test_an_expired_page_without_what_was_seen_overwrites_nothing(self, manager: Client) -> None:
        world.draft()
        Campaign.objects.update(hypothesis="There before.")
        manager.post(at("learn"), {"name": "x", "hypothesis": "y"})
        assert Campaign.objects.get().hypothesis == "There before."


class TestLooks:
    @pytest.mark.parametrize(
        ("said", "looks"),
        [
            ({"monitoring": "group-sequential"}, [0.25, 0.5, 0.75, 1.0]),
            ({"monitoring": "group-sequential", "looks": "50; 100 %"}, [0.5, 1.0]),
            ({"monitoring": "group-sequential", "looks": ""}, [0.25, 0.5, 0.75, 1.0]),
            ({"monitoring": "always-valid"}, [0.1, 1.0]),
            ({"monitoring": "fixed", "looks": "50, 100"}, [1.0]),
        ],
    )
    def test_another_way_of_looking_brings_its_own_points(
        self, manager: Client, said: dict[str, str], looks: list[float]
    ) -> None:
        world.draft(plan={"looks": [0.3, 1.0]})
        answer(manager, "sureness", **said)
        assert AnalysisPlan.objects.get().looks == looks

    def test_points_that_were_set_before_stay_while_the_way_does(self, manager: Client) -> None:
        world.draft(plan={"monitoring": "group-sequential", "looks": [0.333, 1.0]})
        answer(manager, "sureness", level="0.99")
        assert AnalysisPlan.objects.get().looks == [0.333, 1.0]


class TestWords:
    def test_the_exact_words_stand_there(self, manager: Client) -> None:
        campaign = world.draft()
        html = page(manager, at("words"))
        for arm in campaign.arms.all():
            assert f"A {arm.frame} headline" in html

    def test_a_comparison_without_approved_words_says_so_and_where_to_get_them(self, manager: Client) -> None:
        world.approved_revision("neutral")
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        html = page(manager, at("compare", "ours"))
        assert "Nothing is approved yet in: Harm to the victim, Harm to the person making it, Both harms." in html
        assert 'href="/messages/"' in html
        assert 'href="/reviews/"' in html
        refused = text(answer(manager, "compare", "ours", preset="full"))
        assert "There are no approved texts left in: Harm to the victim." in refused
        assert not Campaign.objects.get().arms.exists()

    def test_arms_of_unequal_length_are_remarked_on(self, manager: Client) -> None:
        campaign = world.draft()
        longer = world.approved_revision(
            "both", headline="A much longer headline that goes on and on and on without an end"
        )
        campaign.arms.get(key="both").texts.update(revision=longer)
        assert "The lengths differ" in page(manager, at("words"))

    def test_other_words_are_taken_by_one_press(self, manager: Client) -> None:
        campaign = world.draft()
        arm, better = campaign.arms.get(key="victim"), world.approved_revision("victim", headline="A better one")
        html = page(manager, at("words") + "victim/")
        assert "A better one" in html
        assert "A user headline" not in html
        manager.post(at("words") + "victim/", {"revision": better.pk, "was": arm.first_revision.pk})
        assert campaign.arms.get(key="victim").first_revision == better

    @pytest.mark.parametrize("revision", ["", "0", "x", "²", "9" * 30])
    def test_a_revision_that_is_not_there_is_refused_kindly(self, manager: Client, revision: str) -> None:
        world.draft()
        response = manager.post(at("words") + "victim/", {"revision": revision, "was": revision}, follow=True)
        assert "can no longer be shown" in text(response)

    def test_words_are_searched_and_read_page_by_page(self, manager: Client) -> None:
        world.draft()
        for letter in "abcdefghi":
            world.approved_revision("victim", headline=f"Word {letter} of many")
        assert "Page 1 of 2" in page(manager, at("words") + "victim/")
        assert "Word g of many" in page(manager, at("words") + "victim/?q=word+g")
        assert "Nothing found" in page(manager, at("words") + "victim/?q=nowhere")
        assert manager.get(at("words") + "victim/?page=9").status_code == 404

    def test_words_that_were_withdrawn_are_pointed_at(self, manager: Client) -> None:
        campaign = world.draft()
        for rendition in campaign.arms.get(key="both").first_revision.renditions.all():
            workflow.withdraw(rendition, by=world.person("mara"), now=world.NOON, reason="Unkind.")
        assert "These texts are no longer approved: Both." in page(manager, at("words"))

    @pytest.mark.parametrize("do", ["choose:../x", "remove:nobody", "choose:", "nonsense"])
    def test_a_button_that_is_not_there_does_no_harm(self, manager: Client, do: str) -> None:
        world.draft()
        assert answer(manager, "words", do=do).status_code == 302
        assert Campaign.objects.get().arms.count() == 4

    def test_a_name_is_kept_when_a_message_is_added(self, manager: Client) -> None:
        for _ in range(3):
            world.approved_revision("victim")
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        answer(manager, "compare", "ours", preset="own")
        response = answer(manager, "words", "ours", do="add", **{"name_message-2": "The second"})
        assert response.headers["Location"] == at("words", "ours") + "message-3/"
        assert [arm.name for arm in Campaign.objects.get().arms.all()] == ["victim", "The second", "Message 3"]
        answer(manager, "words", "ours", do="remove:message-3")
        assert Campaign.objects.get().arms.count() == 2
        html = text(answer(manager, "words", "ours", do="remove:control"))
        assert "Keep at least two messages" in html


class TestPlaces:
    def test_who_else_runs_there_is_said(self, manager: Client) -> None:
        world.launched("first")
        world.draft("second")
        assert "“The pilot” is running here now." in page(manager, at("places", "second"))

    def test_traffic_is_corrected_here(self, manager: Client) -> None:
        world.draft()
        where = Placement.objects.get()
        assert "not known yet" in page(manager, at("places"))
        answer(manager, "places", **{f"per_day_{where.pk}": "1.200"})
        assert Placement.objects.get().expected_per_day == 1200

    def test_without_any_place_one_goes_on_and_comes_back(self, manager: Client) -> None:
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        html = page(manager, at("places", "ours"))
        assert "There are no placements yet." in html
        assert "Answer this later" in html


class TestHowLong:
    @pytest.fixture
    def draft(self) -> Campaign:
        return world.draft(at=world.placement("busy", expected_per_day=2000))

    def test_the_number_that_is_worked_out_is_the_one_that_is_planned(self, manager: Client, draft: Campaign) -> None:
        answer(manager, "length", expected="45", smallest="5", planned="")
        plan = AnalysisPlan.objects.get()
        assert plan.planned_per_arm == power.needed_for_verdict(
            control_rate=0.45, smallest_difference=0.05, comparisons=5
        )
        html = page(manager, at("length"))
        assert (
            "9,316 people have to see a message in total: 2,329 for each message. At this traffic that "
            "takes 6 days." in html
        )
        answer(manager, "length", smallest="10")  # it goes along
        assert AnalysisPlan.objects.get().planned_per_arm < 700

    def test_with_unequal_shares_it_says_what_each_message_gets_and_plans_that(self, manager: Client) -> None:
        world.draft(arms={"neutral": 1, "law": 3}, at=world.placement("busy", expected_per_day=2000))
        answer(manager, "length", expected="45", smallest="5", planned="")
        plan = AnalysisPlan.objects.get()
        assert plan.planned_people == 4176
        html = page(manager, at("length"))
        assert "4,176 people have to see a message in total: 1,044 for “Neutral”, 3,132 for “Law”." in html
        assert manager.get(at("length")).context["form"]["planned"].value() is None  # it follows the other answers

    def test_a_number_of_ones_own_stays_and_says_what_it_can_show(self, manager: Client, draft: Campaign) -> None:
        answer(manager, "length", expected="45", smallest="5", planned="2000")
        assert AnalysisPlan.objects.get().planned_per_arm == 500
        html = page(manager, at("length"))
        assert "That is fewer than needed" in html
        assert "For the difference you entered, you need 9,316." in html

    def test_working_it_out_stores_nothing_and_keeps_what_was_typed(self, manager: Client, draft: Campaign) -> None:
        html = text(answer(manager, "length", do="work-out", expected="45", smallest="0,5", planned=""))
        assert "At this traffic it would take" in html
        assert "Choose fewer messages, more placements, or a larger difference." in html
        assert 'value="0,5"' in html
        assert AnalysisPlan.objects.get().expected_rate is None

    def test_the_guess_about_exposure_is_said(self, manager: Client, draft: Campaign) -> None:
        answer(manager, "length", expected="45", smallest="5")
        html = page(manager, at("length"))
        assert "2,000 messages are sent per day. We estimate that 80 in 100 of them are seen on screen" in html

    def test_without_traffic_it_says_that_nobody_can_tell(self, manager: Client) -> None:
        world.draft()
        html = text(answer(manager, "length", do="work-out", expected="45", smallest="5"))
        assert "no placement has an expected traffic yet" in html

    def test_a_set_end_that_comes_too_soon_is_said(self, manager: Client, draft: Campaign) -> None:
        today = timezone.localdate()
        days = {"starts": str(today), "ends": str(today + timedelta(days=1))}
        html = text(answer(manager, "length", do="work-out", expected="45", smallest="5", planned="", **days))
        assert "It would end after 2 days, before the planned people have been reached. That takes 6 days." in html

    def test_of_a_rating_nobody_can_tell_and_a_number_is_asked_for(self, manager: Client) -> None:
        world.draft(outcome="rating", plan={"planned_per_arm": 0})
        html = page(manager, at("length"))
        assert "We cannot work this out for a rating" in html
        assert "Enter how many people should see a message in total." in text(answer(manager, "length", smallest="5"))
        answer(manager, "length", smallest="5", planned="1600")
        assert AnalysisPlan.objects.get().planned_per_arm == 400

    def test_it_asks_in_the_words_of_what_was_chosen(self, manager: Client, draft: Campaign) -> None:
        assert "Out of 100 people who see “Neutral”, how many do you expect to turn back?" in page(
            manager, at("length")
        )


class TestSuggestions:
    def test_they_are_suggested_and_not_stored(self, manager: Client) -> None:
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        for step in QUESTION_KEYS:
            page(manager, at(step, "ours"))
        assert answered_keys(Campaign.objects.get()) == {"learn"}
        assert not PlannedOutcome.objects.exists()

    def test_who_watches_nothing_is_not_asked_again_and_told_once_more(self, manager: Client) -> None:
        campaign = world.draft()
        Campaign.objects.update(hypothesis=SENTENCE)
        PlannedOutcome.objects.filter(plan=campaign.plan, role="guardrail").delete()
        assert not manager.get(at("harm")).context["form"]["watch_annoyed"].value()
        assert "Nothing is watched for harm." in page(manager, "/campaigns/pilot/plan-it/")


class TestTheLastPage:
    def test_all_answers_stand_there_in_words(self, manager: Client) -> None:
        campaign = world.draft(plan={"expected_rate": 0.3, "planned_per_arm": 5000, "level": 0.8})
        campaign.plan.told.add(world.person("ana", "analyst"))
        html = page(manager, "/campaigns/pilot/plan-it/")
        for words in (
            "All four",
            "“A both headline”",
            "Comparisons: Victim and Neutral; User and Neutral;",
            "More people turn back",
            "More people say that it annoyed them",
            "Intervals of 80 %.",
            "20,000 people see a message in total: 5,000 for each message.",
            "No approval needed: Nobody real takes part.",
            "ana",
        ):
            assert words in html, words
        assert html.count(">Change<") + html.count(">Answer<") == len(QUESTION_KEYS)
        assert "Send for approval" in html

    def test_what_is_missing_leads_to_its_question(self, manager: Client) -> None:
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        html = page(manager, "/campaigns/ours/plan-it/")
        assert f'<a href="{at("places", "ours")}?then=check">Choose at least one placement.</a>' in html
        assert "Answer what is missing" in html
        assert "Send for approval" not in html

    def test_a_number_that_is_too_small_by_now_is_pointed_at(self, manager: Client) -> None:
        world.draft(plan={"expected_rate": 0.3, "planned_per_arm": 100})
        assert "400 people are planned in total, but with these answers" in page(manager, "/campaigns/pilot/plan-it/")

    def test_sending_and_taking_back(self, manager: Client) -> None:
        campaign = world.draft()
        sent = manager.post("/campaigns/pilot/plan-it/", {"seen": campaign.changed_at.isoformat()}, follow=True)
        assert "Sent. A colleague has to approve it" in text(sent)
        assert Campaign.objects.get().state == "submitted"
        assert "Take it back to change it" in page(manager, "/campaigns/pilot/")
        back = manager.post("/campaigns/pilot/take-back/", follow=True)
        assert "This campaign is a draft again." in text(back)
        assert Campaign.objects.get().state == "draft"

    def test_what_a_colleague_changed_meanwhile_is_read_first(
        self, manager: Client, clock_that_stands_still: Traveller
    ) -> None:
        campaign = world.draft()
        seen = campaign.changed_at.isoformat()
        clock_that_stands_still.shift(1)
        campaign.save()
        html = text(manager.post("/campaigns/pilot/plan-it/", {"seen": seen}, follow=True))
        assert "A colleague changed an answer while you were reading." in html
        assert Campaign.objects.get().state == "draft"

    def test_an_incomplete_draft_is_not_sent(self, manager: Client) -> None:
        campaign = world.draft()
        Campaign.objects.update(ethics_exemption="")
        seen = Campaign.objects.get(pk=campaign.pk).changed_at.isoformat()
        html = text(manager.post("/campaigns/pilot/plan-it/", {"seen": seen}, follow=True))
        assert "Not sent yet." in html

    def test_a_running_campaign_is_not_taken_back(self, manager: Client) -> None:
        world.launched()
        response = manager.post("/campaigns/pilot/take-back/", follow=True)
        assert response.status_code == 200
        assert Campaign.objects.get().state == "running"


@pytest.mark.proof
def test_no_page_asks_the_database_more_for_a_full_library(
    manager: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.load_starter_library()
    answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
    answer(manager, "compare", "ours", preset="full")
    for path in [
        *(at(step, "ours") for step in QUESTION_KEYS),
        at("words", "ours") + "victim/",
        "/campaigns/ours/plan-it/",
    ]:
        with django_assert_max_num_queries(50):
            assert len(manager.get(path).content) < 100_000


def test_somebody_who_left_stays_chosen_and_is_seen(manager: Client) -> None:
    campaign = world.draft()
    gone = world.person("gone", "analyst")
    campaign.plan.told.add(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert "gone" in page(manager, at("told"))


class TestAPlacementFromTheWizard:
    def test_it_is_added_where_it_is_asked_for_and_comes_back_ticked(self, manager: Client) -> None:
        answers.create_draft(HypothesisAnswer("Ours", SENTENCE), by=world.person("mara"))
        assert "There are no placements yet. Add one now" in page(manager, at("places", "ours"))
        there = answer(manager, "places", "ours", do="add-place")
        assert there.headers["Location"] == "/placements/add/?campaign=ours"
        form = {"name": "Quiet page", "new_partner": "A forum", "expected_per_day": "400"}
        back = manager.post("/placements/add/?campaign=ours", form)
        new = Placement.objects.get()
        assert back.headers["Location"] == f"{at('places', 'ours')}?new={new.key}"
        html = page(manager, back.headers["Location"])
        assert f'name="places" value="{new.pk}" checked' in html
        assert not Campaign.objects.get().placements.exists()  # until the question is answered

    def test_what_was_ticked_before_is_kept(self, manager: Client) -> None:
        campaign, first = world.draft(), Placement.objects.get()
        answer(manager, "places", do="add-place", places=[first.pk])
        assert list(campaign.placements.all()) == [first]

    def test_only_who_may_plan_comes_back_to_a_plan(self, manager: Client) -> None:
        assert manager.get("/placements/add/?campaign=nowhere").status_code == 404

    def test_languages_without_buttons_are_named_before_the_plan_is_sent(self, manager: Client, settings: Any) -> None:
        world.draft()
        assert "see English buttons" not in page(manager, "/campaigns/pilot/plan-it/")
        settings.AUDIENCE_LANGUAGES = ["es"]
        assert "The buttons around the message are not translated into English." in page(
            manager, "/campaigns/pilot/plan-it/"
        )
