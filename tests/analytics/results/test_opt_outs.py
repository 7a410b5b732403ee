import itertools
import random

import pytest
from django.conf import settings
from django.db.models import F

from analytics.disclosure import gate
from analytics.looks.evaluate import evaluate
from analytics.models import Analysis, Tally, Withdrawals
from analytics.results.opt_outs import quality_item, worst_case_shift
from analytics.suppression.cells import end_of_band
from campaign.models import ServedCount
from tests import world


def test_the_bound_is_the_rate_that_the_smallest_arm_would_have_with_all_who_are_missing() -> None:
    # 100 counted, 50 in each arm; 3 missing at most: all in one arm make 3 of 53.
    assert worst_case_shift(2, [1, 1]) == pytest.approx(3 / 53)
    # 100 counted, 25 in the smallest arm; 3 missing: 3 of 28. An arm that nobody is shown does not matter.
    assert worst_case_shift(2, [3, 1, 0]) == pytest.approx(3 / 28)
    assert worst_case_shift(0, []) is None


@pytest.mark.parametrize(("percent", "status"), [(0, "ok"), (9, "caution")])
def test_many_who_asked_not_to_be_counted_are_a_caution(percent: int, status: str) -> None:
    item = quality_item(percent, [1, 1])
    assert item is not None
    assert item.status == status
    assert f"fewer than {percent + 1} more" in item.detail


def test_fewer_than_one_of_a_hundred_are_few_however_small_an_arm_is() -> None:
    item = quality_item(0, [5, 1, 1, 1, 1])
    assert item is not None
    assert (item.status, item.label) == ("ok", "Few people asked not to be counted")
    assert "about 8.3 percentage points" in item.detail  # 0.01 / (1 / 9 + 0.01)


def test_while_little_may_be_shown_nothing_is_said() -> None:
    assert quality_item(None, [1, 1]) is None


def looked_at(people: int, withdrawn: int) -> Analysis:
    """A look at a campaign of which so many were counted, half in each arm, and so many took their view back."""
    campaign = world.launched(arms={"neutral": 1, "both": 1})
    world.tally(campaign, {"neutral": (people - people // 2, 100), "both": (people // 2, 120)})
    ServedCount.objects.filter(arm__campaign=campaign).update(count=F("count") + 1_000)  # of whom many saw nothing
    Withdrawals.objects.create(campaign=campaign, count=withdrawn)
    return evaluate(campaign, now=world.NOON)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("people", "withdrawn", "told"),
    [
        (999, 500, None),
        (1_000, 0, 1),
        (1_000, 19, 1),
        (1_000, 20, 3),
        (10_000, 79, 0),
        (10_000, 80, 0),
        (10_000, 100, 1),
    ],
)
def test_only_whole_percents_leave_and_none_of_fewer_than_a_thousand_people(
    people: int, withdrawn: int, told: int | None
) -> None:
    analysis = looked_at(people, withdrawn)
    assert gate.withdrawal_percent(analysis) == told


@pytest.mark.django_db
def test_what_is_told_is_of_the_look_and_does_not_move_with_the_hours_after_it() -> None:
    analysis = looked_at(1_900, 5)
    before = gate.withdrawal_percent(analysis)
    row = Tally.objects.filter(arm__campaign=analysis.campaign, outcome="exposed").first()
    assert row is not None
    row.count += 6  # from 19 of 1,900, one percent, to fewer
    row.save()
    Withdrawals.objects.update(count=60)
    assert gate.withdrawal_percent(analysis) == before == 1


@pytest.mark.django_db
def test_a_look_whose_messages_bound_the_withdrawals_tells_the_messages_alone() -> None:
    campaign = world.launched(arms={"neutral": 1, "both": 1})
    world.tally(campaign, {"neutral": (600, 100), "both": (600, 120)})
    for arm, sent in zip(campaign.arms.order_by("pk"), (612, 613), strict=True):
        arm.served.update(count=sent)
    Withdrawals.objects.create(campaign=campaign, count=22)
    analysis = evaluate(campaign, now=world.NOON)
    assert gate.withdrawal_percent(analysis) is None
    assert {arm["served"] for arm in analysis.release.arms.values()} == {612, 613}


def told_of(withdrawn: int, seen: int) -> int:
    return 100 * end_of_band(withdrawn, settings.SMALL_CELL) // seen


@pytest.mark.parametrize("seed", range(8))
def test_whoever_looks_after_each_person_knows_no_small_group_of_them(seed: int) -> None:
    """Known to them: the people counted, exactly, and that nobody who asked ever comes back."""
    chance = random.Random(seed)
    withdrawn, seen, looks = 0, 1_000, list[tuple[int, int]]()
    for _ in range(400):
        some = chance.random() < chance.choice((0.02, 0.3, 0.9))
        withdrawn, seen = withdrawn + some, seen + (not some)
        looks.append((withdrawn, seen))
    low, high = list[int](), list[int]()
    for real, people in looks:
        fitting = [guess for guess in range(1_000) if told_of(guess, people) == told_of(real, people)]
        low.append(max([fitting[0], *low[-1:]]))
        high.append(fitting[-1])
    for at in reversed(range(len(high) - 1)):
        high[at] = min(high[at], high[at + 1])
    least = settings.SMALL_CELL
    assert all(low[at] <= real <= high[at] for at, (real, _) in enumerate(looks))
    assert min(top - bottom for top, bottom in zip(high, low, strict=True)) >= least
    for since, at in itertools.combinations(range(0, len(looks), 5), 2):
        growth = high[at] - low[since] - max(0, low[at] - high[since])
        assert growth >= least, (looks[since], looks[at])
