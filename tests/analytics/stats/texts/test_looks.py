from math import fsum

import numpy as np
import pytest

from analytics.stats import Estimate, Interval, NotEstimable
from analytics.stats.numerics import wald
from analytics.stats.texts import looks
from analytics.stats.texts.matched import ONE_SET, SetsEstimate, mean_over_sets
from tests.analytics.stats.estimates import estimate_of

SETS = [0.08, 0.05, 0.06, 0.09]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_planned_looks_share_the_error_and_no_more(count: int) -> None:
    assert fsum(looks.planned_look_weight(look=look, looks=count) for look in range(1, count + 1)) == pytest.approx(1.0)


def test_checkpoints_share_the_error_for_ever_and_no_more() -> None:
    points = {looks.last_checkpoint(share / 100) for share in range(100_000)} - {None}
    total = fsum(point.weight for point in points if point)
    assert len(points) == 3 + 1 + 9
    assert 0.999 < total < 1.0


@pytest.mark.parametrize(
    ("share", "passed"), [(0.0, None), (0.25, 0.25), (0.74, 0.5), (0.99, 0.75), (1.0, 1.0), (1.99, 1.0), (7.9, 4.0)]
)
def test_the_last_checkpoint_is_the_one_that_was_passed(share: float, passed: float | None) -> None:
    found = looks.last_checkpoint(share)
    assert (found and found.share) == passed


def test_a_look_uses_its_share_of_the_error() -> None:
    # t over four sets at the level 1 - 0.8 x 0.05 = 0.96, and its p divided by 0.8.
    found = estimate_of(looks.at_look(lambda level: mean_over_sets(SETS, level=level), weight=0.8))
    plain, wider = estimate_of(mean_over_sets(SETS)), estimate_of(mean_over_sets(SETS, level=0.96))
    assert (found.interval.low, found.interval.high) == pytest.approx((wider.interval.low, wider.interval.high))
    assert found.interval.level == 0.95
    assert found.p_value == pytest.approx((plain.p_value or 0.0) / 0.8)


def test_one_planned_look_is_the_plain_answer() -> None:
    found = looks.at_look(lambda level: mean_over_sets(SETS, level=level), weight=1.0)
    assert estimate_of(found).p_value == estimate_of(mean_over_sets(SETS)).p_value


def test_sign_flips_give_way_to_t_where_a_look_has_too_little_error_for_them() -> None:
    six = [*SETS, 0.04, 0.07]
    early = looks.at_look(lambda level: mean_over_sets(six, level=level), weight=0.05)
    last = looks.at_look(lambda level: mean_over_sets(six, level=level), weight=0.8)
    assert isinstance(early, SetsEstimate)
    assert isinstance(last, SetsEstimate)
    assert (early.decided_by, last.decided_by) == ("t", "sign-flip")


def test_what_cannot_be_estimated_stays_so() -> None:
    assert looks.at_look(lambda level: mean_over_sets([0.1], level=level), weight=0.5) == ONE_SET


def test_an_estimate_without_a_p_value_keeps_none() -> None:
    plain = Estimate(0.1, Interval(0.0, 0.2, 0.99), None, "made up")
    found = estimate_of(looks.at_look(lambda level: plain, weight=0.2))
    assert (found.p_value, found.interval.level) == (None, 0.95)


@pytest.mark.parametrize("weight", [0.0, 1.1])
def test_impossible_weights_and_looks_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        looks.at_look(lambda level: NotEstimable("no"), weight=weight)
    with pytest.raises(ValueError, match="look"):
        looks.planned_look_weight(look=3, looks=2)
    with pytest.raises(ValueError, match="share"):
        looks.last_checkpoint(-0.1)


def test_no_more_is_claimed_for_the_kind_than_for_the_texts_shown() -> None:
    these = wald.estimate(0.02, 0.015, level=0.95, method="people")
    kind = wald.estimate(0.02, 0.002, level=0.95, method="texts", df=3)
    found = looks.no_surer_than(these, kind)
    assert (found.interval, found.p_value) == (these.interval, these.p_value)
    assert 0.0 not in kind.interval


def test_texts_that_differ_decide_by_themselves() -> None:
    these = wald.estimate(0.02, 0.002, level=0.95, method="people")
    kind = wald.estimate(0.02, 0.015, level=0.95, method="texts", df=3)
    assert looks.no_surer_than(these, kind) == kind


def test_claims_in_opposite_directions_are_none() -> None:
    these = wald.estimate(-0.02, 0.002, level=0.95, method="people")
    kind = wald.estimate(0.02, 0.002, level=0.95, method="texts", df=3)
    found = looks.no_surer_than(these, kind)
    assert found.p_value is not None
    assert found.p_value >= 0.05
    assert 0.0 in found.interval


def test_two_levels_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="one level"):
        looks.no_surer_than(wald.estimate(0.1, 1, level=0.9, method="z"), wald.estimate(0.1, 1, level=0.95, method="t"))


@pytest.mark.parametrize("spread", [0.0, 0.03])
def test_five_looks_at_four_sets_make_few_false_calls(spread: float) -> None:
    source, trials = np.random.default_rng(12), 600
    false = 0
    for _ in range(trials):
        truth = source.normal(0.0, spread, size=4)
        people = np.cumsum(source.normal(0.0, (0.48 / 1000 * 5) ** 0.5, size=(5, 4)), axis=0)
        seen = [truth + people[look] / (look + 1) for look in range(5)]
        found = [
            looks.at_look(
                lambda level, each=each: mean_over_sets(list(each), level=level),  # type: ignore[misc]  # a default
                weight=looks.planned_look_weight(look=look, looks=5),
            )
            for look, each in enumerate(seen, start=1)
        ]
        false += any(0.0 not in estimate_of(each).interval for each in found)
    # At most Binomial(600, 0.05): 30 with standard deviation 5.3; four of them.
    assert false < 52
