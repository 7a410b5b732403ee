"""A plan whose places show one message at a time: how many weeks, and what keeps it from being launched."""

from typing import Any

import pytest

from campaign.lifecycle.draft_versions import draft_content, restore_content
from campaign.lifecycle.launch_checks import ObstacleReason, fewest_weeks, submission_obstacles
from campaign.models import AnalysisPlan, Campaign
from campaign.preregistration.export import build_plan_document
from campaign.wizard.period_weeks import describe_weeks, weeks_needed
from campaign.wizard.questions import question_for_obstacle
from campaign.wizard.questions.precision import PrecisionForm, PrecisionQuestion
from campaign.wizard.questions.sample_size import SampleSizeQuestion
from tests import world


def plan(period: str = "day", comparisons: int = 1, **more: Any) -> AnalysisPlan:
    return AnalysisPlan(period=period, comparisons=[["a", "b"]] * comparisons, **more)


@pytest.mark.parametrize(
    ("period", "comparisons", "arms", "placements", "weeks"),
    [
        ("day", 1, 2, 1, 2),  # seven sets: 2^-6 = 0.016
        ("day", 6, 4, 1, 8),  # six comparisons: 2^(1 - 8) = 0.008 asks for eight sets
        ("day", 6, 4, 2, 4),
        ("week", 1, 2, 1, 12),  # six sets of two weeks: 2^-5 = 0.031
        ("week", 1, 2, 3, 4),
        ("1h", 1, 2, 1, 2),  # seven blocks of two days
        ("6h", 6, 4, 1, 8),
        ("", 1, 2, 1, 0),
        ("day", 1, 2, 0, 0),
    ],
)
def test_the_fewest_weeks_are_those_after_which_a_comparison_could_show_anything(
    period: str, comparisons: int, arms: int, placements: int, weeks: int
) -> None:
    assert fewest_weeks(plan(period, comparisons), arms=arms, placements=placements) == weeks


def test_without_a_correction_several_comparisons_take_no_longer() -> None:
    assert fewest_weeks(plan(comparisons=6, correction="none"), arms=4, placements=1) == 4


def test_weeks_come_in_whole_blocks() -> None:
    assert weeks_needed(plan(), arms=2, placements=1, days=None) == 2
    assert weeks_needed(plan(), arms=2, placements=1, days=15) == 4
    assert weeks_needed(plan(), arms=3, placements=1, days=22) == 6


def test_the_cost_is_said_in_days() -> None:
    assert describe_weeks(4, arms=2, plan=plan()).startswith(
        "The periods take 4 weeks: 28 days. They come in blocks of 2 weeks"
    )


PERIODS = {"period": "day", "clusters": "period", "period_weeks": 2}
WRONG: dict[str, tuple[dict[str, Any], ObstacleReason]] = {
    "weeks that are no block": ({"plan": PERIODS | {"period_weeks": 3}}, ObstacleReason.PERIOD_WEEKS),
    "weeks too few for whole weeks": ({"plan": PERIODS | {"period": "week"}}, ObstacleReason.PERIOD_WEEKS),
    "hours that do not divide a day": ({"plan": PERIODS | {"period": "8h"}}, ObstacleReason.PERIODS),
    "a wash-out as long as the period": ({"plan": PERIODS | {"period": "1h"}}, ObstacleReason.PERIODS),
    "a wash-out of half hours": ({"plan": PERIODS | {"washout_minutes": 90}}, ObstacleReason.PERIODS),
    "no length": ({"plan": PERIODS | {"period": ""}}, ObstacleReason.PERIODS),
    "other clusters": ({"plan": PERIODS | {"clusters": "placement-day"}}, ObstacleReason.PERIODS),
    "several looks": ({"plan": PERIODS | {"monitoring": "always-valid"}}, ObstacleReason.PERIODS),
    "unequal shares": ({"arms": {"neutral": 2, "victim": 1}}, ObstacleReason.PERIODS),
    "several texts": ({"texts": 2}, ObstacleReason.PERIOD_TEXTS),
    "a rating": ({"outcome": "rating"}, ObstacleReason.PERIODS),
    "periods without their unit": ({"unit": "view"}, ObstacleReason.PERIODS),
}


def by_period(**more: Any) -> Campaign:
    return world.draft(**{"arms": {"neutral": 1, "victim": 1}, "unit": "period", "plan": PERIODS, **more})


@pytest.mark.django_db
def test_a_plan_of_periods_can_be_submitted() -> None:
    assert submission_obstacles(by_period()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_periods_is_an_obstacle_with_a_question_that_removes_it(name: str) -> None:
    more, reason = WRONG[name]
    assert reason in {obstacle.reason for obstacle in submission_obstacles(by_period(**more))}
    assert question_for_obstacle(reason) is not None


@pytest.mark.django_db
def test_an_end_before_the_last_period_is_an_obstacle() -> None:
    campaign = by_period()
    campaign.starts_at = world.NOON
    campaign.ends_at = world.NOON.replace(day=16, hour=0, minute=0)  # 14 days from 3 March on end on 17 March
    campaign.save()
    assert [obstacle.reason for obstacle in submission_obstacles(campaign)] == [ObstacleReason.PERIOD_WEEKS]


@pytest.mark.django_db
def test_choosing_periods_sets_what_the_analysis_rests_on_and_leaving_them_takes_it_back() -> None:
    world.draft(arms={"neutral": 1, "victim": 1})
    question = PrecisionQuestion()
    for unit, expected in (("period", ("day", "period")), ("view", ("", ""))):
        campaign = Campaign.objects.get()
        form = question.build_form(campaign, question.read(campaign))
        data = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
        form = question.build_form(campaign, question.read(campaign), data | {"unit": unit})
        assert form.is_valid(), form.errors
        question.write(campaign, form.answer(), by=world.person("mara"))
        campaign.save()
        stored = AnalysisPlan.objects.get()
        assert (Campaign.objects.get().unit, (stored.period, stored.clusters)) == (unit, expected)


@pytest.mark.django_db
def test_the_form_says_what_does_not_go_with_periods_and_keeps_what_was_typed() -> None:
    campaign = world.draft(plan={"monitoring": "always-valid", "looks": [0.1, 1.0], "clusters": "placement-day"})
    question = PrecisionQuestion()
    shown = question.build_form(campaign, question.read(campaign))
    data = {name: value for name in shown.fields if (value := shown[name].value()) not in (None, False)}
    form = question.build_form(campaign, question.read(campaign), data | {"unit": "period", "washout_minutes": "180"})
    assert set(form.errors) == {"monitoring", "within"}
    assert form["washout_minutes"].value() == "180"


@pytest.mark.django_db
def test_the_weeks_are_worked_out_from_people_and_traffic_and_said_in_days() -> None:
    page = world.placement(expected_per_day=500)
    campaign = by_period(at=page, plan=PERIODS | {"expected_rate": 0.3, "smallest_difference": 0.05, "period_weeks": 0})
    question = SampleSizeQuestion()
    form = question.build_form(
        campaign, question.read(campaign), {"expected": "30", "smallest": "5", "planned": "7000"}
    )
    assert form.is_valid(), form.errors
    assert question.complete(campaign, form)
    assert form.answer().weeks == 4  # 7,000 of 400 a day take 18 days
    question.write(campaign, form.answer(), by=world.person("mara"))
    assert AnalysisPlan.objects.get().period_weeks == 4
    assert any("28 days" in line for line in question.describe(campaign))


@pytest.mark.django_db
def test_weeks_that_are_no_block_are_refused_beside_the_field() -> None:
    campaign = by_period()
    question = SampleSizeQuestion()
    data = {"expected": "30", "smallest": "5", "planned": "700", "weeks": "3"}
    assert set(question.build_form(campaign, question.read(campaign), data).errors) == {"weeks"}


@pytest.mark.django_db
def test_the_preregistration_says_how_periods_are_drawn_and_compared() -> None:
    text = str(build_plan_document(by_period().plan))
    for words in ("balanced blocks", "permutation test", "after the last planned period", "last 2 weeks"):
        assert words in text


HOURS = PERIODS | {"period": "2h", "washout_minutes": 10}


def filled(campaign: Campaign, **more: str) -> PrecisionForm:
    """The form of the question about precision as it stands, with other answers."""
    question = PrecisionQuestion()
    shown = question.build_form(campaign, question.read(campaign))
    data = {name: value for name in shown.fields if (value := shown[name].value()) not in (None, False)}
    return question.build_form(campaign, question.read(campaign), data | more)


@pytest.mark.django_db
def test_a_plan_of_hours_can_be_submitted() -> None:
    assert submission_obstacles(by_period(plan=HOURS)) == []


@pytest.mark.django_db
def test_an_empty_wash_out_is_ten_minutes_with_hours_and_sixty_with_days() -> None:
    campaign = by_period()
    for period, minutes in (("3h", 10), ("1h", 10), ("day", 60)):
        form = filled(campaign, period=period, washout_minutes="")
        assert form.is_valid(), form.errors
        assert form.answer().washout_minutes == minutes


@pytest.mark.django_db
def test_hours_that_do_not_divide_a_day_are_refused_beside_the_field_with_those_that_do() -> None:
    form = filled(by_period(), period="8h")
    assert form.errors["period"] == [
        "A day must be shared evenly among all messages. With 2 messages, these periods fit: 1, 2, 3, 4, 6, 12 hours, "
        "or whole days."
    ]


@pytest.mark.django_db
def test_five_messages_are_shown_for_whole_days() -> None:
    many = by_period(arms=dict.fromkeys(("neutral", "victim", "user", "both", "fifth"), 1))
    assert filled(many, period="1h", washout_minutes="10").errors["period"] == [
        "A day cannot be shared evenly among 5 messages. Show each for a whole day."
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("period", "minutes", "is_fine"),
    [
        *(("1h", "5", True), ("1h", "30", True), ("1h", "31", False), ("2h", "60", True), ("2h", "61", False)),
        *(("2h", "4", False), ("day", "120", True), ("day", "90", False), ("week", "10", False)),
    ],
)
def test_a_wash_out_lasts_as_long_as_caches_and_leaves_enough_to_tell_no_minute(
    period: str, minutes: str, is_fine: bool
) -> None:
    form = filled(by_period(), period=period, washout_minutes=minutes)
    assert form.is_valid() == is_fine
    assert set(form.errors) == (set() if is_fine else {"washout_minutes"})


def test_the_cost_of_hours_is_said_in_days_blocks_and_people() -> None:
    hours = plan("1h", washout_minutes=15)
    said = describe_weeks(4, arms=2, plan=hours)
    assert said.startswith("The periods take 4 weeks: 28 days. In every 2 days, every message has every hour")
    assert "14 blocks per placement" in said
    assert "Of each 1 hour, the first 15 minutes are not counted: that is 25 of 100 people." in said


@pytest.mark.django_db
def test_a_wash_out_takes_people_off_the_traffic_that_weeks_are_worked_out_from() -> None:
    page = world.placement(expected_per_day=500)
    sized = {"expected_rate": 0.3, "smallest_difference": 0.05, "period_weeks": 0}
    campaign = by_period(at=page, plan=HOURS | sized)
    question = SampleSizeQuestion()
    weeks = []
    for minutes in (10, 60):
        AnalysisPlan.objects.update(washout_minutes=minutes)
        data = {"expected": "30", "smallest": "5", "planned": "5000"}
        form = question.build_form(campaign, question.read(campaign), data)
        assert form.is_valid(), form.errors
        assert question.complete(campaign, form)
        weeks.append(form.answer().weeks)
    assert weeks == [2, 4]  # 5,000 of 367 and of 200 a day


@pytest.mark.django_db
def test_the_preregistration_says_how_hours_are_drawn_and_compared() -> None:
    text = str(build_plan_document(by_period(plan=HOURS).plan))
    for words in ("every hour of the day once", "Blocks of days are the units", "for 2 hours", "not counted: 10."):
        assert words in text


@pytest.mark.django_db
def test_a_version_from_before_there_were_minutes_can_be_put_back() -> None:
    campaign = by_period()
    before = draft_content(campaign)
    assert before["plan"]["washout_hours"] == 1
    assert "washout_minutes" not in before["plan"]
    AnalysisPlan.objects.update(period="2h", washout_minutes=10)
    assert draft_content(campaign)["plan"]["washout_minutes"] == 10
    restore_content(campaign, before)
    campaign.save()
    assert (AnalysisPlan.objects.get().period, AnalysisPlan.objects.get().washout_minutes) == ("day", 60)
    assert draft_content(campaign) == before
