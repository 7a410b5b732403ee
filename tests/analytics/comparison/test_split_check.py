"""The check of the split, which one network can neither set off nor, against a fault larger than itself, hide."""

from __future__ import annotations

from itertools import product

import pytest

from analytics.comparison.split_check import BY_TEXT, check_split, check_texts, without_one_network, worse_of
from analytics.stats.sample_ratio import SampleRatio
from analytics.stats.values import NotEstimable
from tests.analytics.stats.test_sample_ratio import answer

SOUND = [200, 200, 200, 200]


def status(observed: list[int], *, views: int, once: bool = True) -> str:
    return answer(check_split(observed, [1] * len(observed), once=once, views_per_network=views)).status


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize(
    ("weights", "observed"), [([1, 1], [40, 21]), ([1, 2, 1], [9, 40, 26]), ([3, 1, 2], [61, 8, 9])]
)
@pytest.mark.parametrize("views", [1, 5, 12])
def test_no_views_of_one_network_explain_more_than_those_that_are_taken_off(
    weights: list[int], observed: list[int], views: int, once: bool
) -> None:
    """All that it may have added, in whatever arms."""
    added = [mix for mix in product(range(views + 1), repeat=len(weights)) if sum(mix) <= views]
    rests = [[n - more for n, more in zip(observed, mix, strict=True)] for mix in added]
    possible = [check_split(rest, weights, once=once) for rest in rests if min(rest) >= 0]
    most = max(result.p_value for result in possible if isinstance(result, SampleRatio))
    rest = without_one_network(observed, weights, views)
    assert answer(check_split(rest, weights, once=once)).p_value >= most * (1 - 1e-9)
    assert 0 <= sum(observed) - sum(rest) <= views + len(weights)


@pytest.mark.parametrize("views", [80, 160])
def test_what_one_network_can_have_added_is_a_caution_and_more_than_that_an_alarm(views: int) -> None:
    """80 more of 200 in one arm: two a day for forty days."""
    assert status([280, 200, 200, 200], views=0) == "alarm"
    assert status([280, 200, 200, 200], views=views) == "caution"
    assert status([500, 200, 200, 200], views=views) == "alarm"


def test_the_probability_is_that_of_all_who_were_counted() -> None:
    with_and_without = [check_split([280, 200, 200, 200], [1] * 4, once=True, views_per_network=v) for v in (0, 80)]
    assert len({answer(result).p_value for result in with_and_without}) == 1


def test_an_arm_that_loses_people_takes_as_many_views_in_each_other_arm_to_explain() -> None:
    assert status([100, 200, 200, 200], views=80) == "alarm"
    assert status([200, 120, 120, 120], views=80) == "caution"


def test_an_arm_that_is_shown_to_nobody_by_the_plan_is_an_alarm_whatever_networks_do() -> None:
    """No unit falls to it, so no network reaches it."""
    assert answer(check_split([200, 200, 5], [1, 1, 0], once=True, views_per_network=300)).status == "alarm"


def test_where_one_network_can_be_all_there_is_nothing_is_at_alarm() -> None:
    assert status([40, 0], views=40) == "caution"
    assert status([40, 0], views=5) == "alarm"


@pytest.mark.parametrize("once", [True, False])
def test_a_sound_split_is_as_it_was(once: bool) -> None:
    assert status(SOUND, views=80, once=once) == status(SOUND, views=0, once=once) == "ok"


def test_nothing_is_taken_off_beyond_what_is_level() -> None:
    assert without_one_network(SOUND, [1] * 4, 500) == SOUND
    assert without_one_network([100, 300], [1, 3], 50) == [100, 300]
    assert without_one_network([160, 300], [1, 3], 500) == [100, 300]
    assert without_one_network([10**7, 10**7 + 9_000], [1, 1], 5_000) == [10**7, 10**7 + 4_000]


class TestTexts:
    """Of one arm, the first text was left out for a while."""

    FAULT, EVEN = [700, 1000, 1000, 1000], [1000, 1010, 990, 1000]

    @pytest.mark.parametrize("once", [True, False])
    def test_of_one_arm_that_are_drawn_unevenly_are_found_among_several_arms(self, once: bool) -> None:
        arms = [self.EVEN, self.FAULT, self.EVEN, self.EVEN]
        found = answer(check_texts(arms, once=once))
        assert (found.status, found.method) == ("alarm", BY_TEXT)
        assert found.p_value == pytest.approx(4 * answer(check_split(self.FAULT, [1] * 4, once=once)).p_value)
        assert answer(check_texts([self.EVEN] * 4, once=once)).status == "ok"

    def test_that_one_network_may_have_asked_for_are_watched_and_nothing_is_withheld(self) -> None:
        assert answer(check_texts([[1300, 1000, 1000, 1000]], once=False, views_per_network=300)).status == "caution"

    def test_of_arms_with_one_each_are_not_checked(self) -> None:
        split = check_split([500, 500], [1, 1], once=True)
        texts = check_texts([[500], [500]], once=True)
        assert isinstance(texts, NotEstimable)
        assert worse_of(split, texts) is split

    def test_hide_no_worse_split_of_the_arms(self) -> None:
        split = answer(check_split([700, 1000], [1, 1], once=True))
        assert worse_of(split, check_texts([self.FAULT], once=True)) is split
