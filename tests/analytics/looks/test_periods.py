"""Looks at a campaign whose placements show one arm a day: periods are compared, and drawn anew."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from analytics.data_quality.hourly_check import check_data_quality
from analytics.disclosure import gate
from analytics.guardrails.harm_stop import pause_harmful_arms
from analytics.looks.evaluate import evaluate, is_look_due
from analytics.models import Analysis, Tally, WorkerStep
from analytics.network_views import views_of_one_network
from analytics.results import build, headline
from analytics.stats import Counts, clusters, switchback
from analytics.watch.dashboard import build_dashboard
from campaign.assignment.periods import schedule
from campaign.lifecycle import transitions
from campaign.lifecycle.frozen_plan import changed_plans
from campaign.models import Campaign, LeftOutCount, ServedCount
from tests import world

pytestmark = pytest.mark.django_db

FIRST_DAY = date(2026, 3, 2)
# The last day closes two hours after its end, and an hour later it is counted.
END = datetime.combine(FIRST_DAY, datetime.min.time(), tzinfo=world.NOON.tzinfo) + timedelta(days=28, hours=5)
WEEKEND, WORKDAY = (60, 42), (200, 60)  # seen, and turned back after the control


def launched(
    arms: Mapping[str, int] | None = None,
    places: tuple[str, ...] = (),
    margins: Mapping[str, float | None] | None = None,
    **plan: Any,
) -> Campaign:
    content = {"period": "day", "clusters": "period", "washout_minutes": 60, "period_weeks": 4, "correction": "none"}
    content["planned_per_arm"] = 20_000  # one network may have half a percent of it
    arms = arms or {"neutral": 1, "victim": 1}
    return world.launched(arms=arms, unit="period", places=places, margins=margins, plan={**content, **plan})


def count_days(campaign: Campaign, gain: Mapping[str, int], *, days: int = 28) -> dict[str, dict[str, Counts]]:
    """Count so many days by the schedule; `gain` is what an arm adds on each. Return each arm's sets."""
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods is not None
    arms = list(campaign.arms.all())
    sets: dict[str, dict[str, Counts]] = {arm.key: {} for arm in arms}
    for placement in campaign.placements.all():
        order = schedule(periods, salt=campaign.salt, placement=placement.key, arms=len(arms))
        for day, index in enumerate(order[:days]):
            arm = arms[index]
            seen, events = WEEKEND if day % 7 in (5, 6) else WORKDAY
            seen, events = 10 * seen, 10 * (events + gain.get(arm.key, 0) + day % 3)
            common = {"day": FIRST_DAY + timedelta(days=day), "arm": arm, "placement": placement, "locale": "en"}
            Tally.objects.create(**common, outcome="exposed", count=seen)
            Tally.objects.create(**common, outcome="turned_back", count=events)
            ServedCount.objects.create(**common, count=seen)
            sets[arm.key][f"{placement.key} {periods.set_of(day, len(arms))}"] = Counts(seen, events)
    return sets


def difference(analysis: Analysis, outcome: str = "turned_back") -> Any:
    return analysis.estimates.get(kind="difference", outcome=outcome, position=0)


def test_the_verdict_is_that_of_the_permutation_test_over_the_sets_that_were_drawn() -> None:
    campaign = launched()
    sets = count_days(campaign, {"victim": 12})
    row = difference(evaluate(campaign, now=END))
    names = sorted(sets["victim"])
    assert len(names) == 14
    sides = {key: [sets[key][name] for name in names] for key in ("victim", "neutral")}
    expected = switchback.difference(treated=sides["victim"], control=sides["neutral"])
    assert isinstance(expected, switchback.SwitchbackEstimate)
    assert (row.effect, row.p_value) == pytest.approx((expected.effect, expected.p_value))
    assert (row.low, row.high) == pytest.approx((expected.interval.low, expected.interval.high))
    assert (row.method, row.verdict) == ("permutation of periods", "better")


def test_the_cluster_estimator_stands_beside_it() -> None:
    campaign = launched()
    sets = count_days(campaign, {"victim": 12})
    (check,) = build.build(evaluate(campaign, now=END)).checks
    beside = clusters.difference(
        treated=list(sets["victim"].values()), control=list(sets["neutral"].values()), crossed=False
    )
    assert isinstance(beside, clusters.ClusterEstimate)
    assert check.by_clusters is not None
    assert check.by_clusters.low == pytest.approx(beside.interval.low, abs=0.001)
    assert check.exact_p is None  # takes people for independent


def test_the_look_comes_when_the_last_period_is_over_and_counted_however_many_people_came() -> None:
    campaign = launched()
    count_days(campaign, {})
    hour = timedelta(hours=1)
    before = evaluate(campaign, now=END - 2 * hour)
    assert before.embargoed
    assert before.information == pytest.approx(27 / 28)
    assert is_look_due(campaign, now=END)
    look = evaluate(campaign, now=END)
    assert (look.information, look.embargoed, look.exploratory) == (1.0, False, False)
    assert not is_look_due(campaign, now=END + 24 * hour)


def test_two_places_have_their_own_sets() -> None:
    campaign = launched(places=("poster",), period_weeks=2)
    sets = count_days(campaign, {"victim": 12}, days=14)
    assert len(sets["victim"]) == len(sets["neutral"]) == 14
    row = difference(evaluate(campaign, now=END - timedelta(days=14)))
    assert row.verdict == "better"


def test_weeks_are_summed_from_their_days() -> None:
    campaign = launched(period="week", period_weeks=16)
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods is not None
    arms = list(campaign.arms.all())
    order = schedule(periods, salt=campaign.salt, placement="quiet-page", arms=2)
    for day in range(7 * 16):
        arm = arms[order[day // 7]]
        common = {"day": FIRST_DAY + timedelta(days=day), "arm": arm, "locale": "en"}
        common["placement"] = campaign.placements.get()
        Tally.objects.create(**common, outcome="exposed", count=100)
        Tally.objects.create(**common, outcome="turned_back", count=30 + 15 * arm.position + day // 7 % 3)
    row = difference(evaluate(campaign, now=END + timedelta(days=7 * 12)))
    assert row.p_value == pytest.approx(2 / 2**8)  # eight pairs of weeks that all agree
    assert row.verdict == "better"


def test_three_arms_are_compared_pair_by_pair_within_their_sets() -> None:
    campaign = launched({"neutral": 1, "victim": 1, "user": 1}, period_weeks=6)
    count_days(campaign, {"victim": 12}, days=42)
    analysis = evaluate(campaign, now=END + timedelta(days=14))
    found = {row.treated.key: row for row in analysis.estimates.filter(kind="difference", outcome="turned_back")}
    assert found["victim"].verdict == "better"
    assert found["user"].verdict != "better"


def test_four_arms_are_a_factorial_of_periods() -> None:
    campaign = launched({"neutral": 1, "victim": 1, "user": 1, "both": 1}, period_weeks=8)
    count_days(campaign, {"victim": 12, "both": 12}, days=56)
    told = build.build(evaluate(campaign, now=END + timedelta(days=28)))
    found = {row.term: row for row in told.factorial}
    assert (found["victim"].verdict, found["victim"].method) == ("better", "cr2")


def test_the_split_counts_days_where_days_were_drawn() -> None:
    campaign = launched()
    count_days(campaign, {})
    Tally.objects.filter(day__lt=FIRST_DAY + timedelta(days=3), outcome="exposed").update(count=900)
    people = {
        arm.key: sum(Tally.objects.filter(arm=arm, outcome="exposed").values_list("count", flat=True))
        for arm in campaign.arms.all()
    }
    assert abs(people["neutral"] - people["victim"]) > 500  # a broken split, were people drawn
    assert evaluate(campaign, now=END).sample_ratio == Analysis.SampleRatio.OK
    assert check_data_quality(campaign, now=END).split == Analysis.SampleRatio.UNKNOWN  # no look tells of days


def test_a_frozen_plan_of_periods_is_borne_out_while_it_runs_and_when_it_is_closed() -> None:
    campaign = launched()
    assert changed_plans([campaign.pk]) == {}
    transitions.close(campaign, by=world.person("mara"), now=END)
    assert changed_plans([campaign.pk]) == {}


def test_the_result_says_what_was_drawn_and_how_small_a_p_value_could_become() -> None:
    campaign = launched(period_weeks=2)
    count_days(campaign, {"victim": 12}, days=14)
    told = build.build(evaluate(campaign, now=END - timedelta(days=14)))
    assert "Periods were assigned at random, not people" in told.interval_sentence
    assert (
        "With 7 sets of periods, chance alone gives even the clearest difference in 1 of 64 draws."
        in told.interval_sentence
    )
    assert "The planned periods are over" in {item.label for item in told.quality}


def test_before_the_last_period_the_result_says_how_many_are_over() -> None:
    campaign = launched()
    count_days(campaign, {}, days=14)
    told = build.build(evaluate(campaign, now=END - timedelta(days=14)))
    assert told.embargoed
    assert "50% of the planned periods are over." in told.interval_sentence
    assert "Planned periods remain" in {item.label for item in told.quality}


def test_the_watch_page_counts_the_days_until_the_last_period_ends() -> None:
    campaign = launched()
    count_days(campaign, {}, days=7)
    seen = build_dashboard(campaign, now=END - timedelta(days=10, hours=5))
    assert seen.days_left == 10


def test_a_campaign_that_is_closed_early_never_reaches_its_look() -> None:
    campaign = launched()
    count_days(campaign, {}, days=10)
    transitions.close(campaign, by=world.person("mara"), now=END - timedelta(days=18))
    look = evaluate(campaign, now=END + timedelta(days=7))
    assert look.embargoed
    assert look.information == pytest.approx(10 / 28)


def annoy(campaign: Campaign, events: Mapping[str, tuple[int, ...]]) -> None:
    """Count the first days of each arm: so many annoyed of 1,000 on each."""
    periods = campaign.plan.periods_from(campaign.starts_at)
    assert periods is not None
    order = schedule(periods, salt=campaign.salt, placement="quiet-page", arms=2)
    arms = list(campaign.arms.all())
    for index, arm in enumerate(arms):
        days = [day for day, shown in enumerate(order) if shown == index]
        for day, annoyed in zip(days, events[arm.key], strict=False):
            common = {"day": FIRST_DAY + timedelta(days=day), "arm": arm, "locale": "en"}
            common["placement"] = campaign.placements.get()
            Tally.objects.create(**common, outcome="exposed", count=1000)
            Tally.objects.create(**common, outcome="annoyed", count=annoyed)


@pytest.mark.parametrize(
    ("victim", "paused"), [((30, 90, 130, 30, 32), False), ((300, 280, 310, 290, 300), True)], ids=["bad days", "harm"]
)
def test_two_bad_days_pause_no_arm_and_harm_on_all_its_days_does(victim: tuple[int, ...], paused: bool) -> None:
    """By people alone, 312 of 5,000 beside 150 would pause it."""
    campaign = launched(margins={"annoyed": 0.01})
    annoy(campaign, {"neutral": (20, 45, 25, 38, 22), "victim": victim})
    assert [event.arm.key for event in pause_harmful_arms(campaign, now=world.NOON)] == ["victim"] * paused


def test_the_watch_page_says_how_much_of_the_week_fell_into_wash_outs() -> None:
    campaign = launched()
    count_days(campaign, {}, days=7)
    day = FIRST_DAY + timedelta(days=2)
    LeftOutCount.objects.create(day=day, placement=campaign.placements.get(), reason="washout", count=4_000)
    now = datetime.combine(FIRST_DAY + timedelta(days=7), datetime.min.time(), tzinfo=world.NOON.tzinfo)
    check_data_quality(campaign, now=now)
    (told,) = [item for item in build_dashboard(campaign, now=now).quality if "start of each period" in item.label]
    # 11,200 served and 4,000 left out.
    assert (told.status, told.detail.split(" of ")[0]) == ("ok", "26")


HOURS: dict[str, Any] = {"period": "3h", "washout_minutes": 10, "period_weeks": 2}
HOURS_END = END - timedelta(days=14)


def count_blocks(campaign: Campaign, gain: int, *, blocks: int = 7) -> dict[str, list[Counts]]:
    """Count so many blocks of two days as the fold does, on their last days; the luck of a block falls on both arms."""
    sets: dict[str, list[Counts]] = {}
    for block in range(blocks):
        day = FIRST_DAY + timedelta(days=2 * block + 1)
        for arm in campaign.arms.all():
            seen, events = 2_000 + 10 * block, 600 + 40 * (block % 3) + gain * arm.position + block
            common = {"day": day, "arm": arm, "placement": campaign.placements.get(), "locale": "en"}
            Tally.objects.create(**common, outcome="exposed", count=seen)
            Tally.objects.create(**common, outcome="turned_back", count=events)
            ServedCount.objects.create(**common, count=seen)
            sets.setdefault(arm.key, []).append(Counts(seen, events))
    return sets


def test_the_blocks_of_hours_are_the_sets_that_are_drawn_anew() -> None:
    campaign = launched(**HOURS)
    sets = count_blocks(campaign, 80)
    look = evaluate(campaign, now=HOURS_END)
    row = difference(look)
    expected = switchback.difference(treated=sets["victim"], control=sets["neutral"])
    assert isinstance(expected, switchback.SwitchbackEstimate)
    assert expected.sets == 7
    assert (row.p_value, row.verdict) == (pytest.approx(2 / 2**7), "better")
    assert (row.low, row.high) == pytest.approx((expected.interval.low, expected.interval.high))
    assert (look.from_day, look.to_day) == (FIRST_DAY, FIRST_DAY + timedelta(days=13))
    told = build.build(look)
    assert "Blocks of days were assigned at random, not people" in told.interval_sentence
    assert (
        "With 7 sets of periods, chance alone gives even the clearest difference in 1 of 64 draws."
        in told.interval_sentence
    )


def test_the_look_at_hours_comes_when_the_last_is_over() -> None:
    campaign = launched(**HOURS)
    count_blocks(campaign, 0)
    before = evaluate(campaign, now=HOURS_END - timedelta(hours=3))
    assert before.embargoed
    assert before.information == pytest.approx(111 / 112)
    assert is_look_due(campaign, now=HOURS_END)


def test_a_look_within_a_block_says_no_day_to_come() -> None:
    campaign = launched(**HOURS)
    count_blocks(campaign, 0, blocks=2)
    now = datetime.combine(FIRST_DAY + timedelta(days=2), datetime.min.time(), tzinfo=world.NOON.tzinfo)
    look = evaluate(campaign, now=now)
    assert (look.from_day, look.to_day) == (FIRST_DAY, FIRST_DAY + timedelta(days=2))


def test_what_is_counted_of_a_block_is_not_shown_before_it_is_over() -> None:
    """One day of a block is half of the hours of the day for either arm."""
    campaign = launched(**HOURS)
    count_blocks(campaign, 0, blocks=2)
    day = timedelta(days=1)
    shown = [
        {total.day for arm in gate.daily_totals(campaign, through=FIRST_DAY + n * day) for total in arm.days}
        for n in range(3)
    ]
    assert shown == [set(), {FIRST_DAY + day}, {FIRST_DAY + day, FIRST_DAY + 2 * day}]


def test_the_flow_of_a_block_is_spread_over_its_days() -> None:
    campaign = launched(**HOURS)
    count_blocks(campaign, 0, blocks=4)
    campaign.changed_at = world.NOON
    for passed, expected in ((5.6, "ok"), (9.6, "alarm")):  # within the third block; a day and more after the fourth
        now = datetime.combine(FIRST_DAY, datetime.min.time(), tzinfo=world.NOON.tzinfo) + timedelta(days=passed)
        WorkerStep.objects.update_or_create(name="fold", defaults={"began_at": now, "succeeded_at": now})
        assert check_data_quality(campaign, now=now).flow == expected


def test_shares_left_out_are_those_of_whole_blocks() -> None:
    campaign = launched(**HOURS)
    count_blocks(campaign, 0)
    for number in range(14):
        day = FIRST_DAY + timedelta(days=number)
        LeftOutCount.objects.create(day=day, placement=campaign.placements.get(), reason="washout", count=500)
    first = FIRST_DAY + timedelta(days=1)  # of the block that begins a day before; the last one is but half over
    shares = gate.exclusion_percentages_between(campaign, first, first + timedelta(days=3))
    served = 2 * 2_000 + 2 * 2_010
    assert shares == {"washout": 100 * 2_000 // (served + 2_000)}


def test_one_network_may_have_had_as_much_of_a_block_as_of_its_days() -> None:
    """Two days of 100 views leave it the least of each day, and so does a block of 200."""
    campaign = launched(**HOURS)
    plan, arms = campaign.plan, list(campaign.arms.all())

    def most(days: Mapping[int, int], period: str) -> int:
        ServedCount.objects.all().delete()
        for number, count in days.items():
            day = FIRST_DAY + timedelta(days=number)
            common = {"day": day, "placement": campaign.placements.get(), "locale": "en"}
            ServedCount.objects.create(**common, arm=arms[0], count=count)
        plan.period = period
        return views_of_one_network(plan, arms)

    assert most({1: 200}, "3h") == most({0: 100, 1: 100}, "day") > most({1: 100}, "day")


def test_with_more_orders_than_are_computed_the_result_says_how_many_were_drawn_and_how() -> None:
    campaign = launched(**{**HOURS, "period_weeks": 6})
    count_blocks(campaign, 80, blocks=21)
    told = build.build(evaluate(campaign, now=HOURS_END + timedelta(days=28)))
    assert (
        "There are too many orders to try them all, so 9,999 were drawn with the seed 20230101. With another seed, "
        "5 of 100 could come out as 4.8 or 5.2." in told.interval_sentence
    )
    assert headline.SETS_IN_FULL == switchback.MOST_SETS_IN_FULL
    assert (headline.DRAWS, headline.SEED) == (switchback.DRAWS, switchback.SEED)
