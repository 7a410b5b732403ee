"""The page that a verdict leads to: use what works, or what was learned and what to try next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from analytics.looks.evaluate import evaluate
from campaign.follow_up.use import put_to_use
from campaign.lifecycle import arm_pauses, transitions
from campaign.models import Campaign
from messages.models import Theme
from messages.roles import MANAGER
from tests import world
from tests.analytics.looks import test_periods

pytestmark = pytest.mark.django_db

PLAN = {"planned_per_arm": 2_500, "smallest_difference": 0.05, "expected_rate": 0.3}
WORKS = {"neutral": (2_500, 750), "victim": (2_500, 950), "user": (2_500, 1_125), "both": (2_500, 762)}
NOTHING = {"neutral": (2_500, 750), "victim": (2_500, 762), "user": (2_500, 737), "both": (2_500, 756)}
HARM = {"neutral": (2_500, 1_125), "victim": (2_500, 750), "user": (2_500, 1_112), "both": (2_500, 1_100)}


@world.cached_rows
def judged(counts: dict[str, tuple[int, int]]) -> Campaign:
    campaign = world.launched(plan=PLAN)
    world.tally(campaign, counts)
    evaluate(campaign, now=world.NOON)
    return campaign


def page(client: Client, campaign: Campaign, *, role: str = "manager") -> str:
    world.sign_in(client, world.person("mara" if role == "manager" else "ana", role))
    return client.get(f"/campaigns/{campaign.slug}/next/").content.decode()


def send(client: Client, campaign: Campaign, **fields: object) -> str:
    """Press the button, and return the page that follows."""
    chosen = {"message": "user", "holdout": "10", "places": ["quiet-page"]} | fields
    return client.post(f"/campaigns/{campaign.slug}/next/use/", chosen, follow=True).content.decode()


class TestWhatWorked:
    def test_the_best_message_a_tenth_and_all_places_are_chosen_already(self, client: Client) -> None:
        shown = page(client, judged(WORKS))
        assert shown.index('value="user"') < shown.index('value="victim"')
        assert 'value="both"' not in shown
        assert "15 more in 100 (12 to 18)" in shown
        for chosen in ('name="message" value="user"', 'name="holdout" value="10"', 'name="places" value="quiet-page"'):
            tag = shown[shown.index(chosen) :]
            assert "checked" in tag[: tag.index(">")]

    def test_is_put_to_use_in_three_clicks_and_waits_for_a_second_person(self, client: Client) -> None:
        campaign = judged(WORKS)
        world.sign_in(client, world.person("mara", "manager"))
        results = client.get(f"/campaigns/{campaign.slug}/results/").content.decode()  # click: See next steps
        assert f'href="/campaigns/{campaign.slug}/next/"' in results
        shown = send(client, campaign)  # click: Send for approval
        made = Campaign.objects.get(based_on=campaign)
        assert (made.state, made.purpose) == ("submitted", "use")
        assert "This campaign is waiting for someone who did not change or send it" in shown
        assert "In use because of the result of" in shown

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"places": []}, "Choose at least one placement."),
            ({"message": ""}, "Choose a message."),
            ({"holdout": ""}, "Choose how many."),
            ({"message": "both"}, "Select a valid choice"),
            ({"message": "neutral"}, "Select a valid choice"),
        ],
    )
    def test_a_mistake_is_said_beside_its_field_and_what_was_chosen_is_kept(
        self, client: Client, fields: dict[str, object], sentence: str
    ) -> None:
        campaign = judged(WORKS)
        page(client, campaign)
        shown = send(client, campaign, **({"holdout": "5"} | fields))
        assert sentence in shown
        assert Campaign.objects.count() == 1
        if "holdout" not in fields:
            tag = shown[shown.index('name="holdout" value="5"') :]
            assert "checked" in tag[: tag.index(">")]

    def test_can_be_the_control_of_the_next_trial(self, client: Client) -> None:
        campaign = judged(WORKS)
        page(client, campaign)
        client.post(f"/campaigns/{campaign.slug}/next/trial/", {"message": "user"})
        made = Campaign.objects.get(based_on=campaign)
        control, other = made.arms.order_by("-is_control")
        assert (made.state, made.purpose) == ("draft", "trial")
        assert control.first_revision == campaign.arms.get(key="user").first_revision
        assert other.first_revision != control.first_revision
        assert made.plan.comparisons == [[other.key, control.key]]

    @pytest.mark.parametrize(("page_of", "state"), [("use", "submitted"), ("trial", "draft")])
    def test_the_same_button_pressed_twice_makes_one(self, client: Client, page_of: str, state: str) -> None:
        campaign = judged(WORKS)
        page(client, campaign)
        chosen = {"message": "user", "holdout": "10", "places": ["quiet-page"]}
        answers = [client.post(f"/campaigns/{campaign.slug}/next/{page_of}/", chosen) for _ in range(2)]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert Campaign.objects.get(based_on=campaign).state == state

    def test_another_choice_is_planned_beside_the_first(self, client: Client) -> None:
        campaign = judged(WORKS)
        page(client, campaign)
        for fields in ({"holdout": "10"}, {"holdout": "5"}, {"message": "victim"}):
            send(client, campaign, **fields)
        assert Campaign.objects.filter(based_on=campaign).count() == 3

    def test_what_did_not_work_cannot(self, client: Client) -> None:
        campaign = judged(WORKS)
        page(client, campaign)
        shown = client.post(
            f"/campaigns/{campaign.slug}/next/trial/", {"message": "both"}, follow=True
        ).content.decode()
        assert "Only a message that worked can be the control of the next trial." in shown
        assert Campaign.objects.count() == 1

    def test_an_analyst_reads_it_without_the_buttons(self, client: Client) -> None:
        shown = page(client, judged(WORKS), role="analyst")
        assert "Use what works" in shown
        assert "/next/use/" not in shown
        assert "/next/trial/" not in shown


class TestOneMessageAtATime:
    def test_is_used_where_it_was_tested_in_three_clicks_without_a_holdout_and_with_a_warning(
        self, client: Client
    ) -> None:
        campaign = judged_by_period()
        shown = page(client, campaign)
        assert "so you cannot tell whether the message still works" in shown
        assert 'value="10"' not in shown
        tag = shown[shown.index('name="holdout" value="period"') :]
        assert "checked" in tag[: tag.index(">")]
        sent = send(client, campaign, message="victim", holdout="period")
        assert "This campaign is waiting for someone who did not change or send it" in sent
        made = Campaign.objects.get(based_on=campaign)
        assert (made.state, made.unit, made.plan.period) == ("submitted", "period", "day")

    def test_a_holdout_is_no_choice_there(self, client: Client) -> None:
        campaign = judged_by_period()
        page(client, campaign)
        assert "Select a valid choice" in send(client, campaign, message="victim", holdout="10")
        assert Campaign.objects.count() == 1

    def test_what_was_tested_with_visitors_can_be_used_there_too(self, client: Client) -> None:
        campaign = judged(WORKS)
        assert "each page shows everyone the same text for a day" in page(client, campaign)
        send(client, campaign, holdout="period")
        assert Campaign.objects.get(based_on=campaign).unit == "period"

    def test_what_is_in_use_leads_to_its_trial_again_or_to_one_against_it(self, client: Client) -> None:
        trial = judged_by_period()
        page(client, trial)
        send(client, trial, message="victim", holdout="period")
        use = Campaign.objects.get(based_on=trial)
        world.approve(use)
        transitions.close(trial, by=world.person("mara"), now=world.NOON)
        transitions.launch(use, by=world.person("mara"), now=world.NOON)
        shown = page(client, use)
        assert "Find out whether it still works" in shown
        assert f'action="/campaigns/{trial.slug}/copy/"' in shown
        assert "No message was shown to work better" not in shown
        client.post(f"/campaigns/{use.slug}/next/trial/", {"message": "victim"})
        draft = Campaign.objects.get(based_on=use)
        told = (draft.unit, draft.plan.clusters, draft.plan.monitoring, draft.plan.period_weeks)
        assert told == ("period", "period", "fixed", 4)
        assert draft.arms.get(is_control=True).first_revision == use.arms.get(key="victim").first_revision


def judged_by_period() -> Campaign:
    campaign = test_periods.launched()
    test_periods.count_days(campaign, {"victim": 12})
    evaluate(campaign, now=test_periods.END)
    return campaign


class TestSeveralTexts:
    def test_are_used_together_if_they_work_though_others_of_their_kind_may_not(self, client: Client) -> None:
        campaign = world.launched(texts=2, design="matched", plan=PLAN)
        world.tally(campaign, WORKS)
        evaluate(campaign, now=world.NOON)
        shown = page(client, campaign)
        assert "Use what works" in shown
        assert "All texts of the message are shown in turn." in shown
        send(client, campaign)
        made = Campaign.objects.get(based_on=campaign)
        assert (made.plan.texts, [arm.texts.count() for arm in made.arms.all()]) == ("matched", [2, 2])

    def test_are_judged_by_their_kind_if_a_text_was_stopped(self, client: Client) -> None:
        campaign = world.launched(texts=4, design="matched", plan=PLAN)
        text = campaign.arms.get(key="both").texts.get(position=1)
        arm_pauses.stop_text(text, reason="It frightens.", now=world.NOON, by=world.person("mara", MANAGER))
        few = [(625, 188), (625, 200), (625, 180), (625, 195)]
        many = [(625, 370), (625, 380), (625, 365), (625, 372)]
        world.tally_texts(campaign, {"neutral": few, "victim": few, "user": few[::-1], "both": many})
        evaluate(campaign, now=world.NOON)
        shown = page(client, campaign)
        assert "The choice below is about messages of this kind, because a text was stopped." in shown
        assert 'value="both"' in shown

    def test_are_sized_for_their_kind_too_where_nothing_worked(self, client: Client) -> None:
        campaign = world.launched(texts=2, design="matched", plan=PLAN)
        world.tally(campaign, NOTHING)
        evaluate(campaign, now=world.NOON)
        shown = page(client, campaign)
        assert "For messages of this kind</th>" in shown
        row = shown[shown.index('<th scope="row">5 in 100</th>') :]
        assert row[: row.index("</tr>")].endswith('<td class="n">8,200</td><td class="n">never</td>')
        assert "With 2 sets that differ by 3 in 100." in shown
        assert "would most likely have found" not in shown

    def test_are_taken_to_differ_by_as_much_as_the_trial_saw_if_that_is_more(self, client: Client) -> None:
        campaign = world.launched(texts=4, design="matched", plan=PLAN | {"text_spread": 0.02})
        same = [(625, 188)] * 4
        world.tally_texts(
            campaign,
            {"neutral": same, "victim": [(625, 94), (625, 281), (625, 94), (625, 281)], "user": same, "both": same},
        )
        evaluate(campaign, now=world.NOON)
        # Differences of -15, 15, -15 and 15 points vary by 17.3, and by 17.1 without the chance of people.
        assert "With 4 sets that differ by 17 in 100." in page(client, campaign)


class TestWhatIsInUse:
    def test_names_texts_of_its_appeal_that_are_not_shown_yet(self, client: Client) -> None:
        trial, mara = judged(WORKS), world.person("mara", "manager")
        use = put_to_use(trial, "user", holdout=10, placements=list(trial.placements.all()), by=mara)
        world.approve(use)
        transitions.launch(use, by=mara, now=world.NOON)
        world.tally(use, {"user": (9_000, 4_050), "neutral": (1_000, 300)})
        evaluate(use, now=world.NOON)
        fresh, other = (world.approved_revision(frame, headline="Other words") for frame in ("user", "victim"))
        shown = page(client, use)
        rotate = shown[shown.index("Change its texts") : shown.index("Find something better")]
        assert fresh.message.key in rotate
        assert other.message.key not in rotate
        assert use.arms.get(key="user").first_revision.message.key not in rotate

    def test_a_trial_does_not(self, client: Client) -> None:
        campaign = judged(WORKS)
        world.approved_revision("user", headline="Other words")
        assert "Change its texts" not in page(client, campaign)


class TestWhatDidNot:
    def test_says_what_was_learned_and_how_large_a_trial_would_have_to_be(self, client: Client) -> None:
        shown = page(client, judged(NOTHING))
        assert "No message was shown to work better than “Neutral”" in shown
        assert "Use what works" not in shown
        assert (
            "With the planned 10,000 people, this trial would most likely have found a difference of 5 in 100."
        ) in shown
        assert '<th scope="row">1 in 100</th>' in shown

    def test_names_themes_that_were_not_tried(self, client: Client) -> None:
        campaign = judged(NOTHING)
        theme = Theme.objects.create(key="new", name="Half the time you get caught", frame="other", line="…")
        revision = world.approved_revision("other", headline="Another")
        revision.message.theme = theme
        revision.message.save()
        shown = page(client, campaign)
        assert "Half the time you get caught" in shown
        assert "theme-victim" not in shown
        assert "victim</span>" not in shown

    def test_a_message_that_did_worse_is_not_to_be_used(self, client: Client) -> None:
        shown = page(client, judged(HARM))
        assert "Do not use a message that did worse" in shown
        assert "Use what works" not in shown


class TestBeforeAVerdict:
    def test_there_is_nothing_to_do_yet(self, client: Client) -> None:
        assert "There is no verdict yet" in page(client, world.launched(plan=PLAN))

    def test_a_trial_that_ended_before_it_leads_to_a_longer_one(self, client: Client) -> None:
        campaign = world.launched(plan=PLAN)
        world.tally(campaign, {"neutral": (50, 20), "victim": (50, 20), "user": (50, 20), "both": (50, 20)})
        evaluate(campaign, now=world.NOON)
        transitions.close(campaign, by=world.person("mara", MANAGER), now=world.NOON)
        shown = page(client, campaign)
        assert "The next trial needs more time, or more placements." in shown
        assert f'action="/campaigns/{campaign.slug}/copy/"' in shown

    @pytest.mark.parametrize("days", [1, 3, 10])
    def test_periods_that_ended_within_their_first_block_lead_to_all_planned_weeks(
        self, client: Client, days: int
    ) -> None:
        campaign = test_periods.launched()
        test_periods.count_days(campaign, {"victim": 12}, days=days)
        ended = test_periods.END - timedelta(days=28 - days)
        transitions.close(campaign, by=world.person("mara", MANAGER), now=ended)
        look = evaluate(Campaign.objects.get(), now=ended + timedelta(days=2))
        assert look.embargoed
        assert look.information == pytest.approx(days / 28)
        shown = page(client, Campaign.objects.get())
        assert "The next trial needs all of its planned weeks." in shown
        assert "There is no verdict yet" not in shown
        results = client.get(f"/campaigns/{campaign.slug}/results/").content.decode()
        assert "It is too early to compare." in results

    def test_nor_while_the_split_is_broken(self, client: Client) -> None:
        shown = page(client, judged(WORKS | {"user": (4_000, 1_800)}))
        assert "not showing a comparison" in shown
        assert "/next/use/" not in shown
